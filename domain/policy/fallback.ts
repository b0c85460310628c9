/** Which policy holds when the store cannot be read. */
import type { Policy } from './policy.ts';
import { BUILT_IN_VERSION, PRESETS } from './policy.ts';

export const POLICY_SOURCES = ['store', 'lastGood', 'builtIn'] as const;
export type PolicySource = (typeof POLICY_SOURCES)[number];

export interface StoredPolicy {
  readonly policy: Policy;
  readonly version: number;
}

/** A copy of what the store said. */
export interface GoodCopy extends StoredPolicy {
  /** Wall clock, epoch milliseconds. */
  readonly readAt: number;
}

export interface PolicyReading {
  readonly policy: Policy;
  readonly policyVersion: number;
  readonly policySource: PolicySource;
  /** Why the store could not be read; null with source `store`. */
  readonly policyProblem: string | null;
}

export type StoreAnswer = { readonly kind: 'read'; readonly stored: StoredPolicy } | { readonly kind: 'failed'; readonly problem: string };

/**
 * Store, else the last good copy while it is fresh, else the conservative built-in: new positions stay allowed within its caps.
 * @param now wall clock. A copy from the future (the clock was set back) is not trusted.
 */
export function chooseSource({ answer, lastGood, now }: { answer: StoreAnswer; lastGood: GoodCopy | null; now: number }): PolicyReading {
  if (answer.kind === 'read') return { policy: answer.stored.policy, policyVersion: answer.stored.version, policySource: 'store', policyProblem: null };
  const ageMs = lastGood === null ? Infinity : now - lastGood.readAt;
  if (lastGood !== null && ageMs >= 0 && ageMs <= lastGood.policy.lastGoodMaxS * 1_000) return { policy: lastGood.policy, policyVersion: lastGood.version, policySource: 'lastGood', policyProblem: answer.problem };
  return { policy: PRESETS.defensive, policyVersion: BUILT_IN_VERSION, policySource: 'builtIn', policyProblem: answer.problem };
}
