/** The sweep of an emergency: cancel what opens, close what is held, cancel what is left, and prove that nothing is. */
import { ActivityFailure, condition, isCancellation, patched, workflowInfo } from '@temporalio/workflow';
import type { GuardReading } from '../activities/types.ts';
import { emergencyOrderOf, holdingKey } from '../domain/emergency/closing.ts';
import type { GuardCommand, GuardState } from '../domain/emergency/guard.ts';
import { UNSEEN_MS } from '../domain/emergency/holdings.ts';
import type { ClosingTarget, Survey } from '../domain/emergency/survey.ts';
import { inParts, isClear, ordersToClose } from '../domain/emergency/survey.ts';
import type { ClearLook } from '../domain/orders/fence.ts';
import { FENCE_TIMES, isSealProven, sealableAt } from '../domain/orders/fence.ts';
import type { EmergencyOrder } from '../domain/ports/ledger.ts';
import type { EssInput } from './messages.ts';
import { pause } from './pause.ts';
import { booking, closing, guardLedger, guardQuickly, sweeping, telling } from './proxies.ts';

/** What one emergency remembers between two looks. */
export interface EmergencyRun {
  readonly input: EssInput;
  readonly emergencyId: string;
  state: GuardState;
  /** The trip that the ledger has not heard of yet. */
  unwritten: GuardCommand | null;
  foreign: 'close' | 'exempt';
  reading: GuardReading | null;
  news: number;
  /** Of the last closing attempt: its orders' names are never used again, by no other run of this emergency either. */
  attempts: number;
  /** Venue's clock when the fence's rise was known to be written; null before. */
  raisedAt: number | null;
  round: number;
  /** Holdings that were closed in this round. */
  readonly seenPositions: Set<string>;
  readonly sent: EmergencyOrder[];
  /** Its time at the venue, and when it was asked for by the engine's clock; null before. */
  lastLook: { readonly atMs: number; readonly askedAt: number } | null;
  /** So many of them were sent in rounds before this one. */
  sentBefore: number;
  phase: string;
  /** It continues as new between two looks, before its history is full: nothing is begun any more. */
  isLeaving: boolean;
  readonly describe: () => void;
  /** Waits for the ledger. */
  readonly command: (command: GuardCommand) => Promise<GuardState>;
}

/** Symbols that one activity closes, orders that one cancels. */
const CLOSED_AT_ONCE = 10;
const CANCELLED_AT_ONCE = 20;
/**
 * Later than this after it was asked for, no closing order is sent (the venue's clock): a worker that stood still wakes with old
 * tasks, when their orders have been taken for lost and sent again. Less than `UNSEEN_MS` after the least time-out.
 */
const CLOSING_VALID_MS = 5_000;
/** The newest closing orders: older ones show, or never will. */
const SURVEYED_MAX = 300;
/** Between passes that changed nothing. */
const PAUSE_MS = { first: 100, most: 2_000 } as const;
/** Fills of closing orders are waited for: so often, so far apart. */
const BOOKINGS_MAX = 20;
const BOOKING_APART_MS = 300;

/**
 * One round, each step whatever became of the one before: close at the venue, which needs nothing else; then write the
 * fence if that was not possible, and close again; `flat`; book what was closed, and look until nothing can be on its way
 * any more; `sealed`. A venue may refuse for days: then it returns early, with `isLeaving`, and the next run begins anew.
 */
export async function stopTrading(run: EmergencyRun): Promise<void> {
  const { emergency, round } = run.state;
  run.raisedAt = null;
  if (run.round !== round) {
    run.seenPositions.clear();
    run.sentBefore = run.sent.length; // the round before was proven: what these took is booked, or gone
  }
  run.round = round;
  const telling = run.unwritten === null ? tellingOf(run) : null;
  if ((await sweep(run, { afterPass: telling })) === 'leaving') return; // the next run tells them again
  await telling?.();
  if (run.unwritten !== null) {
    say(run, 'closed; waiting for the ledger to write the fence');
    if ((await tellLedger(run, run.unwritten)) === 'leaving') return;
    run.unwritten = null;
    await tellPositions(run);
    if ((await sweep(run)) === 'leaving') return; // what was opened until the fence was up
  }
  if (!isRound(run, emergency, round)) return;
  if ((await tellLedger(run, { kind: 'flat', emergency, round, positionsClosed: run.seenPositions.size, at: Date.now() })) === 'leaving') return;
  say(run, 'flat; looking until nothing can be on its way any more');
  const [proof, booked] = await Promise.all([proveSealed(run), bookClosings(run)]);
  if (proof === 'leaving') return;
  if (booked === 'given up' && patched('booked once nothing is on its way')) await bookClosings(run);
  if ((await tellLedger(run, { kind: 'sealed', emergency, round, at: Date.now() })) === 'leaving') return;
  say(run, 'sealed: nothing is open');
}

