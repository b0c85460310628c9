/** The book while a plan grows: what is held, what the plan adds, what it lets go. */
import { d, ZERO } from '../decimal.ts';
import type { Book } from '../guard/input.ts';
import { ordersCountSince, ordersOf, ordersToCome } from '../guard/order-rate.ts';
import type { Holding } from '../risk/book.ts';
import { NO_PAST, withHolding } from '../risk/book.ts';
import type { SeriesOf } from '../risk/correlation.ts';
import type { Observation, OpenPlan, PositionView } from './types.ts';

const MINUTE_MS = 60_000;

export interface PlanBook extends Book {
  readonly opens: readonly OpenPlan[];
  /** Positions that give their place to a better candidate. */
  readonly rotatedOut: readonly PositionView[];
  /** False in a cycle from before orders were counted: each opening is one, and nothing else is any. */
  readonly countsOrders: boolean;
}

/** What a plan decides by, and what comes of it. */
export interface Books {
  /** As without advice on sizes: rank, slots, rotations and the room that is left are by it. */
  readonly plain: PlanBook;
  /** With what advice leaves of every open; the same object while it leaves all. */
  readonly advised: PlanBook;
}

export function booksOf(observation: Observation): Books {
  const book = bookOf(observation);
  return { plain: book, advised: book };
}

/** Before anything is planned. */
export function bookOf({ account, risk, symbols, candle }: Observation): PlanBook {
  const prices = new Map(symbols.flatMap((it) => (it.quality.tradable ? [[it.instrument.id, it.candle.close] as const] : [])));
  const holdings = [
    ...account.positions.map((it) => holdingOf(it, prices.get(it.instrumentId))),
    ...risk.foreign.map((it) => ({ instrumentId: it.instrumentId, notional: Number(it.notional) * signOf(it.direction) })),
  ];
  return {
    opens: [], rotatedOut: [], plannedMargin: ZERO, holdings,
    past: holdings.reduce((past, it) => withHolding(past, it, risk.returns), NO_PAST),
    count: account.positions.length,
    countsOrders: risk.ordersSent !== undefined,
    ordersThisMinute: risk.ordersSent === undefined
      ? Object.values(risk.memory.symbols).filter((it) => it.lastEntryAt !== null && it.lastEntryAt > candle.closeTime - MINUTE_MS).length
      : risk.ordersSent + ordersToCome(account.positions, ordersCountSince(candle.closeTime)),
  };
}

/** @param opens.opened what advice leaves of the plan; null: nothing. */
export function withOpened({ plain, advised }: Books, { plan, opened }: { readonly plan: OpenPlan; readonly opened: OpenPlan | null }, series: SeriesOf): Books {
  const after = withOpen(plain, plan, series);
  if (opened === null) return { plain: after, advised };
  return { plain: after, advised: plain === advised && opened === plan ? after : withOpen(advised, opened, series) };
}

function withOpen(book: PlanBook, open: OpenPlan, series: SeriesOf): PlanBook {
  const notional = d(open.entry.quantity).times(d(open.entry.decisionPrice));
  const holding = { instrumentId: open.instrument.id, notional: Number(notional) * signOf(open.direction) };
  return {
    ...book, opens: [...book.opens, open], count: book.count + 1, ordersThisMinute: book.ordersThisMinute + (book.countsOrders ? ordersOf(open) : 1),
    plannedMargin: book.plannedMargin.plus(notional.div(open.leverage)),
    holdings: [...book.holdings, holding],
    past: withHolding(book.past, holding, series),
  };
}

/** Positions send more orders for what the plan tells them. */
export function withOrders({ plain, advised }: Books, orders: number): Books {
  const more = (book: PlanBook): PlanBook => (book.countsOrders ? { ...book, ordersThisMinute: book.ordersThisMinute + orders } : book);
  const after = more(plain);
  return { plain: after, advised: plain === advised ? after : more(advised) };
}

/** A position gives its place; until it is closed it still counts against every limit but the slots. */
export function withPlaceOf({ plain, advised }: Books, leaving: PositionView): Books {
  const without = (book: PlanBook): PlanBook => ({ ...book, count: book.count - 1, rotatedOut: [...book.rotatedOut, leaving] });
  const after = without(plain);
  return { plain: after, advised: plain === advised ? after : without(advised) };
}

/** At the newest price; one that is still being entered counts with all that it asked for. */
function holdingOf(position: PositionView, price: number | undefined): Holding {
  const quantity = position.state === 'opening' ? Math.max(Number(position.plannedQuantity), Number(position.quantity)) : Number(position.quantity);
  return { instrumentId: position.instrumentId, notional: quantity * (price ?? Number(position.entryPrice ?? position.stopPrice)) * signOf(position.direction) };
}

function signOf(direction: 'long' | 'short'): 1 | -1 {
  return direction === 'long' ? 1 : -1;
}

/**
 * The position that a candidate may replace: the weakest that is open, has a price to close at and is not on its way out,
 * if the candidate scores so much better. Of two that score the same, the older one.
 */
export function weakestOf({ account, symbols }: Observation, { rotatedOut }: PlanBook, { score, advantage, isClosing }: { readonly score: number; readonly advantage: number; readonly isClosing: (positionId: string) => boolean }): PositionView | null {
  const priced = new Set(symbols.flatMap((it) => (it.quality.tradable ? [it.instrument.id] : [])));
  const free = account.positions.filter((it) => it.state === 'open' && priced.has(it.instrumentId) && !rotatedOut.includes(it) && !isClosing(it.positionId));
  const [weakest] = [...free].sort((a, b) => a.score - b.score || a.openedAt - b.openedAt || (a.positionId < b.positionId ? -1 : 1));
  return weakest !== undefined && score >= weakest.score * (1 + advantage) ? weakest : null;
}
