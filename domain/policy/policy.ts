/** The numbers that bound what Keel may do. Versioned; read once per cycle; stored with each decision. */
import type { Rule, ValueOf } from './rule.ts';
import { EXIT_RULES } from './rules-exits.ts';
import { LIMIT_RULES } from './rules-limits.ts';
import { OPENING_RULES } from './rules-opening.ts';

/** Every key: its default (that of preset `normal`), bounds, unit and help. */
export const POLICY_RULES = { ...OPENING_RULES, ...EXIT_RULES, ...LIMIT_RULES };

export type PolicyKey = keyof typeof POLICY_RULES;
export type PolicyValue = number | string | boolean;

/** Flat and plain: it travels in observations and is compared key by key. */
export type Policy = { readonly [K in PolicyKey]: ValueOf<(typeof POLICY_RULES)[K]> };

/** A value for every key, as a row of the store holds them: of a policy, or of what is none. */
export type PolicyValues = Readonly<Record<PolicyKey, PolicyValue>>;

export const POLICY_KEYS = Object.keys(POLICY_RULES) as readonly PolicyKey[];

export function isPolicyKey(key: string): key is PolicyKey {
  return Object.hasOwn(POLICY_RULES, key);
}

export function ruleOf(key: PolicyKey): Rule {
  return POLICY_RULES[key];
}

const normal = Object.fromEntries(POLICY_KEYS.map((key) => [key, POLICY_RULES[key].value])) as Policy;

/** @source risk.md, "Policy". Version 0 of a portfolio is `defensive` (what holds when nothing can be read), version 1 `normal`. */
export const PRESETS = {
  'small-aggressive': { ...normal, leverageMax: 7, riskPerTradeBps: 300, dailyLossMaxBps: 600, positionsMax: 15, confidenceMin: 0.45, sizeFactor: 1.5, notionalMax: '300' },
  normal,
  defensive: { ...normal, leverageMax: 3, riskPerTradeBps: 75, dailyLossMaxBps: 300, positionsMax: 10, confidenceMin: 0.6, sizeFactor: 0.7, notionalMax: '500', retraining: false, promotionAsked: true },
} as const satisfies Readonly<Record<string, Policy>>;

export type PresetName = keyof typeof PRESETS;
export const PRESET_NAMES = Object.keys(PRESETS) as readonly PresetName[];

/** What holds when no policy can be read: version 0. */
export const BUILT_IN_VERSION = 0;

export type ExitRegime = 'lowVol' | 'normal' | 'highVol' | 'extreme' | 'trending' | 'ranging';

export interface ExitNumbers {
  readonly stopAtr: number;
  readonly targetAtr: number;
  readonly breakevenR: number;
  readonly trailAtr: number;
  readonly maxHoldHours: number;
}

/** The row of the exits table for one regime. */
export function exitNumbersOf(policy: Policy, regime: ExitRegime): ExitNumbers {
  if (regime === 'normal') return { stopAtr: policy.stopAtr, targetAtr: policy.targetAtr, breakevenR: policy.breakevenR, trailAtr: policy.trailAtr, maxHoldHours: policy.maxHoldHours };
  return {
    stopAtr: policy[`${regime}StopAtr`],
    targetAtr: policy[`${regime}TargetAtr`],
    breakevenR: policy[`${regime}BreakevenR`],
    trailAtr: policy[`${regime}TrailAtr`],
    maxHoldHours: policy[`${regime}MaxHoldHours`],
  };
}
