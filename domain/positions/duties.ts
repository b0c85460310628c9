/** What a position owes now, decided from its orders alone: its workflow asks at every look and carries out. */
import type { ExitReason, OpenPlan } from '../cycle/types.ts';
import type { Dec, DecimalString } from '../decimal.ts';
import { d, text, ZERO } from '../decimal.ts';
import type { Leg, OrderIntent, OrderRow } from '../orders/order.ts';
import { DONE_STATES, WORKING_STATES } from '../orders/order.ts';
import { exitIntentFor, rungAtMarketFor, stopIntentFor, stopTriggerFor, targetIntentFor } from './intents.ts';
import type { PositionSnapshot } from './position.ts';
import type { Rung } from './rungs.ts';
import { ladderIn, rungsOf, TARGET_LEGS } from './rungs.ts';

/**
 * One thing to do. The list is in the order in which things must be done: every submission before every cancel, so that a
 * stop is placed before the old one is taken away; submissions may run beside one another.
 */
export type Duty =
  /** Bring the intent to a known fate: a new order, or one whose fate is open (its row says where to go on). */
  | { readonly kind: 'submit'; readonly intent: OrderIntent }
  /** Learn the fate of an order that is not wanted any more: look for it, never send it again. */
  | { readonly kind: 'settle'; readonly intent: OrderIntent }
  /** Take the order off the book. One that never left us (`planned`, `absent`) ends `expired` without asking the venue. */
  | { readonly kind: 'cancel'; readonly clientOrderId: string }
  /** Nothing of it is open and no order can change that: write the end. Always alone. */
  | { readonly kind: 'close'; readonly reason: ExitReason | 'notEntered' }
  /** Nothing to do until there is news. Always alone. */
  | { readonly kind: 'wait' };

/** The venue's code for a conditional order whose trigger is crossed already. @source Binance USD-M error codes. */
const WOULD_TRIGGER_AT_ONCE = '-2021';
/** The venue's code for a reduce-only order without a position to reduce. @source Binance USD-M error codes. */
const NOTHING_TO_REDUCE = '-2022';
/** So often in a row the venue may refuse an order of one leg before we stop asking. */
const REFUSALS_MAX = 3;
/** So many stops of unknown fate at once are enough: any of them may protect, all are looked for. */
const UNKNOWN_STOPS_MAX = 3;
/** So long a position may stand without a stop that covers it, from the first look that sees it. @source order-protocol.md, step 5 */
const UNCOVERED_MAX_MS = 5_000;
/** The same when an attempt was lost with its worker: its end is noticed late, and by another worker. */
const UNCOVERED_WITH_LOST_WORKER_MAX_MS = 15_000;

/** Since when no working stop has covered what is held. Transport clock. */
export interface Exposure {
  readonly sinceMs: number;
  /** An attempt to place a stop was lost with its worker meanwhile. */
  readonly isWorkerLost: boolean;
}

/**
 * What the position owes now. Quantities come from the orders' own fills (entry less closing ones). Rules:
 * - An order of open fate is brought to its end first of all.
 * - What is not wanted any more (a looser stop, an entry while closing) is only looked for: found absent, it is withdrawn.
 * - Held and not closing: exactly one stop for all of it at the tightest price ever decided, and once the entry is over
 *   one target for all of it, or one order for each rung of its ladder. A new one is placed before the old one is
 *   cancelled. A stop of unknown fate counts as none. A rung that was reached without acting is closed at market.
 * - Closing (told so, an exit exists, a stop or a target for all crossed without closing all, the venue keeps refusing a
 *   stop, or none covered it in time): entries are cancelled, then one exit at a time goes out for what is held. Stops stay until it is flat.
 * - In an emergency another hand closes: entries are cancelled, nothing is placed.
 * - Flat with no entry to come: what rests is cancelled, then the position ends.
 * @param isOverdue no stop has covered it within `coverDeadlineMs`; once true it must stay so.
 */
