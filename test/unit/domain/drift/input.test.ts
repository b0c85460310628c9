import { expect, test } from 'vitest';
import { indexOf, inputDriftOf, learnedInputOf } from '../../../../domain/drift/input.ts';
import type { InputDrift, LearnedInput, LiveInput } from '../../../../domain/drift/input.ts';
import { normal, prngOf } from '../../../../domain/market/seeded/prng.ts';

const HOUR_MS = 3_600_000;
const SYMBOLS = ['A/USDT:USDT', 'B/USDT:USDT', 'C/USDT:USDT', 'D/USDT:USDT', 'E/USDT:USDT', 'F/USDT:USDT'];
const FEATURES = ['slow', 'quick', 'rare', 'other', 'last'];
const [TRAINED_HOURS, LIVE_HOURS] = [100 * 24, 8 * 24];

/** Two sets of one stationary market: slow and quick features, one that is mostly 0, some values missing. */
function marketOf(seed: string): { readonly decidedAt: Float64Array; readonly columns: readonly Float32Array[] } {
  const random = prngOf(seed);
  const hours = TRAINED_HOURS + LIVE_HOURS;
  const memory = [0.9, 0, 0, 0.5, 0.7];
  const values = SYMBOLS.map(() => FEATURES.map(() => normal(random)));
  const columns = FEATURES.map(() => new Float32Array(hours * SYMBOLS.length));
  for (let row = 0; row < hours * SYMBOLS.length; row += 1) {
    const own = values[row % SYMBOLS.length] ?? [];
    for (const [feature, keeps] of memory.entries()) {
      own[feature] = keeps * (own[feature] ?? 0) + Math.sqrt(1 - keeps * keeps) * normal(random);
      const value = own[feature] ?? 0;
      (columns[feature] as Float32Array)[row] = feature === 2 ? Number(value > 1.5) : feature === 4 && value > 2 ? NaN : value;
    }
  }
  return { decidedAt: Float64Array.from({ length: hours * SYMBOLS.length }, (_, row) => Math.floor(row / SYMBOLS.length) * HOUR_MS), columns };
}

type Market = ReturnType<typeof marketOf>;
const TRAINED_ROWS = TRAINED_HOURS * SYMBOLS.length;

function learnedFrom({ decidedAt, columns }: Market, names: readonly string[] = FEATURES): LearnedInput {
  return learnedInputOf({ names: FEATURES, columns: columns.map((it) => it.subarray(0, TRAINED_ROWS)), decidedAt: decidedAt.subarray(0, TRAINED_ROWS), rows: TRAINED_ROWS, candleMs: HOUR_MS, instruments: SYMBOLS }, names) ?? expect.fail('the set is long enough');
}

function liveOf({ decidedAt, columns }: Market, changed: (feature: string, value: number) => number = (_, value) => value): LiveInput[] {
  return Array.from({ length: LIVE_HOURS * SYMBOLS.length }, (_, index) => {
    const row = TRAINED_ROWS + index;
    return { decidedAt: decidedAt[row] ?? 0, valueOf: (feature) => changed(feature, columns[FEATURES.indexOf(feature)]?.[row] ?? NaN) };
  });
}

const namesOf = (drift: InputDrift | null): readonly string[] => (drift ?? expect.fail('there are enough vectors')).features.map((it) => it.feature);

const market = marketOf('drift');
const learned = learnedFrom(market);

test('the index of two distributions, by hand', () => {
  expect(indexOf([0.5, 0.5], [0.5, 0.5])).toBe(0);
  expect(indexOf([0.6, 0.4], [0.5, 0.5])).toBeCloseTo(0.1 * Math.log(1.2) - 0.1 * Math.log(0.8), 12);
});

test('ten bins of equal count, one of what is missing, and a value of its own where there are two', () => {
  const [slow, , rare] = learned.features;
  expect(slow?.edges).toHaveLength(9);
  expect(slow?.shares).toHaveLength(11);
  slow?.shares.slice(0, 10).forEach((share) => { expect(share).toBeCloseTo(0.1, 2); });
  expect(rare?.edges).toHaveLength(1);
  expect(learned).toMatchObject({ windowMs: 8 * 24 * HOUR_MS, windows: 12 });
  expect(JSON.stringify(learned).length / learned.features.length).toBeLessThan(400);
});

