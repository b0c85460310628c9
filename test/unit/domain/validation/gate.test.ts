/** Each rule against a violation that only it refuses: a rule that is deleted lets its row through. */
import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../../../domain/validation/evidence.ts';
import type { GateCode } from '../../../../domain/validation/gate.ts';
import { GATE, judge } from '../../../../domain/validation/gate.ts';

const GOOD: Evidence = {
  kind: 'challenger', effectiveLabels: 1_000, effectivePerClass: { buy: 100, sell: 100, hold: 100 }, brierSkillLow: 1e-6, logLossSkillLow: 1e-6, calibrationSlope: 1, calibrationExcess: 0.02,
  calibrations: [{ used: 'platt', due: 'platt' }, { used: 'isotonic', due: 'isotonic' }], daily: { firstDay: 0, returns: new Float64Array(250) }, deflatedSharpe: 0.95, luck: { trials: 3, variance: 0.01, expectedBest: 0.08 },
  featureFaults: [], skew: [], cliff: { from: 0, to: 1, share: 0.5 }, featureScores: [{ feature: 'a', auc: 0.6 }, { feature: 'b', auc: 0.5 }],
  split: { overlapping: [], learnedFrom: [], testedTwice: [], duplicates: [] }, duel: { brierLow: 1e-6, returnLow: 1e-9 },
};
const split = (change: Partial<Evidence['split']>): Partial<Evidence> => ({ split: { ...GOOD.split, ...change } });

const PLANTED: readonly (readonly [string, GateCode, Partial<Evidence>, number | null, RegExp | null])[] = [
  ['a feature that later inputs change', 'featuresLookAhead', { featureFaults: [{ feature: 'tomorrow', fault: 'lookAhead', detail: 'candle 7' }] }, 1, /tomorrow: looks ahead/],
  ['a feature that depends on more than it declares', 'featuresLookAhead', { featureFaults: [{ feature: 'endless', fault: 'warmup', detail: 'candle 7' }] }, 1, /endless: needs more history/],
  ['a live vector that computing anew does not give', 'trainServeSkew', { skew: ['rsi14 of BTC-USDT-PERP'] }, 1, /rsi14/],
  ['a duplicated row', 'duplicateRows', split({ duplicates: ['1 rows: BTC'] }), 1, /BTC/],
  ['labels that overlap', 'labelsOverlap', split({ overlapping: ['3 rows: fold 0: fit reaches into test'] }), 1, /fit reaches into test/],
  ['calibration on test', 'learnedFromTest', split({ learnedFrom: ['9 rows: fold 1: calibration on test'] }), 1, /calibration on test/],
  ['a test fold used twice', 'testedTwice', split({ testedTwice: ['9 rows'] }), 1, /9 rows/],
  ['too few labels', 'effectiveLabels', { effectiveLabels: 999.9 }, 999.9, null],
  ['too few of a class', 'labelsPerClass', { effectivePerClass: { buy: 500, sell: 99.9, hold: 500 } }, 99.9, null],
  ['a feature that knows too much by itself', 'singleFeature', { featureScores: [{ feature: 'oracle', auc: 0.601 }, { feature: 'b', auc: 0.5 }] }, 0.601, /^oracle: 0.601$/],
  ['a score that a gap takes away', 'gapCliff', { cliff: { from: 1, to: 2, share: 0.51 } }, 0.51, /from a gap of 1 to one of 2/],
  ['no better than the priors by Brier', 'brierSkill', { brierSkillLow: 0 }, 0, null],
  ['no better than the priors by log loss', 'logLossSkill', { logLossSkillLow: 0 }, 0, null],
  ['too bold', 'calibrationSlope', { calibrationSlope: 0.79 }, 0.79, null],
  ['too timid', 'calibrationSlope', { calibrationSlope: 1.26 }, 1.26, null],
  ['probabilities that do not vary', 'calibrationSlope', { calibrationSlope: null }, null, /do not vary/],
  ['probabilities that are not what happens', 'calibrationError', { calibrationExcess: 0.0201 }, 0.0201, null],
  ['a curve that follows noise', 'calibrationMethod', { calibrations: [{ used: 'isotonic', due: 'platt' }] }, 1, /fold 0: isotonic where platt is due/],
  ['too few days', 'testDays', { daily: { firstDay: 0, returns: new Float64Array(249) } }, 249, null],
  ['what so many tries show by luck', 'deflatedSharpe', { deflatedSharpe: 0.949 }, 0.949, /3 independent trials/],
  ['worse than its predecessor by Brier', 'beatsPredecessorBrier', { duel: { brierLow: 0, returnLow: 1 } }, 0, null],
  ['worse than its predecessor in money', 'beatsPredecessorReturn', { duel: { brierLow: 1, returnLow: 0 } }, 0, null],
];

describe('the gate', () => {
  it('lets through what stands at every limit', () => expect(judge(GOOD).refusedBy).toEqual([]));

  it.each(PLANTED)('%s: %s', (_name, code, change, value, detail) => {
    const { isPassed, refusedBy, rules } = judge({ ...GOOD, ...change });
    const rule = rules.find((it) => it.code === code);
    expect([isPassed, refusedBy]).toEqual([false, [code]]);
    expect(rule?.value).toBe(value);
    if (detail !== null) expect(rule?.detail).toMatch(detail);
  });

  it('tells of every rule, each of which has its violation here', () => {
    const codes = judge(GOOD).rules.map((it) => it.code);
    expect(codes).toHaveLength(GATE.length);
    expect(new Set(PLANTED.map(([, code]) => code))).toEqual(new Set(codes));
    expect(new Set(codes).size).toBe(codes.length);
  });

  it('a refresh follows itself; a challenger has somebody to beat', () => {
    expect(judge({ ...GOOD, kind: 'refresh', duel: null }).refusedBy).toEqual([]);
    expect(judge({ ...GOOD, duel: null }).refusedBy).toEqual(['beatsPredecessorBrier', 'beatsPredecessorReturn']);
  });

  it('what could not be measured refuses', () => {
    const { refusedBy, rules } = judge({ ...GOOD, brierSkillLow: NaN, calibrationExcess: NaN });
    expect(refusedBy).toEqual(['brierSkill', 'calibrationError']);
    expect(rules.find((it) => it.code === 'brierSkill')?.value).toBeNull();
  });
});
