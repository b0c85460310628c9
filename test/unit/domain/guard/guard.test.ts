import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstRefusal } from '../../../../domain/checks/check.ts';
import { NO_TRADES } from '../../../../domain/cycle/risk-facts.ts';
import { d } from '../../../../domain/decimal.ts';
import { bookAfter } from '../../../../domain/guard/book-checks.ts';
import { GUARD } from '../../../../domain/guard/guard.ts';
import type { GuardCode } from '../../../../domain/guard/guard.ts';
import type { Book, Draft, GuardInput } from '../../../../domain/guard/input.ts';
import { slotsOf } from '../../../../domain/guard/slots.ts';
import { spikeOf } from '../../../../domain/guard/spikes.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';
import type { Policy } from '../../../../domain/policy/policy.ts';
import { NO_PAST, withHolding } from '../../../../domain/risk/book.ts';
import { correlationsOf } from '../../../../domain/risk/correlation.ts';
import { accountWith, CALM_RETURNS, INSTRUMENT, LIQUID, positionWith, regimeWith, symbolWith } from '../cycle/plan.fixture.ts';

// Equity 10,000; the draft: 10 units at 100 with a stop 3 away (1,000 notional, 30 at risk), leverage 1.
const DRAFT: Draft = { direction: 'long', price: d(100), quantity: d(10), stopDistance: d(3), leverage: 1, orders: 4 };
const BOOK: Book = { count: 0, holdings: [], past: NO_PAST, plannedMargin: d(0), ordersThisMinute: 0 };
const WAVE = Array.from({ length: 180 }, (_, index) => Math.sin(index) * 20);
/** With WAVE: a correlation of 0.8 and a bit, and of 0.7 and a bit. */
const NEAR = WAVE.map((it, index) => it + Math.sin(index * 2.7) * 14);
const AWAY = WAVE.map((it, index) => it + Math.sin(index * 2.7) * 19);
const SERIES = { [INSTRUMENT.id]: WAVE, near: NEAR, away: AWAY, calm: CALM_RETURNS, wild: WAVE.map((_it, index) => Math.cos(index * 1.3) * 800) };

interface Change {
  readonly account?: Parameters<typeof accountWith>[0];
  readonly symbol?: Parameters<typeof symbolWith>[0];
  readonly draft?: Partial<Draft>;
  readonly book?: Partial<Book>;
  readonly policy?: Partial<Policy>;
  readonly input?: Partial<GuardInput>;
}

function inputWith({ account, symbol, draft: drafted, book: booked, policy, input }: Change): GuardInput {
  const draft = { ...DRAFT, ...drafted };
  const series = input?.facts?.returns ?? SERIES;
  const held = { ...BOOK, ...booked };
  const book = { ...held, past: held.holdings.reduce((past, it) => withHolding(past, it, series), NO_PAST) };
  return {
    symbol: symbolWith(symbol), account: accountWith(account), late: false, policy: { ...PRESETS.normal, ...policy }, isEmergency: false, draft, book,
    after: bookAfter({ draft, book, instrumentId: INSTRUMENT.id, series, timeframe: '1h', returnsMin: 20 }),
    slots: 20, trades: NO_TRADES, facts: { returns: SERIES, otherVenues: [], conditions: { [INSTRUMENT.id]: LIQUID } }, correlations: correlationsOf(SERIES, 20), dailyLossBps: 0, isDisabled: false, ...input,
  };
}

const codeOf = (change: Change): GuardCode | null => firstRefusal(GUARD, inputWith(change))?.code ?? null;
const held = (...holdings: readonly (readonly [string, number])[]): Partial<Book> => ({ count: holdings.length, holdings: holdings.map(([instrumentId, notional]) => ({ instrumentId, notional })) });

