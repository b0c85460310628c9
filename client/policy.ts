/** The policy of a deployment, for the command line. */
import { createLedger } from '../db/ledger.ts';
import { createPolicyStore } from '../db/policy-store.ts';
import { overlayOf } from '../domain/emergency/overlay.ts';
import type { GuardMode } from '../domain/emergency/types.ts';
import { KeelError } from '../domain/errors.ts';
import type { KeyChange, PolicyWish } from '../domain/policy/change.ts';
import { isPresetName, nearestTo, policyChanges, readPairs } from '../domain/policy/change.ts';
import { postureOverlayOf } from '../domain/oversight/posture.ts';
import { effectivePolicyOf, OVERLAID_KEYS } from '../domain/policy/effective.ts';
import type { OverlaidKey, OverlayOwner, PostureName } from '../domain/policy/effective.ts';
import type { Policy, PolicyKey, PolicyValue, PolicyValues } from '../domain/policy/policy.ts';
import { isPolicyKey, POLICY_KEYS, PRESET_NAMES, PRESETS, ruleOf } from '../domain/policy/policy.ts';
import { policyInvalid, problemText, rangeOf, validPolicyOf } from '../domain/policy/schema.ts';
import type { PolicyChangeOutcome, PolicyStore, PolicyVersion } from '../domain/ports/policy-store.ts';
import type { Purpose } from './deployment-choice.ts';
import { chooseDeployment, withLedger } from './deployment-parts.ts';

/** A number that does not hold as the policy says: who made it stricter. */
export interface Overlaid {
  readonly key: OverlaidKey;
  readonly value: PolicyValue;
  readonly owner: OverlayOwner;
}

export interface ShownPolicy extends PolicyVersion {
  readonly deployment: string;
  /** What guard and posture demand at the moment on top of the policy. */
  readonly overlaid: readonly Overlaid[];
}

export interface PolicyDiff {
  /** A version, or a preset's name. */
  readonly from: string;
  readonly to: string;
  readonly changes: readonly KeyChange[];
}

/** @param version default: the newest. @throws {KeelError} NOT_FOUND */
export async function showPolicy(deploymentName: string | undefined, version: number | null): Promise<ShownPolicy> {
  return await withPolicies(deploymentName, async ({ store, portfolioId, deployment, standing }) => {
    const newest = await newestOf(store, portfolioId);
    const shown = version === null ? newest : await store.version(portfolioId, version);
    const isHeld = shown.version === newest.version && shown.problems.length === 0;
    return { deployment, ...shown, overlaid: isHeld ? overlaidKeys(validPolicyOf(shown), await standing()) : [] };
  });
}

function overlaidKeys(policy: Policy, { guard, posture }: Standing): readonly Overlaid[] {
  const { policy: effective, owners } = effectivePolicyOf(policy, [overlayOf(guard, policy), postureOverlayOf(posture, policy)]);
  return OVERLAID_KEYS.filter((key) => owners[key] !== 'policy').map((key) => ({ key, value: effective[key], owner: owners[key] }));
}

export interface Asked {
  readonly deployment?: string | undefined;
  readonly by: string;
  readonly because: string;
}

/** @param pairs `key=value` each. @throws {KeelError} POLICY_INVALID with every key, value and range; POLICY_CONFLICT */
export async function setPolicy(pairs: readonly string[], asked: Asked): Promise<PolicyChangeOutcome> {
  const read = readPairs(pairs);
  if (read.kind === 'refused') throw policyInvalid(read.problems);
  return await change({ kind: 'set', values: read.values }, asked);
}

/** @throws {KeelError} POLICY_INVALID when there is no such preset; POLICY_CONFLICT */
export async function choosePreset(name: string, asked: Asked): Promise<PolicyChangeOutcome> {
  if (!isPresetName(name)) throw policyInvalid([{ key: 'preset', value: name, allowed: PRESET_NAMES.join(', ') }]);
  return await change({ kind: 'preset', name }, asked);
}

async function change(wish: PolicyWish, { deployment, by, because }: Asked): Promise<PolicyChangeOutcome> {
  return await withPolicies(deployment, async ({ store, portfolioId }) => await store.change({ portfolioId, seen: (await newestOf(store, portfolioId)).version, wish, by, because }), 'change');
}

