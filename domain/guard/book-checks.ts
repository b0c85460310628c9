/** What a trade would make of the whole book: the guard's rows about correlation, exposure, concentration and tail risk. */
import type { CheckRow, Finding } from '../checks/check.ts';
import { found, foundNumber } from '../checks/check.ts';
import { DAY_MS, returnGridOf } from '../risk/returns.ts';
import type { Holding, TailRisk } from '../risk/book.ts';
import { concentrationOf, grossOf, shareOf, tailRiskOf, weightsOf, withHolding } from '../risk/book.ts';
import type { SeriesOf } from '../risk/correlation.ts';
import { groupOf } from '../risk/correlation.ts';
import type { Timeframe } from '../market/timeframe.ts';
import type { Book, BookAfter, Draft, GuardInput } from './input.ts';

export type BookCode = 'correlation' | 'symbolExposure' | 'grossExposure' | 'group' | 'concentration' | 'symbolShare' | 'venueShare' | 'var95' | 'var99' | 'shortfall';

export const BOOK_CHECKS: readonly CheckRow<GuardInput, BookCode>[] = [
  { code: 'correlation', fails: 'open', about: 'correlation with an open position of the same direction; known from 20 common returns on', look: correlation },
  { code: 'symbolExposure', fails: 'closed', about: 'notional of the symbol', look: (input) => exposure(input, (it) => it.instrumentId === input.symbol.instrument.id, input.policy.symbolExposureMax) },
  { code: 'grossExposure', fails: 'closed', about: 'notional of the whole book', look: (input) => exposure(input, () => true, input.policy.grossExposureMax) },
  { code: 'group', fails: 'open', about: 'share of symbols that move together', look: (input) => concentrated(input, () => groupShare(input), input.policy.groupShareMax) },
  { code: 'concentration', fails: 'open', about: 'concentration of the book (Herfindahl-Hirschman)', look: (input) => concentrated(input, () => concentrationOf(input.after().weights), input.policy.hhiMax) },
  { code: 'symbolShare', fails: 'open', about: 'share of one symbol', look: (input) => concentrated(input, () => shareOf(input.after().weights, new Set([input.symbol.instrument.id])), input.policy.symbolShareMax) },
  { code: 'venueShare', fails: 'open', about: 'share of this venue; binds from the second venue on', look: venueShare },
  { code: 'var95', fails: 'closed', about: 'value at risk 95 of a day', look: (input) => tail(input, (it) => it.var95, input.policy.var95MaxBps) },
  { code: 'var99', fails: 'closed', about: 'value at risk 99 of a day', look: (input) => tail(input, (it) => it.var99, input.policy.var99MaxBps) },
  { code: 'shortfall', fails: 'closed', about: 'expected shortfall 97.5 of a day', look: (input) => tail(input, (it) => it.shortfall975, input.policy.shortfallMaxBps) },
];

/** The book with the trade in it, computed once, and only when it is asked for. Notionals as floats: ratios and quantiles are statistics. */
export function bookAfter({ draft, book, instrumentId, series, timeframe, returnsMin }: { readonly draft: Draft; readonly book: Book; readonly instrumentId: string; readonly series: SeriesOf; readonly timeframe: Timeframe; readonly returnsMin: number }): () => BookAfter {
  let known: BookAfter | null = null;
  return () => {
    if (known !== null) return known;
    const holding = { instrumentId, notional: Number(draft.quantity.times(draft.price)) * (draft.direction === 'long' ? 1 : -1) };
    known = {
      weights: weightsOf([...book.holdings, holding]),
      tail: tailRiskOf(withHolding(book.past, holding, series), { returnsMin, daysPerReturn: returnGridOf(timeframe).stepMs / DAY_MS }),
    };
    return known;
  };
}

function correlation({ symbol, draft, book, correlations, policy }: GuardInput): Finding {
  const sign = draft.direction === 'long' ? 1 : -1;
  let closest: { readonly id: string; readonly value: number } | null = null;
  for (const { instrumentId, notional } of book.holdings) {
    if (notional * sign <= 0 || instrumentId === symbol.instrument.id) continue;
    const value = correlations(symbol.instrument.id, instrumentId);
    if (value !== null && (closest === null || value > closest.value)) closest = { id: instrumentId, value };
  }
  const limit = `≤ ${policy.correlationMax} with each open position of the same direction`;
  return closest === null ? { state: 'unknown', value: 'none known', limit } : found(closest.value > policy.correlationMax, `${closest.value.toFixed(3)} with ${closest.id}`, limit);
}

/** Before the trade there must be room; the size then takes no more than that. */
function exposure({ account, book }: GuardInput, counts: (it: Holding) => boolean, timesEquity: number): Finding {
  const limit = Number(account.equity) * timesEquity;
  const held = grossOf(book.holdings.filter(counts));
  return found(!(held < limit), held.toFixed(2), `< ${limit.toFixed(2)}`);
}

/** Shares say little about a small book: they bind from the policy's number of positions on. */
function concentrated(input: GuardInput, share: () => number, max: number): Finding {
  const limit = `≤ ${max} from position ${input.policy.concentrationFrom} on`;
  if (input.book.count + 1 < input.policy.concentrationFrom) return found(false, `position ${input.book.count + 1}`, limit);
  const value = share();
  return found(value > max, value.toFixed(3), limit);
}

/** A symbol that moves with no other is no group: its own share judges it. */
function groupShare({ symbol: { instrument: { id } }, book, after, correlations, policy }: GuardInput): number {
  const group = groupOf(id, book.holdings.map((it) => it.instrumentId), { correlations, correlationMin: policy.groupCorrelationMin });
  return group.size < 2 ? 0 : shareOf(after().weights, group);
}

function venueShare(input: GuardInput): Finding {
  const limit = `≤ ${input.policy.venueShareMax} of gross`;
  if (input.facts.otherVenues.length === 0) return found(false, 'one venue', limit);
  const here = [...input.after().weights.values()].reduce((sum, weight) => sum + weight, 0);
  const elsewhere = input.facts.otherVenues.reduce((sum, it) => sum + Number(it.notional), 0);
  return foundNumber(here / (here + elsewhere), limit, (share) => share > input.policy.venueShareMax);
}

function tail(input: GuardInput, read: (risk: TailRisk) => number, maxBps: number): Finding {
  const equity = Number(input.account.equity);
  const risk = input.after().tail;
  return foundNumber(risk === null || !(equity > 0) ? null : (read(risk) / equity) * 10_000, `≤ ${maxBps} bps of equity`, (bps) => bps > maxBps, (bps) => `${bps.toFixed(0)} bps`);
}