// One row for each check at its limit and one beyond it; each changes one thing.
it.each<[string, Change, GuardCode | null]>([
  ['nothing', {}, null],
  ['the fence is up', { account: { fence: { epoch: 3, halted: true } } }, 'fenceHalted'],
  ['the policy forbids', { policy: { allowNewTrades: false } }, 'policyForbids'],
  ['an emergency', { input: { isEmergency: true } }, 'policyForbids'],
  ['late', { input: { late: true } }, 'candleLate'],
  ['stale data', { symbol: { quality: { score: 0, tradable: false, issues: [] } } }, 'dataStale'],
  ['no price', { symbol: { candle: { ...symbolWith().candle, close: 0 } } }, 'priceInvalid'],
  ['a price that is none', { symbol: { candle: { ...symbolWith().candle, close: Infinity } } }, 'priceInvalid'],
  ['an illiquid market', { symbol: { regime: regimeWith({ regime: 'illiquid' }) } }, 'illiquid'],
  ['an order of unknown fate', { account: { unsettledInstruments: [INSTRUMENT.id] } }, 'unsettledOrder'],
  ['a position of ours', { account: { positions: [positionWith()] } }, 'positionOpen'],
  ['a foreign position', { account: { foreignInstruments: [INSTRUMENT.id] } }, 'foreignPosition'],
  ['leverage at the policy\'s', { draft: { leverage: 5 } }, null],
  ['leverage above it', { draft: { leverage: 6 } }, 'leverage'],
  ['leverage above the venue\'s', { draft: { leverage: 4 }, input: { facts: { returns: SERIES, otherVenues: [], conditions: { [INSTRUMENT.id]: { ...LIQUID, leverageMax: 3 } } } } }, 'leverage'],
  ['leverage above the policy\'s, the venue\'s unknown', { draft: { leverage: 6 }, input: { facts: { returns: SERIES, otherVenues: [], conditions: {} } } }, 'leverage'],
  ['150 bps at risk', { draft: { stopDistance: d(15) } }, null],
  ['a little more', { draft: { stopDistance: d('15.001') } }, 'riskPerTrade'],
  ['1,000 notional', { draft: { quantity: d(10) } }, null],
  ['a little more notional', { draft: { quantity: d('10.001') } }, 'notionalCap'],
  ['a share of equity as cap', { policy: { notionalMaxEquityBps: 999 } }, 'notionalCap'],
  ['29 positions of 30', { book: { count: 29 }, input: { slots: 30 }, policy: { concentrationFrom: 500 } }, null],
  ['30 of 30', { book: { count: 30 }, input: { slots: 30 } }, 'positionsMax'],
  ['19 slots of 20', { book: { count: 19 }, policy: { concentrationFrom: 500 } }, null],
  ['20 of 20', { book: { count: 20 } }, 'slots'],
  ['just below 65 % of margin after the trade', { account: { availableMargin: '4500.01' } }, null],
  ['65 % of margin', { account: { availableMargin: '4500' } }, 'marginUse'],
  ['margin that this plan uses already', { book: { plannedMargin: d(5_501) } }, 'marginUse'],
  ['no margin at all', { account: { availableMargin: '0' }, policy: { marginUseMaxBps: 10_000 }, draft: { quantity: d(0) } }, 'marginUse'],
  ['a daily loss just below its limit', { input: { dailyLossBps: 499.9 } }, null],
  ['at it', { input: { dailyLossBps: 500 } }, 'dailyLoss'],
  ['gross losses of 7.99 %', { input: { trades: { ...NO_TRADES, grossLoss24h: '799' } } }, null],
  ['of 8 %', { input: { trades: { ...NO_TRADES, grossLoss24h: '800' } } }, 'grossLoss24h'],
  ['an open position that moves along at 0.79', { book: held(['away', 1_000]) }, null],
  ['at 0.82', { book: held(['near', 1_000]) }, 'correlation'],
  ['at 0.82, the other way round', { book: held(['near', -1_000]) }, null],
  ['a short beside a long that moves along', { book: held(['near', 1_000]), draft: { direction: 'short' } }, null],
  ['no room left in the symbol', { policy: { symbolExposureMax: 0 } }, 'symbolExposure'],
  ['gross just below three times equity', { book: held(['calm', 29_999]), policy: { var95MaxBps: 10_000 } }, null],
  ['gross at it', { book: held(['calm', -30_000]) }, 'grossExposure'],
  ['three positions: shares do not bind yet', { book: held(['away', 900], ['calm', 100]) }, null],
  ['the fourth: half of gross in one group', { book: held(['away', 900], ['calm', 1_000], ['x', 1_000]) }, null],
  ['the fourth: a little more than half', { book: held(['away', 1_010], ['calm', 1_000], ['x', 1_000]) }, 'group'],
  ['the fourth: a symbol alone of more than half is no group', { book: held(['calm', 274], ['x', 272], ['y', 272]) }, null],
  ['the eighth: a symbol alone of 60 %', { book: held(...['t', 'u', 'v', 'w', 'x', 'y', 'z'].map((it) => [it, it === 't' ? 98 : 95] as const)) }, null],
  ['the eighth: of a little more', { book: held(...['t', 'u', 'v', 'w', 'x', 'y', 'z'].map((it) => [it, 95] as const)) }, 'symbolShare'],
  ['the fourth: concentrated', { book: held(['calm', 3_000], ['x', 400], ['y', 400]) }, 'concentration'],
  ['the fourth: a symbol of more than 60 %', { book: held(['calm', 200], ['x', 200], ['y', 200]), policy: { hhiMax: 1, groupShareMax: 1 } }, 'symbolShare'],
  ['one venue', {}, null],
  ['a second venue with too little', { input: { facts: { returns: SERIES, conditions: {}, otherVenues: [{ venue: 'other', notional: '249' }] } } }, 'venueShare'],
  ['with a fifth', { input: { facts: { returns: SERIES, conditions: {}, otherVenues: [{ venue: 'other', notional: '250' }] } } }, null],
  ['value at risk 95', { book: held(['wild', 9_000]) }, 'var95'],
  ['value at risk 99', { book: held(['wild', 9_000]), policy: { var95MaxBps: 10_000 } }, null],
  ['value at risk 99 beyond', { book: held(['wild', 9_000]), policy: { var95MaxBps: 10_000, var99MaxBps: 1_500 } }, 'var99'],
  ['expected shortfall', { book: held(['wild', 9_000]), policy: { var95MaxBps: 10_000, var99MaxBps: 10_000, shortfallMaxBps: 1_500 } }, 'shortfall'],
  ['a disabled symbol', { input: { isDisabled: true } }, 'symbolDisabled'],
  ['56 orders this minute, and the four that it brings', { book: { ordersThisMinute: 56 } }, null],
  ['57', { book: { ordersThisMinute: 57 } }, 'orderRate'],
  ['57 without a ladder', { book: { ordersThisMinute: 57 }, draft: { orders: 3 } }, null],
  ['59 openings, of a cycle from before orders were counted', { book: { ordersThisMinute: 59 }, draft: { orders: 1 } }, null],
  ['60', { book: { ordersThisMinute: 60 }, draft: { orders: 1 } }, 'orderRate'],
])('%s', (_name, change, expected) => expect(codeOf(change)).toBe(expected));

