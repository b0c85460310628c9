import { describe, expect, it } from 'vitest';
import { normal, prngOf, uniform } from '../../../../domain/market/seeded/prng.ts';
import type { Promised, WatchedRow, WatchState } from '../../../../domain/promotion/watch.ts';
import { afterClock, afterResults, afterResultsOfOneTime, promiseOf, watchFrom } from '../../../../domain/promotion/watch.ts';
import { expectedMoveBps } from '../../../../domain/predictions/label.ts';
import { history, rowsOf } from '../validation/rows.fixture.ts';

const DAY_MS = 86_400_000;
const PROMISED: Promised = { winRate: 0.6, meanR: 0.2, deviationR: 1, worseR: -0.1 };
const after = (results: readonly number[], promised = PROMISED): { state: WatchState; why: string | null } => results.reduce<{ state: WatchState; why: string | null }>((step, r) => (step.state.status === 'watching' ? afterResultsOfOneTime(step.state, [{ r, promised }]) : step), { state: watchFrom(0), why: null });
const times = (count: number, r: number): number[] => Array.from({ length: count }, () => r);

describe('the watch', () => {
  it.each([
    // A loss weighs ln(0.55 / 0.40): twelve of them reach ln 40.
    ['eleven losses too small for the mean', times(11, 0), 'watching', 11],
    ['twelve: the win rate', times(12, 0), 'rollBack', 12],
    // A value of 1.4 R below half way weighs 0.3 × 1.45.
    ['losses so large that the mean speaks first', times(20, -1.4), 'rollBack', 9],
    ['wins, and a mean as promised', times(30, 0.6), 'kept', 10],
  ])('%s', (_name, results, status, count) => {
    const { state, why } = after(results);
    expect([state.status, state.results]).toEqual([status, count]);
    expect(why === null).toBe(status === 'watching');
  });

  it('tells which promise was broken', () => {
    expect(after(times(12, 0)).why).toMatch(/win rate is not the 60.0 %/);
    expect(after(times(20, -1.4)).why).toMatch(/mean is not the 0.200 R/);
  });

  it('wins that are too small roll back by their mean', () => {
    const { state, why } = after(times(100, 0.001), { ...PROMISED, deviationR: 0.2 });
    expect(state).toMatchObject({ status: 'rollBack', wins: 'asPromised', mean: 'worse' });
    expect(why).toMatch(/mean is not/);
  });

  it('nothing changes what is decided', () => {
    const { state } = after(times(12, 0));
    expect(afterResultsOfOneTime(state, [{ r: 1, promised: PROMISED }])).toEqual({ state, why: null });
    expect(afterClock(state, { at: 100 * DAY_MS, lossBps: 1e4, dailyLossLimitBps: 1 })).toEqual({ state, why: null });
  });

  it.each([
    ['half the daily limit lost', { at: 1, lossBps: 150 }, 'rollBack'],
    ['a little less', { at: 1, lossBps: 149.9 }, 'watching'],
    ['fourteen days', { at: 14 * DAY_MS, lossBps: 0 }, 'kept'],
    ['a millisecond less', { at: 14 * DAY_MS - 1, lossBps: 0 }, 'watching'],
    ['both at once: the loss', { at: 14 * DAY_MS, lossBps: 150 }, 'rollBack'],
  ])('%s', (_name, facts, status) => expect(afterClock(watchFrom(0), { ...facts, dailyLossLimitBps: 300 }).state.status).toBe(status));
});

