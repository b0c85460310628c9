import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFeatures, rowsToCheck } from '../../../../domain/features/check.ts';
import { FAMILIES, FeatureStream, computeColumns, warmupCandlesOf, warmupOf } from '../../../../domain/features/feature-set.ts';
import type { FeatureDefinition, FeatureRow, FeatureSet } from '../../../../domain/features/feature-set.ts';
import { rowsOf } from '../../../../domain/features/rows.ts';
import { STANDARD_FEATURES } from '../../../../domain/features/standard/index.ts';
import { seededMarket } from '../../../../domain/market/seeded/seeded-market.ts';
import { TALIB_ROWS, TALIB_VALUES } from './talib.ts';

const HOUR_MS = 3_600_000;
const MARKET = seededMarket({ seed: 'features', timeframe: '1h', startTime: 0 });
/** With an open interest, which the seeded market does not have. */
const ROWS: readonly FeatureRow[] = rowsOf(MARKET, 'ETH-USDT-PERP', { from: 30, to: 1_730 })
  .map((row, index) => ({ ...row, openInterest: { value: 1_000 + 100 * Math.sin(index / 7), knownAt: row.candle.openTime } }));
const COLUMNS = computeColumns(STANDARD_FEATURES, '1h', ROWS);

const indexOf = (name: string): number => STANDARD_FEATURES.features.findIndex((feature) => feature.name === name);
const valueOf = (name: string, row: number, columns = COLUMNS): number => columns[indexOf(name)]?.[row] ?? NaN;
const setOf = (...features: readonly FeatureDefinition[]): FeatureSet => ({ name: 'own', version: '1', features });
const own = (feature: Partial<FeatureDefinition>): FeatureSet => setOf({ name: 'mine', family: 'own', about: '', warmupCandles: 1, create: (on) => () => on.now.close, ...feature });
/** A steady path, hour by hour. */
const along = (closes: readonly number[]): FeatureRow[] => closes.map((close, index) => ({ candle: { openTime: index * HOUR_MS, open: closes[index - 1] ?? close, high: Math.max(close, closes[index - 1] ?? close), low: Math.min(close, closes[index - 1] ?? close), close, volume: 10 } }));

describe('the standard set', () => {
  it('has at least 60 features, of every family, each under one name', () => {
    const { features } = STANDARD_FEATURES;
    expect(features.length).toBeGreaterThanOrEqual(60);
    expect(new Set(features.map((it) => it.name)).size).toBe(features.length);
    expect(new Set([...features.map((it) => it.family), 'own'])).toEqual(new Set(FAMILIES));
  });

  it('fits the candles that a cycle looks back on', () => expect(warmupCandlesOf(STANDARD_FEATURES, '1h')).toBeLessThanOrEqual(2_160));

  it('looks at no later candle, and needs no more history than it says', () => {
    expect(ROWS.length).toBeGreaterThanOrEqual(rowsToCheck(STANDARD_FEATURES, '1h'));
    expect(checkFeatures(STANDARD_FEATURES, '1h', ROWS)).toEqual([]);
  });

  it('is missing while it warms up, and known from then on', () => {
    STANDARD_FEATURES.features.forEach((feature, index) => {
      const first = COLUMNS[index]?.findIndex((value) => !Number.isNaN(value)) ?? -1;
      expect(first, feature.name).toBeGreaterThanOrEqual(warmupOf(feature, '1h') - 1);
      expect(COLUMNS[index]?.at(-1), feature.name).not.toBeNaN();
    });
  });

  it.each(Object.entries(TALIB_VALUES))('%s is what TA-Lib says', (name, values) => {
    values.forEach((value, index) => expect(Math.abs(valueOf(name, TALIB_ROWS[index] ?? -1) - value)).toBeLessThanOrEqual(1e-8 * Math.max(1, Math.abs(value))));
  });

  it('live, after a restart, gives the last bit of the batch', () => {
    const stream = new FeatureStream(STANDARD_FEATURES, '1h');
    const last = ROWS.map((row) => stream.next(row)).at(-1);
    expect([...(last ?? [])]).toEqual(COLUMNS.map((column) => column.at(-1)));
  });
});

