/** What the gate reads, measured on rows whose truth is known: honest foresight passes, planted leaks are named. */
import { describe, expect, it } from 'vitest';
import { normal, prngOf, uniform } from '../../../../domain/market/seeded/prng.ts';
import { checkFeatures, rowsToCheck } from '../../../../domain/features/check.ts';
import { computeColumns } from '../../../../domain/features/feature-set.ts';
import type { FeatureSet } from '../../../../domain/features/feature-set.ts';
import { blockOf, lowerBoundOfMean } from '../../../../domain/statistics/block-bootstrap.ts';
import { calibrationMethodOf, calibrationSlopeOf, excessCalibrationError } from '../../../../domain/validation/calibration-checks.ts';
import { classOf } from '../../../../domain/validation/classes.ts';
import { evidenceOf } from '../../../../domain/validation/evidence.ts';
import type { Validation } from '../../../../domain/validation/evidence.ts';
import { USUAL_FOLDS, walkForward } from '../../../../domain/validation/folds.ts';
import type { Verdict } from '../../../../domain/validation/gate.ts';
import { judge } from '../../../../domain/validation/gate.ts';
import { cliffOf, featureScoresOf, gapScoresOf } from '../../../../domain/validation/leaks.ts';
import { dailyReturnsOf, heldReturnsOf, sharpeOf, tradesOf } from '../../../../domain/validation/net-returns.ts';
import type { LabelledRows } from '../../../../domain/validation/rows.ts';
import { actionOf, baselinesOf, brierAt, byMoment, logLossAt, testedOf } from '../../../../domain/validation/tested.ts';
import { history, HOUR_MS, picked, rowsOf } from './rows.fixture.ts';

const ROWS = rowsOf([history('A-USDT-PERP', 300), history('B-USDT-PERP', 300)]);
const BAND = 0.43;
const FOLDS = walkForward(ROWS, USUAL_FOLDS);
const COUNT = 3;

/** Foretold by somebody who sees so much of the whole label, through noise. */
function foreseen(rows: LabelledRows, part: ArrayLike<number>, strength: number, seed = 'seen'): Float64Array {
  const random = prngOf(seed);
  return Float64Array.from(Array.from(part).flatMap((row) => {
    const seen = strength * Math.sign(rows.moveBps[row] as number) + normal(random);
    const [up, down] = [Math.exp(strength * seen), Math.exp(-strength * seen)];
    return [up, down, 1].map((it) => it / (up + down + 1));
  }));
}

const validation = (change: Partial<Validation> = {}, rows = ROWS): Validation => ({
  kind: 'refresh', rows, folds: FOLDS.map((fold) => ({ fold, holdBand: BAND, method: 'platt' as const, probabilities: foreseen(rows, fold.test, 0.7) })), featureFaults: [], skew: [], earlierTrials: [], predecessor: null, seed: 'test', ...change,
});
const judged = (change: Partial<Validation>, rows = ROWS): Verdict => judge(evidenceOf(validation(change, rows)));
const detailOf = ({ rules }: Verdict, code: string): string => rules.find((it) => it.code === code)?.detail ?? '';
/** What 500 rows of an hour do not have; and they are too few to pin the slope down. */
const TOO_SHORT = ['effectiveLabels', 'labelsPerClass', 'calibrationSlope', 'testDays'];
const HONEST_EVIDENCE = evidenceOf(validation());
const HONEST = judge(HONEST_EVIDENCE);

