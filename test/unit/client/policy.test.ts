import { expect, it } from 'vitest';
import { policyKeys, problemRows, withKeys } from '../../../client/policy.ts';
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
  const shown = { deployment: 'sim', version: 1, kind: 'initial', preset: 'normal', by: 'keel', because: 'first', at: 0, changes: [], policy: PRESETS.normal, problems: [], overlaid } as const;
  expect(withKeys(shown, policyKeys(['leverageMax', 'notionalMax']))).toEqual({ ...shown, policy: { leverageMax: PRESETS.normal.leverageMax, notionalMax: PRESETS.normal.notionalMax }, overlaid: [overlaid[0]] });
});

it('says what is not valid in a version, a row for each key', () => {
  expect(problemRows({ version: 3, problems: [] })).toEqual([]);
  const problems = [{ key: 'leverageMax', value: '500', allowed: '1 to 125 ×' }, { key: 'sizeFactor', value: '9', allowed: '0.05 to 3 ×' }];
  expect(problemRows({ version: 3, problems })).toEqual([['version 3 is not valid', 'leverageMax = 500 is refused: 1 to 125 ×'], ['', 'sizeFactor = 9 is refused: 0.05 to 3 ×']]);
});
