/** Whether a position may be opened: a table, looked at from top to bottom, the first failure wins. */
import type { CheckRow } from '../checks/check.ts';
import { found, foundNumber } from '../checks/check.ts';
import { d, Dec, text, ZERO } from '../decimal.ts';
import { issueCodesOf } from '../market/quality.ts';
import { timeframeMs } from '../market/timeframe.ts';
import type { Timeframe } from '../market/timeframe.ts';
import type { Policy } from '../policy/policy.ts';
import { notionalCapOf } from '../sizing/size.ts';
import { BOOK_CHECKS } from './book-checks.ts';
import type { BookCode } from './book-checks.ts';
import type { Draft, GuardInput } from './input.ts';

export type GuardCode =
  | 'fenceHalted' | 'policyForbids' | 'candleLate' | 'dataStale' | 'priceInvalid' | 'illiquid' | 'unsettledOrder' | 'positionOpen' | 'foreignPosition'
  | 'leverage' | 'riskPerTrade' | 'notionalCap' | 'positionsMax' | 'slots' | 'marginUse' | 'dailyLoss' | 'grossLoss24h'
  | BookCode | 'symbolDisabled' | 'orderRate';

type Row = CheckRow<GuardInput, GuardCode>;

const STATE_CHECKS: readonly Row[] = [
  { code: 'fenceHalted', fails: 'closed', about: 'the fence is up', look: ({ account }) => found(account.fence.halted, account.fence.halted ? 'halted' : 'clear', 'clear') },
  { code: 'policyForbids', fails: 'closed', about: 'policy, emergency or posture forbids new positions', look: ({ policy, isEmergency }) => found(isEmergency || !policy.allowNewTrades, isEmergency ? 'emergency' : policy.allowNewTrades ? 'allowed' : 'allowNewTrades is off', 'allowed') },
  { code: 'candleLate', fails: 'closed', about: 'the cycle runs too late after its candle', look: ({ late, policy }) => found(late, late ? 'late' : 'in time', `within ${policy.candleStaleTimeframes} timeframes of its close`) },
  { code: 'dataStale', fails: 'closed', about: 'candles that cannot be decided on', look: ({ symbol }) => found(!symbol.quality.tradable, `score ${symbol.quality.score}: ${issueCodesOf(symbol.quality) || 'good'}`, 'fresh, ordered, finite candles') },
  { code: 'priceInvalid', fails: 'closed', about: 'no price', look: ({ symbol }) => found(!(symbol.candle.close > 0 && Number.isFinite(symbol.candle.close)), String(symbol.candle.close), '> 0') },
  { code: 'illiquid', fails: 'closed', about: 'a market in which hardly anybody trades', look: ({ symbol }) => found(symbol.regime.regime === 'illiquid', symbol.regime.regime, 'any regime but illiquid') },
  { code: 'unsettledOrder', fails: 'closed', about: 'an order of unknown fate on the symbol', look: ({ symbol, account }) => found(account.unsettledInstruments.includes(symbol.instrument.id), 'an order of unknown fate', 'none') },
  { code: 'positionOpen', fails: 'closed', about: 'a position of ours on the symbol', look: ({ symbol, account }) => found(account.positions.some((it) => it.instrumentId === symbol.instrument.id), 'open', 'one position a symbol') },
  { code: 'foreignPosition', fails: 'closed', about: 'a position on the symbol that is not ours', look: ({ symbol, account }) => found(account.foreignInstruments.includes(symbol.instrument.id), 'a position that is not ours', 'none') },
];

const TRADE_CHECKS: readonly Row[] = [
  {
    code: 'leverage', fails: 'open', about: 'more leverage than policy or venue allow',
    look: ({ draft, policy, facts, symbol }) => {
      const ofVenue = facts.conditions[symbol.instrument.id]?.leverageMax ?? null; // not told by every venue: the policy's binds, and the terms are read back before sending
      const largest = Math.min(policy.leverageMax, ofVenue ?? policy.leverageMax);
      const finding = found(!(draft.leverage <= largest), `${draft.leverage} ×`, `≤ ${largest} ×`);
      return ofVenue === null && finding.state === 'passed' ? { ...finding, state: 'unknown' } : finding;
    },
  },
  {
    code: 'riskPerTrade', fails: 'closed', about: 'more lost at the first stop than the policy risks on a trade',
    look: ({ draft, account, policy }) => atMost(draft.quantity.times(draft.stopDistance), d(account.equity).times(policy.riskPerTradeBps).div(10_000)),
  },
  { code: 'notionalCap', fails: 'closed', about: 'a position larger than its cap', look: ({ draft, account, policy }) => atMost(notionalOf(draft), notionalCapOf(d(account.equity), policy)) },
  { code: 'positionsMax', fails: 'closed', about: 'as many positions as may be open', look: ({ book, policy }) => found(book.count >= policy.positionsMax, String(book.count), `< ${policy.positionsMax}`) },
  { code: 'slots', fails: 'closed', about: 'as many positions as the regime leaves room for', look: ({ book, slots, symbol }) => found(book.count >= slots, String(book.count), `< ${slots} in ${symbol.regime.regime}`) },
  { code: 'marginUse', fails: 'closed', about: 'margin in use after the trade', look: marginUse },
];

