import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Fold } from '../../../../domain/validation/folds.ts';
import { PARTS, purged, spanOf, USUAL_FOLDS, walkForward, wholeFold } from '../../../../domain/validation/folds.ts';
import { splitFaultsOf } from '../../../../domain/validation/split-faults.ts';
import { history, HOUR_MS, picked, rowsOf } from './rows.fixture.ts';

const ROWS = rowsOf([history('A-USDT-PERP', 110), history('B-USDT-PERP', 110)]);
const FOLDS = walkForward(ROWS, USUAL_FOLDS);
const NONE = { overlapping: [], learnedFrom: [], testedTwice: [], duplicates: [] };

describe('a walk forward', () => {
  it('tests the last part of time, each moment once, in order', () => {
    const tested = FOLDS.flatMap((fold) => [...fold.test]);
    expect(FOLDS).toHaveLength(USUAL_FOLDS.folds);
    expect(tested).toEqual(Array.from({ length: tested.length }, (_, index) => ROWS.rows - tested.length + index));
    expect(tested.length / ROWS.rows).toBeCloseTo(USUAL_FOLDS.testShare, 1);
  });

  it('whatever its shape, no label reaches into a later part, of whatever symbol, and hardly more is left out than has to be', () => fc.assert(fc.property(
    fc.record({ folds: fc.integer({ min: 1, max: 6 }), testShare: fc.double({ min: 0.2, max: 0.8, noNaN: true }), stoppingShare: fc.double({ min: 0, max: 0.3, noNaN: true }), calibrationShare: fc.double({ min: 0, max: 0.3, noNaN: true }) }),
    (options) => {
      const folds = walkForward(ROWS, options);
      expect(splitFaultsOf(ROWS, folds)).toEqual(NONE);
      for (const fold of folds) {
        const first = fold.test[0] ?? 0;
        expect(first - fold.fit.length - fold.stopping.length - fold.calibration.length).toBeLessThanOrEqual(3 * 3 * 2); // three borders, three moments, two symbols
      }
    },
  ), { numRuns: 12 }));

  it('a model that is registered learns from everything, and tests nothing', () => {
    const whole = wholeFold(ROWS, USUAL_FOLDS);
    expect(whole.test).toHaveLength(0);
    expect(whole.calibration.at(-1)).toBe(ROWS.rows - 1);
    expect(splitFaultsOf(ROWS, [whole])).toEqual(NONE);
  });

  it.each([[{ folds: 0 }, /leave nothing/], [{ testShare: 1 }, /leave nothing/], [{ stoppingShare: 0.5, calibrationShare: 0.5 }, /leave nothing/], [{ folds: 100 }, /too few/]])('refuses %o', (change, message) => expect(() => walkForward(ROWS, { ...USUAL_FOLDS, ...change })).toThrow(message));
});

describe('purge and embargo', () => {
  const times = { decidedAt: Float64Array.of(0, 1, 2, 3, 4, 5, 6, 7), labelUntil: Float64Array.of(2, 3, 4, 5, 6, 7, 8, 9) };
  const all = Int32Array.of(0, 1, 2, 3, 4, 5, 6, 7);
  const span = spanOf(times, Int32Array.of(3)); // 3 to 5
  it.each([[0, [0, 1, 5, 6, 7]], [1, [0, 1, 6, 7]], [3, [0, 1]]])('an embargo of %d leaves rows %j', (embargo, left) => expect([...purged(times, all, span, embargo)]).toEqual(left));
  it('nothing to keep away from leaves all', () => expect(purged(times, all, spanOf(times, new Int32Array(0)))).toBe(all));
});

describe('what a validation claims is counted', () => {
  const fold = FOLDS[2] as Fold;
  const others = FOLDS.filter((it) => it !== fold);
  const named = (change: Partial<Fold>): ReturnType<typeof splitFaultsOf> => splitFaultsOf(ROWS, [...others, { ...fold, ...change }]);
  const upTo = (row: number): Int32Array => Int32Array.from({ length: row }, (_, index) => index);

  it('labels that overlap the next part, of one symbol or another', () => {
    const first = fold.test[0] as number;
    const found = named({ calibration: Int32Array.of(...fold.calibration, first - 1) });
    expect(found).toEqual({ ...NONE, overlapping: [expect.stringMatching(/^1 rows: fold 4: calibration reaches into test, first with B-USDT-PERP at 1970-01-0\dT/)] });
  });

  it('a label that ends one candle within the next part, but none that ends where it begins', () => {
    const first = fold.test[0] as number; // two symbols, labels of four candles
    expect(named({ calibration: Int32Array.of(...fold.calibration, first - 6) }).overlapping).toEqual([expect.stringMatching(/^1 rows: fold 4: calibration reaches into test/)]);
    expect(fold.calibration.at(-1)).toBe(first - 7);
  });

  it('every pair of parts', () => expect(named({ fit: upTo(fold.calibration[0] as number).subarray(0, (fold.stopping[0] as number) - 1) }).overlapping[0]).toMatch(/fit reaches into stopping/));

  it('calibration on test', () => expect(named({ calibration: fold.test })).toEqual({ ...NONE, learnedFrom: [expect.stringMatching(/calibration on test/)] }));
  it.each(PARTS.slice(0, 2))('%s on test', (part) => expect(named({ [part]: fold.test }).learnedFrom[0]).toMatch(`${part} on test`));

  it('a test fold used twice', () => {
    const found = splitFaultsOf(ROWS, [...FOLDS, fold]);
    expect(found).toEqual({ ...NONE, testedTwice: [expect.stringMatching(`^${fold.test.length} rows: tested twice`)] });
  });

  it('what follows a test part too soon', () => {
    const after = (fold.test.at(-1) as number) + 1;
    const late = [...ROWS.decidedAt.keys()].filter((row) => row >= after + 8).slice(0, 2);
    const change = { ...fold, fit: Int32Array.of(...fold.fit, ...late), stopping: new Int32Array(0), calibration: new Int32Array(0) };
    expect(splitFaultsOf(ROWS, [change], 0)).toEqual(NONE);
    expect(splitFaultsOf(ROWS, [change], 24 * HOUR_MS).overlapping[0]).toMatch(/^2 rows: fold 0: fit reaches into test/);
  });

  it.each<[string, (rows: typeof ROWS) => typeof ROWS]>([
    ['a row that stands there twice', (rows) => picked(rows, [...rows.decidedAt.keys(), 17])],
    ['the same under another symbol', (rows) => { const twice = picked(rows, [...rows.decidedAt.keys(), 17]); return { ...twice, instrument: twice.instrument.with(twice.rows - 1, 1 - (twice.instrument[17] as number)), decidedAt: twice.decidedAt.with(twice.rows - 1, 1) }; }],
  ])('%s', (_name, planted) => expect(splitFaultsOf(planted(ROWS), []).duplicates).toEqual([expect.stringMatching(/^1 rows: twice in the data/)]));

  it('a market that stands still repeats itself', () => {
    const still = picked(ROWS, [3, 5]);
    expect(splitFaultsOf({ ...still, moveBps: new Float64Array(2), columns: still.columns.map(() => new Float32Array(2)) }, [])).toEqual(NONE);
  });
});