/** The ledger may know of another emergency than the guard's copy did: then this one's word is not wanted. */
function isRound({ state }: EmergencyRun, emergency: number, round: number): boolean {
  return state.mode === 'tripping' && state.emergency === emergency && state.round === round;
}

/** So many closing orders go along at most when a run continues as new while the ledger is away. */
const CARRIED_MAX = 2_000;

/**
 * What the next run must know of the orders that were sent: those that the ledger did not take. Of these the refused ones
 * are left out: they changed nothing, and there is no end to them.
 */
export async function sentUnwritten({ input, foreign, sent }: EmergencyRun): Promise<readonly EmergencyOrder[]> {
  try {
    await guardQuickly.recordClosings({ portfolioId: input.portfolioId, orders: sent });
    const mayHaveTaken = sent.filter(isOnTheWay);
    if (foreign === 'exempt') return mayHaveTaken.slice(-SURVEYED_MAX); // while no history is to be had, each of them counts
    return mayHaveTaken.filter((it) => Date.now() - it.sentAt <= 2 * UNSEEN_MS); // they may not show yet
  } catch {
    return sent.filter(isOnTheWay).slice(-CARRIED_MAX);
  }
}

function isOnTheWay({ answer }: EmergencyOrder): boolean {
  return answer === 'accepted' || answer === 'unknown';
}

/** Asked between two looks, when nothing is on its way; and while the ledger is waited for, which takes a command twice. */
function mustLeave(run: EmergencyRun, patch = 'continues while it closes'): boolean {
  run.isLeaving ||= workflowInfo().continueAsNewSuggested && patched(patch);
  return run.isLeaving;
}

/**
 * A ledger that is away is waited for without end; what is said to the run meanwhile still fills its history. A race: who
 * waits for the seal hears of it after what this run goes on with, as in recorded histories.
 */
async function tellLedger(run: EmergencyRun, command: GuardCommand): Promise<'told' | 'leaving'> {
  let isOver = false;
  const telling = run.command(command).finally(() => { isOver = true; });
  const leaving = condition(() => isOver || mustLeave(run, 'continues while the ledger is away'));
  return await Promise.race([telling.then(() => 'told' as const), leaving.then(() => (isOver ? 'told' : 'leaving'))]);
}

/** Until the venue shows nothing open, or the history is nearly full. */
async function sweep(run: EmergencyRun, { seen = null, afterPass = null }: { seen?: Survey | null; afterPass?: (() => Promise<void>) | null } = {}): Promise<'clear' | 'leaving'> {
  let idle = 0;
  for (let look = seen ?? (await survey(run)); ; look = await survey(run)) {
    if (isClear(look)) return 'clear';
    if (mustLeave(run)) return 'leaving';
    const { moving = [] } = look;
    const unclear = moving.length === 0 ? '' : `; what closing orders took of ${moving.join(', ')} is not known yet`;
    say(run, `open at the venue: ${look.targets.length} positions, ${look.openings.length} opening orders, ${look.leftovers.length} stops of nothing${unclear}`);
    await withdraw(look.openings, 'opening orders');
    const answers = await close(run, look.targets);
    void afterPass?.();
    await withdraw(look.leftovers, 'orders of what is closed');
    const isStuck = look.targets.length > 0 ? !answers.some((it) => it.answer === 'accepted') : look.openings.length + look.leftovers.length === 0;
    idle = isStuck ? idle + 1 : 0;
    // Where others' positions stay, a closing order that is still on its way must not be sent again: it would take of theirs.
    const inFlightMs = run.foreign === 'exempt' && answers.some((it) => it.answer === 'unknown') ? UNSEEN_MS : 0;
    await pause(Math.max(inFlightMs, idle === 0 ? 0 : Math.min(PAUSE_MS.first * 2 ** (idle - 1), PAUSE_MS.most)));
  }
}

async function survey(run: EmergencyRun): Promise<Survey> {
  const { portfolioId, deploymentId } = run.input;
  // Named where others' holdings stay: what they took of ours may not show yet.
  const sent = run.foreign === 'exempt' ? run.sent.slice(run.sentBefore).filter(isOnTheWay).slice(-SURVEYED_MAX) : [];
  const askedAt = Date.now();
  const seen = await sweeping.surveyAccount.executeWithOptions({ summary: 'positions and both books' }, [{ portfolioId, deploymentId, foreign: run.foreign, sent }]);
  run.lastLook = { atMs: seen.atMs, askedAt };
  if (run.unwritten === null) run.raisedAt ??= seen.atMs; // the fence was up before this look asked for the time
  return seen;
}

