import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { NO_RECORD } from '../../../../domain/cycle/risk-facts.ts';
import { d } from '../../../../domain/decimal.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';
import { kellyShareOf } from '../../../../domain/sizing/kelly.ts';
import { leverageOf } from '../../../../domain/sizing/leverage.ts';
import type { LeverageInput } from '../../../../domain/sizing/leverage.ts';
import { confidenceFactor, roundedSize, volatilityFactor, wantedSizeOf } from '../../../../domain/sizing/size.ts';
import type { SizeInput } from '../../../../domain/sizing/size.ts';
import { INSTRUMENT } from '../cycle/plan.fixture.ts';

// Equity 10,000 at 150 bps risks 150. Stop 30 away: 5 units at factor 1; the caps are far.
const WIDE = { ...PRESETS.normal, notionalMax: '1000000', riskPerTradeBps: 150 };
const PROVEN = { trades: 20, wins: 12, lossesInARow: 0, averageWinR: 1.5, averageLossR: 1 };
const INPUT: SizeInput = {
  instrument: INSTRUMENT, orderType: 'market', price: d(1_000), stopDistance: d(30), equity: d(10_000), availableMargin: d(10_000), exposureRoom: d(30_000), leverage: 5, confidence: 0.5,
  signalFactor: 1, spikeFactor: 1, governor: 1, learned: null, dailyVolatilityBps: 100, record: NO_RECORD, policy: WIDE,
};
const sized = (changes: Partial<SizeInput>) => {
  const input = { ...INPUT, ...changes };
  const wanted = wantedSizeOf(input);
  return { cappedBy: wanted.cappedBy, ...roundedSize(wanted, input) };
};

