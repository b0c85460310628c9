import { readFileSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadDeployment } from '../../../config/deployment.ts';
import { FIELDS } from '../../../config/fields.ts';
import { describeSettings, isSet, loadSettings, readSettings, settingsEnv, unknownVariables } from '../../../config/settings.ts';
import { KeelError } from '../../../domain/errors.ts';
import { testHome } from '../../support/processes.ts';

function failure(run: () => unknown): KeelError {
  try {
    run();
  } catch (error) {
    if (error instanceof KeelError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe('loadSettings', () => {
  it('needs nothing: a seeded market of eight symbols, hourly candles at one per five seconds', () => {
    const settings = loadSettings({});
    expect(settings).toMatchObject({ mode: 'sim', symbolCount: 8, timeframe: '1h', paceMs: 5000, historyCandles: 500, workers: 2, temporalNamespace: 'default' });
    expect(settings.home).toMatch(/\.keel$/);
    expect(settings.databaseUrl).toBeUndefined();
  });

  it.each([
    ['KEEL_ENGINE_PORT', '0', '1 to 65535'],
    ['KEEL_ENGINE_PORT', '65536', '1 to 65535'],
    ['KEEL_ENGINE_PORT', 'abc', '1 to 65535'],
    ['KEEL_MODE', 'real', 'sim, replay, paper, testnet, live'],
    ['KEEL_TIMEFRAME', '7m', '1m, 3m'],
    ['KEEL_SYMBOL_COUNT', '401', '1 to 400'],
    ['KEEL_SYMBOL_COUNT', '1.5', '1 to 400'],
    ['KEEL_PACE_MS', '3', '4 to 86400000'],
    ['KEEL_HISTORY_CANDLES', '-1', '0 to 100000'],
    ['KEEL_WORKERS', '17', '1 to 16'],
    ['KEEL_RETRAIN', 'hourly', 'daily, weekly, off'], ['KEEL_RETRAIN_AT', '24:00', '00:00 to 23:59'], ['KEEL_TIME_ZONE', 'Mars/Olympus', 'Europe/Berlin'],
    ['TEMPORAL_ADDRESS', 'http://host', 'host:port'],
    ['TEMPORAL_TLS', 'yes', 'true, false'],
    ['KEEL_LOG_LEVEL', 'loud', 'debug, info, warn, error'],
    ['KEEL_VENUE_URL', 'nowhere', 'a URL, http://… or https://…'],
    ['KEEL_VENUE_URL', 'javascript:alert(1)', 'http://'],
    ['KEEL_VENUE_CONTROL_URL', 'file:///etc', 'http://'],
    ['KEEL_UPSTREAM_URL', 'ftp://x', 'http://'],
    ['KEEL_TEMPORAL_UI_URL', 'javascript:alert(1)', 'http://'],
    ['TEMPORAL_ADDRESS', 'h:0', '1 to 65535'],
    ['TEMPORAL_ADDRESS', 'h:65536', '1 to 65535'],
    ['TEMPORAL_ADDRESS', 'h:999999', '1 to 65535'],
    ['TEMPORAL_NAMESPACE', ' ', 'a name'],
    ['KEEL_HOME', '~ada/keel', 'a folder'],
    ['KEEL_HOME', ' ', 'a folder'],
    ['KEEL_STRATEGIES', 'trend,./mine.ts', 'one name'],
  ])('names %s=%s and what is allowed', (env, value, allowed) => {
    const error = failure(() => loadSettings({ [env]: value }));
    expect(error.code).toBe('SETTING_INVALID');
    expect(error.message).toContain(`${env} is "${value}"`);
    expect(error.message).toContain(allowed);
  });

  it('names all that is wrong at once', () => {
    const error = failure(() => loadSettings({ KEEL_MODE: 'x', KEEL_SEED: 'fine', KEEL_WORKERS: '0' }));
    expect(error.message.split('\n')).toHaveLength(2);
  });

  it.each([['KEEL_ENGINE_PORT', '1', 'enginePort', 1], ['KEEL_ENGINE_PORT', '65535', 'enginePort', 65535], ['KEEL_WORKERS', '16', 'workers', 16], ['TEMPORAL_TLS', '0', 'temporalTls', false],
    ['KEEL_SYMBOLS', 'BTC, ETH,', 'symbols', ['BTC', 'ETH']], ['KEEL_MODE', '', 'mode', 'sim'], ['KEEL_SEED', '42', 'seed', '42'],
    ['KEEL_STRATEGIES', 'trend', 'strategies', 'trend'], ['KEEL_STRATEGIES', '', 'strategies', 'ensemble'],
    ['TEMPORAL_ADDRESS', 'h:65535', 'temporalAddress', 'h:65535'], ['TEMPORAL_ADDRESS', '[::1]:1', 'temporalAddress', '[::1]:1'],
    ['KEEL_HOME', '~/keel', 'home', join(homedir(), 'keel')], ['KEEL_HOME', '~', 'home', homedir()], ['KEEL_CACHE', '~/keel-cache', 'cache', join(homedir(), 'keel-cache')],
  ] as const)('reads %s=%s', (env, value, key, expected) => {
    expect(loadSettings({ [env]: value })[key]).toEqual(expected);
  });

  it('puts the environment over the file, and refuses unknown keys and secrets in the file', () => {
    expect(loadSettings({ KEEL_SEED: 'env' }, { seed: 'file', workers: 3 })).toMatchObject({ seed: 'env', workers: 3 });
    expect(failure(() => loadSettings({}, { sede: 1 } as object)).message).toContain('sede in keel.config.ts is no setting');
    expect(failure(() => loadSettings({}, { venueApiSecret: 'hush' })).message).not.toContain('hush');
    expect(failure(() => loadSettings({}, { workers: 99 })).message).toContain('workers in keel.config.ts is 99');
  });

  it('never shows a secret', () => {
    const env = { KEEL_VENUE_API_KEY: 'k-hush', KEEL_VENUE_API_SECRET: 's-hush', TEMPORAL_API_KEY: 't-hush', DATABASE_URL: 'postgres://u:p-hush@h/d', KEEL_ALERT_URL: 'https://h/hooks/hush' };
    expect(JSON.stringify(describeSettings(loadSettings(env)))).not.toContain('hush');
    expect(failure(() => loadSettings({ DATABASE_URL: 'mysql://u:p-hush@h' })).message).not.toContain('hush');
    const refused = failure(() => loadSettings({ KEEL_ALERT_URL: 'hush.example/hooks' })).message;
    expect(refused).toContain('a URL, http://… or https://…');
    expect(refused).not.toContain('hush');
  });

  it.each(['KEEL_VENUE_API_KEY', 'KEEL_VENUE_API_SECRET', 'TEMPORAL_API_KEY'])('refuses a %s with spaces, and does not show it', (env) => {
    for (const value of [' ', 'hush ', 'hu sh', 'hush\n']) {
      const error = failure(() => loadSettings({ [env]: value }));
      expect([error.code, error.message]).toEqual(['SETTING_INVALID', expect.stringMatching(`^${env} is .*without spaces`)]);
      expect(error.message).not.toContain('hu');
    }
  });

  it('gives children the same settings', () => {
    const settings = loadSettings({ KEEL_SYMBOLS: 'BTC,ETH', TEMPORAL_TLS: 'true', KEEL_HOME: '/tmp/h', KEEL_CACHE: '/tmp/c' }, { paceMs: 100 });
    expect(loadSettings(settingsEnv(settings))).toEqual(settings);
  });

  it('finds misspelt variables', () => {
    expect(unknownVariables({ KEEL_ENGIN_PORT: '1', KEEL_SEED: '1', KEEL_TEMPORAL_CLI: 'x', PATH: '/' })).toEqual(['KEEL_ENGIN_PORT']);
  });
});

describe('readSettings', () => {
  it('reads keel.config.ts of the folder', async () => {
    const folder = testHome();
    writeFileSync(join(folder, 'keel.config.ts'), 'export default { seed: 7, symbols: ["BTC"] satisfies string[] };');
    expect(await readSettings({}, folder)).toMatchObject({ seed: '7', symbols: ['BTC'] });
    const broken = testHome();
    writeFileSync(join(broken, 'keel.config.ts'), 'export const seed = 7;');
    await expect(readSettings({}, broken)).rejects.toMatchObject({ code: 'SETTING_INVALID' });
  });
});

describe('loadDeployment', () => {
  it('draws an id once and keeps it', () => {
    const settings = { home: testHome() };
    const first = loadDeployment(settings, 'sim');
    expect(first).toMatchObject({ mode: 'sim', databaseName: 'keel_sim', portfolioId: 'sim', taskQueuePrefix: 'sim' });
    expect(first.id).toMatch(/^[a-z2-7]{5}$/);
    expect(loadDeployment(settings, 'sim')).toEqual(first);
    expect(loadDeployment(settings, 'replay-2')).toMatchObject({ mode: 'replay', databaseName: 'keel_replay_2' });
  });

  it.each(['replay', 'replay-0', 'SIM', '../x', ''])('refuses the name "%s"', (name) => {
    expect(failure(() => loadDeployment({ home: tmpdir() }, name)).code).toBe('SETTING_INVALID');
  });

  it('refuses a home that is a file, and says what to set', () => {
    const home = join(testHome(), 'file');
    writeFileSync(home, '');
    const refused = failure(() => loadDeployment({ home }, 'sim'));
    expect([refused.code, refused.message]).toEqual(['SETTING_INVALID', expect.stringContaining('KEEL_HOME')]);
  });

  it('refuses a damaged file rather than drawing a new id', () => {
    const settings = { home: testHome() };
    writeFileSync(join(loadDeployment(settings, 'live').folder, 'deployment.json'), '{"id":"UPPER"}');
    expect(failure(() => loadDeployment(settings, 'live')).code).toBe('SETTING_INVALID');
  });
});

it('docs/getting-started.md lists every setting, and none that there is not', () => {
  const table = readFileSync(new URL('../../../docs/getting-started.md', import.meta.url), 'utf8').split('\n').filter((line) => line.startsWith('| `'));
  const listed = table.flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`([A-Z][A-Z_]+)`/g)].map((match) => match[1] ?? ''));
  expect(listed.sort()).toEqual(Object.values(FIELDS).map(({ env }) => env).sort());
});

it('a setting is set by environment or file, also to its default', async () => {
  const folder = testHome();
  expect(await isSet('mode', {}, folder)).toBe(false);
  expect(await isSet('mode', { KEEL_MODE: '' }, folder)).toBe(false);
  expect(await isSet('mode', { KEEL_MODE: 'sim' }, folder)).toBe(true);
  writeFileSync(join(folder, 'keel.config.ts'), "export default { mode: 'sim' };\n");
  expect(await isSet('mode', {}, folder)).toBe(true);
  expect(await isSet('seed', {}, folder)).toBe(false);
});