export function dutiesOf(snapshot: PositionSnapshot, isOverdue = false): readonly Duty[] {
  if (snapshot.position.state === 'closed') return [{ kind: 'close', reason: snapshot.position.closeReason ?? closeReasonOf(snapshot) }];
  const held = heldQuantity(snapshot);
  const exitCause = exitCauseOf(snapshot, held, isOverdue);
  const isFlat = held.eq(ZERO);
  if (isFlat && (exitCause !== null || !hasOpenEntry(snapshot))) return endingDuties(snapshot);
  const duties = exitCause === null ? holdingDuties(snapshot, held) : closingDuties(snapshot, held, exitCause);
  return duties.length > 0 ? inOrder(duties) : [{ kind: 'wait' }];
}

/** What the position holds by its orders' own fills and what others closed, ≥ 0, base currency; nothing once the venue holds nothing. */
export function heldQuantity(snapshot: PositionSnapshot): Dec {
  return snapshot.instructions.some((it) => it.kind === 'gone') ? ZERO : unclosedQuantity(snapshot);
}

/** By fills alone, ≥ 0, base currency. */
export function unclosedQuantity({ orders, outside = '0' }: PositionSnapshot): Dec {
  const held = orders.reduce((sum, row) => (row.intent.leg === 'entry' ? sum.plus(d(row.filledQuantity)) : sum.minus(d(row.filledQuantity))), d(outside).neg());
  return held.gt(ZERO) ? held : ZERO;
}

/** Whether something is held that no working stop covers whole. */
export function isUncovered(snapshot: PositionSnapshot): boolean {
  const held = heldQuantity(snapshot);
  return held.gt(ZERO) && !isCovered(snapshot, held);
}

/** The moment, transport clock, from which a position without a stop is closed at market. */
export function coverDeadlineMs({ sinceMs, isWorkerLost }: Exposure): number {
  return sinceMs + (isWorkerLost ? UNCOVERED_WITH_LOST_WORKER_MAX_MS : UNCOVERED_MAX_MS);
}

function isCovered({ orders }: PositionSnapshot, held: Dec): boolean {
  return ofLeg(orders, 'stop').some((row) => WORKING_STATES.includes(row.state) && remainingOf(row).gte(held));
}

interface ExitCause {
  readonly reason: ExitReason;
  readonly decisionPrice: DecimalString;
}

/** Why the position must close, or null. Once there is a cause there always is one: causes are never withdrawn. */
function exitCauseOf(snapshot: PositionSnapshot, held: Dec, isOverdue = false): ExitCause | null {
  const { position, orders, instructions } = snapshot;
  for (const it of instructions) {
    if (it.kind === 'close') return { reason: it.reason, decisionPrice: it.decisionPrice };
    if (it.kind === 'emergency') return { reason: 'emergency', decisionPrice: position.stopPrice };
    if (it.kind === 'gone') return { reason: it.reason, decisionPrice: position.stopPrice };
  }
  const isLadder = ladderIn(snapshot) !== null;
  const crossed = orders.find((row) => isCrossed(row) && (row.intent.leg === 'stop' || !isLadder));
  if (crossed !== undefined) return { reason: crossed.intent.leg === 'stop' ? 'stop' : 'target', decisionPrice: crossed.intent.decisionPrice };
  const exit = ofLeg(orders, 'exit')[0];
  if (exit !== undefined) return { reason: 'unprotected', decisionPrice: exit.intent.decisionPrice };
  const isRefused = !isCovered(snapshot, held) && refusalsInARow(ofLeg(orders, 'stop')) >= REFUSALS_MAX;
  if (isOverdue || isRefused) return { reason: 'unprotected', decisionPrice: position.stopPrice };
  return null;
}