test.each([
  ['its mean', 'quick', (value: number) => value + 0.8],
  ['its spread', 'other', (value: number) => 2.5 * value],
  ['how often it is missing', 'quick', (value: number) => (value > 0 ? NaN : value)],
  ['a rare event that became common', 'rare', (value: number) => 1 - value],
])('a shift of %s is named, and nothing else', (_, shifted, change) => {
  expect(namesOf(inputDriftOf(learned, liveOf(market, (feature, value) => (feature === shifted ? change(value) : value))))).toEqual([shifted]);
});

test('what goes far is named first, with its index and limit', () => {
  const drift = inputDriftOf(learned, liveOf(market, (feature, value) => (feature === 'quick' ? value + 1 : feature === 'other' ? value + 3 : value)));
  expect(namesOf(drift)).toEqual(['other', 'quick']);
  drift?.features.forEach(({ psi, limit }) => { expect(limit).toBeGreaterThanOrEqual(0.25); expect(psi).toBeGreaterThan(limit); });
});

test('a shift below 0.25 is none, however unusual', () => {
  expect(namesOf(inputDriftOf(learned, liveOf(market, (feature, value) => (feature === 'quick' ? value + 0.3 : value))))).toEqual([]);
});

test('what is no larger than between the training set\'s own weeks is no drift', () => {
  const weekly: Market = { ...market, columns: market.columns.map((column, feature) => (feature === 1 ? column.map((value, row) => value + (Math.floor((market.decidedAt[row] ?? 0) / (8 * 24 * HOUR_MS)) % 2)) : column)) };
  const wandering = learnedFrom(weekly);
  expect(wandering.features[1]?.limit).toBeGreaterThan(0.25);
  expect(namesOf(inputDriftOf(wandering, liveOf(weekly)))).toEqual([]);
});

test('a feature that is not asked for is not looked at: calendar features are exempt by their names', () => {
  const without = learnedFrom(market, ['slow', 'rare', 'unknown']);
  expect(without.features.map((it) => it.feature)).toEqual(['slow', 'rare']);
  expect(namesOf(inputDriftOf(without, liveOf(market, (feature, value) => (feature === 'quick' ? value + 5 : value))))).toEqual([]);
});

test('fewer than a thousand vectors, or of less than seven days, say nothing', () => {
  const live = liveOf(market, () => 9);
  expect(inputDriftOf(learned, live.slice(0, 999))).toBeNull();
  expect(inputDriftOf(learned, live.filter((it) => it.decidedAt < (TRAINED_HOURS + 7 * 24) * HOUR_MS))).toBeNull(); // 7 × 24 moments are an hour short
  expect(inputDriftOf(learned, live.slice(-(7 * 24 + 1) * SYMBOLS.length))).not.toBeNull();
});

test('vectors older than a window are not looked at', () => {
  const old = liveOf(market, () => 9).map((it) => ({ ...it, decidedAt: it.decidedAt - 8 * 24 * HOUR_MS }));
  expect(namesOf(inputDriftOf(learned, [...old, ...liveOf(market)]))).toEqual([]);
});

test('a training set of few windows says nothing; a value that never varied is noticed when it goes missing', () => {
  const short = { names: FEATURES, columns: market.columns.map((it) => it.subarray(0, 6_000)), decidedAt: market.decidedAt.subarray(0, 6_000), rows: 6_000, candleMs: HOUR_MS, instruments: SYMBOLS };
  expect(learnedInputOf(short, FEATURES)).toBeNull();
  const flat: Market = { ...market, columns: market.columns.map((column, feature) => (feature === 3 ? new Float32Array(column.length) : column)) };
  expect(namesOf(inputDriftOf(learnedFrom(flat), liveOf(flat)))).toEqual([]);
  expect(namesOf(inputDriftOf(learnedFrom(flat), liveOf(flat, (feature, value) => (feature === 'other' ? NaN : value))))).toEqual(['other']);
});

test('of 40 stationary markets none alarms', () => {
  const alarms = Array.from({ length: 40 }, (_, seed) => `stationary ${seed}`).filter((seed) => { const one = marketOf(seed); return namesOf(inputDriftOf(learnedFrom(one), liveOf(one))).length > 0; });
  expect(alarms).toEqual([]);
});