it('fixtures are what the rows say', () => {
  const correlations = correlationsOf(SERIES, 20);
  expect(correlations(INSTRUMENT.id, 'near')).toBeGreaterThan(0.8);
  expect(correlations(INSTRUMENT.id, 'away')).toBeLessThan(0.8);
  expect(correlations(INSTRUMENT.id, 'away')).toBeGreaterThan(0.7);
});

describe('a missing input', () => {
  // Those whose input cannot be missing are not listed: state of fence, policy, symbol and account, and the draft.
  it.each<[GuardCode, 'open' | 'closed', Change]>([
    ['leverage', 'open', { input: { facts: { returns: SERIES, otherVenues: [], conditions: {} } } }],
    ['leverage', 'open', { input: { facts: { returns: SERIES, otherVenues: [], conditions: { [INSTRUMENT.id]: { ...LIQUID, leverageMax: null } } } } }],
    ['marginUse', 'closed', { account: { equity: '0', availableMargin: '10' }, draft: { quantity: d(0) } }],
    ['dailyLoss', 'closed', { input: { dailyLossBps: null } }],
    ['dailyLoss', 'closed', { input: { dailyLossBps: NaN } }],
    ['grossLoss24h', 'closed', { input: { trades: null } }],
    ['correlation', 'open', { book: held(['unheardOf', 1_000]) }],
    ['group', 'open', { book: held(['a', 1_000], ['b', 1_000], ['c', 1_000]) }],
    ['var95', 'closed', { input: { facts: { returns: {}, otherVenues: [], conditions: {} } } }],
    ['var99', 'closed', { input: { facts: { returns: {}, otherVenues: [], conditions: {} } }, policy: { var95MaxBps: 0 } }],
  ])('%s fails %s', (code, fails, change) => {
    const rows = GUARD.filter((it) => it.code === code);
    expect(rows.map((it) => it.fails)).toEqual([fails]);
    expect(firstRefusal(rows, inputWith(change))?.code ?? null).toBe(fails === 'closed' ? code : null);
  });
});