/** A stop or target that is over and was reached: refused since it would trigger at once, refused on trigger, or filled. */
function isCrossed({ intent, state, reason, triggeredOrderId, filledQuantity }: OrderRow): boolean {
  if (intent.leg === 'entry' || intent.leg === 'exit' || !DONE_STATES.includes(state)) return false;
  return reason === WOULD_TRIGGER_AT_ONCE || reason === 'rejectedOnTrigger' || triggeredOrderId !== null || d(filledQuantity).gt(ZERO);
}

function holdingDuties(snapshot: PositionSnapshot, held: Dec): readonly Duty[] {
  const duties = openFates(snapshot.orders.filter((row) => row.intent.leg === 'entry'));
  if (held.eq(ZERO)) return duties;
  return [...duties, ...stopDuties(snapshot, held), ...targetDuties(snapshot, held)];
}

function stopDuties({ position, orders, instructions }: PositionSnapshot, held: Dec): readonly Duty[] {
  const rows = ofLeg(orders, 'stop');
  const next = stopIntentFor(position.plan, { quantity: text(held), triggerPrice: tightestStop({ position, orders, instructions }), revision: nextRevision(rows) });
  return restingDuties(rows, held, next);
}

/** Only once the entry is over: what a rung closes is a share of it. */
function targetDuties(snapshot: PositionSnapshot, held: Dec): readonly Duty[] {
  const rungs = hasOpenEntry(snapshot) ? [] : rungsOf(snapshot, held);
  return TARGET_LEGS.flatMap((leg) => {
    const rung = rungs.find((it) => it.leg === leg && it.quantity.gt(ZERO));
    const rows = ofLeg(snapshot.orders, leg);
    return rung === undefined ? withdrawal(rows) : restingDuties(rows, rung.quantity, rungIntent(snapshot, rung, rows));
  });
}

function rungIntent({ position: { plan } }: PositionSnapshot, { leg, quantity, price, isWhole }: Rung, rows: readonly OrderRow[]): OrderIntent {
  const order = { leg, quantity: text(quantity), triggerPrice: price, revision: nextRevision(rows) };
  return rows.some((row) => isCrossed(row)) ? rungAtMarketFor(plan, order) : targetIntentFor(plan, { ...order, isWhole });
}

/** Nothing of the leg is wanted. */
function withdrawal(rows: readonly OrderRow[]): readonly Duty[] {
  return [...settles(rows), ...cancels(rows.filter((row) => neverSent(row) || WORKING_STATES.includes(row.state)))];
}

/** Exactly one order of a leg on the book, for the quantity, at the price. @param next what would be placed. */
function restingDuties(rows: readonly OrderRow[], quantity: Dec, next: OrderIntent): readonly Duty[] {
  const fits = (row: OrderRow): boolean => remainingOf(row).eq(quantity) && row.intent.triggerPrice === next.triggerPrice;
  const working = rows.filter((row) => WORKING_STATES.includes(row.state));
  const kept = working.filter(fits).at(-1);
  if (kept !== undefined) {
    return [...settles(rows), ...cancels([...working.filter((row) => row !== kept), ...rows.filter(neverSent)])];
  }
  const waiting = rows.filter((row) => neverSent(row) && fits(row)).slice(-1);
  const stale = rows.filter((row) => neverSent(row) && !fits(row));
  const isEnough = waiting.length > 0 || isAskedOften(rows, next.leg);
  return [...openFates(rows.filter(fits), sent), ...settles(rows.filter((row) => !fits(row))), ...openFates(waiting), ...(isEnough ? [] : [{ kind: 'submit', intent: next } as const]), ...cancels(stale)];
}

/** Whether one more order of the leg would not help now: enough are on their way, or the venue keeps refusing. */
function isAskedOften(rows: readonly OrderRow[], leg: Leg): boolean {
  const onTheirWay = rows.filter(sent).length;
  return onTheirWay >= (leg === 'stop' ? UNKNOWN_STOPS_MAX : 1) || refusalsInARow(rows) >= REFUSALS_MAX;
}