export async function policyHistory(deployment: string | undefined, limit: number): Promise<readonly PolicyVersion[]> {
  return await withPolicies(deployment, ({ store, portfolioId }) => store.history(portfolioId, limit));
}

/** @param names versions or presets; two: the first against the second; one: against the newest; none: the newest against the one before it. */
export async function diffPolicies(deployment: string | undefined, names: readonly string[]): Promise<PolicyDiff> {
  return await withPolicies(deployment, async ({ store, portfolioId }) => {
    const { version } = await newestOf(store, portfolioId);
    const [from = String(Math.max(version - 1, 0)), to = String(version)] = names;
    const [before, after] = [await policyNamed(store, portfolioId, from), await policyNamed(store, portfolioId, to)];
    return { from, to, changes: policyChanges(before, after) };
  });
}

async function policyNamed(store: PolicyStore, portfolioId: string, name: string): Promise<PolicyValues> {
  if (isPresetName(name)) return PRESETS[name];
  if (!/^\d+$/.test(name)) throw new KeelError('USAGE', `"${name}" is neither a version nor a preset (${PRESET_NAMES.join(', ')})`);
  return (await store.version(portfolioId, Number(name))).policy;
}

async function newestOf(store: PolicyStore, portfolioId: string): Promise<PolicyVersion> {
  return await store.version(portfolioId, (await store.active(portfolioId)).version);
}

/** What lies over the policy. */
interface Standing {
  readonly guard: GuardMode;
  readonly posture: PostureName;
}

interface Policies {
  readonly store: PolicyStore;
  readonly portfolioId: string;
  readonly deployment: string;
  readonly standing: () => Promise<Standing>;
}

async function withPolicies<T>(name: string | undefined, work: (policies: Policies) => Promise<T>, purpose: Purpose = 'standing'): Promise<T> {
  const chosen = await chooseDeployment(name, purpose);
  const { portfolioId } = chosen.deployment;
  return await withLedger(chosen, async (pool) => {
    const now = { marketAt: 0, wallAt: 0 };
    return await work({ store: createPolicyStore(pool), portfolioId, deployment: chosen.deployment.name, standing: async () => {
      const ledger = createLedger(pool);
      const [guard, { posture }] = await Promise.all([ledger.guard(portfolioId, now), ledger.posture(portfolioId)]);
      return { guard: guard.state.mode, posture };
    } });
  });
}

/** @param names none: every key. @throws {KeelError} POLICY_INVALID with every one that there is not, and those that are alike */
export function policyKeys(names: readonly string[]): readonly PolicyKey[] {
  const unknown = names.filter((name) => !isPolicyKey(name));
  if (unknown.length > 0) throw new KeelError('POLICY_INVALID', unknown.map((name) => `there is no policy key "${name}"${nearestTo(name)}${name.includes('=') ? `; \`keel policy set ${name}\` would change one` : ''}`).join('\n'));
  return names.length === 0 ? POLICY_KEYS : names.filter(isPolicyKey);
}

/** The same with these keys alone. */
export function withKeys(shown: ShownPolicy, keys: readonly PolicyKey[]): Omit<ShownPolicy, 'policy'> & { readonly policy: Partial<PolicyValues> } {
  return { ...shown, policy: Object.fromEntries(keys.map((key) => [key, shown.policy[key]])), overlaid: shown.overlaid.filter((it) => keys.includes(it.key)) };
}

/** What is not valid in a version; no rows: nothing. */
export function problemRows({ version, problems }: Pick<PolicyVersion, 'version' | 'problems'>): readonly (readonly string[])[] {
  return problems.map((it, at) => [at === 0 ? `version ${version} is not valid` : '', problemText(it)]);
}

/** Rows of `keel policy show`. */
export function policyRows({ policy, overlaid }: Pick<ShownPolicy, 'policy' | 'overlaid'>, keys: readonly PolicyKey[]): readonly (readonly string[])[] {
  return keys.map((key) => {
    const stricter = overlaid.find((it) => it.key === key);
    const inForce = stricter === undefined ? '' : ` (${String(stricter.value)} by the ${stricter.owner})`;
    return [key, `${String(policy[key])}${inForce}`, policy[key] === PRESETS.normal[key] ? '' : `normal: ${String(PRESETS.normal[key])}`, rangeOf(key), ruleOf(key).help];
  });
}
