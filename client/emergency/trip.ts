import { randomUUID } from 'node:crypto';
import { emergencyIdOf } from '../../domain/emergency/ids.ts';
import { tripCauseOf } from '../../domain/emergency/trip-request.ts';
import { KeelError, messageOf } from '../../domain/errors.ts';
import type { GuardResult, Ledger } from '../../domain/ports/ledger.ts';
import { portfolioGuardId } from '../../workflows/ids.ts';
import { emergencyStopSignal, newsSignal, tripUpdate } from '../../workflows/messages.ts';
import type { Chosen } from '../deployment-parts.ts';
import { connectClient } from '../install.ts';
import { unlessLate } from '../wait.ts';
import type { Known } from './direct.ts';
import { closeDirectly, knowingNothing } from './direct.ts';
import { withGuardLedger } from './guard-ledger.ts';

export interface StopRequest {
  readonly reason: string;
  readonly by: string;
  /** Closes from here, without the engine. */
  readonly direct: boolean;
}

/** What the ledger and the engine are told; they know it for the same by its id. */
interface Stop {
  readonly reason: string;
  readonly by: string;
  readonly requestId: string;
}

/** One thing that was tried, and what came of it. */
export interface StopStep {
  readonly step: 'fence' | 'guard' | 'answer' | 'closing';
  readonly done: boolean;
  readonly detail: string;
}

const ANSWER_WAIT_MS = 10_000;

/**
 * Stops trading, whatever still works: the fence in SQL and, beside it, the guard's signal, which the engine keeps, then
 * its answer; whichever is heard second finds that it is stopped already. `direct` closes everything at the venue from here
 * as well, at once, and waits for no worker.
 * @param told is told of each step when it ended
 */
export async function trip(chosen: Chosen, { reason, by, direct }: StopRequest, told: (step: StopStep) => void = () => undefined): Promise<readonly StopStep[]> {
  const stop: Stop = { reason, by, requestId: randomUUID() };
  const raising = raiseFence(chosen, stop, { isAsked: direct, told });
  const signalling = signalGuard(chosen, stop, told);
  const last = direct ? tried('closing', () => closeDirectly(chosen, raising.then((it) => it.known)), told) : answerOf(chosen, stop, { signalling, told });
  const [raised, signalled, ended] = await Promise.all([raising, signalling, last]);
  return [raised.step, signalled, ...(ended === null ? [] : [ended])];
}

/** @param how.isAsked whether the ledger is asked as well, in the same session, what closing from here has to know */
async function raiseFence(chosen: Chosen, stop: Stop, { isAsked, told }: { readonly isAsked: boolean; readonly told: (step: StopStep) => void }): Promise<{ readonly step: StopStep; readonly known: Known | null }> {
  const { portfolioId } = chosen.deployment;
  const at = Date.now();
  let known: Known | null = null;
  const step = await tried('fence', async () => {
    let unread = '';
    const { state, fence } = await withGuardLedger(chosen, async (ledger) => {
      const tripped = await ledger.commandGuard(portfolioId, { kind: 'trip', cause: tripCauseOf(stop), at });
      const emergencyId = emergencyIdOf(portfolioId, tripped.state.emergency);
      if (isAsked) {
        known = await knownOf(ledger, portfolioId, emergencyId).catch((error: unknown) => {
          unread = `; what the policy exempts could not be read (${messageOf(error)}): everything is closed`;
          return { ...knowingNothing(chosen), emergencyId };
        });
      }
      return tripped;
    });
    return `up (epoch ${fence.epoch}); ${emergencyIdOf(portfolioId, state.emergency)}${(state.trippedAt ?? at) < at ? ', which runs already' : ''}${unread}`;
  }, told);
  return { step, known };
}

async function knownOf(ledger: Ledger, portfolioId: string, emergencyId: string): Promise<Known> {
  const [{ limits }, { instrumentIds }, ours] = await Promise.all([ledger.guard(portfolioId, { marketAt: null, wallAt: Date.now() }), ledger.portfolio(portfolioId), ledger.openHoldings(portfolioId)]);
  return { emergencyId, foreign: limits.foreign, ours, instrumentIds };
}

async function signalGuard(chosen: Chosen, stop: Stop, told: (step: StopStep) => void): Promise<StopStep> {
  return await tried('guard', () => withGuard(chosen, async (guard) => {
    await guard.signal(emergencyStopSignal, stop);
    return 'signalled: the engine keeps it, whatever dies now';
  }), told);
}

/** @returns null where the signal did not get through: nobody can answer. */
async function answerOf(chosen: Chosen, stop: Stop, { signalling, told }: { readonly signalling: Promise<StopStep>; readonly told: (step: StopStep) => void }): Promise<StopStep | null> {
  if (!(await signalling).done) return null;
  return await tried('answer', () => withGuard(chosen, async (guard) => {
    const { emergencyId, isFenceUp } = await unlessLate(ANSWER_WAIT_MS, guard.executeUpdate(tripUpdate, { args: [stop] }), () => new Error(`no worker answered within ${ANSWER_WAIT_MS / 1_000} s; the next one that starts closes`));
    return `${emergencyId} closes everything${isFenceUp ? '' : '; the fence is written when the ledger is back'}`;
  }), told);
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

async function tried(step: StopStep['step'], work: () => Promise<string>, told: (ended: StopStep) => void = () => undefined): Promise<StopStep> {
  const ended = await work().then(
    (detail): StopStep => ({ step, done: true, detail }),
    (error: unknown): StopStep => ({ step, done: false, detail: error instanceof KeelError ? `${error.message} [${error.code}]` : messageOf(error) }),
  );
  told(ended);
  return ended;
}
