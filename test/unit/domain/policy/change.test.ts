import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PolicyWish } from '../../../../domain/policy/change.ts';
import { changePolicy, policyChanges, readPairs } from '../../../../domain/policy/change.ts';
import type { Policy, PolicyKey, PolicyValue } from '../../../../domain/policy/policy.ts';
import { policyHeldBy } from '../../../../domain/policy/fallback.ts';
import { POLICY_KEYS, PRESET_NAMES, PRESETS, ruleOf } from '../../../../domain/policy/policy.ts';
import { PAIRS, problemOf, problemsOf, rangeOf, readPolicy, validPolicyOf } from '../../../../domain/policy/schema.ts';
import { valueOf } from './policy.fixture.ts';

const NORMAL = PRESETS.normal;
const parse = (stored: unknown): Policy => validPolicyOf(readPolicy(stored));
const setOn = (current: Policy, values: Partial<Record<PolicyKey, PolicyValue>>, seen: Policy = current) => changePolicy({ current, held: current, seen, wish: { kind: 'set', values } });

describe('the presets', () => {
  it.each(PRESET_NAMES)('%s keeps every rule', (name) => expect(problemsOf(PRESETS[name])).toEqual([]));

  // @source risk.md, "Policy": leverage / risk per trade / daily loss / positions / confidence / size factor / notional
  it.each([['small-aggressive', [7, 300, 600, 15, 0.45, 1.5, '300'], true], ['normal', [5, 150, 500, 30, 0.5, 1, '1000'], true], ['defensive', [3, 75, 300, 10, 0.6, 0.7, '500'], false]] as const)('%s', (name, numbers, retraining) => {
    const { leverageMax, riskPerTradeBps, dailyLossMaxBps, positionsMax, confidenceMin, sizeFactor, notionalMax, retraining: isOn } = PRESETS[name] as Policy;
    expect([leverageMax, riskPerTradeBps, dailyLossMaxBps, positionsMax, confidenceMin, sizeFactor, notionalMax]).toEqual(numbers);
    expect(isOn).toBe(retraining);
  });
});

describe('a change', () => {
  it('names each key with what was and what is, in the order of the rules', () => {
    expect(setOn(NORMAL, { positionsMax: 5, leverageMax: 3, sizeFactor: 1 })).toEqual({
      kind: 'changed', policy: { ...NORMAL, positionsMax: 5, leverageMax: 3 }, changes: [{ key: 'leverageMax', before: 5, after: 3 }, { key: 'positionsMax', before: 30, after: 5 }],
    });
  });

  it('to what holds already is none', () => expect(setOn(NORMAL, { leverageMax: 5 })).toEqual({ kind: 'unchanged' }));

  it('to a preset takes every key', () => {
    const mine = { ...NORMAL, cooldownS: 1 };
    expect(changePolicy({ current: mine, held: mine, seen: mine, wish: { kind: 'preset', name: 'defensive' } })).toMatchObject({ kind: 'changed', policy: PRESETS.defensive });
  });

  it('to a preset leaves the terms of the account, and asks for none of them', () => {
    const kept = { positionMode: 'hedge', marginMode: 'isolated', foreignPositions: 'exempt' } as const;
    const mine: Policy = { ...NORMAL, ...kept };
    const preset = (name: (typeof PRESET_NAMES)[number], held: Policy = mine, seen = held) => changePolicy({ current: held, held, seen, wish: { kind: 'preset', name } });
    expect(preset('defensive')).toMatchObject({ kind: 'changed', policy: { ...PRESETS.defensive, ...kept } });
    expect(preset('normal')).toEqual({ kind: 'unchanged' });
    expect(preset('defensive', mine, NORMAL)).toMatchObject({ kind: 'changed', policy: kept }); // somebody set them meanwhile
  });

  it('is all or nothing, and every problem is told', () => {
    expect(setOn(NORMAL, { leverageMax: 126, positionsMax: 5, sizeFactor: 4 })).toEqual({
      kind: 'refused', problems: [{ key: 'leverageMax', value: '126', allowed: '1 to 125 ×' }, { key: 'sizeFactor', value: '4', allowed: '0.05 to 3 ×' }],
    });
  });

  it.each([
    ['a pair turned round', { cautiousFromBps: 400 }, 'cautiousFromBps', 'below protectiveFromBps, which is 400'],
    ['a pair turned round from above', { emergencyFromBps: 300 }, 'emergencyFromBps', 'above protectiveFromBps, which is 400'],
    ['a trip below the daily loss', { tripDailyLossBps: 100 }, 'tripDailyLossBps', `at least dailyLossMaxBps, which is ${String(NORMAL.dailyLossMaxBps)}`],
    ['a pair of which both are set', { protectiveFromBps: 500, emergencyFromBps: 400 }, 'protectiveFromBps', 'below emergencyFromBps, which is 400'],
    ['a stop beyond its target', { stopAtr: 3 }, 'stopAtr', 'below targetAtr, which is 3'],
    ['a daily loss beyond the trip', { dailyLossMaxBps: 1_001 }, 'dailyLossMaxBps', 'up to tripDailyLossBps, which is 1000'],
    ['rungs that close more than there is', { tp1CloseShare: 0.8 }, 'tp1CloseShare', `up to ${1 - NORMAL.tp2CloseShare}, what tp2CloseShare (${NORMAL.tp2CloseShare}) leaves`],
    ['rungs of which the second closes too much', { tp2CloseShare: 0.9 }, 'tp2CloseShare', `up to ${1 - NORMAL.tp1CloseShare}, what tp1CloseShare (${NORMAL.tp1CloseShare}) leaves`],
  ] as const)('is refused for %s', (_name, values, key, allowed) => {
    expect(setOn(NORMAL, values)).toMatchObject({ kind: 'refused', problems: [{ key, allowed }] });
  });

  describe('while somebody else changed the policy', () => {
    const theirs: Policy = { ...NORMAL, leverageMax: 2 };
    it('of other keys is carried over', () => expect(setOn(theirs, { positionsMax: 5 }, NORMAL)).toMatchObject({ kind: 'changed', policy: { leverageMax: 2, positionsMax: 5 } }));
    it('of the same key to something else is a conflict', () => expect(setOn(theirs, { leverageMax: 3, positionsMax: 5 }, NORMAL)).toEqual({ kind: 'conflict', keys: ['leverageMax'] }));
    it('of the same key to the same is none', () => expect(setOn(theirs, { leverageMax: 2 }, NORMAL)).toEqual({ kind: 'unchanged' }));
    it('to a preset is a conflict', () => expect(changePolicy({ current: theirs, held: theirs, seen: NORMAL, wish: { kind: 'preset', name: 'normal' } })).toEqual({ kind: 'conflict', keys: ['leverageMax'] }));
  });
});