describe('by hand', () => {
  const rise = computeColumns(STANDARD_FEATURES, '1h', along(Array.from({ length: 1_400 }, (_, index) => 1_000 + index)));
  it.each([
    ['return24', Math.log(2_399 / 2_375)],
    ['rsi14', 100],
    ['stochasticK14', 100],
    ['emaDistance20', 9.5], // a line is (span - 1) / 2 ahead of its average; the ATR is 1
    ['upShare12', 1],
    ['onBalance20', 1],
    ['patternThree', 1],
    ['doji', 0],
    ['efficiency24', 1],
    ['channelPlace20', (2 * 21) / 20 - 1], // low 2378, high 2398 of the 20 before
    ['downsideShare72', 0],
    ['hourSine', Math.sin((2 * Math.PI * (1_400 % 24)) / 24)],
    ['hourCosine', Math.cos((2 * Math.PI * (1_400 % 24)) / 24)],
    ['d1Return1', Math.log(2_391 / 2_367)], // the last full day closed with candle 1391
    ['h4Return1', Math.log(2_399 / 2_395)],
    ['pivotDistance', 2_399 - (2_391 + 2_367 + 2_391) / 3],
    ['fibonacciDistance', 0],
    ['parkinson24', Math.sqrt(Array.from({ length: 24 }, (_, back) => Math.log((2_399 - back) / (2_398 - back)) ** 2).reduce((a, b) => a + b) / 24 / (4 * Math.LN2))],
  ])('%s of a steady rise is %d', (name, value) => expect(valueOf(name, 1_399, rise)).toBeCloseTo(value, 9));

  const FALL = along(Array.from({ length: 30 }, (_, index) => 100 - index)).map((row) => row.candle);
  it.each([
    ['patternHammer', [{ open: 71.2, high: 71.55, low: 70, close: 71.5 }]],
    ['patternEngulfing', [{ open: 72.2, high: 73, low: 72, close: 72 }, { open: 71.9, high: 73.5, low: 71.9, close: 73.5 }]],
    ['patternStar', [{ open: 74, high: 74, low: 73, close: 73 }, { open: 72.9, high: 73, low: 72.8, close: 72.95 }, { open: 73, high: 73.9, low: 73, close: 73.9 }]],
  ])('%s is made of just its own candles', (name, candles) => {
    const rows = FALL.map((candle, index) => ({ candle: { ...candle, ...candles[index - FALL.length + candles.length] } }));
    expect(valueOf(name, 29, computeColumns(STANDARD_FEATURES, '1h', rows))).toBe(1);
    expect(valueOf(name, 28, computeColumns(STANDARD_FEATURES, '1h', rows))).toBe(0);
  });

  it('a day that has not closed changes nothing', () => {
    const rows = along(Array.from({ length: 24 * 10 + 23 }, (_, index) => 100 + Math.sin(index)));
    const other = rows.map((row, index) => (index < 24 * 10 ? row : { candle: { ...row.candle, high: 500, close: 400 } }));
    expect(valueOf('d1Return7', 262, computeColumns(STANDARD_FEATURES, '1h', other))).toBe(valueOf('d1Return7', 262, computeColumns(STANDARD_FEATURES, '1h', rows)));
  });

  const standing = (price: number) => Array.from({ length: 1_600 }, (_, index) => ({ candle: { openTime: index * HOUR_MS, open: price, high: price, low: price, close: price, volume: 5 }, btcClose: { value: price, knownAt: (index + 1) * HOUR_MS } }));
  it.each([0.07, 0.1, 0.3, 27_123.7])('a market that stands still at %d looks as at every other price: no rounding is taken for a move', (price) => {
    const newest = (columns: ReturnType<typeof computeColumns>) => columns.map((column) => Math.round((column.at(-1) ?? NaN) * 1e9) / 1e9 + 0);
    expect(newest(computeColumns(STANDARD_FEATURES, '1h', standing(price)))).toEqual(newest(computeColumns(STANDARD_FEATURES, '1h', standing(1))));
  });

  it('on candles of 4 hours there are no higher ones of 4 hours: missing, never wrong', () => {
    const rows = ROWS.slice(0, 200).map((row, index) => ({ candle: { ...row.candle, openTime: index * 4 * HOUR_MS } }));
    const columns = computeColumns(STANDARD_FEATURES, '4h', rows);
    expect(valueOf('h4Return1', 199, columns)).toBeNaN();
    expect(valueOf('d1Return1', 199, columns)).not.toBeNaN();
  });
});

