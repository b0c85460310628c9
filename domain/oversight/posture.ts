/** How boldly a portfolio trades now, from regime, health and drawdown. Pure; the ledger keeps the state, cycles read it. */
import type { Losses } from '../emergency/equity.ts';
import { isHalting } from '../emergency/guard.ts';
import { percent } from '../emergency/triggers.ts';
import type { GuardMode } from '../emergency/types.ts';
import type { Newest } from '../health/check.ts';
import { levelNow } from '../health/check.ts';
import type { HealthLevel } from '../health/types.ts';
import type { PostureName, PostureOverlay } from '../policy/effective.ts';
import { effectivePolicyOf, POSTURES } from '../policy/effective.ts';
import type { Policy } from '../policy/policy.ts';

/** Positions that are open, and how many the regime of the observed symbols leaves room for. */
export interface Room {
  readonly open: number;
  readonly slots: number;
}

export interface PostureFacts {
  /** Market clock. */
  readonly at: number;
  readonly guard: GuardMode;
  /** Null: not known, which is as bad as a loss. */
  readonly losses: Pick<Losses, 'drawdownBps' | 'recoveryDrawdownBps'>;
  readonly health: HealthLevel;
  /** Null: no cycle has told yet. */
  readonly room: Room | null;
}

export interface PostureState {
  readonly posture: PostureName;
  /** Market clock since when it holds; 0: from the beginning. */
  readonly since: number;
  readonly why: string;
  /** As the newest cycle told it. */
  readonly room: Room | null;
}

export const FIRST_POSTURE: PostureState = { posture: 'normal', since: 0, why: 'the beginning', room: null };

export interface PostureChange {
  readonly from: PostureName;
  readonly to: PostureName;
  readonly why: string;
}

const MINUTE_MS = 60_000;

/** What the facts ask for by themselves, the strictest first. @source risk.md, "Oversight postures" */
export function wantedPosture({ guard, losses, health, room }: PostureFacts, policy: Policy): { readonly posture: PostureName; readonly why: string } {
  const drawdown = worstOf(losses);
  if (isHalting(guard)) return { posture: 'critical', why: `the guard is ${guard}` };
  if (health === 'critical') return { posture: 'critical', why: 'health is critical' };
  if (drawdown !== null && drawdown >= policy.criticalDrawdownBps) return { posture: 'critical', why: `drawdown ${percent(drawdown)}, critical from ${percent(policy.criticalDrawdownBps)}` };
  if (drawdown === null) return { posture: 'safe', why: 'the drawdown is not known' };
  if (drawdown > policy.safeDrawdownBps) return { posture: 'safe', why: `drawdown ${percent(drawdown)}, safe above ${percent(policy.safeDrawdownBps)}` };
  if (health === 'degraded') return { posture: 'safe', why: 'health is degraded' };
  const used = room === null || room.slots <= 0 ? null : room.open / room.slots;
  const isBold = guard === 'armed' && drawdown < policy.aggressiveDrawdownBps && used !== null && used < policy.aggressiveSlotsShareMax;
  if (isBold && room !== null) return { posture: 'aggressive', why: `drawdown ${percent(drawdown)}, all healthy, ${room.open} of ${Number(room.slots.toFixed(1))} slots used` };
  return { posture: 'normal', why: room === null ? 'no cycle has told how much room there is' : `drawdown ${percent(drawdown)}, ${room.open} of ${Number(room.slots.toFixed(1))} slots used, guard ${guard}` };
}

/** Health as a posture goes by it. In a replay it is recorded, not acted on, unless the policy asks. */
export function heededHealth({ isReplay, newest, now }: { readonly isReplay: boolean; readonly newest: Pick<Newest, 'at' | 'level'> | null; readonly now: number }, policy: Policy): HealthLevel {
  return isReplay && !policy.machineryInReplay ? 'healthy' : levelNow({ newest, now, staleMs: policy.healthStaleS * 1_000 });
}

/** Both are known together: of equity that was never seen nothing is. */
function worstOf({ drawdownBps, recoveryDrawdownBps }: PostureFacts['losses']): number | null {
  return drawdownBps === null ? null : Math.max(drawdownBps, recoveryDrawdownBps ?? 0);
}

/**
 * The posture after one look. Stricter at once; bolder only when the one that holds has held for its dwell (market
 * clock); not at all where both ask for nearly the same.
 */
export function nextPosture(state: PostureState, facts: PostureFacts, policy: Policy): { readonly state: PostureState; readonly change: PostureChange | null } {
  const kept: PostureState = { ...state, room: facts.room };
  const { posture, why } = wantedPosture(facts, policy);
  if (posture === state.posture) return { state: kept, change: null };
  const isBolder = rank(posture) > rank(state.posture);
  if (isBolder && facts.at - state.since < policy.postureDwellMin * MINUTE_MS) return { state: kept, change: null };
  if (isBolder && alikeness(policy, state.posture, posture) >= policy.postureAlikeMin) return { state: kept, change: null };
  return { state: { posture, since: facts.at, why, room: facts.room }, change: { from: state.posture, to: posture, why } };
}

/** Whether there is nothing to write: whoever looks next goes by the posture and by the room that a cycle told. */
export function isSameState(a: PostureState, b: PostureState): boolean {
  return a.posture === b.posture && a.since === b.since && a.room?.open === b.room?.open && a.room?.slots === b.room?.slots;
}

function rank(posture: PostureName): number {
  return POSTURES.indexOf(posture);
}

/** What a posture demands on top of the policy. */
export function postureOverlayOf(posture: PostureName, policy: Policy): PostureOverlay {
  const none = { owner: 'posture', posture, allowNewTrades: true, confidenceMin: null, sizeFactor: null, positionsMax: null } as const;
  switch (posture) {
    case 'critical': return { ...none, allowNewTrades: false };
    case 'safe': return { ...none, confidenceMin: policy.safeConfidenceMin, sizeFactor: policy.safeSizeFactor, positionsMax: policy.safePositionsMax };
    case 'normal': return none;
    case 'aggressive': return { ...none, confidenceMin: policy.aggressiveConfidenceMin, sizeFactor: policy.aggressiveSizeFactor };
  }
}

/** Likeness of what holds under two postures, 0 to 1: the mean over numbers of smaller ÷ larger; trading or not is not alike at all. */
export function alikeness(policy: Policy, a: PostureName, b: PostureName): number {
  const [one, other] = [a, b].map((posture) => effectivePolicyOf(policy, [postureOverlayOf(posture, policy)])) as [ReturnType<typeof effectivePolicyOf>, ReturnType<typeof effectivePolicyOf>];
  if (one.policy.allowNewTrades !== other.policy.allowNewTrades) return 0;
  const pairs = [[one.policy.confidenceMin, other.policy.confidenceMin], [one.sizeFactor, other.sizeFactor], [one.policy.positionsMax, other.policy.positionsMax]] as const;
  return pairs.reduce((sum, [x, y]) => sum + (x === y ? 1 : Math.min(x, y) / Math.max(x, y)), 0) / pairs.length;
}
