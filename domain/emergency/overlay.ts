import type { GuardOverlay } from '../policy/effective.ts';
import type { Policy } from '../policy/policy.ts';
import { isHalting, recoveryModeOf } from './guard.ts';
import type { GuardMode } from './types.ts';

/**
 * What the guard lays over the stored policy.
 * @param mode as `guard_state` holds it: the overlay follows from it alone, so that policy and guard cannot disagree.
 */
export function overlayOf(mode: GuardMode, policy: Policy): GuardOverlay {
  const isStopped = isHalting(mode);
  return { owner: 'guard', emergencyMode: isStopped, allowNewTrades: !isStopped, recovery: recoveryModeOf(mode), ...capsOf(mode, policy) };
}

function capsOf(mode: GuardMode, policy: Policy): Pick<GuardOverlay, 'notionalMax' | 'leverageMax' | 'confidenceMin'> {
  switch (mode) {
    case 'protective':
      return { notionalMax: policy.protectiveNotionalMax, leverageMax: policy.protectiveLeverageMax, confidenceMin: policy.protectiveConfidenceMin };
    case 'cautious':
      return { notionalMax: policy.cautiousNotionalMax, leverageMax: policy.cautiousLeverageMax, confidenceMin: policy.cautiousConfidenceMin };
    default:
      return { notionalMax: null, leverageMax: null, confidenceMin: null };
  }
}
