import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concentrationOf, grossOf, NO_PAST, shareOf, tailRiskOf, weightsOf, withHolding } from '../../../../domain/risk/book.ts';
import { correlationLevelOf, correlationOf, correlationsOf, groupOf } from '../../../../domain/risk/correlation.ts';
import { dailyVolatilityBps, returnGridOf, returnSeriesOf } from '../../../../domain/risk/returns.ts';
import type { Timeframe } from '../../../../domain/market/timeframe.ts';

const HOUR_MS = 3_600_000;
const candlesOf = (closes: readonly number[]) => closes.map((close, index) => ({ openTime: index * HOUR_MS, open: close, high: close, low: close, close, volume: 1 }));

describe('returns', () => {
  it.each<[Timeframe, number, number]>([
    ['1m', 12 * 60_000, 180],
    ['15m', 3 * HOUR_MS, 180],
    ['1h', 4 * HOUR_MS, 180],
    ['4h', 4 * HOUR_MS, 180],
    ['1d', 24 * HOUR_MS, 30],
  ])('%s candles have returns of %i ms, %i of them', (timeframe, stepMs, count) => expect(returnGridOf(timeframe)).toEqual({ stepMs, count }));

  it('end at the newest close, four hours apart, unknown before the first candle', () => {
    const series = returnSeriesOf(candlesOf([100, 1, 1, 1, 101, 1, 1, 1, 99.99]), { timeframe: '1h', closeTime: 9 * HOUR_MS });
    expect(series).toHaveLength(180);
    expect(series.slice(-3)).toEqual([null, 100, -100]);
    expect(series.filter((it) => it !== null).length).toBe(2);
  });

  it('are unknown beside a missing candle', () => {
    const series = returnSeriesOf(candlesOf([100, 1, 1, 1, 101, 1, 1, 1, 99.99]).filter((it) => it.close !== 101), { timeframe: '1h', closeTime: 9 * HOUR_MS });
    expect(series.filter((it) => it !== null).length).toBe(0);
  });

  it('the daily volatility of ±100 bps each four hours is 100 × √6, as the sample says', () => {
    const series = Array.from({ length: 180 }, (_, index) => (index % 2 === 0 ? 100 : -100));
    expect(dailyVolatilityBps(series, '1h')).toBeCloseTo(100 * Math.sqrt(6) * Math.sqrt(180 / 179), 9);
    expect(dailyVolatilityBps([5], '1h')).toBeNull();
  });
});

describe('correlation', () => {
  const up = Array.from({ length: 40 }, (_, index) => Math.sin(index));
  const noise = Array.from({ length: 40 }, (_, index) => Math.cos(index * 7.3));
  it.each([
    ['with itself', up, up, 1],
    ['with its mirror', up, up.map((it) => -it), -1],
    ['with what never moves', up, up.map(() => 3), null],
    ['of 19 returns', up.slice(0, 19), up.slice(0, 19), null],
    ['of 20 returns', up.slice(0, 20), up.slice(0, 20), 1],
    ['where only 19 are known of both', up, up.map((it, index) => (index < 19 ? it : null)), null],
    ['with nothing', up, undefined, null],
  ])('%s', (_name, a, b, expected) => expect(correlationOf(a, b, 20)).toEqual(expected === null ? null : expect.closeTo(expected, 12)));

  it('equals the textbook sum', () => {
    // @source worked by hand: cov(1..4; 1,3,2,5) = 5.5/3, deviations √(5/3) and √(8.75/3).
    expect(correlationOf([1, 2, 3, 4], [1, 3, 2, 5], 2)).toBeCloseTo(5.5 / Math.sqrt(5 * 8.75), 12);
  });

  it('groups follow from one to the next', () => {
    const near = up.map((it, index) => it + 0.4 * (noise[index] ?? 0));
    const far = near.map((it, index) => it + 0.8 * (noise[index] ?? 0));
    const series = { a: up, b: near, c: far, z: noise };
    const members = (bound: number): string[] => [...groupOf('a', ['b', 'c', 'z'], { correlations: correlationsOf(series, 20), correlationMin: bound })].sort();
    expect(correlationOf(up, far, 20)).toBeLessThan(0.7);
    expect(members(0.7)).toEqual(['a', 'b', 'c']);
    expect(members(0.99)).toEqual(['a']);
  });

  it('tells the usual level and the newest one', () => {
    const apart = Array.from({ length: 180 }, (_, index) => Math.cos(index * 7.3));
    const together = apart.map((it, index) => (index < 150 ? Math.sin(index * 3.1) : it));
    const level = correlationLevelOf({ a: apart, b: together }, 20);
    expect(level?.now).toBeCloseTo(1, 9);
    expect(level?.usual).toBeLessThan(0.4);
    expect(correlationLevelOf({ a: apart }, 20)).toBeNull();
  });
});

