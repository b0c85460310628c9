/** Which policy holds when the store cannot be read, or when what it says is none. Never looser than what is known of a person's choice. */
import { mended } from './mend.ts';
import type { Policy } from './policy.ts';
import { BUILT_IN_VERSION, PRESETS } from './policy.ts';
import type { PolicyProblem } from './schema.ts';
import { problemText, readPolicy } from './schema.ts';
import { stricterOf } from './stricter.ts';

export const POLICY_SOURCES = ['store', 'lastGood', 'builtIn'] as const;
export type PolicySource = (typeof POLICY_SOURCES)[number];

/** What holds by one row of the store. */
export interface HeldPolicy {
  /** As stored, when that is valid; else of what is valid in it, of the newest valid version before it and of `defensive` the strictest, key by key. */
  readonly policy: Policy;
  /** What is not valid in the row; empty: nothing. */
  readonly problems: readonly PolicyProblem[];
}

export interface StoredPolicy extends HeldPolicy {
  readonly version: number;
}

/** A copy of what the store said, of a valid version. */
export interface GoodCopy extends Pick<StoredPolicy, 'policy' | 'version'> {
  /** Wall clock, epoch milliseconds. */
  readonly readAt: number;
}

export interface PolicyReading {
  readonly policy: Policy;
  readonly policyVersion: number;
  readonly policySource: PolicySource;
  /** Why the store could not be read, or what is not valid in its newest version; null with source `store`. */
  readonly policyProblem: string | null;
}

export type StoreAnswer = { readonly kind: 'read'; readonly stored: StoredPolicy } | { readonly kind: 'failed'; readonly problem: string };

/**
 * Store, else the last good copy while it is fresh, else of it and the conservative built-in the stricter of each key: new
 * positions stay allowed within its caps, unless a person had switched them off. A version that is not valid was read all
 * the same: what is valid in it counts at once, and never less than the copy.
 * @param now wall clock. A copy from the future (the clock was set back) is not trusted to be fresh.
 */
export function chooseSource({ answer, lastGood, now }: { answer: StoreAnswer; lastGood: GoodCopy | null; now: number }): PolicyReading {
  const policyProblem = answer.kind === 'failed' ? answer.problem : storedProblem(answer.stored);
  if (answer.kind === 'read' && policyProblem === null) return { policy: answer.stored.policy, policyVersion: answer.stored.version, policySource: 'store', policyProblem };
  const ageMs = lastGood === null ? Infinity : now - lastGood.readAt;
  const isFresh = answer.kind === 'failed' && lastGood !== null && ageMs >= 0 && ageMs <= lastGood.policy.lastGoodMaxS * 1_000;
  if (isFresh) return { policy: lastGood.policy, policyVersion: lastGood.version, policySource: 'lastGood', policyProblem };
  const builtIn = answer.kind === 'read' ? answer.stored.policy : PRESETS.defensive;
  return { policy: lastGood === null ? builtIn : stricterOf(lastGood.policy, builtIn), policyVersion: BUILT_IN_VERSION, policySource: 'builtIn', policyProblem };
}

/** What is wrong with a version, each key with its value and range; null: nothing. */
export function storedProblem({ version, problems }: Pick<StoredPolicy, 'version' | 'problems'>): string | null {
  return problems.length === 0 ? null : `version ${version} is not valid: ${problems.map(problemText).join('; ')}`;
}

/**
 * What holds by a row, whatever is stored there: guard, health and oversight may not wait for a valid policy.
 * @param before the newest valid version before it; asked for only where the row is not valid.
 */
export function policyHeldBy(stored: unknown, before: Policy | null = null): HeldPolicy {
  const { policy, problems } = readPolicy(stored);
  return { policy: problems.length === 0 ? (policy as Policy) : mended(policy, before), problems };
}
