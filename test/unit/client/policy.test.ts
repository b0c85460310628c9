import { expect, it } from 'vitest';
import { policyKeys, withKeys } from '../../../client/policy.ts';
import { POLICY_KEYS, PRESETS } from '../../../domain/policy/policy.ts';

it.each([
  [['leverageMx'], 'there is no policy key "leverageMx"; perhaps leverageMax'],
  [['leverageMax=3'], 'there is no policy key "leverageMax=3"; perhaps leverageMax; `keel policy set leverageMax=3` would change one'],
  [['qwzx', 'leverageMax'], 'there is no policy key "qwzx"; `keel policy show` lists them'],
  [['qwzx', 'zzzz'], 'there is no policy key "qwzx"; `keel policy show` lists them\nthere is no policy key "zzzz"; `keel policy show` lists them'],
])('refuses %j', (names, message) => {
  expect(() => policyKeys(names)).toThrow(expect.objectContaining({ code: 'POLICY_INVALID', message }));
});

it('shows the keys that were asked for, or all', () => {
  expect(policyKeys([])).toEqual(POLICY_KEYS);
  const overlaid = [{ key: 'leverageMax', value: 3, owner: 'guard' }, { key: 'positionsMax', value: 2, owner: 'posture' }] as const;
  const shown = { deployment: 'sim', version: 1, kind: 'initial', preset: 'normal', by: 'keel', because: 'first', at: 0, changes: [], policy: PRESETS.normal, overlaid } as const;
  expect(withKeys(shown, policyKeys(['leverageMax', 'notionalMax']))).toEqual({ ...shown, policy: { leverageMax: PRESETS.normal.leverageMax, notionalMax: PRESETS.normal.notionalMax }, overlaid: [overlaid[0]] });
});
