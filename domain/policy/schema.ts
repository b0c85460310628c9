import { z } from 'zod';
import { d } from '../decimal.ts';
import { KeelError } from '../errors.ts';
import type { Policy, PolicyKey, PolicyValue, PolicyValues } from './policy.ts';
import { isPolicyKey, POLICY_KEYS, PRESETS, ruleOf } from './policy.ts';
import type { Rule } from './rule.ts';

/** Why a value is refused: key, value and range, in words. */
export interface PolicyProblem {
  readonly key: string;
  readonly value: string;
  readonly allowed: string;
}

const DECIMAL = /^\d+(\.\d+)?$/;

/** The schema of one key. */
export function schemaOf(key: PolicyKey): z.ZodType<PolicyValue> {
  const rule = ruleOf(key);
  return bare(rule).meta({ description: rule.help, unit: rule.unit });
}

function bare(rule: Rule): z.ZodType<PolicyValue> {
  switch (rule.kind) {
    case 'number': return z.number().min(rule.min).max(rule.max);
    case 'integer': return z.int().min(rule.min).max(rule.max);
    case 'decimal': return z.string().regex(DECIMAL).refine((value) => DECIMAL.test(value) && d(value).gte(d(rule.min)) && d(value).lte(d(rule.max)));
    case 'toggle': return z.boolean();
    case 'choice': return z.enum(rule.choices as [string, ...string[]]);
  }
}

/** What a key may hold, for people: `1 to 125 ×`. */
export function rangeOf(key: PolicyKey): string {
  const rule = ruleOf(key);
  switch (rule.kind) {
    case 'toggle': return 'true or false';
    case 'choice': return rule.choices.join(' or ');
    case 'integer': return `a whole number, ${rule.min} to ${rule.max} ${rule.unit}`;
    default: return `${rule.min} to ${rule.max} ${rule.unit}`;
  }
}

const SCHEMAS = Object.fromEntries(POLICY_KEYS.map((key) => [key, schemaOf(key)])) as Readonly<Record<PolicyKey, z.ZodType<PolicyValue>>>;

/** One key's problem, null when the value fits. */
export function problemOf(key: PolicyKey, value: unknown): PolicyProblem | null {
  return SCHEMAS[key].safeParse(value).success ? null : { key, value: written(value), allowed: rangeOf(key) };
}

/** Two keys that only make sense together: the first must not pass the second. */
export interface Pair {
  readonly low: PolicyKey;
  readonly high: PolicyKey;
  /** They may be equal. */
  readonly orEqual: boolean;
  /** So many times the first. */
  readonly times: number;
}

const below = (low: PolicyKey, high: PolicyKey): Pair => ({ low, high, orEqual: false, times: 1 });
const upTo = (low: PolicyKey, high: PolicyKey, times = 1): Pair => ({ low, high, orEqual: true, times });

export const PAIRS: readonly Pair[] = [
  below('cautiousFromBps', 'protectiveFromBps'), below('protectiveFromBps', 'emergencyFromBps'),
  upTo('protectiveNotionalMax', 'cautiousNotionalMax'), upTo('protectiveLeverageMax', 'cautiousLeverageMax'), upTo('cautiousConfidenceMin', 'protectiveConfidenceMin'),
  upTo('dailyLossMaxBps', 'tripDailyLossBps'), below('aggressiveDrawdownBps', 'safeDrawdownBps'), below('safeDrawdownBps', 'criticalDrawdownBps'), upTo('criticalDrawdownBps', 'tripDrawdownBps'),
  upTo('aggressiveConfidenceMin', 'safeConfidenceMin'), below('streakSlow', 'streakBlock'), upTo('fundingWarnBps', 'fundingBlockBps'), upTo('healthRecheckS', 'healthCheckS'), upTo('healthCheckS', 'healthStaleS', 3),
  upTo('highVolatilityConfidenceMin', 'highVolatilityHalveBelow'), below('confidenceMin', 'confidenceFull'),
  upTo('volatilityFactorMin', 'volatilityFactorMax'), upTo('symbolExposureMax', 'grossExposureMax'), upTo('var95MaxBps', 'var99MaxBps'), upTo('var95MaxBps', 'shortfallMaxBps'),
  upTo('slotsChopShare', 'slotsUsualShare'), upTo('slotsUsualShare', 'slotsTrendShare'),
  below('volatilityLowPercentile', 'volatilityHighPercentile'), below('volatilityHighPercentile', 'volatilityExtremePercentile'),
  below('scaleConfidenceFrom', 'scaleConfidenceTo'), below('rewardRiskMin', 'rewardRiskMax'),
  below('stopAtr', 'targetAtr'), below('lowVolStopAtr', 'lowVolTargetAtr'), below('highVolStopAtr', 'highVolTargetAtr'),
  below('extremeStopAtr', 'extremeTargetAtr'), below('trendingStopAtr', 'trendingTargetAtr'), below('rangingStopAtr', 'rangingTargetAtr'),
];

/**
 * What is wrong with a whole policy: keys by themselves, then keys against each other. Empty: nothing, it is a policy.
 * @param set keys that somebody just set: of two that do not fit the one that was set is named.
 */
export function problemsOf(values: PolicyValues, set: readonly PolicyKey[] = []): readonly PolicyProblem[] {
  const alone = POLICY_KEYS.flatMap((key) => problemOf(key, values[key]) ?? []);
  if (alone.length > 0) return alone;
  const policy = values as Policy;
  return [...PAIRS.flatMap((pair) => pairProblem(policy, pair, set) ?? []), ...ladderProblem(policy, set)];
}