async function withdraw(orders: Survey['openings'], what: string): Promise<void> {
  await Promise.all(inParts(orders, CANCELLED_AT_ONCE).map(async (part) => { await sweeping.withdrawOrders.executeWithOptions({ summary: `cancel ${part.length} ${what}` }, [part]); }));
}

/** Each pass has names of its own; what a lost pass did shows at the next look. */
async function close(run: EmergencyRun, targets: readonly ClosingTarget[]): Promise<readonly EmergencyOrder[]> {
  const { portfolioId, deploymentId } = run.input;
  if (targets.length === 0) return [];
  run.attempts += 1;
  const attempt = run.attempts;
  for (const { position } of targets) run.seenPositions.add(holdingKey(position.instrumentId, position.positionSide));
  const batches = inParts(targets, CLOSED_AT_ONCE).map(async (part): Promise<readonly EmergencyOrder[]> => {
    const summary = `close ${part.map(({ position }) => position.instrumentId.split('-')[0]).join(', ')}`;
    try {
      return await closing.closePositions.executeWithOptions({ summary }, [{ portfolioId, deploymentId, emergencyId: run.emergencyId, attempt, targets: part, validUntil: venueNow(run) + CLOSING_VALID_MS }]);
    } catch (error) {
      if (!(error instanceof ActivityFailure) || isCancellation(error)) throw error;
      return run.foreign === 'exempt' && patched('lost closings may be on their way') ? lostOf(run, attempt, part) : []; // its worker died: the venue tells what it did
    }
  });
  const answers = (await Promise.all(batches)).flat();
  run.sent.push(...answers);
  return answers;
}

/** Their names are known: what they took of a shared holding must not be taken twice. */
function lostOf(run: EmergencyRun, attempt: number, targets: readonly ClosingTarget[]): readonly EmergencyOrder[] {
  const { input: { portfolioId, deploymentId }, emergencyId } = run;
  const round = { portfolioId, deploymentId, emergencyId, attempt };
  return ordersToClose(targets, round).map((intent) => emergencyOrderOf(intent, venueNow(run), { kind: 'unknown', message: 'the worker that sent it was lost' }));
}

/** The venue's transport clock, told by the last look at it. */
function venueNow({ lastLook }: EmergencyRun): number {
  return lastLook === null ? Date.now() : lastLook.atMs + Date.now() - lastLook.askedAt;
}

/** Once, when the first closing orders are sent: many positions that wake at the same time would go before them. */
function tellingOf(run: EmergencyRun): () => Promise<void> {
  let told: Promise<void> | null = null;
  const tell = (): Promise<void> => (told ??= tellPositions(run));
  if (!patched('positions told after the first closing')) void tell();
  return tell;
}

async function tellPositions({ input }: EmergencyRun): Promise<void> {
  await (patched('positions told beside the closing') ? telling : guardLedger).tellPositions(input.portfolioId);
}

async function bookClosings(run: EmergencyRun): Promise<'done' | 'given up'> {
  const { portfolioId } = run.input;
  await guardLedger.recordClosings({ portfolioId, orders: run.sent });
  for (let look = 1; look <= BOOKINGS_MAX; look += 1) {
    const { missing } = await booking.bookClosings.executeWithOptions({ summary: 'fills of the closing orders' }, [{ portfolioId, isLast: look === BOOKINGS_MAX }]);
    if (missing.length === 0) return look < BOOKINGS_MAX ? 'done' : 'given up';
    await pause(BOOKING_APART_MS);
  }
  return 'given up';
}

/** Two looks in a row, apart, late enough for everything that passed the fence before it rose to have arrived. */
async function proveSealed(run: EmergencyRun): Promise<'proven' | 'leaving'> {
  let last = await survey(run);
  let looks: readonly ClearLook[] = [];
  for (;;) {
    if (isClear(last)) looks = [...looks, { atMs: last.atMs }];
    else {
      say(run, 'a straggler came through: closing it');
      if ((await sweep(run, { seen: last })) === 'leaving') return 'leaving';
      await bookClosings(run);
      looks = [];
    }
    const raisedAt = run.raisedAt ?? last.atMs;
    if (isSealProven(raisedAt, looks, FENCE_TIMES)) return 'proven';
    await pause(Math.max(FENCE_TIMES.looksApartMs + 10, sealableAt(raisedAt, FENCE_TIMES) - last.atMs));
    last = await survey(run);
  }
}

function say(run: EmergencyRun, phase: string): void {
  run.phase = phase;
  run.describe();
}
