import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PositionView, RegimeReading } from '../../../../domain/cycle/types.ts';
import { d, text } from '../../../../domain/decimal.ts';
import type { ExitInput } from '../../../../domain/exits/exit-plan.ts';
import { exitDistancesOf, exitRegimeOf } from '../../../../domain/exits/exit-plan.ts';
import { firstRungPrice, ladderOf, rungQuantities } from '../../../../domain/exits/ladder.ts';
import type { StopInput } from '../../../../domain/exits/stop-steps.ts';
import { isAgedAndFlat, stopMoveOf } from '../../../../domain/exits/stop-steps.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';
import { CLOSE_TIME, HOUR_MS, INSTRUMENT, positionWith, regimeWith } from '../cycle/plan.fixture.ts';

const volatility = (of: RegimeReading['volatility']['class'], toMedian: number | null = 1): RegimeReading['volatility'] => ({ class: of, percentile: 50, toMedian });

it.each<[string, Partial<RegimeReading>, string]>([
  ['extreme volatility comes first', { volatility: volatility('extreme'), regime: 'trendUp', stability: 1 }, 'extreme'],
  ['then high', { volatility: volatility('high'), regime: 'range', stability: 1 }, 'highVol'],
  ['a breakout is high', { regime: 'breakout', stability: 0 }, 'highVol'],
  ['then low', { volatility: volatility('low'), regime: 'range', stability: 1 }, 'lowVol'],
  ['a trend that has lasted', { regime: 'trendDown', stability: 0.5 }, 'trending'],
  ['a young one is normal', { regime: 'trendDown', stability: 0.49 }, 'normal'],
  ['a range', { regime: 'range', stability: 1 }, 'ranging'],
  ['chop', { regime: 'choppy', stability: 1 }, 'ranging'],
])('exits: %s', (_name, changes, expected) => expect(exitRegimeOf(regimeWith(changes))).toBe(expected));

describe('distances', () => {
  // ATR 2 at a price of 100; confidence 0.675 is the middle, where nothing scales.
  const BASE: ExitInput = { regime: regimeWith(), atr: 2, price: d(100), confidence: 0.675, roundTripCost: d('0.0011'), policy: PRESETS.normal };
  const fixed = { ...PRESETS.normal, dynamicExits: false };
  it.each<[string, Partial<ExitInput>, string, string]>([
    ['normal: 1.5 and 3 ATR', {}, '3', '6'],
    ['low volatility: 1.2 and 3.5', { regime: regimeWith({ volatility: volatility('low') }) }, '2.4', '7'],
    ['high: 2 and 4', { regime: regimeWith({ volatility: volatility('high') }) }, '4', '8'],
    ['extreme: 2.5 and 5', { regime: regimeWith({ volatility: volatility('extreme') }) }, '5', '10'],
    ['trending: 1.8 and 4.5', { regime: regimeWith({ stability: 1 }) }, '3.6', '9'],
    ['ranging: 1 and 2', { regime: regimeWith({ regime: 'range', stability: 1 }) }, '2', '4'],
    ['full confidence: target × 1.5, stop ÷ 1.5, reward no more than 4 × the risk', { confidence: 0.95 }, '2.000001', '8.000004'],
    ['least confidence: target × 0.5, stop × 2, reward no less than 1.5 × the risk', { confidence: 0.4 }, '6', '9'],
    ['beyond both ends as at them', { confidence: 0 }, '6', '9'],
    ['calm: both × 0.8', { regime: regimeWith({ volatility: volatility('normal', 0.5) }) }, '2.4', '4.8'],
    ['storm: both × 1.5', { regime: regimeWith({ volatility: volatility('normal', 9) }) }, '4.5', '9'],
    ['an unknown median scales nothing', { regime: regimeWith({ volatility: volatility('normal', null) }) }, '3', '6'],
    ['the policy may switch scaling off', { confidence: 0.95, policy: fixed }, '3', '6'],
    ['the stop is at least 1.5 × the costs: 1.5 × 3 %', { roundTripCost: d('0.03'), policy: fixed }, '4.5', '6.75'],
  ])('%s', (_name, changes, stop, target) => {
    const distances = exitDistancesOf({ ...BASE, ...changes });
    expect([distances && text(distances.stop), distances && text(distances.target)]).toEqual([stop, target]);
  });
  it.each<[string, Partial<ExitInput>]>([['no ATR', { atr: null }], ['an ATR of zero', { atr: 0 }], ['an ATR that is none', { atr: NaN }], ['a stop at zero or beyond', { atr: 70 }]])('none: %s', (_name, changes) => expect(exitDistancesOf({ ...BASE, ...changes })).toBeNull());

  it('reward to risk stays between 1.5 and 4, whatever comes in', () => {
    const anyRegime = fc.record({ regime: fc.constantFrom('trendUp' as const, 'range' as const, 'choppy' as const, 'breakout' as const), stability: fc.double({ min: 0, max: 1, noNaN: true }), volatility: fc.record({ class: fc.constantFrom('low' as const, 'normal' as const, 'high' as const, 'extreme' as const), percentile: fc.constant(null), toMedian: fc.option(fc.double({ min: 0, max: 50, noNaN: true })) }) });
    fc.assert(fc.property(anyRegime, fc.double({ min: 0.0001, max: 30, noNaN: true }), fc.double({ min: 0, max: 1, noNaN: true }), (regime, atr, confidence) => {
      const distances = exitDistancesOf({ ...BASE, regime, atr, confidence });
      if (distances === null) return;
      const ratio = distances.target.div(distances.stop);
      expect(ratio.gte('1.4999999') && ratio.lte('4.0000001')).toBe(true);
      expect(distances.stop.gte(d(100).times('0.0011').times('1.5'))).toBe(true);
    }));
  });
});

