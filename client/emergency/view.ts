import { createLedger } from '../../db/ledger.ts';
import { createPolicyStore } from '../../db/policy-store.ts';
import { run } from '../../db/pool.ts';
import type { GuardState } from '../../domain/emergency/guard.ts';
import { emergencyIdOf } from '../../domain/emergency/ids.ts';
import { percent } from '../../domain/emergency/triggers.ts';
import { standingOf } from '../../domain/emergency/watch.ts';
import type { PostureState } from '../../domain/oversight/posture.ts';
import type { Fence } from '../../domain/orders/protocol.ts';
import { storedProblem } from '../../domain/policy/fallback.ts';
import type { Chosen } from '../deployment-parts.ts';
import { withLedger } from '../deployment-parts.ts';
import { columns, table } from '../output.ts';

export interface FenceChange {
  readonly by: string;
  readonly because: string;
  /** Wall clock, epoch milliseconds. */
  readonly at: number;
}

export interface GuardReport {
  readonly deployment: string;
  /** Null before the first emergency. */
  readonly emergencyId: string | null;
  readonly state: GuardState;
  readonly fence: Fence;
  /** Its last rise or lowering; null: it never changed. */
  readonly fenceChange: FenceChange | null;
  readonly losses: { readonly dailyLossBps: number | null; readonly drawdownBps: number | null; readonly recoveryDrawdownBps: number | null };
  readonly posture: PostureState;
  /** What is not valid in the newest version of the policy; null: nothing. */
  readonly policyProblem: string | null;
  /** What the next step of recovery waits for; empty while there is none. */
  readonly missing: readonly string[];
}

const LAST_FENCE_CHANGE = 'SELECT changed_by AS by, reason AS because, changed_at AS at FROM fence_history WHERE portfolio_id = $1 ORDER BY seq DESC LIMIT 1';

export async function guardReport(chosen: Chosen): Promise<GuardReport> {
  const { name, portfolioId } = chosen.deployment;
  const [view, posture, [fenceChange], [newest]] = await withLedger(chosen, async (pool) => {
    const ledger = createLedger(pool);
    return await Promise.all([ledger.guard(portfolioId, { marketAt: null, wallAt: Date.now() }), ledger.posture(portfolioId), run<FenceChange>(pool, `fence of ${portfolioId}`, { text: LAST_FENCE_CHANGE, values: [portfolioId] }), createPolicyStore(pool).history(portfolioId, 1)]);
  });
  const { state, fence } = view;
  const standing = standingOf(view);
  const missing = state.mode === 'tripping' ? ['everything closed at the venue, and proven'] : standing.missing;
  return { deployment: name, emergencyId: state.emergency === 0 ? null : emergencyIdOf(portfolioId, state.emergency), state, fence, fenceChange: fenceChange ?? null, losses: standing.losses, posture, policyProblem: newest === undefined ? null : storedProblem(newest), missing };
}

export function guardText({ deployment, emergencyId, state, fence, fenceChange, losses, posture, policyProblem, missing }: GuardReport): string {
  const told = (bps: number | null): string => (bps === null ? 'not known yet' : percent(bps));
  const isOver = state.mode === 'armed';
  const rows = [
    ['guard', `${deployment}: ${state.mode}`],
    ['fence', `${fence.halted ? 'up: nothing is opened' : 'down'} (epoch ${fence.epoch})`],
    ...(fence.halted && isOver ? upRows(fenceChange) : []),
    ...(emergencyId === null || isOver ? [] : [['emergency', `${emergencyId}, round ${state.round}, positions closed: ${state.positionsClosed}`]]),
    ...(state.cause === null || isOver ? [] : [['cause', `${state.cause.trigger}: ${state.cause.reason} (${state.cause.by})`], ['reset', state.resetBy ?? 'by nobody yet']]),
    ['losses', `day ${told(losses.dailyLossBps)}, from the peak ${told(losses.drawdownBps)}, from the high of the recovery window ${told(losses.recoveryDrawdownBps)}`],
    ['posture', `${posture.posture}${posture.since === 0 ? '' : ` since ${new Date(posture.since).toISOString().slice(0, 16)}Z (market)`}: ${posture.why}`],
    ...(policyProblem === null ? [] : [['policy', `${policyProblem}; the guard goes by the strictest of what is valid in it, of the newest valid version and of preset defensive (\`keel policy show\`)`]]),
    ...missing.map((it, at) => [at === 0 ? 'missing' : '', it]),
  ];
  const history = state.history.map((it) => [new Date(it.at).toISOString().slice(0, 19), it.from, it.to, it.by, it.why]);
  return [columns(rows), ...(history.length === 0 ? [] : ['', table([['when', 'from', 'to', 'by', 'why'], ...history])])].join('\n');
}

/** Up without an emergency: who raised it, why, and what lowers it. */
function upRows(change: FenceChange | null): string[][] {
  const raised = change === null ? [] : [['', `by ${change.by} at ${new Date(change.at).toISOString().slice(0, 19)}: ${change.because}`]];
  return [...raised, ['', 'lowered by `keel resume --by <name> --because <text>`']];
}
