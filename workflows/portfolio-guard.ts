import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { allHandlersFinished, ChildWorkflowCancellationType, condition, continueAsNew, ParentClosePolicy, patched, setCurrentDetails, setHandler, startChild, workflowInfo } from '@temporalio/workflow';
import type { GuardCommand, GuardState } from '../domain/emergency/guard.ts';
import { applyGuard, ARMED, isHalting, isOtherStop } from '../domain/emergency/guard.ts';
import { tripCauseOf } from '../domain/emergency/trip-request.ts';
import type { DirectAlert } from './direct-alert.ts';
import { directAlert, tellDirectly } from './direct-alert.ts';
import { essRecovery } from './ess-recovery.ts';
import { emergencyIdOf } from './ids.ts';
import type { GuardInput, ResumeRequest, TripAnswer } from './messages.ts';
import { crossingSignal, newsSignal, resumeUpdate, riskStateQuery, SEARCH_ATTRIBUTES } from './messages.ts';
import { guardQuickly } from './proxies.ts';
import { signalNews, signalTrip } from './signal.ts';
import { decoded, emergencyStopHeard, tripHeard } from './undecoded.ts';

/** Looks by itself so often: a signal that was lost costs no more. */
const LOOK_AGAIN = { armed: '10 minutes', stopped: '1 minute', behind: '1 s' } as const;

interface Heard {
  readonly command: GuardCommand;
  /** `tried`: the ledger did not answer; it is written when it is back. */
  status: 'waiting' | 'tried' | 'written';
}

interface GuardLife {
  readonly input: GuardInput;
  state: GuardState;
  foreign: GuardInput['foreign'];
  /** In their order; those that are written leave. */
  heard: Heard[];
  news: number;
  /** What the emergency's run was told last. */
  told: string;
  readonly direct: DirectAlert;
}

/**
 * The guard of one portfolio, for ever: it hears whoever wants trading stopped or resumed, writes it down, and sees that
 * each emergency has its run. Guard, fence and policy lie in the ledger and change there in one transaction; the guard
 * holds a copy, so that a stop works while the ledger is away.
 */
export async function portfolioGuard(input: GuardInput): Promise<void> {
  const life = beginGuard(input);
  for (;;) {
    const seen = life.news;
    // A stop goes on with what the write gave back: the look at the rest can wait for the next turn.
    if ((await catchUp(life)) && life.state.mode === 'tripping' && patched('acts before it looks')) life.news += 1;
    else await lookUp(life);
    await tellRun(life);
    if (life.heard.some((it) => it.status === 'tried' && it.command.kind === 'trip')) tellDirectly(life.direct, input.portfolioId, life.state);
    describe(life);
    if (workflowInfo().continueAsNewSuggested) await goOn(life);
    await condition(() => life.news !== seen, life.heard.length > 0 ? LOOK_AGAIN.behind : LOOK_AGAIN[life.state.mode === 'armed' ? 'armed' : 'stopped']);
  }
}

/** Handlers first: a stop may arrive with the first task. */
function beginGuard(input: GuardInput): GuardLife {
  const life: GuardLife = {
    input, state: input.state ?? ARMED, foreign: input.foreign, news: 0, told: '', direct: directAlert(input.direct),
    heard: input.behind.map((command) => ({ command, status: 'tried' })),
  };
  const hear = (command: GuardCommand): Heard => {
    const heard: Heard = { command, status: 'waiting' };
    life.heard.push(heard);
    life.state = after(life.state, command); // at once, whatever the ledger does
    life.news += 1;
    return heard;
  };
  const trip = (payload: unknown): Heard => hear({ kind: 'trip', cause: tripCauseOf(payload), at: Date.now() });
  setHandler(newsSignal, () => void (life.news += 1));
  setHandler(emergencyStopHeard, (sent) => void trip(decoded(sent)));
  setHandler(crossingSignal, (cause) => void hear({ kind: 'trip', cause, at: Date.now() }));
  setHandler(tripHeard, async (sent) => {
    const heard = trip(decoded(sent));
    await condition(() => heard.status !== 'waiting');
    return tripAnswerOf(life, heard);
  });
  setHandler(resumeUpdate, async ({ by, because }) => {
    // About what is known here: while the ledger is away another stop may come before it is written.
    const about = life.state.mode === 'armed' ? {} : { emergency: life.state.emergency };
    const heard = hear({ kind: 'reset', by, because, at: Date.now(), ...about });
    await condition(() => heard.status !== 'waiting');
    return { mode: life.state.mode, resetBy: life.state.resetBy };
  }, { validator: refuseNameless });
  setHandler(riskStateQuery, () => ({ state: life.state, emergencyId: idOf(life), behind: life.heard.length }));
  return life;
}

function after(state: GuardState, command: GuardCommand): GuardState {
  if (command.kind === 'trip' && isOtherStop(state, command.cause) && !patched('another stop is noted') && state.resetBy === null) return state;
  return applyGuard(state, command).state;
}

