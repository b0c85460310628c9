import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { SCENARIOS } from '../../../../client/scenarios/index.ts';
import { performed } from '../../../../client/scenarios/run.ts';
import { testHome } from '../../../support/processes.ts';

it('a scenario that cannot even be planned has failed, and keeps no other from being played', async () => {
  const home = join(testHome(), 'file');
  writeFileSync(home, '');
  vi.stubEnv('KEEL_HOME', home);
  onTestFinished(() => void vi.unstubAllEnvs());
  const [scenario = expect.fail('there are scenarios')] = SCENARIOS;
  const checks = await performed(scenario, { flags: {}, say: () => {}, signal: new AbortController().signal });
  expect(checks).toEqual([{ what: 'played to its end', expected: 'yes', seen: expect.stringContaining('ENOTDIR') as string, ok: false }]);
});
