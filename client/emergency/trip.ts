import { emergencyIdOf } from '../../domain/emergency/ids.ts';
import { tripCauseOf } from '../../domain/emergency/trip-request.ts';
import { KeelError, messageOf } from '../../domain/errors.ts';
import type { GuardResult } from '../../domain/ports/ledger.ts';
import { portfolioGuardId } from '../../workflows/ids.ts';
import { emergencyStopSignal, newsSignal, tripUpdate } from '../../workflows/messages.ts';
import type { Chosen } from '../deployment-parts.ts';
import { connectClient } from '../install.ts';
import { unlessLate } from '../wait.ts';
import { closeDirectly } from './direct.ts';
import { withGuardLedger } from './guard-ledger.ts';

export interface StopRequest {
  readonly reason: string;
  readonly by: string;
  /** Closes from here, without the engine. */
  readonly direct: boolean;
}

/** One thing that was tried, and what came of it. */
export interface StopStep {
  readonly step: 'fence' | 'guard' | 'answer' | 'closing';
  readonly done: boolean;
  readonly detail: string;
}

const ANSWER_WAIT_MS = 10_000;

/**
 * Stops trading, whatever still works: the fence in SQL, then the guard's signal, which the engine keeps, then its
 * answer. `direct` also closes everything at the venue from here.
 */
export async function trip(chosen: Chosen, request: StopRequest): Promise<readonly StopStep[]> {
  const { portfolioId } = chosen.deployment;
  const cause = tripCauseOf(request);
  const steps: StopStep[] = [];
  let tripped: GuardResult | null = null;
  steps.push(await tried('fence', async () => {
    tripped = await withGuardLedger(chosen, (ledger) => ledger.commandGuard(portfolioId, { kind: 'trip', cause, at: Date.now() }));
    return `up (epoch ${tripped.fence.epoch}); ${emergencyIdOf(portfolioId, tripped.state.emergency)}${tripped.change === 'none' ? ', which runs already' : ''}`;
  }));
  steps.push(...(await tellGuard(chosen, request)));
  if (request.direct) steps.push(await tried('closing', () => closeDirectly(chosen, tripped)));
  return steps;
}

async function tellGuard(chosen: Chosen, { reason, by }: StopRequest): Promise<StopStep[]> {
  const signalled = await tried('guard', () => withGuard(chosen, async (guard) => {
    await guard.signal(emergencyStopSignal, { reason, by });
    return 'signalled: the engine keeps it, whatever dies now';
  }));
  if (!signalled.done) return [signalled];
  return [signalled, await tried('answer', () => withGuard(chosen, async (guard) => {
    const { emergencyId, isFenceUp } = await unlessLate(ANSWER_WAIT_MS, guard.executeUpdate(tripUpdate, { args: [{ reason, by }] }), () => new Error(`no worker answered within ${ANSWER_WAIT_MS / 1_000} s; the next one that starts closes`));
    return `${emergencyId} closes everything${isFenceUp ? '' : '; the fence is written when the ledger is back'}`;
  }))];
}

/**
 * A named person says that the cause is gone: in SQL, then the guard is woken. Recovery goes its steps by itself.
 * @throws {KeelError} DATABASE_UNREACHABLE, NOT_FOUND
 */
export async function resume(chosen: Chosen, { by, because }: { readonly by: string; readonly because: string }): Promise<GuardResult & { readonly wasHalted: boolean; readonly isGuardTold: boolean }> {
  const { portfolioId } = chosen.deployment;
  const result = await withGuardLedger(chosen, async (ledger) => {
    const before = await ledger.fence(portfolioId);
    return { ...(await ledger.commandGuard(portfolioId, { kind: 'reset', by, because, at: Date.now() })), wasHalted: before.halted };
  });
  const told = await tried('guard', () => withGuard(chosen, async (guard) => {
    await guard.signal(newsSignal);
    return '';
  }));
  return { ...result, isGuardTold: told.done };
}

async function withGuard<T>({ settings, deployment }: Chosen, work: (guard: ReturnType<Awaited<ReturnType<typeof connectClient>>['workflow']['getHandle']>) => Promise<T>): Promise<T> {
  const client = await connectClient(settings);
  return await work(client.workflow.getHandle(portfolioGuardId(deployment.portfolioId))).finally(() => client.connection.close());
}

async function tried(step: StopStep['step'], work: () => Promise<string>): Promise<StopStep> {
  try {
    return { step, done: true, detail: await work() };
  } catch (error) {
    return { step, done: false, detail: error instanceof KeelError ? `${error.message} [${error.code}]` : messageOf(error) };
  }
}
