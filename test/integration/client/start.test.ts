import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isUp, machine } from '../../support/machine.ts';
import { until } from '../../support/processes.ts';

describe('keel start', () => {
  it('brings everything up, restarts what dies, refuses a second one, survives its own death, and stops cleanly', { timeout: 420_000 }, async () => {
    const { keel, status } = await machine();
    expect(await keel('stop').ended).toMatchObject({ code: 3 });
    const first = keel('start', '--json');
    await until('it is up', () => isUp(first), 120_000);
    const before = await status();
    expect(before.state?.processes.map(({ name, state }) => [name, state])).toEqual(['postgres', 'engine', 'venue', 'worker-1', 'worker-2'].map((name) => [name, 'running']));
    expect(Object.keys(before.state?.urls ?? {})).toEqual(['Temporal UI', 'venue', 'venue control']);

    const second = await keel('start').ended;
    expect(second).toMatchObject({ code: 4, err: expect.stringContaining(`pid ${before.supervisorPid}`) as string });

    for (const { pid } of before.state?.processes ?? []) process.kill(pid ?? 0, 'SIGKILL');
    await until('all five are back', async () => (await status()).state?.processes.every(({ state, restarts }) => state === 'running' && restarts > 0) ?? false, 60_000);
    expect(first.lines().filter((line) => line['kind'] === 'died').length).toBeGreaterThanOrEqual(5);

    first.kill('SIGKILL');
    await first.ended;
    expect((await status()).leftovers.map(({ name }) => name).sort()).toEqual(['engine', 'postgres', 'venue', 'worker-1', 'worker-2']);
    const third = keel('start', '--json');
    await until('it is up again', () => isUp(third), 120_000);
    expect(third.lines().filter((line) => line['kind'] === 'leftover' && line['action'] === 'adopted').map((line) => line['name']).sort()).toEqual(['engine', 'postgres']);

    expect(await keel('stop').ended).toMatchObject({ code: 0 });
    expect(await third.ended).toMatchObject({ code: 0 });
    expect(await status()).toEqual(expect.objectContaining({ supervisorPid: null, leftovers: [] }));
  });

  it('names a taken port and leaves nothing running', { timeout: 60_000 }, async () => {
    const { env, keel, status } = await machine();
    env['KEEL_ENGIN_PORT'] = '1';
    const server = createServer().listen(Number(env['KEEL_VENUE_PORT']), '127.0.0.1');
    onTestFinished(() => void server.close());
    await until('the port is taken', () => server.listening);
    const failed = await keel('start').ended;
    expect(failed.code).toBe(5);
    expect(failed.err).toContain('KEEL_VENUE_PORT');
    expect(failed.err).toContain('[PORT_TAKEN]');
    expect(failed.err).not.toContain('    at ');
    expect(failed.out + failed.err).toContain('KEEL_ENGIN_PORT is no setting of Keel');
    expect(failed.out + failed.err).not.toContain('stopped'); // nothing had been started
    expect((await status()).leftovers).toEqual([]);
  });
});

describe('keel replay', () => {
  it('names a bad row once, by file, line and field, and leaves nothing running', { timeout: 60_000 }, async () => {
    const { keel, status, env } = await machine();
    const data = join(env['KEEL_HOME'] ?? '', 'candles');
    mkdirSync(data, { recursive: true });
    writeFileSync(join(data, 'BTC-USDT-PERP.1h.csv'), 'timestamp,open,high,low,close,volume\n1672531200000,1,2,0.5,x,3\n');
    const failed = await keel('replay', '--data', data).ended;
    expect(failed.code).toBe(2);
    expect(failed.err.split('BTC-USDT-PERP.1h.csv, line 2, field close: not a number: "x"').length).toBe(2);
    expect(failed.err).not.toContain('    at ');
    expect((await status()).leftovers).toEqual([]);
  });
});

describe('the command line', () => {
  it('answers help, wrong words and wrong settings with documented exit codes', async () => {
    const { keel, env } = await machine();
    const help = await keel('--help').ended;
    expect(help).toMatchObject({ code: 0, err: '' });
    for (const words of ['start', 'stop', 'status', 'doctor', 'Exit codes:']) expect(help.out).toContain(words);
    expect((await keel('start', '--help').ended).out).toContain('Examples:');
    expect(await keel('nonsense').ended).toMatchObject({ code: 2 });
    expect(await keel('start', '--mode', 'replay').ended).toMatchObject({ code: 2 });
    env['KEEL_WORKERS'] = '0';
    const wrong = await keel('status', '--json').ended;
    expect(wrong.code).toBe(2);
    expect(JSON.parse(wrong.out)).toMatchObject({ error: { code: 'SETTING_INVALID', message: expect.stringContaining('KEEL_WORKERS is "0"') as string } });
  });

  it('doctor finds this machine fit, and names what is not', { timeout: 30_000 }, async () => {
    const { keel, env } = await machine();
    const fit = await keel('doctor', '--json').ended;
    expect(JSON.parse(fit.out)).not.toContainEqual(expect.objectContaining({ state: 'fail' }));
    expect(fit.code).toBe(0);
    const server = createServer().listen(Number(env['KEEL_ENGINE_PORT']), '127.0.0.1');
    onTestFinished(() => void server.close());
    await until('the port is taken', () => server.listening);
    const unfit = await keel('doctor', '--json').ended;
    expect(unfit.code).toBe(1);
    expect(JSON.parse(unfit.out)).toContainEqual(expect.objectContaining({ name: 'enginePort', state: 'fail' }));
    expect((await keel('doctor', '--settings', '--json').ended).out).toContain('KEEL_PACE_MS');
  });
});