describe('size', () => {
  it('is never above the cap that it came from, not even in the fortieth digit', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 10_000_000 }), fc.constantFrom('300', '500', '1000'), (cents, notionalMax) => {
      const price = d(cents).div(100);
      const wanted = wantedSizeOf({ ...INPUT, price, stopDistance: price.div(1_000), policy: { ...WIDE, notionalMax } });
      expect(wanted.cappedBy).toBe('notional');
      expect(wanted.quantity.times(price).lte(notionalMax)).toBe(true);
    }), { examples: [[1_660_050, '300'], [2_368_870, '300'], [700, '300']] });
  });

  it.each<[string, Partial<SizeInput>, object]>([
    ['least confidence weighs half', {}, { quantity: '2.5', cappedBy: 'risk' }],
    ['more weighs more', { confidence: 0.725 }, { quantity: '4.25', cappedBy: 'risk' }],
    ['full confidence would weigh 1.2; no trade risks more than the policy\'s share', { confidence: 0.95 }, { quantity: '5', cappedBy: 'riskPerTrade' }],
    ['one speaker halves', { signalFactor: 0.5 }, { quantity: '1.25', cappedBy: 'risk' }],
    ['a spike halves', { spikeFactor: 0.5 }, { quantity: '1.25', cappedBy: 'risk' }],
    ['the governor', { governor: 0.75 }, { quantity: '1.875', cappedBy: 'risk' }],
    ['a governor of zero', { governor: 0 }, { kind: 'refused', code: 'quantityNotPositive' }],
    ['the policy\'s size factor', { policy: { ...WIDE, sizeFactor: 0.7 } }, { quantity: '1.75', cappedBy: 'risk' }],
    ['twice the volatility halves', { dailyVolatilityBps: 200 }, { quantity: '1.25', cappedBy: 'risk' }],
    ['and no more than that', { dailyVolatilityBps: 900 }, { quantity: '1.25', cappedBy: 'risk' }],
    ['an unknown volatility counts as high', { dailyVolatilityBps: null }, { quantity: '1.25', cappedBy: 'risk' }],
    ['calm adds nothing', { dailyVolatilityBps: 20 }, { quantity: '2.5', cappedBy: 'risk' }],
    ['a symbol that won 1 of 5', { record: { ...NO_RECORD, trades: 5, wins: 1 } }, { quantity: '1.25', cappedBy: 'risk' }],
    ['1 of 4 says nothing yet', { record: { ...NO_RECORD, trades: 4, wins: 1 } }, { quantity: '2.5', cappedBy: 'risk' }],
    ['3 of 10 is enough', { record: { ...NO_RECORD, trades: 10, wins: 3 } }, { quantity: '2.5', cappedBy: 'risk' }],
    ['half-Kelly from 20 trades on: p = 0.6, b = 1.5 give 1/3, half of it is far', { record: PROVEN }, { quantity: '2.5', cappedBy: 'risk' }],
    ['a small edge caps: p = 0.41, b = 1.5 give 0.0167', { record: { ...PROVEN, trades: 100, wins: 41 } }, { quantity: '2.5', cappedBy: 'risk' }],
    ['a tiny edge: p = 0.405 gives 0.0083, half of it risks 41.67', { record: { ...PROVEN, trades: 1_000, wins: 405 } }, { quantity: '1.388', cappedBy: 'kelly' }],
    ['a negative edge gives zero', { record: { ...PROVEN, wins: 7 } }, { kind: 'refused', code: 'negativeEdge' }],
    ['with 19 trades nobody knows', { record: { ...PROVEN, trades: 19, wins: 6 } }, { quantity: '2.5', cappedBy: 'risk' }],
    ['the notional cap', { policy: PRESETS.normal }, { quantity: '1', cappedBy: 'notional' }],
    ['the notional cap as a share of equity', { policy: { ...WIDE, notionalMaxEquityBps: 1_500 } }, { quantity: '1.5', cappedBy: 'notional' }],
    ['the exposure that is left', { exposureRoom: d(1_500) }, { quantity: '1.5', cappedBy: 'exposure' }],
    ['no exposure left', { exposureRoom: d(-5) }, { kind: 'refused', code: 'quantityNotPositive', cappedBy: 'exposure' }],
    ['margin × leverage, less a tenth', { availableMargin: d(500) }, { quantity: '2.25', cappedBy: 'margin' }],
    ['rounded down to the step', { stopDistance: d(31) }, { quantity: '2.419', cappedBy: 'risk' }],
    ['below the minimum notional', { equity: d(10) }, { kind: 'refused', code: 'belowMinNotional', value: '2', limit: '5' }],
  ])('%s', (_name, changes, expected) => expect(sized(changes)).toMatchObject(expected));

  it('is never below zero, whatever is not left', () => {
    expect([{ exposureRoom: d(-5) }, { availableMargin: d(-5) }, { exposureRoom: d(0) }].map((it) => wantedSizeOf({ ...INPUT, ...it }).quantity.toString())).toEqual(['0', '0', '0']);
  });

  it('no cap is ever exceeded, whatever the factors', () => {
    const factor = fc.double({ min: 0, max: 3, noNaN: true });
    fc.assert(fc.property(fc.integer({ min: 1, max: 10_000_000 }), fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 9_999 }), factor, factor, factor, (equity, price, stopShare, confidence, governor, sizeFactor) => {
      const policy = { ...PRESETS.normal, sizeFactor: Math.max(0.05, sizeFactor) };
      const input = { ...INPUT, equity: d(equity), price: d(price), stopDistance: d(price).times(stopShare).div(10_000), confidence, governor, policy };
      const size = roundedSize(wantedSizeOf(input), input);
      if (size.kind === 'refused') return;
      const quantity = d(size.quantity);
      expect(quantity.times(input.stopDistance).lte(d(equity).times('0.015'))).toBe(true);
      expect(quantity.times(price).lte(1_000)).toBe(true);
      expect(quantity.mod('0.001').eq(0)).toBe(true);
    }));
  });
});

it('the confidence factor is clipped at both ends', () => expect([0, 0.5, 0.725, 0.95, 1].map((it) => confidenceFactor(it, PRESETS.normal))).toEqual([0.5, 0.5, 0.85, 1.2, 1.2]));
it('so is the volatility factor', () => expect([null, NaN, 0, 50, 100, 125, 200, 1_000].map((it) => volatilityFactor(it, PRESETS.normal))).toEqual([0.5, 0.5, 1, 1, 1, 0.8, 0.5, 0.5]));

