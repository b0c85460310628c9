import type { HeldPolicy } from '../domain/policy/fallback.ts';
import { policyHeldBy } from '../domain/policy/fallback.ts';
import type { Policy } from '../domain/policy/policy.ts';
import { readPolicy, validPolicyOf } from '../domain/policy/schema.ts';
import type { Queryable } from './pool.ts';
import { run } from './pool.ts';

/** One version as it is stored. */
export interface PolicyRow {
  readonly version: number;
  readonly policy: unknown;
}

/** So many are read at once: the one before a version that is not valid nearly always is. */
const READ_AT_ONCE = 10;

/** What holds by the newest version. Where that is not valid, older ones are read too: a worker that starts anew knows them no less than one that kept a copy. */
export async function heldPolicyOf(client: Queryable, portfolioId: string, newest: PolicyRow, timeout: { readonly query_timeout?: number } = {}): Promise<HeldPolicy> {
  const held = policyHeldBy(newest.policy);
  return held.problems.length === 0 ? held : policyHeldBy(newest.policy, await newestValid(client, portfolioId, newest.version, timeout));
}

/** @returns null when none before it is valid. */
async function newestValid(client: Queryable, portfolioId: string, before: number, timeout: { readonly query_timeout?: number }): Promise<Policy | null> {
  for (let below = before; below > 0;) {
    const rows = await run<PolicyRow & Record<string, unknown>>(client, `older policies of ${portfolioId}`, {
      name: 'older-policies', text: `SELECT version, policy FROM policy_versions WHERE portfolio_id = $1 AND version < $2 ORDER BY version DESC LIMIT ${READ_AT_ONCE}`, values: [portfolioId, below], ...timeout,
    });
    const valid = rows.map((row) => readPolicy(row.policy)).find((it) => it.problems.length === 0);
    if (valid !== undefined) return validPolicyOf(valid);
    below = rows.at(-1)?.version ?? 0;
  }
  return null;
}