const LOSS_CHECKS: readonly Row[] = [
  {
    code: 'dailyLoss', fails: 'closed', about: 'loss since the day began (UTC)',
    look: ({ dailyLossBps, policy }) => foundNumber(dailyLossBps, `< ${policy.dailyLossMaxBps} bps of equity`, (bps) => bps >= policy.dailyLossMaxBps, inBps),
  },
  {
    code: 'grossLoss24h', fails: 'closed', about: 'losses of the last 24 hours added up',
    look: ({ trades, account, policy }) => {
      const equity = Number(account.equity);
      return foundNumber(trades === null || !(equity > 0) ? null : (Number(trades.grossLoss24h) / equity) * 10_000, `< ${policy.grossLoss24hMaxBps} bps of equity`, (bps) => bps >= policy.grossLoss24hMaxBps, inBps);
    },
  },
];

const LAST_CHECKS: readonly Row[] = [
  { code: 'symbolDisabled', fails: 'closed', about: 'a symbol that lost too often in a row', look: ({ isDisabled, policy }) => found(isDisabled, isDisabled ? 'disabled' : 'enabled', `enabled after ${policy.paperWinsToEnable} paper wins`) },
  { code: 'orderRate', fails: 'closed', about: 'orders within a minute of market time, with those that the opening brings', look: orderRate },
];

/**
 * Only openings come here: what reduces is never blocked by a limit.
 * @source risk.md, "From votes to an order", step 4.
 */
export const GUARD: readonly Row[] = [...STATE_CHECKS, ...TRADE_CHECKS, ...LOSS_CHECKS, ...BOOK_CHECKS, ...LAST_CHECKS];

/** Refusals that a rotation may lift: the book is full. */
export const FULL_BOOK: readonly GuardCode[] = ['positionsMax', 'slots'];

/** Whether the cycle runs too late after its candle. */
export function isLate(marketTime: number, closeTime: number, timeframe: Timeframe, policy: Pick<Policy, 'candleStaleTimeframes'>): boolean {
  return marketTime - closeTime > policy.candleStaleTimeframes * timeframeMs(timeframe);
}

export function notionalOf({ quantity, price }: Pick<Draft, 'quantity' | 'price'>): Dec {
  return quantity.times(price);
}

function marginUse({ draft, book, account, policy }: GuardInput): ReturnType<typeof found> {
  const limit = `< ${policy.marginUseMaxBps} bps of equity`;
  const equity = d(account.equity);
  if (equity.lte(ZERO)) return { state: 'unknown', value: `equity ${account.equity}`, limit };
  const used = equity.minus(d(account.availableMargin)).plus(book.plannedMargin).plus(notionalOf(draft).div(draft.leverage));
  const bps = used.div(equity).times(10_000);
  return found(d(account.availableMargin).lte(ZERO) || bps.gte(policy.marginUseMaxBps), `${bps.toFixed(0, Dec.ROUND_DOWN)} bps`, limit);
}

function orderRate({ draft: { orders }, book, policy }: GuardInput): ReturnType<typeof found> {
  const isTooMany = book.ordersThisMinute + orders > policy.ordersPerMinuteMax;
  if (orders === 1) return found(isTooMany, String(book.ordersThisMinute), `< ${policy.ordersPerMinuteMax} a minute`); // a cycle from before is told as it was
  return found(isTooMany, `${book.ordersThisMinute} and ${orders} of its own`, `≤ ${policy.ordersPerMinuteMax} a minute`);
}

function atMost(value: Dec, limit: Dec): ReturnType<typeof found> {
  return found(value.gt(limit), text(value), `≤ ${text(limit)}`);
}

/** To a tenth, as losses are told. */
function inBps(value: number): string {
  return `${value.toFixed(1)} bps`;
}
