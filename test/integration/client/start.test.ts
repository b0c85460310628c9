import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ROOT } from '../../../config/settings.ts';
import type { HealthReport } from '../../../client/health.ts';
import type { ReplayReport } from '../../../client/replay/replay.ts';
import type { Ended } from '../../support/machine.ts';
import { machine, untilUp } from '../../support/machine.ts';
import { writePlantedMarket } from '../../support/planted-market.ts';
import { until } from '../../support/processes.ts';

describe('keel start', () => {
  it('brings everything up, restarts what dies, refuses a second one, survives its own death, and stops cleanly', { timeout: 420_000 }, async () => {
    const { keel, status } = await machine();
    expect(await keel('stop').ended).toMatchObject({ code: 3 });
    const first = keel('start', '--json');
    await untilUp(first);
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
    expect(await keel('verify', '--json').ended).toMatchObject({ code: 0 });
    expect(await keel('guard').ended).toMatchObject({ code: 0 });
    expect((await status()).leftovers).toHaveLength(5); // nothing was taken from living workers
    const third = keel('start', '--json');
    await untilUp(third);
    expect(third.lines().filter((line) => line['kind'] === 'leftover' && line['action'] === 'adopted').map((line) => line['name']).sort()).toEqual(['engine', 'postgres']);

    expect(await keel('stop').ended).toMatchObject({ code: 0 });
    expect(await third.ended).toMatchObject({ code: 0 });
    expect(await status()).toEqual(expect.objectContaining({ supervisorPid: null, leftovers: [] }));
  });

  it('says after a stop in good order that it was one, or that something is open and nobody watches it', { timeout: 300_000 }, async () => {
    const { keel } = await machine();
    const running = keel('start', '--json');
    await untilUp(running);
    const report = async (): Promise<HealthReport> => JSON.parse((await keel('health', '--json').ended).out) as HealthReport;
    await until('somebody looked', async () => (await report()).parts.length > 0, 120_000);
    running.kill('SIGINT');
    expect(await running.ended).toMatchObject({ code: 0 });

    const { parts, isStopped, isStale } = await report();
    const positions = JSON.parse((await keel('positions', '--json').ended).out) as readonly { state: string }[];
    const isOpen = positions.some((it) => it.state !== 'closed');
    const trading = parts.find((it) => it.part === 'workers.trading');
    expect([trading?.state, isStopped, isStale, trading?.action === null]).toEqual([isOpen ? 'degraded' : 'stopped', !isOpen, false, !isOpen]);
    expect(parts.find((it) => it.part === 'workers.models')).toMatchObject({ state: 'stopped', action: null });
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

  it('goes on where it was after everything was killed, and comes to the same result', { timeout: 300_000 }, async () => {
    const { home, keel, json, status } = await machine();
    const data = join(home, 'candles');
    writePlantedMarket({ folder: data, symbols: ['BTC', 'ETH'], timeframe: '1h', candles: 420, seed: 'resumed', strengthAt: () => 1 });
    const asked = ['replay', '--data', data, '--seed', '7', '--preset', 'small-aggressive'];
    const whole = (await json(...asked)) as ReplayReport;
    expect(whole).toMatchObject({ deployment: 'replay-1', cycles: 120, violations: 0 });
    expect(whole.fills).toBeGreaterThan(0);

    const killed = keel(...asked, '--json');
    const early = killed.ended.then(({ out, err }) => { throw new Error(`it ended before anybody saw its middle: ${out}${err}`); });
    await Promise.race([early, until('it is in the middle', async () => cyclesIn(await keel('cycles', '--deployment', 'replay-2', '--json').ended) >= 15, 120_000)]);
    early.catch(() => undefined);
    expect(await keel('replay', '--resume', 'replay-2').ended).toMatchObject({ code: 4, err: expect.stringContaining('replay-2 runs already') as string });
    killed.kill('SIGKILL');
    expect((await killed.ended).out).toBe('');
    for (const { pid } of (await status()).leftovers) process.kill(pid, 'SIGKILL');

    expect(await keel('replay', '--resume', 'replay-1').ended).toMatchObject({ code: 2, err: expect.stringContaining('there are: replay-2') as string });
    expect(await keel('replay', '--resume', 'replay-2', '--seed', '8').ended).toMatchObject({ code: 2 });
    const resumed = (await json('replay', '--resume', 'replay-2')) as ReplayReport;
    expect(resultOf(resumed)).toEqual(resultOf(whole));
    expect(await keel('replay', '--resume', 'replay-2').ended).toMatchObject({ code: 2, err: expect.stringContaining('there are: none') as string });
    expect((await status()).leftovers).toEqual([]);
  });
});

const cyclesIn = ({ code, out }: Ended): number => (code === 0 ? (JSON.parse(out) as unknown[]).length : 0);

/** All but names and wall time. */
function resultOf(report: ReplayReport) {
  const { deployment, portfolioId, venueUrl, seconds, cyclesPerSecond, unprotectedSecondsMax, ...result } = report;
  expect({ deployment, portfolioId, venueUrl }).toEqual({ deployment: portfolioId, portfolioId: deployment, venueUrl: expect.stringContaining('http') as string });
  expect(Math.min(seconds, cyclesPerSecond, unprotectedSecondsMax)).toBeGreaterThanOrEqual(0);
  return result;
}

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

  it('says nothing of a reader that leaves', async () => {
    const { env } = await machine();
    const { stderr, stdout } = await promisify(execFile)('bash', ['-c', `"${process.execPath}" bin/keel.mjs doctor --settings | true; echo "\${PIPESTATUS[0]}"`], { env: { ...env }, cwd: ROOT });
    expect({ stderr, stdout }).toEqual({ stderr: '', stdout: '0\n' });
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