function closingDuties(snapshot: PositionSnapshot, held: Dec, cause: ExitCause): readonly Duty[] {
  const { position, orders, instructions } = snapshot;
  if (instructions.some((it) => it.kind === 'emergency')) return standingAside(orders);
  const tightest = tightestStop(snapshot);
  const isWanted = (row: OrderRow): boolean => row.intent.leg === 'exit' || (row.intent.leg === 'stop' && row.intent.triggerPrice === tightest);
  const resting = orders.filter((row) => row.intent.leg !== 'entry' && row.intent.leg !== 'exit');
  const entries = entryEndings(orders);
  const exits = ofLeg(orders, 'exit');
  const isExiting = exits.some((row) => !DONE_STATES.includes(row.state));
  const mayFill = orders.some((row) => row.intent.leg === 'entry' && WORKING_STATES.includes(row.state));
  const duties = [...openFates(exits), ...openFates(resting.filter(isWanted), sent), ...settles(resting.filter((row) => !isWanted(row))), ...cancels(resting.filter(neverSent)), ...entries];
  if (isExiting || mayFill || hasNothingToReduce(exits, instructions)) return duties;
  return [{ kind: 'submit', intent: exitOf(position.plan, held, cause, nextRevision(exits)) }, ...duties];
}

/** Another hand closes: what is on its way is looked for, what never left stays here, stops rest until it is flat. */
function standingAside(orders: readonly OrderRow[]): readonly Duty[] {
  return [...settles(orders), ...cancels(orders.filter((row) => neverSent(row) || (row.intent.leg === 'entry' && WORKING_STATES.includes(row.state))))];
}

/**
 * The venue says that there is nothing to reduce: a fill on its way, or reconciliation, will tell what happened. Each
 * close instruction gives a few more tries; the stop rests meanwhile.
 */
function hasNothingToReduce(exits: readonly OrderRow[], instructions: PositionSnapshot['instructions']): boolean {
  const lastOther = exits.findLastIndex((row) => row.state !== 'rejected' || row.reason !== NOTHING_TO_REDUCE);
  const tries = REFUSALS_MAX * Math.max(1, instructions.filter((it) => it.kind === 'close').length);
  return exits.length - 1 - lastOther >= tries;
}

function exitOf(plan: OpenPlan, held: Dec, cause: ExitCause, revision: number): OrderIntent {
  const largest = d(plan.instrument.maxMarketQuantity);
  const quantity = held.gt(largest) ? largest : held;
  return exitIntentFor(plan, { quantity: text(quantity), isFull: quantity.eq(held), decisionPrice: cause.decisionPrice, revision });
}

/** Flat, and nothing is to be opened: settle what is of open fate, cancel what rests, then end. */
function endingDuties(snapshot: PositionSnapshot): readonly Duty[] {
  const { orders } = snapshot;
  const open = orders.filter((row) => !DONE_STATES.includes(row.state));
  if (open.length === 0) return [{ kind: 'close', reason: closeReasonOf(snapshot) }];
  return inOrder([...settles(orders), ...cancels(open.filter((row) => !sent(row)))]);
}

function entryEndings(orders: readonly OrderRow[]): readonly Duty[] {
  const entries = ofLeg(orders, 'entry').filter((row) => !DONE_STATES.includes(row.state));
  return [...settles(entries), ...cancels(entries.filter((row) => !sent(row)))];
}

