import { allHandlersFinished, condition, continueAsNew, getExternalWorkflowHandle, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import type { GuardReading } from '../activities/types.ts';
import type { GuardCommand, GuardState } from '../domain/emergency/guard.ts';
import type { EmergencyRun } from './ess-closing.ts';
import { sentUnwritten, stopTrading } from './ess-closing.ts';
import { emergencyIdOf, portfolioGuardId } from './ids.ts';
import type { EssInput, EssOutcome } from './messages.ts';
import { newsSignal, sealedUpdate, unwrittenTripSignal } from './messages.ts';
import { guardLedger, guardQuickly } from './proxies.ts';

/** A slow poll backs up the signals. */
const LOOK_AGAIN = '1 minute';

/**
 * One emergency, from the trip to normal. While the guard is `tripping` it closes everything and proves it; afterwards
 * it follows the graded way back, whose steps the sensors take by the market clock. Its history is the whole story.
 */
export async function essRecovery(input: EssInput): Promise<EssOutcome> {
  const run = beginRun(input);
  for (;;) {
    const seen = run.news;
    await refresh(run);
    describe(run);
    if (run.state.mode === 'armed' || run.state.emergency !== input.emergency) return await ended(run);
    if (run.state.mode === 'tripping') {
      await stopTrading(run);
      if (run.isLeaving) await goOn(run);
      await wakeGuard(run);
      continue;
    }
    if (workflowInfo().continueAsNewSuggested) await goOn(run);
    await condition(() => run.news !== seen, LOOK_AGAIN);
  }
}

/** Handlers first: a signal may arrive with the first task. */
function beginRun(input: EssInput): EmergencyRun {
  const emergencyId = emergencyIdOf(input.portfolioId, input.emergency);
  const run: EmergencyRun = {
    input, emergencyId, state: input.state, unwritten: input.unwritten, foreign: input.foreign, reading: null, news: 0,
    attempts: input.attempts, raisedAt: null, lastLook: null, phase: '', isLeaving: false,
    round: input.state.round, seenPositions: new Set(input.closed?.positions), sent: [...(input.closed?.unwritten ?? [])], sentBefore: 0,
    describe: () => describe(run),
    command: (command) => tellLedger(run, command),
  };
  setHandler(newsSignal, () => void (run.news += 1));
  setHandler(unwrittenTripSignal, ({ trip, state }) => {
    run.unwritten ??= trip;
    run.state = state;
    run.news += 1;
  });
  setHandler(sealedUpdate, async () => {
    await condition(() => run.isLeaving || run.state.mode !== 'tripping');
    return { emergencyId, positionsClosed: run.state.positionsClosed, sealedAt: run.state.sealedAt };
  });
  return run;
}

/** The ledger's word on the guard; while it is away, or does not know of a trip, what is remembered. */
async function refresh(run: EmergencyRun): Promise<void> {
  const { portfolioId } = run.input;
  try {
    if (run.unwritten !== null) {
      run.state = (await guardQuickly.commandGuard({ portfolioId, command: run.unwritten })).state;
      run.unwritten = null;
    }
    run.reading = await guardQuickly.readGuard(portfolioId);
    if (run.unwritten === null) run.state = run.reading.state; // else it came while the ledger was asked
    run.foreign = run.reading.foreign;
  } catch {
    run.reading = null; // closing goes on without it
  }
}

async function tellLedger(run: EmergencyRun, command: GuardCommand): Promise<GuardState> {
  run.state = (await guardLedger.commandGuard({ portfolioId: run.input.portfolioId, command })).state;
  return run.state;
}

async function wakeGuard({ input }: EmergencyRun): Promise<void> {
  try {
    await getExternalWorkflowHandle(portfolioGuardId(input.portfolioId)).signal(newsSignal);
  } catch {
    // It is not running: `keel start` starts it, and it reads the ledger.
  }
}

async function ended(run: EmergencyRun): Promise<EssOutcome> {
  await wakeGuard(run);
  await condition(allHandlersFinished);
  return { emergencyId: run.emergencyId, rounds: run.state.round, positionsClosed: run.state.positionsClosed };
}

/** Between two looks, also in the middle of a sweep. Who waits for the seal hears that it is not there yet, and asks the next run. */
async function goOn(run: EmergencyRun): Promise<void> {
  const closed = run.isLeaving ? { positions: [...run.seenPositions], unwritten: await sentUnwritten(run) } : null;
  await condition(allHandlersFinished);
  await continueAsNew<typeof essRecovery>({ ...run.input, closed, state: run.state, foreign: run.foreign, unwritten: run.unwritten, attempts: run.attempts });
}

/** What the Temporal UI shows of it, from cause to normal. */
function describe({ state, reading, phase, input, sent }: EmergencyRun): void {
  const { cause } = state;
  const head = state.emergency === input.emergency ? `**${state.mode === 'armed' ? 'over: normal again' : state.mode}**` : '**over**';
  const lines = [
    `${head} ${phase === '' ? '' : `· ${phase}`}`,
    '',
    cause === null ? '' : `${cause.trigger}: ${cause.reason} (${cause.by}, ${cause.severity})${state.resetBy === null ? '' : `; reset by ${state.resetBy}`}`,
    `round ${state.round}, positions closed: ${state.positionsClosed}, closing orders: ${sent.length}`,
    ...missingLines(reading),
    '',
    '| when | from | to | why | by |', '|---|---|---|---|---|',
    ...state.history.slice(-20).map((it) => `| ${new Date(it.at).toISOString()} | ${it.from} | ${it.to} | ${it.why} | ${it.by} |`),
  ];
  setCurrentDetails(lines.join('\n'));
}

function missingLines(reading: GuardReading | null): readonly string[] {
  if (reading === null) return ['', 'the ledger does not answer: closing goes on, the fence is written when it is back'];
  return reading.missing.length === 0 ? [] : ['', 'for the next step:', ...reading.missing.map((it) => `- ${it}`)];
}
