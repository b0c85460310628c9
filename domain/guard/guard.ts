import type { AccountObservation, SymbolObservation } from '../cycle/types.ts';
import type { Dec } from '../decimal.ts';
import { d, text, ZERO } from '../decimal.ts';

/** Why a new position is refused. In the order in which they are looked at; the first one wins. */
export type GuardCode =
  | 'fenceHalted' | 'candleLate' | 'dataStale' | 'priceInvalid' | 'unsettledOrder' | 'positionOpen' | 'foreignPosition'
  | 'positionsMax' | 'symbolExposure' | 'grossExposure' | 'marginUsed';

export interface GuardInput {
  readonly symbol: SymbolObservation;
  readonly account: AccountObservation;
  /** The cycle runs too late after its candle. */
  readonly late: boolean;
  /** Positions that this same plan opens already, and their notional. */
  readonly planned: { readonly count: number; readonly notional: Dec };
}

export type GuardVerdict =
  /** `exposureRoom`: how much more notional the symbol and the book may take, quote currency, > 0. */
  | { readonly kind: 'approved'; readonly exposureRoom: Dec }
  | { readonly kind: 'denied'; readonly code: GuardCode; readonly value: string; readonly limit: string };

interface Check {
  readonly code: GuardCode;
  readonly failed: boolean;
  readonly value: string;
  readonly limit: string;
}

/**
 * Whether a new position may be opened. Only openings come here: what reduces is never blocked by a limit.
 * Missing or bad inputs deny (fail closed).
 */
export function checkOpening(input: GuardInput): GuardVerdict {
  const { symbol, account, planned } = input;
  const equity = d(account.equity);
  const grossRoom = equity.times(account.policy.grossExposureMax).minus(grossNotional(account)).minus(planned.notional);
  const symbolRoom = equity.times(account.policy.symbolExposureMax);
  const id = symbol.instrument.id;
  const openCount = account.positions.length + planned.count;
  const checks: readonly Check[] = [
    { code: 'fenceHalted', failed: account.fence.halted, value: 'halted', limit: 'not halted' },
    { code: 'candleLate', failed: input.late, value: 'late', limit: 'within two timeframes of its close' },
    { code: 'dataStale', failed: !symbol.quality.tradable, value: `score ${symbol.quality.score}: ${issueCodes(symbol)}`, limit: 'fresh, ordered, finite candles' },
    { code: 'priceInvalid', failed: !(symbol.candle.close > 0), value: String(symbol.candle.close), limit: '> 0' },
    { code: 'unsettledOrder', failed: account.unsettledInstruments.includes(id), value: 'an order of unknown fate', limit: 'none' },
    { code: 'positionOpen', failed: account.positions.some((it) => it.instrumentId === id), value: 'open', limit: 'one position a symbol' },
    { code: 'foreignPosition', failed: account.foreignInstruments.includes(id), value: 'a position that is not ours', limit: 'none' },
    { code: 'positionsMax', failed: openCount >= account.policy.positionsMax, value: String(openCount), limit: String(account.policy.positionsMax) },
    { code: 'symbolExposure', failed: symbolRoom.lte(ZERO), value: text(symbolRoom), limit: '> 0' },
    { code: 'grossExposure', failed: grossRoom.lte(ZERO), value: text(grossNotional(account).plus(planned.notional)), limit: text(equity.times(account.policy.grossExposureMax)) },
    { code: 'marginUsed', failed: d(account.availableMargin).lte(ZERO), value: account.availableMargin, limit: '> 0' },
  ];
  const failed = checks.find((check) => check.failed);
  if (failed !== undefined) return { kind: 'denied', code: failed.code, value: failed.value, limit: failed.limit };
  return { kind: 'approved', exposureRoom: grossRoom.lt(symbolRoom) ? grossRoom : symbolRoom };
}

function grossNotional(account: AccountObservation): Dec {
  return account.positions.reduce((sum, it) => sum.plus(it.entryPrice === null ? ZERO : d(it.quantity).times(d(it.entryPrice))), ZERO);
}

function issueCodes(symbol: SymbolObservation): string {
  return [...new Set(symbol.quality.issues.map((issue) => issue.code))].join(', ');
}