describe('results of a champion', () => {
  // σ × √4 = 200 bps: a return of 100 is half an R.
  const row = (hour: number, returnBps: number, rest: Partial<WatchedRow> = {}): WatchedRow => ({ voter: 'm', instrumentId: 'A', madeAt: hour, dueAt: hour + 4, returnBps, sigma: 0.01, horizonCandles: 4, ...rest });
  const losses = (count: number, rest: Partial<WatchedRow> = {}): WatchedRow[] => Array.from({ length: count }, (_, index) => row(4 * index, 0, rest));
  const status = (rows: readonly WatchedRow[], promised: Promised | null = PROMISED): unknown => { const { state } = afterResults(7, rows, () => promised); return [state.status, state.results, state.since]; };

  it.each<[string, readonly WatchedRow[], Promised | null, unknown]>([
    ['speak by their sum', losses(12), PROMISED, ['rollBack', 12, 7]],
    ['count once each while they overlap', losses(6).flatMap((it) => [it, { ...it, madeAt: it.madeAt + 1, dueAt: it.dueAt + 1 }]), PROMISED, ['watching', 6, 7]],
    ['of several symbols count side by side', [...losses(6), ...losses(6, { instrumentId: 'B' })], PROMISED, ['rollBack', 12, 7]],
    ['after the verdict count no more', [...losses(12), row(99, 1_000)], PROMISED, ['rollBack', 12, 7]],
    ['in moves that were to be expected', Array.from({ length: 10 }, (_, index) => row(4 * index, 120)), PROMISED, ['kept', 10, 7]],
    ['of an unknown expectation say nothing', losses(12, { sigma: null }), PROMISED, ['watching', 0, 7]],
    ['of one that promised nothing say nothing', losses(12), null, ['watching', 0, 7]],
  ])('%s', (_name, rows, promised, expected) => expect(status(rows, promised)).toEqual(expected));

  it('that move together count for what they are worth: n as n / (1 + (n - 1) × correlation)', () => {
    const both = losses(12).flatMap((it) => [it, { ...it, instrumentId: 'B' }]);
    expect(status(both)).toEqual(['rollBack', 12, 7]);
    expect(status(both, { ...PROMISED, correlation: 1 })).toEqual(['rollBack', 24, 7]);
    expect(status(both, { ...PROMISED, correlation: 0.5 })).toEqual(['rollBack', 18, 7]); // nine times 4/3 losses
    const later = losses(12).flatMap((it) => [it, { ...it, instrumentId: 'B', madeAt: it.madeAt + 3, dueAt: it.dueAt + 3 }]);
    expect(status(later, { ...PROMISED, correlation: 1 })).toEqual(['rollBack', 24, 7]); // what begins before the other ends
  });

  it('of ten symbols that move together: who is as promised is rolled back in hardly any of 200 markets, who is negated in most', () => {
    const rolledBack = (edge: number): number => Array.from({ length: 200 }, (_, seed) => {
      const random = prngOf(`together ${seed}`);
      const rows = Array.from({ length: 84 }, (__, hour) => { const common = normal(random); return Array.from({ length: 10 }, (___, symbol) => row(4 * hour, 200 * (edge + Math.sqrt(0.6) * common + Math.sqrt(0.4) * normal(random)), { instrumentId: `${symbol}` })); });
      return afterResults(0, rows.flat(), () => ({ winRate: 0.54, meanR: 0.1, deviationR: 1, worseR: -0.14, correlation: 0.6 })).state.status;
    }).filter((it) => it === 'rollBack').length;
    expect(rolledBack(0.1)).toBeLessThanOrEqual(8);
    expect(rolledBack(-0.28)).toBeGreaterThanOrEqual(160);
  });

  it('are each held to what their own voter promised', () => {
    const rows = [...losses(6), ...losses(6, { voter: 'before', instrumentId: 'B' })];
    expect(afterResults(0, rows, (voter) => (voter === 'm' ? PROMISED : null)).state.results).toBe(6);
  });
});

describe('what was promised', () => {
  const rows = rowsOf([history('A-USDT-PERP', 60)]);
  const part = Int32Array.from({ length: rows.rows }, (_, row) => row);

  it('is what the trades of the test parts showed, in moves that were to be expected', () => {
    const promised = promiseOf({ rows, row: part, actions: new Uint8Array(part.length) });
    const results = [...part].filter((row) => row % 4 === 0).map((row) => (rows.longBps[row] as number) / expectedMoveBps(rows.sigma[row] as number, 4));
    const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;
    const [won, lost] = [results.filter((r) => r > 0), results.filter((r) => r <= 0)];
    expect(promised?.winRate).toBe(won.length / results.length);
    expect(promised?.meanR).toBeCloseTo(mean(results), 12);
    expect(promised?.worseR).toBeCloseTo(mean(results) - 0.15 * (mean(won) - mean(lost)), 12);
  });

  it('tells how much symbols go together, 0 where each goes alone', () => {
    const of = (ids: readonly string[]): number => {
      const all = rowsOf(ids.map((id, place) => ({ ...history(id, 400), instrumentId: `${place}` })));
      return promiseOf({ rows: all, row: Int32Array.from({ length: all.rows }, (_, row) => row), actions: new Uint8Array(all.rows) })?.correlation ?? NaN;
    };
    expect(of(['A', 'A'])).toBeCloseTo(1, 9);
    expect(of(['A', 'B'])).toBeLessThan(0.15);
    expect(of(['A'])).toBe(0);
  });

  it.each([['nothing was traded', 2, part], ['a single trade', 0, part.subarray(0, 1)]])('%s: nothing', (_name, action, row) => expect(promiseOf({ rows, row, actions: new Uint8Array(row.length).fill(action) })).toBeNull());

  /** Of fifty champions each: results drawn with the win rate of the validation, and with its opposite. */
  const rolledBack = (winRate: number): number => Array.from({ length: 50 }, (_, seed) => {
    const random = prngOf(`watch ${seed} ${winRate}`);
    return after(Array.from({ length: 400 }, () => (uniform(random) < winRate ? 1 : -1)), { winRate: 0.6, meanR: 0.2, deviationR: Math.sqrt(0.96), worseR: -0.1 }).state.status;
  }).filter((status) => status === 'rollBack').length;

  it('a negated champion is rolled back in at least 45 of 50, one that is as promised in at most 5', () => {
    expect(rolledBack(0.4)).toBeGreaterThanOrEqual(45);
    expect(rolledBack(0.6)).toBeLessThanOrEqual(5);
  });
});