/** Keys that do not fit each other, of values that are allowed by themselves. */
export function misfitsOf(policy: Policy): readonly PolicyKey[] {
  const pairs = PAIRS.filter((pair) => !isPairFit(policy, pair)).flatMap(({ low, high }) => [low, high]);
  return ladderProblem(policy, []).length === 0 ? pairs : [...pairs, 'tp1CloseShare', 'tp2CloseShare'];
}

export function isPairFit(policy: Policy, { low, high, orEqual, times }: Pair): boolean {
  const [a, b] = [numeric(policy[low]).times(times), numeric(policy[high])];
  return orEqual ? a.lte(b) : a.lt(b);
}

function pairProblem(policy: Policy, pair: Pair, set: readonly PolicyKey[]): PolicyProblem | null {
  const { low, high, orEqual, times } = pair;
  if (isPairFit(policy, pair)) return null;
  const [several, part] = times === 1 ? ['', ''] : [`${times} × `, `1/${times} of `];
  if (isOnlySet(set, high, low)) return { key: high, value: written(policy[high]), allowed: `${orEqual ? 'at least' : 'above'} ${several}${low}, which is ${written(policy[low])}` };
  return { key: low, value: written(policy[low]), allowed: `${orEqual ? 'up to' : 'below'} ${part}${high}, which is ${written(policy[high])}` };
}

/** What both rungs close may not be more than there is. */
function ladderProblem({ tp1CloseShare, tp2CloseShare }: Policy, set: readonly PolicyKey[]): readonly PolicyProblem[] {
  const rest = d(1).minus(tp1CloseShare);
  if (d(tp2CloseShare).lte(rest)) return [];
  if (isOnlySet(set, 'tp1CloseShare', 'tp2CloseShare')) return [{ key: 'tp1CloseShare', value: written(tp1CloseShare), allowed: `up to ${d(1).minus(tp2CloseShare).toFixed()}, what tp2CloseShare (${tp2CloseShare}) leaves` }];
  return [{ key: 'tp2CloseShare', value: written(tp2CloseShare), allowed: `up to ${rest.toFixed()}, what tp1CloseShare (${tp1CloseShare}) leaves` }];
}

function isOnlySet(set: readonly PolicyKey[], key: PolicyKey, other: PolicyKey): boolean {
  return set.includes(key) && !set.includes(other);
}

export function numeric(value: PolicyValue): ReturnType<typeof d> {
  return d(typeof value === 'boolean' ? Number(value) : value);
}

export function written(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'nothing');
}

/** What a row of the store holds. */
export interface ReadPolicy {
  /** As stored, but that what is no value at all is there as text. Keys that came into being later: as in preset `normal`. */
  readonly policy: PolicyValues;
  /** Empty: it is a policy. */
  readonly problems: readonly PolicyProblem[];
}

/** Reads what was stored, whatever it is: another version of Keel may have other rules, and people write rows by hand. */
export function readPolicy(stored: unknown): ReadPolicy {
  const read = z.record(z.string(), z.unknown()).safeParse(stored);
  if (!read.success) return { policy: everyKey(() => written(stored)), problems: [{ key: 'policy', value: written(stored), allowed: 'an object with a value for each key' }] };
  const known = { ...read.data, ...fromBefore(read.data) };
  const policy = everyKey((key) => plain(known[key] ?? PRESETS.normal[key]));
  return { policy, problems: problemsOf(policy) };
}

function everyKey(valueOf: (key: PolicyKey) => PolicyValue): PolicyValues {
  return Object.fromEntries(POLICY_KEYS.map((key) => [key, valueOf(key)])) as PolicyValues;
}

/** Text of what is neither number, text nor toggle: no key takes it. */
function plain(value: unknown): PolicyValue {
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
  return typeof value === 'boolean' ? value : written(value);
}

/** @throws {KeelError} POLICY_INVALID, not retried: a value is out of bounds, or it is no policy at all. */
export function validPolicyOf({ policy, problems }: ReadPolicy): Policy {
  if (problems.length > 0) throw policyInvalid(problems);
  return policy as Policy;
}

function atMost(key: PolicyKey, value: unknown, limit: number): Readonly<Record<string, number>> {
  return typeof value === 'number' && value > limit ? { [key]: Math.floor(limit) } : {};
}

/** Keys that once held something else, or were not bound to each other (checks of health, and when they are stale): learned sizing was on or off, and did nothing while it was on; one factor stood for spikes and for high volatility. */
function fromBefore({ rlSizing, spikeFactor, highVolatilityFactor = spikeFactor, healthCheckS, healthRecheckS, healthStaleS }: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const often = typeof healthStaleS === 'number' && healthStaleS >= 3 ? { ...atMost('healthCheckS', healthCheckS, healthStaleS / 3), ...atMost('healthRecheckS', healthRecheckS, healthStaleS / 3) } : {};
  return { highVolatilityFactor, ...often, ...(typeof rlSizing === 'boolean' ? { rlSizing: rlSizing ? 'shadow' : 'off' } : {}) };
}

export function policyInvalid(problems: readonly PolicyProblem[], hint?: string): KeelError {
  return new KeelError('POLICY_INVALID', [...problems.map(problemText), ...(hint === undefined ? [] : [hint])].join('\n'));
}

export function problemText({ key, value, allowed }: PolicyProblem): string {
  return `${key} = ${value} is refused: ${allowed}`;
}