describe('a change of a version that is not valid', () => {
  const spoilt = readPolicy({ ...NORMAL, leverageMax: 500, confidenceMin: 'high' }).policy;
  const change = (wish: PolicyWish) => changePolicy({ current: spoilt, held: policyHeldBy(spoilt).policy, seen: spoilt, wish });

  it('is refused for what it leaves as it is', () => {
    expect(change({ kind: 'set', values: { leverageMax: 4 } })).toEqual({ kind: 'refused', problems: [{ key: 'confidenceMin', value: 'high', allowed: '0 to 1 0-1' }] });
  });

  it('is made when it mends all', () => {
    expect(change({ kind: 'set', values: { leverageMax: 4, confidenceMin: 0.6 } })).toEqual({
      kind: 'changed', policy: { ...NORMAL, leverageMax: 4, confidenceMin: 0.6 }, changes: [{ key: 'leverageMax', before: 500, after: 4 }, { key: 'confidenceMin', before: 'high', after: 0.6 }],
    });
  });

  it('to a preset is always made, whatever is stored', () => {
    expect(change({ kind: 'preset', name: 'normal' })).toMatchObject({ kind: 'changed', policy: NORMAL });
    const none = readPolicy([1, 2]).policy;
    expect(changePolicy({ current: none, held: policyHeldBy(none).policy, seen: none, wish: { kind: 'preset', name: 'defensive' } })).toMatchObject({ kind: 'changed', policy: PRESETS.defensive });
    expect(changePolicy({ current: none, held: policyHeldBy(none).policy, seen: none, wish: { kind: 'set', values: { leverageMax: 3 } } })).toMatchObject({ kind: 'refused' });
  });
});