describe('book', () => {
  const book = [{ instrumentId: 'a', notional: 600 }, { instrumentId: 'b', notional: -300 }, { instrumentId: 'a', notional: 100 }];
  it('adds what is in one symbol, long and short alike', () => {
    expect(grossOf(book)).toBe(1_000);
    expect(concentrationOf(weightsOf(book))).toBeCloseTo(0.7 ** 2 + 0.3 ** 2, 12);
    expect(shareOf(weightsOf(book), new Set(['a']))).toBeCloseTo(0.7, 12);
    expect([concentrationOf(weightsOf([])), shareOf(weightsOf([]), new Set(['a']))]).toEqual([0, 0]);
  });
  it('n equal positions concentrate to 1/n', () => expect(concentrationOf(weightsOf(['a', 'b', 'c', 'd'].map((instrumentId) => ({ instrumentId, notional: 5 }))))).toBeCloseTo(0.25, 12));

  // 1,000 long, moves of -1, -2, … -100 bps lose 0.1 … 10. Passed in 5 of 100 cases: 9.5; in one: 9.9; the mean of the worst two: 9.95.
  const falling = Array.from({ length: 100 }, (_, index) => -(index + 1));
  const pastOf = (holdings: typeof book, series: Record<string, (number | null)[]>) => holdings.reduce((past, it) => withHolding(past, it, series), NO_PAST);
  const tail = (holdings: typeof book, series: Record<string, (number | null)[]>) => tailRiskOf(pastOf(holdings, series), { returnsMin: 20, daysPerReturn: 1 });
  it('reads value at risk and shortfall off the past', () => {
    const risk = tail([{ instrumentId: 'a', notional: 1_000 }], { a: falling });
    expect([risk?.var95, risk?.var99, risk?.shortfall975]).toEqual([expect.closeTo(9.5, 9), expect.closeTo(9.9, 9), expect.closeTo(9.95, 9)]);
  });
  it('scales to a day by the root of time', () => {
    expect(tailRiskOf(pastOf([{ instrumentId: 'a', notional: 1_000 }], { a: falling }), { returnsMin: 20, daysPerReturn: 1 / 6 })?.var99).toBeCloseTo(9.9 * Math.sqrt(6), 9);
  });
  it.each([
    ['a short gains what falls', [{ instrumentId: 'a', notional: -1_000 }], { a: falling }, { var95: 0, var99: 0, shortfall975: 0 }],
    ['a hedge is safe', [{ instrumentId: 'a', notional: 1_000 }, { instrumentId: 'b', notional: -1_000 }], { a: falling, b: falling }, { var95: 0, var99: 0, shortfall975: 0 }],
    ['nothing known', [{ instrumentId: 'a', notional: 1_000 }], {}, null],
    ['19 moments', [{ instrumentId: 'a', notional: 1_000 }], { a: falling.slice(0, 19) }, null],
  ])('%s', (_name, holdings, series, expected) => expect(tail(holdings, series as Record<string, number[]>)).toEqual(expected));
  it('what has no past loses with the worst of the others', () => {
    const alone = tail([{ instrumentId: 'a', notional: 1_000 }], { a: falling });
    const beside = tail([{ instrumentId: 'a', notional: 1_000 }, { instrumentId: 'new', notional: 1_000 }], { a: falling });
    expect(beside?.var95).toBeCloseTo(2 * (alone?.var95 ?? NaN), 9);
    const before = tail([{ instrumentId: 'new', notional: 1_000 }, { instrumentId: 'a', notional: 1_000 }], { a: falling });
    expect(before).toEqual(beside); // in whatever order the book came to be
  });

  it('the shortfall is no less than the value at risk of its level, and nothing is ever NaN', () => {
    const move = fc.option(fc.double({ min: -5_000, max: 5_000, noNaN: true }), { freq: 10 });
    fc.assert(fc.property(fc.array(move, { minLength: 0, maxLength: 200 }), fc.array(move, { minLength: 0, maxLength: 200 }), fc.double({ min: -1e6, max: 1e6, noNaN: true }), (a, b, notional) => {
      const risk = tail([{ instrumentId: 'a', notional }, { instrumentId: 'b', notional: 1_000 }], { a, b });
      if (risk === null) return;
      expect(risk.var99).toBeGreaterThanOrEqual(risk.var95);
      expect(risk.shortfall975).toBeGreaterThanOrEqual(risk.var95 - 1e-9);
      expect(Object.values(risk).every((it) => Number.isFinite(it) && it >= 0)).toBe(true);
    }));
  });
});
