import { d } from '../decimal.ts';
import type { GuardState } from '../emergency/guard.ts';
import { ARMED, guardModeOf, isHalting } from '../emergency/guard.ts';
import { overlayOf } from '../emergency/overlay.ts';
import { RECOVERY_MODES } from '../emergency/types.ts';
import type { EmergencyFact, EmergencyFacts, OpeningFact } from './emergency-facts.ts';
import type { Facts, Violation } from './facts.ts';

/** A cycle that looked later than this after the guard's last change saw it: an attempt to observe takes no longer. */
const SEEN_WITHIN_MS = 20_000;

/** Invariant 9: guard, fence, events, audit chain and what cycles went by agree; recovery takes one step at a time; caps bind. */
export function emergencyViolations({ ledger: { portfolioId, emergency } }: Facts): Violation[] {
  const broken = (name: string, subject: string, evidence: Violation['evidence']): Violation => ({ invariant: 9, name, subject, evidence });
  const { guard, fence, fenceHistory, unaudited } = emergency;
  const last = fenceHistory.at(-1) ?? { epoch: 1, halted: false };
  const told = foldSteps(emergency.steps);
  return [
    ...(isHalting(guard.mode) && !fence.halted ? [broken('the guard stops trading, and the fence is down', portfolioId, { mode: guard.mode, epoch: fence.epoch })] : []),
    ...(last.epoch === fence.epoch && last.halted === fence.halted ? [] : [broken('the fence is not as its history says', portfolioId, { epoch: fence.epoch, halted: fence.halted, historyEpoch: last.epoch, historyHalted: last.halted })]),
    ...told.skipped.map((step) => broken('recovery skipped a step', step.emergencyId, { from: step.from, to: step.to, stoodAt: step.stoodAt })),
    ...(told.mode === guard.mode && told.emergency === guard.emergency && told.round === guard.round ? [] : [broken('the events tell another emergency than the guard holds', portfolioId, { guard: sayOf(guard), events: sayOf(told) })]),
    ...unaudited.map((id) => broken('an event is missing in the audit chain', id, {})),
    ...emergency.openings.flatMap(beyondPolicy),
    ...unseenGuard(emergency),
  ];
}

type Told = Pick<GuardState, 'mode' | 'emergency' | 'round'>;

interface Folded extends Told {
  readonly skipped: readonly (EmergencyFact & { readonly stoodAt: string })[];
}

/** Where the events say that the guard stands, and the steps of recovery that do not follow. */
function foldSteps(steps: readonly EmergencyFact[]): Folded {
  return steps.reduce<Folded>((at, step) => {
    const emergency = Number(step.emergencyId.slice(step.emergencyId.lastIndexOf('/') + 1));
    switch (step.type) {
      case 'emergencyTriggered': return { ...at, emergency, round: step.round, mode: 'tripping' };
      case 'emergencySealed': return { ...at, emergency, mode: 'emergency' };
      case 'emergencyRecovered': {
        const mode = step.to === null ? at.mode : guardModeOf(step.to);
        return isOneStep(at, step) ? { ...at, emergency, mode } : { ...at, emergency, mode, skipped: [...at.skipped, { ...step, stoodAt: at.mode }] };
      }
    }
  }, { ...ARMED, skipped: [] });
}

/** Upward one mode at a time, downward at once; falling back to `emergency` is a trip. */
function isOneStep(at: Told, { from, to }: EmergencyFact): boolean {
  if (from === null || to === null || guardModeOf(from) !== at.mode || to === 'emergency') return false;
  return RECOVERY_MODES.indexOf(to) - RECOVERY_MODES.indexOf(from) <= 1;
}

function sayOf({ mode, emergency, round }: Told): string {
  return `${mode}, emergency ${emergency}, round ${round}`;
}

function beyondPolicy({ cycleId, positionId, forbiddenBy, leverage, leverageMax, notional, notionalMax }: OpeningFact): Violation[] {
  const broken = (name: string, evidence: Violation['evidence']): Violation => ({ invariant: 9, name, subject: positionId, evidence: { cycle: cycleId, ...evidence } });
  return [
    ...(forbiddenBy.length > 0 ? [broken('a cycle opened what was forbidden', { forbiddenBy })] : []),
    ...(leverage > leverageMax ? [broken('a cycle opened with more leverage than its policy allowed', { leverage, leverageMax })] : []),
    ...(d(notional).gt(d(notionalMax)) ? [broken('a cycle opened a larger position than its policy allowed', { notional, notionalMax })] : []),
  ];
}

/** The policy that the newest cycle went by lies under what the guard demands. */
function unseenGuard({ guard, guardChangedAt, newestCycle }: EmergencyFacts): Violation[] {
  if (newestCycle === null || newestCycle.observedAt <= guardChangedAt + SEEN_WITHIN_MS) return [];
  const { cycleId, emergencyMode, policy } = newestCycle;
  const demanded = overlayOf(guard.mode, policy);
  const isUnder = emergencyMode === demanded.emergencyMode && (demanded.leverageMax === null || policy.leverageMax <= demanded.leverageMax)
    && (demanded.notionalMax === null || d(policy.notionalMax).lte(d(demanded.notionalMax))) && (demanded.confidenceMin === null || policy.confidenceMin >= demanded.confidenceMin);
  if (isUnder) return [];
  return [{ invariant: 9, name: 'a cycle did not go by what the guard demands', subject: cycleId, evidence: { mode: guard.mode, emergencyMode, leverageMax: policy.leverageMax, notionalMax: policy.notionalMax, confidenceMin: policy.confidenceMin } }];
}