it('rows carry nothing that came later', () => {
  const read = (shocked: boolean): readonly FeatureRow[] => {
    const market = seededMarket({ seed: 'rows', timeframe: '1h', startTime: 0 });
    if (shocked) for (const { id } of market.instruments) market.shock(id, 60, 0.5);
    return rowsOf(market, 'ETH-USDT-PERP', { from: 0, to: 80 });
  };
  const [calm, shocked] = [read(false), read(true)];
  expect(shocked.slice(0, 60)).toEqual(calm.slice(0, 60));
  expect(shocked[60]).not.toEqual(calm[60]);
  expect(calm[59]).toMatchObject({ breadth: { knownAt: 60 * HOUR_MS }, btcClose: { knownAt: 60 * HOUR_MS }, fundingRate: { knownAt: 56 * HOUR_MS } });
  expect(calm[0]).toMatchObject({ breadth: undefined, marketReturn: undefined });
});

describe('what is not there', () => {
  it('facts that nobody gave are missing features', () => {
    const bare = computeColumns(STANDARD_FEATURES, '1h', ROWS.slice(-200).map(({ candle }) => ({ candle })));
    for (const name of ['btcReturn1', 'breadth24', 'fundingRate', 'openInterestChange24']) expect(valueOf(name, 199, bare)).toBeNaN();
    expect(valueOf('return24', 199, bare)).toBe(valueOf('return24', ROWS.length - 1));
  });

  it.each([
    ['known at the close', 0, 5],
    ['a day old', -24 * HOUR_MS, 5],
    ['older', -24 * HOUR_MS - 1, NaN],
  ])('a fact %s', (_name, ageMs, expected) => {
    const stream = new FeatureStream(own({ create: (on) => () => on.now.fundingRate }), '1h');
    expect(stream.next({ candle: { openTime: 0, open: 1, high: 1, low: 1, close: 1, volume: 1 }, fundingRate: { value: 5, knownAt: HOUR_MS + ageMs } })[0]).toEqual(expected);
  });

  it('a fact from after the decision is refused', () => {
    const stream = new FeatureStream(STANDARD_FEATURES, '1h');
    expect(() => stream.next({ ...(ROWS[0] as FeatureRow), breadth: { value: 1, knownAt: (ROWS[0]?.candle.openTime ?? 0) + HOUR_MS + 1 } })).toThrow(/breadth was known at/);
  });

  it('a short gap is candles without trades; a long one begins anew', () => {
    const gap = (missing: number): number => valueOf('return12', 99, computeColumns(STANDARD_FEATURES, '1h', ROWS.slice(0, 100).map((row, index) => (index < 95 ? row : { candle: { ...row.candle, openTime: row.candle.openTime + missing * HOUR_MS } }))));
    expect(gap(3)).toBe(Math.log((ROWS[99]?.candle.close ?? 0) / (ROWS[90]?.candle.close ?? 0)));
    expect(gap(24)).not.toBeNaN();
    expect(gap(25)).toBeNaN();
  });

  it('a return of the market over one candle is not that over those that are missing', () => {
    const rows = along(Array.from({ length: 80 }, () => 100)).map((row): FeatureRow => ({ ...row, marketReturn: { value: row.candle.openTime === 40 * HOUR_MS ? 0.05 : 0.001, knownAt: row.candle.openTime + HOUR_MS } }));
    const columns = computeColumns(STANDARD_FEATURES, '1h', rows.filter((_, index) => index <= 40 || index >= 44));
    expect(valueOf('marketReturn1', 41, columns)).toBe(0.001);
    expect(valueOf('marketReturn24', 40, columns)).toBeCloseTo(0.073, 12);
    expect(valueOf('marketReturn24', 41, columns)).toBeNaN(); // three of its 24 are not known
    expect(valueOf('marketReturn24', 63, columns)).toBeNaN();
    expect(valueOf('marketReturn24', 64, columns)).toBeCloseTo(0.024, 12);
  });

  it.each([['twice', 0], ['backwards', -1], ['between two hours', 0.5]])('a candle %s is refused', (_name, hours) => {
    const stream = new FeatureStream(STANDARD_FEATURES, '1h');
    const [row] = ROWS as readonly [FeatureRow];
    stream.next(row);
    expect(() => stream.next({ candle: { ...row.candle, openTime: row.candle.openTime + hours * HOUR_MS } })).toThrow(/cannot follow/);
  });
});