describe('planted leaks, each caught and named', () => {
  it('without one only the amount of data is refused', () => expect(HONEST.refusedBy).toEqual(TOO_SHORT));

  it('a feature that is computed from the next candle', () => {
    const set: FeatureSet = { name: 'own', version: '1', features: [{ name: 'tomorrow', family: 'own', about: '', warmupCandles: 1, create: (on) => () => on.now.close }] };
    const candles = history('C-USDT-PERP', rowsToCheck(set, '1h')).candles.map((candle) => ({ candle }));
    const early: typeof computeColumns = (features, timeframe, all) => computeColumns(features, timeframe, all).map((column) => column.map((_, index) => column[index + 1] ?? NaN));
    const verdict = judged({ featureFaults: checkFeatures(set, '1h', candles, early) });
    expect(verdict.refusedBy.filter((it) => !TOO_SHORT.includes(it))).toEqual(['featuresLookAhead']);
    expect(detailOf(verdict, 'featuresLookAhead')).toMatch(/tomorrow: looks ahead \(other candles from \d+ on change candle \d+/);
    expect(checkFeatures(set, '1h', candles)).toEqual([]);
  });

  it('a feature of the next candles', () => {
    const planted = { ...ROWS, names: ['a', 'peek'], columns: [ROWS.columns[0] ?? new Float32Array(0), Float32Array.from(ROWS.moveBps)] };
    const verdict = judged({}, planted);
    expect(verdict.refusedBy).toContain('singleFeature');
    expect(detailOf(verdict, 'singleFeature')).toBe('peek: 1.000');
  });

  it('a model that knows the next candle only: a gap of one takes its score away', () => {
    const next = ROWS.gapMovesBps[0] ?? new Float64Array(0);
    const first = ROWS.moveBps.map((move, row) => move - (Number.isNaN(next[row]) ? move : next[row] as number)); // what a gap of one loses, less what it gains
    const peek = (part: Int32Array): Float64Array => Float64Array.from([...part].flatMap((row) => { const up = 1 / (1 + Math.exp(-(first[row] as number) / 60)); return [0.9 * up, 0.9 * (1 - up), 0.1]; }));
    const verdict = judged({ folds: FOLDS.map((fold) => ({ fold, holdBand: BAND, method: 'platt', probabilities: peek(fold.test) })) });
    expect(verdict.refusedBy).toContain('gapCliff');
    expect(detailOf(verdict, 'gapCliff')).toBe('from a gap of 0 to one of 1 candles');
  });

  it.each<[string, string, Partial<Validation>, RegExp]>([
    ['labels that overlap', 'labelsOverlap', { folds: validation().folds.map((it) => ({ ...it, fold: { ...it.fold, calibration: Int32Array.of(...it.fold.calibration, (it.fold.test[0] as number) - 1) } })) }, /calibration reaches into test/],
    ['calibration on test', 'learnedFromTest', { folds: validation().folds.map((it) => ({ ...it, fold: { ...it.fold, calibration: it.fold.test } })) }, /calibration on test/],
    ['a test fold used twice', 'testedTwice', { folds: [...validation().folds.slice(0, 1), ...validation().folds] }, /tested twice, first A-USDT-PERP at/],
  ])('%s', (_name, code, change, detail) => {
    const after = judged(change);
    expect(after.refusedBy.filter((it) => !TOO_SHORT.includes(it))).toEqual([code]);
    expect(detailOf(after, code)).toMatch(detail);
  });

  it('a duplicated row', () => {
    const verdict = judged({}, picked(ROWS, [...ROWS.decidedAt.keys(), 40]));
    expect(verdict.refusedBy).toContain('duplicateRows');
    expect(detailOf(verdict, 'duplicateRows')).toMatch(/^1 rows: twice in the data, first A-USDT-PERP at/);
  });
});

describe('scores', () => {
  const tested = testedOf(ROWS, validation().folds);

  it('by hand', () => {
    const half = Float64Array.of(0.5, 0.3, 0.2);
    expect(brierAt(half, 0, 0)).toBeCloseTo(0.25 + 0.09 + 0.04, 12);
    expect(logLossAt(half, 1, 0)).toBeCloseTo(-Math.log(0.3), 12);
    expect([half, Float64Array.of(0.3, 0.5, 0.2), Float64Array.of(0.3, 0.3, 0.4), Float64Array.of(0.4, 0.4, 0.2)].map((it) => actionOf(it, 0))).toEqual([0, 1, 2, 2]);
  });

  it('rows of one moment are one observation', () => {
    const values = byMoment(tested, (index) => index);
    expect(values.length).toBe(tested.row.length / 2);
    expect([values[0], values[1]]).toEqual([0.5, 2.5]);
  });

  it('priors are those of the rows that were fitted, never of the test', () => {
    const fold = FOLDS[0];
    const buys = [...(fold?.fit ?? [])].filter((row) => classOf(ROWS, row, BAND) === 0).reduce((sum, row) => sum + (ROWS.uniqueness[row] as number), 1);
    const all = [...(fold?.fit ?? [])].reduce((sum, row) => sum + (ROWS.uniqueness[row] as number), COUNT);
    expect(tested.priors[0]).toBeCloseTo(buys / all, 12);
  });

  it('skill is above 0 for who sees, below for who guesses', () => {
    const guessing = validation().folds.map((it) => ({ ...it, probabilities: foreseen(ROWS, it.fold.test.map((row) => ROWS.rows - 1 - row), 0.7) }));
    const [seeing, blind] = [HONEST_EVIDENCE, evidenceOf(validation({ folds: guessing }))];
    for (const name of ['brierSkillLow', 'logLossSkillLow'] as const) { expect(seeing[name]).toBeGreaterThan(0); expect(blind[name]).toBeLessThan(0); }
  });

  it('the bound of a skill is that of blocks of moments, as a share of what the priors lose', () => {
    const gained = byMoment(tested, (index) => brierAt(tested.priors, tested.actual[index] as number, index) - brierAt(tested.probabilities, tested.actual[index] as number, index));
    const lost = byMoment(tested, (index) => brierAt(tested.priors, tested.actual[index] as number, index));
    const low = lowerBoundOfMean(gained, { block: blockOf(4, gained.length), seed: 'test|brier' });
    expect(HONEST_EVIDENCE.brierSkillLow).toBeCloseTo(low / (lost.reduce((a, b) => a + b) / lost.length), 12);
  });

  it('labels that overlap count by their uniqueness, of all and of each class', () => {
    const all = ROWS.uniqueness.reduce((sum, share) => sum + share, 0);
    const { effectiveLabels, effectivePerClass: { buy, sell, hold } } = HONEST_EVIDENCE;
    expect(all).toBeLessThan(ROWS.rows / 3);
    expect(effectiveLabels).toBeCloseTo(all, 9);
    expect(buy + sell + hold).toBeCloseTo(all, 9);
  });

  it('every trial before it makes luck likelier', () => {
    const failed = Array.from({ length: 9 }, (_, index) => ({ trialId: `${index}`, daily: null }));
    const other = { trialId: 'other', daily: { firstDay: 0, returns: Float64Array.of(0.01, -0.02, 0.01, -0.03) } };
    const [first, tenth] = [HONEST_EVIDENCE, evidenceOf(validation({ earlierTrials: [...failed, other] }))];
    expect([first.luck.trials, tenth.luck.trials]).toEqual([1, 11]);
    expect(tenth.deflatedSharpe).toBeLessThan(first.deflatedSharpe);
  });

  it('a challenger is paired with its predecessor: who foretells the same gains nothing, who sees more does', () => {
    const own = testedOf(ROWS, validation().folds);
    const [same, better] = [evidenceOf(validation({ kind: 'challenger', predecessor: own })), evidenceOf(validation({ kind: 'challenger', predecessor: baselinesOf(own).priors }))];
    expect(same.duel).toEqual({ brierLow: 0, returnLow: 0 });
    expect(better.duel?.brierLow).toBeGreaterThan(0);
    expect(better.duel?.returnLow).toBeGreaterThan(0);
    const gained = byMoment(own, (index) => brierAt(own.priors, own.actual[index] as number, index) - brierAt(own.probabilities, own.actual[index] as number, index));
    expect(better.duel?.brierLow).toBe(lowerBoundOfMean(gained, { block: blockOf(4, gained.length), seed: 'test|duel|brier' }));
  });
});

describe('calibration', () => {
  /** Probabilities that are true, and outcomes drawn from them. */
  const random = prngOf('calibration');
  const truth = Array.from({ length: 1_000 }, () => { const x = normal(random); const [a, b] = [Math.exp(0.6 * x), Math.exp(-0.6 * x)]; return [a, b, 1].map((it) => it / (a + b + 1)) as [number, number, number]; });
  const draw = prngOf('outcomes');
  const actual = Uint8Array.from(truth, ([buy, sell]) => { const dice = uniform(draw); return dice < buy ? 0 : dice < buy + sell ? 1 : 2; });
  const scaled = (by: number): Float64Array => Float64Array.from(truth.flatMap((it) => { const powers = it.map((value) => value ** by); const sum = powers.reduce((x, y) => x + y); return powers.map((value) => value / sum); }));

  it.each([[1, 1], [2, 0.5], [0.5, 2]])('log odds %d times as bold have a slope of %d', (by, slope) => expect((calibrationSlopeOf({ probabilities: scaled(by), actual }) ?? NaN) / slope).toBeCloseTo(1, 0.9));
  it('has none where nothing varies', () => expect(calibrationSlopeOf({ probabilities: Float64Array.from(truth.flatMap(() => [0.4, 0.3, 0.3])), actual })).toBeNull());
  it('the error beyond chance is none where all is right, and large where it is not', () => {
    expect(Math.abs(excessCalibrationError({ probabilities: scaled(1), actual }, 1))).toBeLessThan(0.01);
    expect(excessCalibrationError({ probabilities: scaled(2), actual }, 1)).toBeGreaterThan(0.04);
  });
  it('labels that overlap err together: more error is chance', () => expect(excessCalibrationError({ probabilities: scaled(1), actual }, 0.25)).toBeLessThan(excessCalibrationError({ probabilities: scaled(1), actual }, 1)));
  it.each([[4_999.9, 'platt'], [5_000, 'isotonic']])('%d effective rows: %s', (rows, method) => expect(calibrationMethodOf(rows)).toBe(method));
});

describe('net returns, by hand', () => {
  const rows = ROWS;
  const of = (part: readonly number[], actions: readonly number[]): Parameters<typeof tradesOf>[0] => ({ rows, row: Int32Array.from(part), actions: Uint8Array.from(actions) });

  it('a symbol has one position at a time; another symbol does not wait for it', () => {
    expect(tradesOf(of([0, 1, 2, 4, 8, 10], [0, 1, 0, 0, 1, 2])).map((it) => [it.row, it.netBps])).toEqual([[0, rows.longBps[0]], [1, rows.shortBps[1]], [8, rows.shortBps[8]]]);
  });

  it('results count on the day they were left, at their share of the capital, and days without any count as 0', () => {
    const part = Array.from({ length: 200 }, (_, index) => index);
    const { firstDay, returns } = dailyReturnsOf(of(part, part.map((index) => (index === 0 ? 0 : index === 61 ? 1 : 2))));
    const [first, later] = [0, 61].map((row) => Math.floor(((rows.labelUntil[row] as number) - 1) / (24 * HOUR_MS)) - firstDay) as [number, number];
    expect(later).toBeGreaterThan(first);
    expect(returns[first]).toBeCloseTo((rows.longBps[0] as number) / 20_000, 12);
    expect(returns[later]).toBeCloseTo((rows.shortBps[61] as number) / 20_000, 12);
    expect(returns.filter((value) => value !== 0)).toHaveLength(2);
    expect(returns.length).toBe(Math.floor(((rows.labelUntil[199] as number) - 1) / (24 * HOUR_MS)) - firstDay + 1);
  });

  it('a day\'s Sharpe ratio is mean over deviation', () => { expect(sharpeOf([0, 0.02])).toBeCloseTo(1, 12); expect(sharpeOf([1, 1])).toBe(0); expect(sharpeOf([])).toBe(0); });

  it('baselines: the last sign follows the last candle; who holds pays once', () => {
    const tested = testedOf(rows, validation().folds);
    const { lastSign, priors } = baselinesOf(tested);
    const first = FOLDS[0]?.test[0] as number;
    expect(lastSign.actions[0]).toBe((rows.lastMoveBps[first] as number) > 0 ? 0 : 1);
    expect(priors.probabilities).toBe(lastSign.probabilities);
    const ofA = [...tested.row].filter((row) => rows.instrument[row] === 0).filter((_, index) => index % 4 === 0); // every fourth candle begins where the one before ended
    const ofB = [...tested.row].filter((row) => rows.instrument[row] === 1).filter((_, index) => index % 4 === 0);
    const sum = (values: ArrayLike<number>): number => Array.from(values).reduce((a, b) => a + b, 0);
    expect(sum(heldReturnsOf(tested).returns)).toBeCloseTo((sum([...ofA, ...ofB].map((row) => rows.moveBps[row] as number)) - 2 * 10) / 20_000, 12);
    expect(heldReturnsOf(tested).returns.length).toBe(dailyReturnsOf(tested).returns.length);
  });
});

describe('how far ahead it sees', () => {
  it('who sees the whole label loses little by each candle', () => {
    const scores = gapScoresOf(testedOf(ROWS, validation().folds));
    expect(scores.map((it) => it.gapCandles)).toEqual([0, 1, 2, 4]);
    expect(scores[0]?.score).toBeGreaterThan(scores[1]?.score ?? NaN);
    expect(scores[1]?.score).toBeGreaterThan(scores[2]?.score ?? NaN);
    expect(Math.abs(scores[3]?.score ?? NaN)).toBeLessThan(0.2); // a random walk: nothing beyond the label
  });

  const score = (gapCandles: number, value: number, deviation = 0.01): ReturnType<typeof gapScoresOf>[number] => ({ gapCandles, score: value, deviation });
  it.each([
    ['smooth', [score(0, 0.4), score(1, 0.3), score(2, 0.2), score(4, 0.05)], { from: 2, to: 4, share: expect.closeTo(0.375, 9) }],
    ['a cliff', [score(0, 0.4), score(1, 0.05), score(2, 0.05), score(4, 0.05)], { from: 0, to: 1, share: expect.closeTo(0.875, 9) }],
    ['chance', [score(0, 0.1, 0.1), score(1, 0, 0.1)], null],
    ['nothing to lose', [score(0, -0.1), score(1, -0.4)], null],
  ])('%s', (_name, scores, expected) => expect(cliffOf(scores)).toEqual(expected));

  it('a feature is as telling the wrong way round, missing values and holds aside', () => {
    const found = featureScoresOf({ names: ['up', 'down', 'none', 'half'], columns: [Float32Array.of(1, 2, 3, 9), Float32Array.of(3, 2, 1, 9), Float32Array.of(NaN, NaN, NaN, NaN), Float32Array.of(NaN, 1, 1, 1)] }, [1, 1, 0, 2]);
    expect(found).toEqual([{ feature: 'up', auc: 1 }, { feature: 'down', auc: 1 }, { feature: 'none', auc: 0.5 }, { feature: 'half', auc: 0.5 }]);
  });
});
