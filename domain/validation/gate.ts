/**
 * Whether a candidate may go on: every rule with its reason. A failed gate is a normal result.
 * @source learning.md, "Daily retrain", step 4.
 */
import type { Evidence } from './evidence.ts';

export interface RuleResult {
  readonly code: GateCode;
  readonly isPassed: boolean;
  /** What was measured; null: it could not be. */
  readonly value: number | null;
  readonly limit: { readonly min?: number; readonly max?: number; /** More than `min`, not as much. */ readonly isStrict?: true };
  /** Names what was found, where a number does not say it. */
  readonly detail: string | null;
}

export type GateCode =
  | 'featuresLookAhead' | 'trainServeSkew' | 'duplicateRows' | 'labelsOverlap' | 'learnedFromTest' | 'testedTwice'
  | 'effectiveLabels' | 'labelsPerClass' | 'singleFeature' | 'gapCliff'
  | 'brierSkill' | 'logLossSkill' | 'calibrationSlope' | 'calibrationError' | 'calibrationMethod'
  | 'testDays' | 'deflatedSharpe' | 'beatsPredecessorBrier' | 'beatsPredecessorReturn';

type Rule = (evidence: Evidence) => RuleResult;

const EFFECTIVE_LABELS_MIN = 1_000;
const LABELS_PER_CLASS_MIN = 100;
const SLOPE = { min: 0.8, max: 1.25 } as const;
const CALIBRATION_EXCESS_MAX = 0.02;
export const TEST_DAYS_MIN = 250;
const DEFLATED_SHARPE_MIN = 0.95;
const FEATURE_AUC_MAX = 0.6;
/** Of the score, between neighbouring gaps. */
const CLIFF_SHARE_MAX = 0.5;

const atLeast = (code: GateCode, value: number, min: number): RuleResult => ({ code, isPassed: value >= min, value: known(value), limit: { min }, detail: null });
const moreThan = (code: GateCode, value: number, min: number): RuleResult => ({ code, isPassed: value > min, value: known(value), limit: { min, isStrict: true }, detail: null });
const atMost = (code: GateCode, value: number, max: number, detail: string | null = null): RuleResult => ({ code, isPassed: value <= max, value: known(value), limit: { max }, detail });
const none = (code: GateCode, found: readonly string[]): RuleResult => atMost(code, found.length, 0, found.length === 0 ? null : found.join('; '));
const known = (value: number): number | null => (Number.isFinite(value) ? value : null);

const featuresLookAhead: Rule = ({ featureFaults }) => none('featuresLookAhead', featureFaults.map(({ feature, fault, detail }) => `${feature}: ${fault === 'lookAhead' ? 'looks ahead' : 'needs more history than it declares'} (${detail})`));
const trainServeSkew: Rule = ({ skew }) => none('trainServeSkew', skew);
const duplicateRows: Rule = ({ split }) => none('duplicateRows', split.duplicates);
const labelsOverlap: Rule = ({ split }) => none('labelsOverlap', split.overlapping);
const learnedFromTest: Rule = ({ split }) => none('learnedFromTest', split.learnedFrom);
const testedTwice: Rule = ({ split }) => none('testedTwice', split.testedTwice);
const effectiveLabels: Rule = (evidence) => atLeast('effectiveLabels', evidence.effectiveLabels, EFFECTIVE_LABELS_MIN);
const labelsPerClass: Rule = ({ effectivePerClass: { buy, sell, hold } }) => atLeast('labelsPerClass', Math.min(buy, sell, hold), LABELS_PER_CLASS_MIN);
const singleFeature: Rule = ({ featureScores }) => atMost('singleFeature', featureScores[0]?.auc ?? 0.5, FEATURE_AUC_MAX, featureScores.filter(({ auc }) => auc > FEATURE_AUC_MAX).map(({ feature, auc }) => `${feature}: ${auc.toFixed(3)}`).join('; ') || null);
const gapCliff: Rule = ({ cliff }) => atMost('gapCliff', cliff?.share ?? 0, CLIFF_SHARE_MAX, cliff === null ? null : `from a gap of ${cliff.from} to one of ${cliff.to} candles`);
const brierSkill: Rule = ({ brierSkillLow }) => moreThan('brierSkill', brierSkillLow, 0);
const logLossSkill: Rule = ({ logLossSkillLow }) => moreThan('logLossSkill', logLossSkillLow, 0);
const calibrationSlope: Rule = (evidence) => {
  const value = evidence.calibrationSlope;
  return { code: 'calibrationSlope', isPassed: value !== null && value >= SLOPE.min && value <= SLOPE.max, value, limit: SLOPE, detail: value === null ? 'the probabilities do not vary' : null };
};
const calibrationError: Rule = ({ calibrationExcess }) => atMost('calibrationError', calibrationExcess, CALIBRATION_EXCESS_MAX);
const calibrationMethod: Rule = ({ calibrations }) => none('calibrationMethod', calibrations.flatMap(({ used, due }, fold) => (used === due ? [] : [`fold ${fold}: ${used} where ${due} is due`])));
const testDays: Rule = ({ daily }) => atLeast('testDays', daily.returns.length, TEST_DAYS_MIN);
const deflatedSharpe: Rule = (evidence) => ({ ...atLeast('deflatedSharpe', evidence.deflatedSharpe, DEFLATED_SHARPE_MIN), detail: `${evidence.luck.trials} independent trials, the best of which is expected at ${evidence.luck.expectedBest.toFixed(4)} a day` });
const beatsPredecessorBrier: Rule = (evidence) => beats('beatsPredecessorBrier', evidence, (duel) => duel.brierLow);
const beatsPredecessorReturn: Rule = (evidence) => beats('beatsPredecessorReturn', evidence, (duel) => duel.returnLow);

/** A refresh follows itself; a challenger without anybody to beat has proved nothing. */
function beats(code: GateCode, { kind, duel }: Evidence, of: (duel: NonNullable<Evidence['duel']>) => number): RuleResult {
  if (kind === 'refresh') return { code, isPassed: true, value: null, limit: { min: 0, isStrict: true }, detail: 'a refresh follows itself' };
  return duel === null ? { code, isPassed: false, value: null, limit: { min: 0, isStrict: true }, detail: 'there is no predecessor to compare with' } : moreThan(code, of(duel), 0);
}

/** In the order in which they are told: is the evidence evidence, is there enough, can it be true, is it good, is it better. */
export const GATE: readonly Rule[] = [
  featuresLookAhead, trainServeSkew, duplicateRows, labelsOverlap, learnedFromTest, testedTwice, effectiveLabels, labelsPerClass, singleFeature, gapCliff,
  brierSkill, logLossSkill, calibrationSlope, calibrationError, calibrationMethod, testDays, deflatedSharpe, beatsPredecessorBrier, beatsPredecessorReturn,
];

export interface Verdict {
  readonly isPassed: boolean;
  /** Of every rule, in order. */
  readonly rules: readonly RuleResult[];
  /** Codes of those that refused. */
  readonly refusedBy: readonly GateCode[];
}

export function judge(evidence: Evidence): Verdict {
  const rules = GATE.map((rule) => rule(evidence));
  const refusedBy = rules.filter((it) => !it.isPassed).map((it) => it.code);
  return { isPassed: refusedBy.length === 0, rules, refusedBy };
}
