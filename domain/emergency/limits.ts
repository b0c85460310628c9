/** The emergency stop's numbers as the policy holds them, in the units that its functions count in. */
import type { Policy } from '../policy/policy.ts';
import { PRESETS } from '../policy/policy.ts';
import type { RecoveryMode } from './types.ts';

export interface EmergencyLimits {
  /** Losses that trip, basis points. */
  readonly dailyLossBps: number;
  readonly drawdownBps: number;
  readonly openLossBps: number;
  /** More than these trip. Window: market clock. */
  readonly stopOutsMax: number;
  readonly stopOutsWindowMs: number;
  /** So many trip. Window: wall. */
  readonly executionErrors: number;
  readonly executionErrorsWindowMs: number;
  /** 0..1 of at least `venueCallsMin` calls. Window: wall. */
  readonly venueFailureShare: number;
  readonly venueCallsMin: number;
  readonly venueCallsWindowMs: number;
  /** Wall. */
  readonly feedAgeMaxMs: number;
  readonly differenceLooks: number;
  /** Else market data alone acts in a replay. */
  readonly machineryInReplay: boolean;
  /** Recovery drawdown at and above which a mode holds, basis points. */
  readonly bands: Readonly<Record<Exclude<RecoveryMode, 'normal'>, number>>;
  /** Market clock. */
  readonly dwellMs: number;
  /** Whose high the recovery drawdown counts from; market clock. */
  readonly recoveryWindowMs: number;
  /** What a trip does to positions and orders that are not ours. */
  readonly foreign: 'close' | 'exempt';
}

const HOUR_MS = 3_600_000;
const MINUTE_MS = 60_000;

export function emergencyLimitsOf(policy: Policy): EmergencyLimits {
  return {
    dailyLossBps: policy.tripDailyLossBps, drawdownBps: policy.tripDrawdownBps, openLossBps: policy.tripOpenLossBps,
    stopOutsMax: policy.tripStopOuts, stopOutsWindowMs: policy.tripStopOutsMin * MINUTE_MS,
    executionErrors: policy.tripErrors, executionErrorsWindowMs: policy.tripErrorsMin * MINUTE_MS,
    venueFailureShare: policy.tripVenueFailureShare, venueCallsMin: policy.tripVenueCallsMin, venueCallsWindowMs: policy.tripVenueWindowS * 1_000,
    feedAgeMaxMs: policy.tripFeedStaleS * 1_000, differenceLooks: policy.tripDifferenceLooks, machineryInReplay: policy.machineryInReplay,
    bands: { emergency: policy.emergencyFromBps, protective: policy.protectiveFromBps, cautious: policy.cautiousFromBps },
    dwellMs: policy.recoveryDwellS * 1_000, recoveryWindowMs: policy.recoveryWindowHours * HOUR_MS,
    foreign: policy.foreignPositions,
  };
}

export const NORMAL_LIMITS: EmergencyLimits = emergencyLimitsOf(PRESETS.normal);