it('the venue\'s largest leverage is not taken for known where nobody told it', () => {
  const unknown = inputWith({ input: { facts: { returns: SERIES, otherVenues: [], conditions: {} } } });
  expect(GUARD.find((it) => it.code === 'leverage')?.look(unknown)).toEqual({ state: 'unknown', value: '1 ×', limit: '≤ 5 ×' });
});

it('looks in the documented order: with everything wrong the first one wins, and so on down', () => {
  const wrong: Change = {
    account: { fence: { epoch: 1, halted: true }, unsettledInstruments: [INSTRUMENT.id], positions: [positionWith()], foreignInstruments: [INSTRUMENT.id], availableMargin: '0' },
    symbol: { quality: { score: 0, tradable: false, issues: [] }, candle: { ...symbolWith().candle, close: 0 }, regime: regimeWith({ regime: 'illiquid' }) },
    draft: { leverage: 99, quantity: d(1_000), stopDistance: d(90) }, book: { ...held(['near', 90_000], ['b', 1], ['c', 1]), count: 99, ordersThisMinute: 99 },
    input: { isEmergency: true, late: true, dailyLossBps: 9_999, trades: { ...NO_TRADES, grossLoss24h: '9999' }, isDisabled: true, facts: { returns: SERIES, conditions: {}, otherVenues: [{ venue: 'other', notional: '1' }] } },
    policy: { symbolExposureMax: 0, groupShareMax: 0, hhiMax: 0, symbolShareMax: 0, venueShareMax: 0, var95MaxBps: 0, var99MaxBps: 0, shortfallMaxBps: 0 },
  };
  const input = inputWith(wrong);
  expect(GUARD.map((_row, index) => firstRefusal(GUARD.slice(index), input)?.code)).toEqual(GUARD.map((row) => row.code));
});

it.each([
  ['a strong trend', { regime: 'trendUp', score: 0.5 }, false, 6],
  ['a weak one', { regime: 'trendUp', score: 0.49 }, false, 4],
  ['a range', { regime: 'range', score: 1 }, false, 4],
  ['a breakout', { regime: 'breakout', score: 1 }, false, 4],
  ['chop', { regime: 'choppy', score: 1 }, false, 3],
  ['a spike, in a strong trend', { regime: 'trendDown', score: 1 }, true, 3],
] as const)('slots of six in %s', (_name, regime, isSpike, expected) => expect(slotsOf(regime, { isSpike, policy: { ...PRESETS.normal, positionsMax: 6 } })).toBe(expected));
it.each([[0, 0], [1, 1]])('slots of %i in chop: %i', (positionsMax, expected) => expect(slotsOf({ regime: 'choppy', score: 1 }, { isSpike: false, policy: { ...PRESETS.normal, positionsMax } })).toBe(expected));

it.each([
  ['correlation 0.19 above its mean', { now: 0.69, usual: 0.5 }, 1, null, 1],
  ['0.20 above', { now: 0.7001, usual: 0.5 }, 1, 'correlation', 0.5],
  ['volatility of 1.99 times', null, 1.99, null, 1],
  ['of twice', null, 2, 'volatility', 0.5],
  ['nothing known', null, null, null, 1],
] as const)('a spike: %s', (_name, level, toMedian, kind, factor) => expect(spikeOf({ level, toMedian, policy: PRESETS.normal })).toMatchObject({ kind, factor }));

it('the guard answers for any numbers, and never with NaN in it', () => {
  const number = fc.double({ min: 0, max: 1e6, noNaN: true });
  fc.assert(fc.property(fc.array(fc.tuple(fc.constantFrom('near', 'away', 'calm', 'wild', 'x'), fc.double({ min: -1e5, max: 1e5, noNaN: true })), { maxLength: 8 }), number, number, (holdings, equity, quantity) => {
    const refusal = firstRefusal(GUARD, inputWith({ account: { equity: equity.toFixed(6) }, book: held(...holdings), draft: { quantity: d(quantity.toFixed(6)) } }));
    if (refusal !== null) expect(`${refusal.value} ${refusal.limit}`).not.toContain('NaN');
  }));
});