describe('windows', () => {
  it('say what their values say, on any values', () => fc.assert(fc.property(fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 12, maxLength: 60 }), fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 4 }), (values, length, skip) => {
    const read = (pick: (window: ReturnType<Parameters<FeatureDefinition['create']>[0]['window']>) => number): number[] => {
      const set = own({ warmupCandles: length + skip, create: (on) => { const window = on.window('volume', length, skip); return () => pick(window); } });
      return [...computeColumns(set, '1h', values.map((volume, index) => ({ candle: { openTime: index * HOUR_MS, open: 1, high: 1, low: 1, close: 1, volume } })))[0] ?? []];
    };
    const expected = (of: (window: readonly number[]) => number): number[] => values.map((_, end) => (end + 1 < length + skip ? NaN : of(values.slice(end + 1 - length - skip, end + 1 - skip))));
    expect(read((window) => window.highest())).toEqual(expected((window) => Math.max(...window)));
    expect(read((window) => window.lowest())).toEqual(expected((window) => Math.min(...window)));
    expect(read((window) => window.sum())).toEqual(expected((window) => window.reduce((a, b) => a + b, 0)));
    expect(read((window) => window.rankOfNewest())).toEqual(expected((window) => window.filter((value) => value <= (window.at(-1) ?? NaN)).length / length));
  }), { numRuns: 40 }));
});

describe('checkFeatures', () => {
  const rows = ROWS.slice(0, 400);
  const faults = (set: FeatureSet, compute?: Parameters<typeof checkFeatures>[3]): string[] => checkFeatures(set, '1h', rows, compute).map((it) => `${it.feature} ${it.fault}`);

  it('an average that declares too little is named', () => {
    const average = (warmupCandles: number): FeatureSet => own({ warmupCandles, create: (on) => { const window = on.window('close', 20); return () => window.mean(); } });
    expect(faults(average(20))).toEqual([]);
    expect(faults(average(19))).toEqual(['mine warmup']);
  });

  it('a sum without an end is named', () => {
    expect(faults(own({ warmupCandles: 100, create: (on) => { let sum = 0; on.reading('endless', () => (sum += on.now.volume)); return () => sum; } }))).toEqual(['mine warmup']);
  });

  it('a look at the next candle is named', () => {
    const leaky: typeof computeColumns = (set, timeframe, all) => computeColumns(set, timeframe, all).map((column) => column.map((_, index) => column[index + 1] ?? NaN));
    expect(faults(own({}), leaky)).toContain('mine lookAhead');
  });
});