describe('Kelly', () => {
  // @source Thorp 2006, section 2: even money, p = 0.53 gives 0.06. With b = 2, p = 0.4: 0.4 - 0.6/2 = 0.1.
  it.each([
    ['even money, 53 of 100', { trades: 100, wins: 53, averageWinR: 1, averageLossR: 1 }, 0.06],
    ['two to one, 40 of 100', { trades: 100, wins: 40, averageWinR: 2, averageLossR: 1 }, 0.1],
    ['losses of half an R', { trades: 100, wins: 40, averageWinR: 1, averageLossR: 0.5 }, 0.2],
    ['no edge', { trades: 100, wins: 50, averageWinR: 1, averageLossR: 1 }, 0],
    ['a negative one', { trades: 100, wins: 30, averageWinR: 1, averageLossR: 1 }, 0],
    ['nothing traded', { trades: 0, wins: 0, averageWinR: 0, averageLossR: 0 }, 0],
    ['nothing won', { trades: 9, wins: 0, averageWinR: 0, averageLossR: 1 }, 0],
    ['nothing lost', { trades: 9, wins: 9, averageWinR: 1, averageLossR: 0 }, 1],
  ])('%s', (_name, record, expected) => expect(kellyShareOf(record)).toBeCloseTo(expected, 12));
});

describe('leverage', () => {
  // Risk 10 % ÷ 1.5 × 0.4 % ATR: a move of 0.6 % costs a tenth of the margin at 16.67 ×.
  const BOLD = { ...PRESETS.normal, riskPerTradeBps: 1_000, leverageMax: 20 };
  const BASE: LeverageInput = { atrShare: 0.004, record: { ...NO_RECORD, trades: 5 }, confidence: 1, marginUse: 0, drawdownBps: 0, adx: 40, venueMax: 125, policy: BOLD };
  it.each<[string, Partial<LeverageInput>, number]>([
    ['risk per trade alone, without trades for Kelly', {}, 16],
    ['at most 5 before the symbol has 5 trades', { record: { ...NO_RECORD, trades: 4 } }, 5],
    ['quarter-Kelly 1/12 and risk 1/10: √(13.9 × 16.7) = 15.2', { record: PROVEN }, 15],
    ['a negative edge: one', { record: { ...PROVEN, wins: 7 } }, 1],
    ['confidence^1.5: 0.49^1.5 = 0.343', { confidence: 0.49 }, 5],
    ['half of the margin that may be used: half', { marginUse: 0.325 }, 8],
    ['all of it: one', { marginUse: 0.65 }, 1],
    ['half of the drawdown that trips: half', { drawdownBps: 500 }, 8],
    ['at the drawdown that trips: one', { drawdownBps: 1_000 }, 1],
    ['ADX 20 of 25: 0.8', { adx: 20 }, 13],
    ['no trend: half, never less', { adx: 0 }, 8],
    ['an unknown trend is none', { adx: null }, 8],
    ['never above the policy', { policy: { ...BOLD, leverageMax: 7 } }, 7],
    ['never above the venue', { venueMax: 10 }, 10],
    ['usually one: 1.5 % ÷ (1.5 × 1 %)', { atrShare: 0.01, policy: PRESETS.normal, confidence: 0.7 }, 1],
    ['no ATR: one', { atrShare: 0 }, 1],
    ['no number: one', { atrShare: NaN }, 1],
  ])('%s', (_name, changes, expected) => expect(leverageOf({ ...BASE, ...changes })).toBe(expected));

  it('is always a whole number from 1 up to policy and venue', () => {
    const any = fc.double({ noNaN: false });
    fc.assert(fc.property(any, any, any, any, fc.double({ min: 1, max: 125, noNaN: true }), (atrShare, confidence, marginUse, drawdownBps, venueMax) => {
      const leverage = leverageOf({ ...BASE, atrShare, confidence, marginUse, drawdownBps, venueMax });
      expect(Number.isInteger(leverage) && leverage >= 1 && leverage <= Math.min(20, venueMax)).toBe(true);
    }));
  });
});