/** What closed most of it, and why. */
function closeReasonOf(snapshot: PositionSnapshot): ExitReason | 'notEntered' {
  const gone = snapshot.instructions.find((it) => it.kind === 'gone');
  if (gone !== undefined) return gone.reason;
  const closedBy = (leg: Leg): Dec => ofLeg(snapshot.orders, leg).reduce((sum, row) => sum.plus(d(row.filledQuantity)), ZERO);
  const [stop, target, exit] = [closedBy('stop'), closedBy('firstTarget').plus(closedBy('target')), closedBy('exit')];
  const outside = d(snapshot.outside ?? '0');
  if (outside.gt(stop.plus(target).plus(exit))) return exitCauseOf(snapshot, ZERO)?.reason === 'emergency' ? 'emergency' : 'outside';
  if (stop.plus(target).plus(exit).eq(ZERO)) return 'notEntered';
  if (exit.gte(stop) && exit.gte(target)) return exitCauseOf(snapshot, ZERO)?.reason ?? 'unprotected';
  return target.gt(stop) ? 'target' : stopReasonOf(snapshot);
}

/** A stop that had been moved took profit or kept what there was: it trailed. */
function stopReasonOf({ position: { plan }, orders }: PositionSnapshot): 'stop' | 'trail' {
  const first = stopTriggerFor(plan, plan.stopPrice);
  return ofLeg(orders, 'stop').some((row) => d(row.filledQuantity).gt(ZERO) && row.intent.triggerPrice !== first) ? 'trail' : 'stop';
}

/** The tightest of every stop that was ever decided: a stop never loosens. */
function tightestStop({ position, orders, instructions }: PositionSnapshot): DecimalString {
  const decided = [
    position.plan.stopPrice,
    position.stopPrice,
    ...instructions.flatMap((it) => (it.kind === 'moveStop' ? [it.stopPrice] : [])),
    ...ofLeg(orders, 'stop').flatMap((row) => (row.intent.triggerPrice === null ? [] : [row.intent.triggerPrice])),
  ];
  const isTighter = (a: DecimalString, b: DecimalString): boolean => (position.plan.direction === 'long' ? d(a).gt(d(b)) : d(a).lt(d(b)));
  return stopTriggerFor(position.plan, decided.reduce((best, price) => (isTighter(price, best) ? price : best)));
}

function hasOpenEntry({ orders }: PositionSnapshot): boolean {
  return orders.some((row) => row.intent.leg === 'entry' && !DONE_STATES.includes(row.state));
}

function ofLeg(orders: readonly OrderRow[], leg: Leg): readonly OrderRow[] {
  return orders.filter((row) => row.intent.leg === leg);
}

function remainingOf(row: OrderRow): Dec {
  return d(row.intent.quantity).minus(d(row.filledQuantity));
}

/** On its way, or perhaps at the venue. */
function sent(row: OrderRow): boolean {
  return row.state === 'submitting' || row.state === 'unknown';
}

function neverSent(row: OrderRow): boolean {
  return row.state === 'planned' || row.state === 'absent';
}

function openFates(rows: readonly OrderRow[], isOpen: (row: OrderRow) => boolean = (row) => sent(row) || neverSent(row)): readonly Duty[] {
  return rows.filter(isOpen).map(({ intent }) => ({ kind: 'submit', intent }));
}

/** Orders on their way that are not wanted any more. */
function settles(rows: readonly OrderRow[]): readonly Duty[] {
  return rows.filter(sent).map(({ intent }) => ({ kind: 'settle', intent }));
}

function cancels(rows: readonly OrderRow[]): readonly Duty[] {
  return rows.map(({ intent }) => ({ kind: 'cancel', clientOrderId: intent.clientOrderId }));
}

/** How many of the newest orders of a leg were refused, counted back to the last that was not. */
function refusalsInARow(rows: readonly OrderRow[]): number {
  const lastGood = rows.findLastIndex((row) => row.state !== 'rejected');
  return rows.length - 1 - lastGood;
}

function nextRevision(rows: readonly OrderRow[]): number {
  return rows.reduce((highest, row) => Math.max(highest, row.intent.revision), 0) + 1;
}

function inOrder(duties: readonly Duty[]): readonly Duty[] {
  const isCancel = (duty: Duty): boolean => duty.kind === 'cancel';
  return [...duties.filter((duty) => !isCancel(duty)), ...duties.filter(isCancel)];
}