describe('ladder', () => {
  it.each([
    ['0.010: a half, three tenths, the rest', '0.010', { first: '0.005', target: '0.003' }],
    ['0.007: rounded down to the step', '0.007', { first: '0.003', target: '0.002' }],
    ['0.005: the rest is large enough too', '0.005', { first: '0.002', target: '0.001' }],
    ['0.003: the target would close nothing', '0.003', null],
    ['0.001: one step cannot be parted', '0.001', null],
  ])('%s', (_name, quantity, expected) => {
    const ladder = ladderOf(quantity, INSTRUMENT, PRESETS.normal);
    const rungs = ladder === null ? null : rungQuantities(ladder, d(quantity), INSTRUMENT);
    expect(rungs === null ? null : { first: text(rungs.first), target: text(rungs.target) }).toEqual(expected);
  });
  it('has its first rung at 0.6 of the way, long and short', () => {
    const ladder = { firstAtShare: 0.6, firstShare: 0.5, targetShare: 0.3 };
    expect(firstRungPrice(ladder, { from: '100', target: '110' })).toBe('106');
    expect(firstRungPrice(ladder, { from: '100', target: '90' })).toBe('94');
  });
});

describe('stop moves', () => {
  // Long from 100: stop 97 (R = 3), target 6 away, ATR 2, regime normal: breakeven at 0.5 R, trail 2 ATR, longest 36 h.
  const move = (close: number, position: Partial<PositionView> = {}, input: Partial<StopInput> = {}) =>
    stopMoveOf({ position: positionWith(position), entry: d(100), close: d(close), instrument: INSTRUMENT, timeframe: '1h', closeTime: CLOSE_TIME, policy: PRESETS.normal, ...input });
  const short = { direction: 'short', stopPrice: '103', targetPrice: '94' } as const;
  const old = { openedAt: CLOSE_TIME - 6 * HOUR_MS - 1 };

  it.each<[string, ReturnType<typeof move>, string | null, string?]>([
    ['below half an R nothing', move(101.49), null],
    ['breakeven: entry, both fees and 5 bps', move(101.5), '100.2', 'breakeven'],
    ['a short the other way', move(98.5, short), '99.8', 'breakeven'],
    ['breakeven of a low volatility comes at 0.3 R', move(100.9, { exit: { regime: 'lowVol', atr: '2', targetDistance: '6' } }), '100.2', 'breakeven'],
    ['profit at more than a third of the target is not locked before six hours', move(102.4), '100.2', 'breakeven'],
    ['nor at them', move(102.4, { openedAt: CLOSE_TIME - 6 * HOUR_MS }), '100.2', 'breakeven'],
    ['then 30 % of it', move(102.4, old), '100.8', 'lock'],
    ['at less than a third not', move(101.9, old), '100.2', 'breakeven'],
    ['nor at a third', move(102, old), '100.2', 'breakeven'],
    ['nor a short at a third', move(98, { ...short, ...old }), '99.8', 'breakeven'],
    ['just beyond it', move(102.01, old), '100.7', 'lock'],
    ['on candles of five minutes not at half an hour', move(102.4, { openedAt: CLOSE_TIME - HOUR_MS / 2 }, { timeframe: '5m' }), '100.2', 'breakeven'],
    ['after it', move(102.4, { openedAt: CLOSE_TIME - HOUR_MS / 2 - 1 }, { timeframe: '5m' }), '100.8', 'lock'],
    ['it trails from the first rung on: 2 ATR behind the close', move(105, { stopPrice: '100.2' }), '101', 'trail'],
    ['just below the first rung it does not', move(103.59, { stopPrice: '100.2' }), null],
    ['once a part was taken it trails anywhere', move(104.6, { stopPrice: '100.2', quantity: '0.5' }), '100.6', 'trail'],
    ['before the first rung the rest of a ladder trails, once a part was taken', move(103, { stopPrice: '100.2', quantity: '0.5', exit: { regime: 'normal', atr: '1', targetDistance: '6' } }), '101', 'trail'],
    ['the whole does not', move(103, { stopPrice: '100.2', exit: { regime: 'normal', atr: '1', targetDistance: '6' } }), null],
    ['breakeven beyond the market would trigger at once', move(100.1, { riskPerUnit: '0.2' }), null],
    ['the tightest step that is due', move(108, old), '104', 'trail'],
    ['trail of a position without a plan: 40 % of the target\'s distance', move(105, { exit: null, stopPrice: '100.2' }), '102.6', 'trail'],
    ['over half of its time and flat: half of the risk', move(100.5, { openedAt: CLOSE_TIME - 19 * HOUR_MS }), '98.5', 'age'],
    ['at half of it not yet', move(100.5, { openedAt: CLOSE_TIME - 18 * HOUR_MS }), null],
    ['old, and a quarter of R away is not flat', move(100.76, { openedAt: CLOSE_TIME - 19 * HOUR_MS }), null],
    ['an improvement of 10 bps is none', move(101.5, { stopPrice: '100.1' }), null],
    ['a little more is', move(101.5, { stopPrice: '100.09' }), '100.2', 'breakeven'],
    ['never looser', move(101.5, { stopPrice: '101' }), null],
  ])('%s', (_name, seen, price, reason) => expect(seen === null ? null : [text(seen.stopPrice), seen.reason]).toEqual(price === null ? null : [price, reason]));

  it('any policy number holds from the next candle on', () => expect(text(move(101.5, {}, { policy: { ...PRESETS.normal, breakevenMarginBps: 50 } })?.stopPrice ?? d(0))).toBe('100.6'));
  // A stop at 100.2 that trails 2 behind the close (ATR 1): at 103 half of the way is done, at 103.6 six tenths.
  const rung = (firstAtShare: number): PositionView['ladder'] => ({ firstAtShare, firstShare: 0.5, targetShare: 0.3 });
  it.each<[string, { policy: number; ladder: PositionView['ladder']; close: number }, string | null]>([
    ['not before a ladder\'s own first rung, where the policy\'s is nearer now', { policy: 0.3, ladder: rung(0.6), close: 103 }, null],
    ['from a ladder\'s own on, where the policy\'s is farther now', { policy: 0.9, ladder: rung(0.6), close: 103.6 }, '101.6'],
    ['without a ladder from the policy\'s on', { policy: 0.5, ladder: null, close: 103 }, '101'],
    ['and not before', { policy: 0.9, ladder: null, close: 103.6 }, null],
  ])('it trails %s', (_name, { policy, ladder, close }, price) => {
    const seen = move(close, { ladder, stopPrice: '100.2', exit: { regime: 'normal', atr: '1', targetDistance: '6' } }, { policy: { ...PRESETS.normal, tp1AtShare: policy } });
    expect(seen === null ? null : [text(seen.stopPrice), seen.reason]).toEqual(price === null ? null : [price, 'trail']);
  });
  it('flatness and age are told for the target too', () => expect(isAgedAndFlat({ position: positionWith({ openedAt: 0 }), entry: d(100), close: d(100.75), instrument: INSTRUMENT, timeframe: '1h', closeTime: CLOSE_TIME, policy: PRESETS.normal })).toBe(true));

  it('a stop only tightens, by more than a tenth of a per cent, and stays before the market', () => {
    const price = fc.integer({ min: 800, max: 1_200 }).map((it) => it / 10);
    fc.assert(fc.property(fc.constantFrom('long' as const, 'short' as const), price, price, fc.integer({ min: 0, max: 100 }), fc.constantFrom('1', '0.4'), (direction, stop, close, hours, quantity) => {
      const seen = move(close, { direction, stopPrice: text(d(stop)), openedAt: CLOSE_TIME - hours * HOUR_MS, quantity });
      if (seen === null) return;
      const sign = direction === 'long' ? 1 : -1;
      expect(seen.stopPrice.div(d(stop)).minus(1).times(10_000).times(sign).gt(10)).toBe(true);
      expect(d(close).minus(seen.stopPrice).times(sign).gt(0)).toBe(true);
    }));
  });
});