describe('key=value as text', () => {
  it('is read as its key\'s type', () => {
    expect(readPairs(['leverageMax=3', 'notionalMax = 250.5', 'allowNewTrades=off', 'retraining=true', 'entryStyle=limit', 'sizeFactor=0.5'])).toEqual({
      kind: 'read', values: { leverageMax: 3, notionalMax: '250.5', allowNewTrades: false, retraining: true, entryStyle: 'limit', sizeFactor: 0.5 },
    });
  });

  it.each([
    ['leverageMx=3', 'leverageMx', '3', 'no such key; perhaps leverageMax'],
    ['confidenzMin=1', 'confidenzMin', '1', 'no such key; perhaps confidenceMin'],
    ['stopAt=1', 'stopAt', '1', 'no such key; perhaps stopAtr'],
    ['POSITIONSMAX=1', 'POSITIONSMAX', '1', 'no such key; perhaps positionsMax'],
    ['qwzx=1', 'qwzx', '1', 'no such key; `keel policy show` lists them'],
    ['leverageMax', 'leverageMax', 'nothing', 'written as <key>=<value>'],
  ])('%s', (pair, key, value, allowed) => {
    const read = readPairs([pair]);
    expect(read.kind === 'refused' && read.problems).toMatchObject([{ key, value }]);
    expect(read.kind === 'refused' && read.problems[0]?.allowed.startsWith(allowed)).toBe(true);
  });

  it('twice the same key is refused', () => expect(readPairs(['leverageMax=3', 'leverageMax=4'])).toEqual({ kind: 'refused', problems: [{ key: 'leverageMax', value: '4', allowed: 'once only' }] }));

  it.each([['leverageMax=much', 'much'], ['leverageMax=', ''], ['allowNewTrades=maybe', 'maybe'], ['notionalMax=1e9', '1e9'], ['notionalMax=-1', '-1'], ['entryStyle=stop', 'stop'], ['positionsMax=1.5', '1.5']])('%s is refused by its range', (pair, value) => {
    const read = readPairs([pair]);
    if (read.kind === 'refused') throw new Error('unreadable');
    expect(setOn(NORMAL, read.values)).toMatchObject({ kind: 'refused', problems: [{ key: pair.split('=')[0], value }] });
  });
});

it.each(POLICY_KEYS)('%s: its bounds are allowed, what lies beyond is not, and its range is told', (key) => {
  const rule = ruleOf(key);
  expect(rule.help).not.toBe('');
  expect(rangeOf(key)).not.toBe('');
  const outside: unknown[] = [null, undefined, {}, Number.NaN];
  if (rule.kind === 'number' || rule.kind === 'integer') {
    for (const value of [rule.min, rule.max, rule.value]) expect(problemOf(key, value)).toBeNull();
    outside.push(rule.min - 1e-6, rule.max + 1e-6, Infinity, '1');
  } else if (rule.kind === 'decimal') {
    for (const value of [rule.min, rule.max, rule.value]) expect(problemOf(key, value)).toBeNull();
    outside.push(1, '-1', `${rule.max}1`, '1e3', '');
  } else outside.push('', 'something', 1);
  for (const value of outside) expect(problemOf(key, value)).toMatchObject({ key, allowed: rangeOf(key) });
});

it('a policy that was stored before a key came into being takes it from `normal`; one that is out of bounds is an error', () => {
  expect(parse({ leverageMax: 2, gone: 1 })).toEqual({ ...NORMAL, leverageMax: 2 });
  expect(parse({ spikeFactor: 0.3 })).toEqual({ ...NORMAL, spikeFactor: 0.3, highVolatilityFactor: 0.3 }); // one number stood for both
  expect(parse({ spikeFactor: 0.3, highVolatilityFactor: 0.6 })).toEqual({ ...NORMAL, spikeFactor: 0.3, highVolatilityFactor: 0.6 });
  expect(() => parse({ leverageMax: 0 })).toThrow(expect.objectContaining({ code: 'POLICY_INVALID', message: 'leverageMax = 0 is refused: 1 to 125 ×' }) as Error);
  expect(() => parse('normal')).toThrow(expect.objectContaining({ code: 'POLICY_INVALID' }) as Error);
});

it('whatever is asked for: a changed policy keeps every rule, and its changes make it of the old one', () => {
  const keys = [...new Set(PAIRS.flatMap(({ low, high }) => [low, high])), 'positionsMax', 'tp1CloseShare', 'tp2CloseShare', 'allowNewTrades'] as PolicyKey[];
  const wishes = fc.subarray(keys, { maxLength: 4 }).chain((chosen) => fc.record(Object.fromEntries(chosen.map((key) => [key, valueOf(key)])) as Record<string, fc.Arbitrary<PolicyValue>>));
  fc.assert(fc.property(fc.constantFrom(...PRESET_NAMES), wishes, (name, values) => {
    const before: Policy = PRESETS[name];
    const changed = setOn(before, values);
    if (changed.kind !== 'changed') return;
    expect(problemsOf(changed.policy)).toEqual([]);
    expect(policyChanges(before, changed.policy)).toEqual(changed.changes);
    expect({ ...before, ...Object.fromEntries(changed.changes.map((it) => [it.key, it.after])) }).toEqual(changed.policy);
  }));
});
