import type { Policy, PolicyKey, PolicyValue, PolicyValues } from './policy.ts';
import { isPolicyKey, POLICY_KEYS, PRESET_NAMES, PRESETS, ruleOf } from './policy.ts';
import type { PresetName } from './policy.ts';
import type { PolicyProblem } from './schema.ts';
import { problemsOf } from './schema.ts';

/** One key of one change, for the record. */
export interface KeyChange {
  readonly key: PolicyKey;
  readonly before: PolicyValue;
  readonly after: PolicyValue;
}

/** What somebody asks for. */
export type PolicyWish =
  | { readonly kind: 'set'; readonly values: Readonly<Partial<Record<PolicyKey, PolicyValue>>> }
  | { readonly kind: 'preset'; readonly name: PresetName };

export type ChangedPolicy =
  | { readonly kind: 'changed'; readonly policy: Policy; readonly changes: readonly KeyChange[] }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly problems: readonly PolicyProblem[] }
  /** Somebody else changed these keys since `seen`, to something else than what is asked for. */
  | { readonly kind: 'conflict'; readonly keys: readonly PolicyKey[] };

/**
 * The next policy, all or nothing. A wish made on an older version is carried over to the newest one as long as
 * nobody changed the same keys in between. What is not valid in the newest one must be among what is asked for, or it is refused.
 * A preset leaves the terms that a person set with the account: who grows cautious does not mean to move to another margin.
 * @param current the newest version, valid or not.
 * @param held what holds by it.
 * @param seen the version that the wish was made on.
 */
export function changePolicy({ current, held, seen, wish }: { current: PolicyValues; held: Policy; seen: PolicyValues; wish: PolicyWish }): ChangedPolicy {
  const wanted: PolicyValues = wish.kind === 'preset' ? { ...held, ...presetValues(wish.name) } : { ...current, ...wish.values };
  const asked = POLICY_KEYS.filter((key) => (wish.kind === 'preset' ? !isKept(key) : wish.values[key] !== undefined));
  const contested = asked.filter((key) => current[key] !== seen[key] && wanted[key] !== current[key]);
  if (contested.length > 0) return { kind: 'conflict', keys: contested };
  const problems = problemsOf(wanted, asked);
  if (problems.length > 0) return { kind: 'refused', problems };
  const changes = policyChanges(current, wanted);
  return changes.length === 0 ? { kind: 'unchanged' } : { kind: 'changed', policy: wanted as Policy, changes };
}

function presetValues(name: PresetName): Partial<Policy> {
  return Object.fromEntries(Object.entries(PRESETS[name]).filter(([key]) => !isKept(key as PolicyKey)));
}

function isKept(key: PolicyKey): boolean {
  return ruleOf(key).stricter === 'kept';
}

/** Where two policies differ, in the order of the rules. */
export function policyChanges(before: PolicyValues, after: PolicyValues): readonly KeyChange[] {
  return POLICY_KEYS.filter((key) => before[key] !== after[key]).map((key) => ({ key, before: before[key], after: after[key] }));
}

export type ReadPairs =
  | { readonly kind: 'read'; readonly values: Readonly<Partial<Record<PolicyKey, PolicyValue>>> }
  | { readonly kind: 'refused'; readonly problems: readonly PolicyProblem[] };

/** Reads `key=value` texts. Every one is looked at, so that all problems are told at once; bounds are `changePolicy`'s. */
export function readPairs(pairs: readonly string[]): ReadPairs {
  const values: Partial<Record<PolicyKey, PolicyValue>> = {};
  const problems: PolicyProblem[] = [];
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    const key = at < 0 ? pair : pair.slice(0, at).trim();
    const value = at < 0 ? '' : pair.slice(at + 1).trim();
    if (at < 0) problems.push({ key, value: 'nothing', allowed: 'written as <key>=<value>' });
    else if (!isPolicyKey(key)) problems.push({ key, value, allowed: `no such key${nearestTo(key)}` });
    else if (values[key] !== undefined) problems.push({ key, value, allowed: 'once only' });
    else values[key] = valueFrom(key, value);
  }
  return problems.length > 0 ? { kind: 'refused', problems } : { kind: 'read', values };
}

/** Text as the key's type; what cannot be read stays text and fails the schema. */
function valueFrom(key: PolicyKey, value: string): PolicyValue {
  const rule = ruleOf(key);
  if (rule.kind === 'toggle') return value === 'true' || value === 'on' ? true : value === 'false' || value === 'off' ? false : value;
  if (rule.kind === 'number' || rule.kind === 'integer') return /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  return value;
}

export function isPresetName(name: string): name is PresetName {
  return (PRESET_NAMES as readonly string[]).includes(name);
}

/** Keys that hold the name, are held by it, or are a few letters away; nearest first. */
export function nearestTo(key: string): string {
  const wanted = key.toLowerCase();
  const isAkin = (it: string): boolean => wanted.length >= 3 && (it.includes(wanted) || wanted.includes(it));
  const measured = POLICY_KEYS.map((key) => ({ key, edits: editsBetween(wanted, key.toLowerCase()) }));
  const near = measured.filter(({ key, edits }) => edits <= Math.ceil(key.length / 3) || isAkin(key.toLowerCase())).sort((a, b) => a.edits - b.edits).map(({ key }) => key).slice(0, 3);
  return near.length === 0 ? '; `keel policy show` lists them' : `; perhaps ${near.join(', ')}`;
}

/** Letters to put in, take out or exchange. @source Levenshtein 1966 */
function editsBetween(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_one, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) next.push(Math.min((next[j - 1] ?? 0) + 1, (row[j] ?? 0) + 1, (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)));
    row = next;
  }
  return row[b.length] ?? 0;
}