/** Synchronous: a validator that returns a promise rejects nothing. */
function refuseNameless({ by, because }: ResumeRequest): void {
  if (typeof by !== 'string' || by.trim() === '' || typeof because !== 'string' || because.trim() === '') throw new Error('a resume needs { by, because }: who says that the cause is gone, and why');
}

function tripAnswerOf(life: GuardLife, { command, status }: Heard): TripAnswer {
  const cause = command.kind === 'trip' ? command.cause : null;
  return { emergencyId: idOf(life) ?? '', mode: life.state.mode, reason: cause?.reason ?? '', by: cause?.by ?? '', isFenceUp: status === 'written' && isHalting(life.state.mode) };
}

/** Writes what was heard, in order. While the ledger is away the copy counts. @returns whether something was written. */
async function catchUp(life: GuardLife): Promise<boolean> {
  const { portfolioId } = life.input;
  let written = 0;
  try {
    for (let next = life.heard[0]; next !== undefined; next = life.heard[0]) {
      const { state } = await guardQuickly.commandGuard({ portfolioId, command: next.command });
      next.status = 'written';
      written += 1;
      life.heard.shift();
      life.state = life.heard.reduce((known, { command }) => after(known, command), state);
    }
  } catch {
    for (const it of life.heard) if (it.status === 'waiting') it.status = 'tried';
  }
  return written > 0;
}

/** Reads where the guard stands. */
async function lookUp(life: GuardLife): Promise<void> {
  if (life.heard.length > 0) return; // the ledger is away
  try {
    const { state, foreign } = await guardQuickly.readGuard(life.input.portfolioId);
    life.foreign = foreign;
    if (life.heard.length === 0) life.state = state;
  } catch {
    // The copy counts.
  }
}

/** One run per emergency: started once, woken when something changed, the last time when it is over. */
async function tellRun(life: GuardLife): Promise<void> {
  const { emergency, round, mode, resetBy, cause } = life.state;
  const telling = JSON.stringify([emergency, round, mode, resetBy, cause]);
  const isTold = telling === life.told;
  // Its run may have been ended, by a person or by the engine's limit on histories: while it is to close, it is taken up again.
  if (emergency === 0 || (isTold && !(mode === 'tripping' && patched('run taken up again')))) return;
  if (mode === 'armed') await signalNews(emergencyIdOf(life.input.portfolioId, emergency));
  else await startRun(life, isTold);
  life.told = telling;
}

/** @param isTold a run that is there knows already */
async function startRun(life: GuardLife, isTold: boolean): Promise<void> {
  const { portfolioId, deploymentId } = life.input;
  const { emergency, cause } = life.state;
  const workflowId = emergencyIdOf(portfolioId, emergency);
  const unwritten = life.heard.find((it) => it.command.kind === 'trip')?.command ?? null;
  // A later run of the same emergency begins with later names: those of an earlier one are never used again. By the engine's clock
  // alone: a round may have tripped by another machine's, and each round begins its own time.
  const attempts = Date.now();
  try {
    await startChild(essRecovery, {
      workflowId,
      args: [{ portfolioId, deploymentId, emergency, state: life.state, foreign: life.foreign, unwritten, attempts }],
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
      workflowTaskTimeout: '5 s',
      staticSummary: `${cause?.trigger ?? 'stop'}: ${cause?.reason ?? 'taken up again'} (${cause?.by ?? 'keel'})`.slice(0, 200),
      typedSearchAttributes: [{ key: SEARCH_ATTRIBUTES.portfolio, value: portfolioId }],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    if (isTold && patched('told once')) return; // every signal is an event in its history
    if (unwritten !== null && patched('unwritten trip')) await signalTrip(workflowId, { trip: unwritten, state: life.state });
    else await signalNews(workflowId);
  }
}

function idOf({ input, state }: GuardLife): string | null {
  return state.emergency === 0 ? null : emergencyIdOf(input.portfolioId, state.emergency);
}

function describe(life: GuardLife): void {
  const { state, heard } = life;
  const behind = heard.length === 0 ? '' : `\n\n**${heard.length} not yet in the ledger**, which does not answer`;
  const lines = state.history.slice(-20).map((it) => `| ${new Date(it.at).toISOString()} | ${it.from} | ${it.to} | ${it.why} | ${it.by} |`);
  setCurrentDetails([`**${state.mode}**${state.cause === null || state.mode === 'armed' ? '' : `: ${state.cause.trigger}, ${state.cause.reason} (${state.cause.by})`}${behind}`, '', '| when | from | to | why | by |', '|---|---|---|---|---|', ...lines].join('\n'));
}

/** Only between two rounds, with no handler waiting; what the ledger does not know goes along. One that came meanwhile waits for a round: then that comes first. */
async function goOn(life: GuardLife): Promise<void> {
  const isWaiting = (): boolean => life.heard.some((it) => it.status === 'waiting');
  await condition(() => isWaiting() || (allHandlersFinished() && !life.direct.isTelling));
  if (isWaiting()) return;
  await continueAsNew<typeof portfolioGuard>({ ...life.input, state: life.state, foreign: life.foreign, behind: life.heard.map((it) => it.command), direct: life.direct.done });
}
