/** Every command as a user types it, against a running Keel and against what may be wrong. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeStarted } from '../../../stack/supervisor/run-files.ts';
import type { Ended, Machine } from '../../support/machine.ts';
import { machine, untilUp } from '../../support/machine.ts';
import { testHome, until } from '../../support/processes.ts';

const NARROW = 80;

function widest(text: string): number {
  return Math.max(...text.split('\n').map((line) => line.length));
}

it('every command answers a person in 80 columns and a script in JSON while Keel runs', { timeout: 420_000 }, async () => {
  const { keel, json, env } = await machine({ KEEL_PACE_MS: '500', KEEL_WORKERS: '1', KEEL_SYMBOL_COUNT: '3', COLUMNS: String(NARROW) });
  const started = keel('start', '--json');
  await untilUp(started, 90_000);
  await until('it traded', async () => ((await json('trades')) as unknown[]).length > 0, 150_000);
  expect(await json('venue', 'clock', '--pause')).toMatchObject({ mode: 'paused' }); // what follows asks, and is quicker without cycles beside it

  const [order] = (await json('orders', '--limit', '1')) as { order: string }[];
  const [cycle] = (await json('cycles', '--limit', '1')) as { cycle: string }[];
  const [trade] = (await json('trades', '--limit', '1')) as { position: string }[];
  for (const id of [order?.order ?? '', cycle?.cycle ?? '', trade?.position ?? '']) {
    expect(await json('explain', id)).toMatchObject({ recomputed: [], cycleId: expect.stringContaining('cycle/sim/') as string });
    expect(await keel('explain', id).ended).toMatchObject({ code: 0, out: expect.stringContaining('recomputed: the same') as string });
  }
  const told = ['--by', 'ada', '--because', 'a test'];
  expect(await json('policy', 'set', 'positionsMax=7', 'notionalMax=500', ...told)).toMatchObject({ kind: 'changed', version: { version: 2, by: 'ada', because: 'a test', changes: [{ key: 'positionsMax', before: 30, after: 7 }, { key: 'notionalMax', before: '1000', after: '500' }] } });
  expect(await keel('policy', 'set', 'positionMax=1', 'leverageMax=200', ...told).ended).toMatchObject({ code: 2, err: expect.stringContaining('positionMax = 1 is refused: no such key; perhaps positionsMax') as string });
  expect(await keel('policy', 'set', 'leverageMax=200', ...told).ended).toMatchObject({ code: 2, err: expect.stringContaining('leverageMax = 200 is refused: 1 to 125 ×') as string });
  expect(await json('policy', 'preset', 'normal', ...told)).toMatchObject({ version: { version: 3, preset: 'normal' } });
  expect(await json('policy', 'show', '--version', '2')).toMatchObject({ version: 2, policy: { positionsMax: 7 } });
  expect(await json('policy', 'diff', 'normal', '2')).toMatchObject({ changes: [{ key: 'positionsMax', before: 30, after: 7 }, { key: 'notionalMax' }] });
  for (const args of [['policy'], ['policy', 'show', 'leverageMax'], ['policy', 'history'], ['policy', 'diff'], ['status'], ['positions'], ['orders'], ['trades'], ['cycles'], ['predict', '--symbol', 'BTC', '--request', 'once'], ['predictions'], ['performance'], ['performance', '--by', 'confidence'], ['evaluate'], ['events'], ['alerts'], ['alerts', '--again'], ['schedules'], ['health'], ['doctor'], ['venue'], ['venue', 'faults']]) {
    const [{ code, out, err }, parsed] = await Promise.all([keel(...args).ended, json(...args)]);
    expect(code, `${args.join(' ')}: ${err}`).toBe(0);
    // Addresses and folders are words that stay whole.
    expect(widest(out.replaceAll(/\S{70,}/g, '')), args.join(' ')).toBeLessThanOrEqual(NARROW);
    expect(parsed).toBeTypeOf('object');
  }
  expect(await keel('predict', '--symbol', 'NONE').ended).toMatchObject({ code: 2, err: expect.stringMatching(/NONE: not traded by sim; allowed: [^]*BTC/) as string });
  expect(await json('venue', 'shock', 'BTC', '-1')).toMatchObject({ symbol: 'BTCUSDT' });
  expect(await json('venue', 'income', 'TRANSFER', '-1.5')).toBeTypeOf('object');
  expect(await json('venue', 'fault', 'answerDelayed', 'delayMs=10')).toMatchObject({ kind: 'answerDelayed' });
  expect(await keel('venue', 'clock', '--advance', '1', '--pause').ended).toMatchObject({ code: 2, err: expect.stringContaining('--advance stands alone') as string });
  expect(await json('venue', 'clock', '--lockstep')).toMatchObject({ mode: 'lockstep' });
  await until('the account is answered for', async () => {
    const { acknowledgedId, lastEventId } = await json('venue') as { acknowledgedId: number; lastEventId: number };
    return acknowledgedId >= lastEventId;
  }, 30_000);
  expect(await json('venue', 'clock', '--advance', '1')).toMatchObject({ stoppedAt: expect.stringMatching(/^(candleClose|accountEvent)$/) as string });
  expect(await json('venue', 'clock', '--pause')).toMatchObject({ mode: 'paused' });
  for (const change of ['pause', 'resume', 'trigger']) expect(await json('schedules', change, 'reconciliation/sim')).toMatchObject({ id: 'reconciliation/sim' });
  expect(await json('verify')).toMatchObject({ deployment: 'sim', violations: [] });

  const worker = keel('worker', '--roles', 'venue');
  await until('one more worker is ready', () => worker.lines().some((line) => line['ready'] === true), 60_000);
  worker.kill('SIGINT');
  expect(await worker.ended).toMatchObject({ code: 0 });

  const elsewhere = createServer((_request, response) => void response.end('<html>')).listen(0, '127.0.0.1');
  onTestFinished(() => void elsewhere.close());
  await until('it listens', () => elsewhere.listening);
  env['KEEL_VENUE_CONTROL_URL'] = `http://127.0.0.1:${(elsewhere.address() as { port: number }).port}`;
  expect(await keel('venue').ended).toMatchObject({ code: 5, err: expect.stringContaining('something else') as string });
  expect(await json('stop')).toMatchObject({ killed: false });
  expect(await started.ended).toMatchObject({ code: 0 });
});

describe('what is wrong is told with a code, what to do, and no stack', () => {
  const DEAD = '127.0.0.1:9';

  /** A home that has a deployment, and nothing that runs. */
  async function stopped(more: Readonly<Record<string, string>>): Promise<Machine> {
    const it = await machine(more);
    mkdirSync(join(it.home, 'sim'));
    writeFileSync(join(it.home, 'sim', 'deployment.json'), '{"id":"abcde"}\n');
    return it;
  }

  it.each<[string, readonly string[], Readonly<Record<string, string>>, number, string]>([
    ['a flag that is none', ['orders', '--nonsense'], {}, 2, 'USAGE'],
    ['no argument', ['explain'], {}, 2, 'USAGE'],
    ['a limit that is no number', ['orders', '--limit', 'x'], {}, 2, 'USAGE'],
    ['a limit beyond all numbers', ['events', '--limit', '99999999999999999999'], {}, 2, 'USAGE'],
    ['nobody who changes the policy', ['policy', 'set', 'leverageMax=3', '--by', '', '--because', 'x'], {}, 2, 'USAGE'],
    ['no reason for a preset', ['policy', 'preset', 'normal', '--by', 'ada', '--because', ' '], {}, 2, 'USAGE'],
    ['a key of the policy that is none', ['policy', 'show', 'nonsense'], {}, 2, 'POLICY_INVALID'],
    ['two strategies', ['start'], { KEEL_STRATEGIES: 'ensemble,trend' }, 2, 'SETTING_INVALID'],
    ['a setting of a wrong value', ['status'], { KEEL_VENUE_PORT: 'abc' }, 2, 'SETTING_INVALID'],
    ['a role that is none', ['worker', '--roles', 'nope'], {}, 2, 'USAGE'],
    ['a day that is none', ['replay', '--data', '.', '--from', '2023-13-01'], {}, 2, 'USAGE'],
    ['a folder of candles that is not there', ['replay', '--data', '/nonexistent'], {}, 2, 'CANDLES_INVALID'],
    ['a worker of a deployment that was never made', ['worker', '--deployment', 'live'], { KEEL_SYMBOLS: 'BTC' }, 7, 'NOT_FOUND'],
    ['a worker without an engine', ['worker'], { TEMPORAL_ADDRESS: DEAD, DATABASE_URL: `postgres://a:b@${DEAD}/` }, 5, 'ENGINE_UNREACHABLE'],
    ['a deployment that is not there', ['orders', '--deployment', 'replay-99'], {}, 7, 'NOT_FOUND'],
    ['nothing runs', ['stop'], {}, 3, 'NOT_RUNNING'],
    ['no simulated venue', ['venue'], {}, 5, 'VENUE_UNREACHABLE'],
    ['no engine', ['schedules'], { TEMPORAL_ADDRESS: DEAD }, 5, 'ENGINE_UNREACHABLE'],
    ['no engine for a start', ['start'], { TEMPORAL_ADDRESS: DEAD }, 5, 'ENGINE_UNREACHABLE'],
    ['no database', ['orders'], { DATABASE_URL: `postgres://a:b@${DEAD}/` }, 5, 'DATABASE_UNREACHABLE'],
    ['no database for a start', ['start'], { DATABASE_URL: `postgres://a:b@${DEAD}/` }, 5, 'DATABASE_UNREACHABLE'],
    ['a strategy that is not there', ['start'], { KEEL_STRATEGIES: './nosuch.ts' }, 2, 'STRATEGY_INVALID'],
    ['arming without keys', ['arm', '--by', 'ada'], {}, 6, 'LIVE_REFUSED'],
  ])('%s', { timeout: 60_000 }, async (_name, args, env, code, name) => {
    const { keel } = await stopped(env);
    const ended = await keel(...args, '--json').ended;
    isTold(ended, code);
    const told = ended.out.split('\n').filter((line) => line.includes('"error"')).map((line) => JSON.parse(line) as unknown);
    expect(told).toEqual([{ error: { code: name, message: expect.any(String) as string } }]);
  });

  it.each([['sim', {}], ['live', { KEEL_MODE: 'live' }]])('a trip of %s, not of the replay that came last', { timeout: 60_000 }, async (name, mode) => {
    const { keel, home } = await stopped({ ...mode, DATABASE_URL: `postgres://a:b@${DEAD}/`, TEMPORAL_ADDRESS: DEAD });
    for (const other of ['live', 'replay-1']) {
      mkdirSync(join(home, other));
      writeFileSync(join(home, other, 'deployment.json'), '{"id":"abcde"}\n');
    }
    if (name === 'sim') writeStarted(home, 'sim');
    expect(await keel('trip', 'a test').ended).toMatchObject({ code: 1, out: expect.stringMatching(new RegExp(`^stops +${name}\n`)) as string });
  });

  it('a live worker without keys', { timeout: 30_000 }, async () => {
    const { keel, home } = await stopped({ KEEL_SYMBOLS: 'BTC', DATABASE_URL: `postgres://a:b@${DEAD}/` });
    mkdirSync(join(home, 'live'));
    writeFileSync(join(home, 'live', 'deployment.json'), '{"id":"abcde"}\n');
    const ended = await keel('worker', '--deployment', 'live').ended;
    isTold(ended, 6);
    expect(ended.err).toContain('[LIVE_REFUSED]');
  });

  it('a home that is no folder', { timeout: 30_000 }, async () => {
    const file = join(testHome(), 'file');
    writeFileSync(file, '');
    const { keel } = await machine({ KEEL_HOME: file });
    for (const command of ['orders', 'start', 'stop']) isTold(await keel(command).ended, 2);
  });

  function isTold({ code, out, err }: Ended, expected: number): void {
    expect(code, `${out}${err}`).toBe(expected);
    expect(`${out}${err}`).not.toMatch(/^\s+at /m);
    expect(err.trim()).not.toBe('');
  }
});
