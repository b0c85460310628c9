import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { processIdentity } from '../../../bin/process-identity.mjs';
import { LOG_BYTES_MAX, logTail, rotateLog } from '../../../stack/supervisor/log-file.ts';
import { assertPortFree, freePort } from '../../../stack/supervisor/ports.ts';
import { findLeftovers, lockFileOf, logFileOf, stopProcess } from '../../../stack/supervisor/run-files.ts';
import { homeStatus, startSupervisor, stopRunning } from '../../../stack/supervisor/supervisor.ts';
import type { Supervisor } from '../../../stack/supervisor/supervisor.ts';
import type { ProcessSpec, Spec, SupervisorEvent } from '../../../stack/supervisor/types.ts';
import { testHome, until } from '../../support/processes.ts';

/** Says its name and pid when up, and its name when it is asked to stop. */
const PROGRAM = `
  const { appendFileSync } = require('node:fs');
  const [, name, diary, deaf] = process.argv;
  const say = (word) => appendFileSync(diary, name + word + '\\n');
  process.on('SIGTERM', () => { say('-'); if (!deaf) process.exit(0); });
  setInterval(() => {}, 1000);
  say('+');
  console.log(name, 'up', process.pid);
`;

interface Options extends Partial<ProcessSpec> {
  readonly deaf?: boolean;
}

function specOf(home: string, name: string, { deaf, ...rest }: Options = {}): ProcessSpec {
  return {
    kind: 'process', name, needs: [], command: process.execPath, args: ['-e', PROGRAM, name, join(home, 'diary'), ...(deaf === true ? ['deaf'] : [])],
    ready: (pid) => Promise.resolve(logTail(logFileOf(home, name)).includes(`up ${pid}`)),
    readyTimeoutMs: 10_000, stopSignal: 'SIGTERM', stopTimeoutMs: 5_000, leftover: 'adopt', ...rest,
  };
}

async function started(home: string, specs: readonly Spec[], events: SupervisorEvent[] = []): Promise<Supervisor> {
  const supervisor = await startSupervisor({ home, deployment: 'test', urls: { ui: 'http://ui' }, specs, onEvent: (event) => events.push(event) });
  onTestFinished(() => supervisor.stop());
  return supervisor;
}

function diary(home: string): string {
  return readFileSync(join(home, 'diary'), 'utf8').trim().split('\n').join(' ');
}

function pidOf(supervisor: Supervisor, name: string): number {
  const pid = supervisor.state().processes.find((view) => view.name === name)?.pid;
  if (pid === undefined || pid === null) throw new Error(`${name} does not run`);
  return pid;
}

/** A supervisor in a process of its own, so that it can be killed. */
function spawnSupervisor(home: string): ChildProcess {
  const stack = new URL('../../../stack/supervisor/', import.meta.url).href;
  const code = `
    import { startSupervisor } from '${stack}supervisor.ts';
    import { logTail } from '${stack}log-file.ts';
    import { logFileOf } from '${stack}run-files.ts';
    const home = ${JSON.stringify(home)};
    const spec = (name, needs, leftover) => ({ kind: 'process', name, needs, command: process.execPath, args: ['-e', ${JSON.stringify(PROGRAM)}, name, home + '/diary'],
      ready: async (pid) => logTail(logFileOf(home, name)).includes('up ' + pid), readyTimeoutMs: 10000, stopSignal: 'SIGTERM', stopTimeoutMs: 5000, leftover });
    await startSupervisor({ home, deployment: 'test', urls: { ui: 'http://ui' }, onEvent: () => {}, specs: [spec('base', [], 'adopt'), spec('top', ['base'], 'stop')] }, (supervisor) => {
      process.on('SIGTERM', () => void supervisor.stop().then(() => process.exit(0)));
    });
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'ignore', 'inherit'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

const bothUp = (home: string) => () => homeStatus(home).state?.processes.filter((view) => view.state === 'running').length === 2;

describe('a supervisor', () => {
  it('starts in the order of needs, with steps between, and stops in reverse', async () => {
    const home = testHome();
    const events: SupervisorEvent[] = [];
    const step: Spec = { kind: 'step', name: 'migrate', needs: ['base'], run: () => Promise.resolve(writeFileSync(join(home, 'diary'), `${diary(home)}\nmigrate\n`)) };
    const supervisor = await started(home, [specOf(home, 'top', { needs: ['migrate'] }), step, specOf(home, 'base')], events);
    expect(supervisor.state().processes.map(({ name, state, restarts }) => [name, state, restarts])).toEqual([['base', 'running', 0], ['top', 'running', 0]]);
    await supervisor.stop();
    expect(diary(home)).toBe('base+ migrate top+ top- base-');
    expect(events.some((event) => event.kind === 'step' && event.state === 'done')).toBe(true);
    expect(findLeftovers(home)).toEqual([]);
    expect(homeStatus(home).supervisorPid).toBeNull();
  });

  it('starts what died again, tells it, and counts', async () => {
    const home = testHome();
    const events: SupervisorEvent[] = [];
    const supervisor = await started(home, [specOf(home, 'a')], events);
    for (const round of [1, 2]) {
      process.kill(pidOf(supervisor, 'a'), 'SIGKILL');
      await until(`restart ${round}`, () => supervisor.state().processes.some((view) => view.restarts === round && view.state === 'running'));
    }
    expect(supervisor.state().processes[0]).toMatchObject({ restarts: 2, lastExit: 'signal SIGKILL' });
    expect(events.filter((event) => event.kind === 'died').map((event) => event.restartInMs)).toEqual([200, 400]);
  });

  it('kills what does not stop in time', async () => {
    const home = testHome();
    const events: SupervisorEvent[] = [];
    const supervisor = await started(home, [specOf(home, 'a', { deaf: true, stopTimeoutMs: 100 })], events);
    const pid = pidOf(supervisor, 'a');
    await supervisor.stop();
    expect(processIdentity(pid)).toBeNull();
    expect(events).toContainEqual({ kind: 'killed', name: 'a', pid, afterMs: 100 });
  });

  it.each([
    ['ends before it serves', { args: ['-e', 'console.log("no disk"); process.exit(3)'] }, ['exit code 3', 'no disk', 'broken.log']],
    ['never serves', { ready: () => Promise.reject(new Error('refused')), readyTimeoutMs: 300 }, ['did not serve within 300 ms', 'refused']],
    ['is no program', { command: '/nowhere/program' }, ['could not be run', 'ENOENT']],
  ])('refuses to start when one %s, and stops the others', async (_name, broken, words) => {
    const home = testHome();
    const failure = started(home, [specOf(home, 'base'), specOf(home, 'broken', { needs: ['base'], ...broken })]);
    await expect(failure).rejects.toMatchObject({ code: 'PROCESS_FAILED' });
    for (const word of words) await expect(failure).rejects.toThrow(word);
    expect(diary(home).replace('broken+ ', '')).toBe('base+ base-');
    expect(homeStatus(home)).toEqual({ supervisorPid: null, state: null, leftovers: [] });
  });

  it('stops in the midst of a start', async () => {
    const home = testHome();
    const never = specOf(home, 'never', { needs: ['base'], ready: () => Promise.resolve(false) });
    const failure = startSupervisor({ home, deployment: 'test', urls: {}, specs: [specOf(home, 'base'), never], onEvent: () => {} }, (supervisor) => {
      void until('base is up', () => existsSync(join(home, 'diary')) && diary(home).includes('never+')).then(() => supervisor.stop());
    });
    await expect(failure).rejects.toMatchObject({ code: 'PROCESS_FAILED' });
    expect(diary(home)).toBe('base+ never+ never- base-');
    expect(findLeftovers(home)).toEqual([]);
  });

  it('is the only one of its home: a second start says who runs, and where', async () => {
    const home = testHome();
    await started(home, [specOf(home, 'a')]);
    const second = started(home, [specOf(home, 'a')]);
    await expect(second).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
    await expect(second).rejects.toThrow(`pid ${process.pid}`);
    await expect(second).rejects.toThrow('http://ui');
  });

  it('is seen also when its lock was removed by hand, and stopped', async () => {
    const home = testHome();
    const other = spawnSupervisor(home);
    await until('both are up', bothUp(home));
    rmSync(lockFileOf(home));
    await expect(started(home, [specOf(home, 'a')])).rejects.toMatchObject({ code: 'ALREADY_RUNNING' });
    expect(homeStatus(home).supervisorPid).toBe(other.pid);
    expect(await stopRunning(home)).toEqual({ supervisorPid: other.pid, killed: false, leftovers: [] });
    expect(diary(home)).toBe('base+ top+ top- base-');
  });

  it.each(['', '{"pid":', 'null', '{"pid":"x"}'])('starts over what a crash of the machine left of its files: %j', async (rest) => {
    const home = testHome();
    await (await started(home, [specOf(home, 'a')])).stop();
    for (const file of ['supervisor.lock', 'state.json', 'a.process.json']) writeFileSync(join(home, 'run', file), rest);
    expect(homeStatus(home)).toMatchObject({ supervisorPid: null, leftovers: [] });
    await expect(stopRunning(home)).rejects.toMatchObject({ code: 'NOT_RUNNING' });
    await started(home, [specOf(home, 'a')]);
    expect(diary(home)).toBe('a+ a- a+');
  });

  it('says that a home cannot be used, and what to do', async () => {
    const file = join(testHome(), 'file');
    writeFileSync(file, '');
    const failure = started(file, []);
    await expect(failure).rejects.toMatchObject({ code: 'SETTING_INVALID' });
    await expect(failure).rejects.toThrow('KEEL_HOME');
  });

  it('refuses one port for two processes before anything starts', async () => {
    const home = testHome();
    const port = await freePort();
    const failure = started(home, [specOf(home, 'a', { ports: [{ port, setting: 'KEEL_A_PORT' }] }), specOf(home, 'b', { ports: [{ port, setting: 'KEEL_B_PORT' }] })]);
    await expect(failure).rejects.toMatchObject({ code: 'SETTING_INVALID' });
    for (const word of [`port ${port}`, 'KEEL_A_PORT', 'KEEL_B_PORT']) await expect(failure).rejects.toThrow(word);
    expect(existsSync(join(home, 'diary'))).toBe(false);
  });

  it('names a taken port, who holds it, and the setting that changes it', async () => {
    const home = testHome();
    const server = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await until('it listens', () => server.listening);
    const { port } = server.address() as { port: number };
    const failure = started(home, [specOf(home, 'a', { ports: [{ port, setting: 'aPort, KEEL_A_PORT' }] })]);
    await expect(failure).rejects.toMatchObject({ code: 'PORT_TAKEN' });
    await expect(failure).rejects.toThrow(`port ${port}`);
    await expect(failure).rejects.toThrow('KEEL_A_PORT');
    if (process.platform === 'linux') await expect(failure).rejects.toThrow(`pid ${process.pid}`);
    expect(existsSync(join(home, 'diary'))).toBe(false);
    await assertPortFree('a', { port: await freePort(), setting: 'x' });
  });
});

describe('after kill -9 of the supervisor', () => {
  it('processes go on; the next start adopts one of the same declaration and stops the others', async () => {
    const home = testHome();
    const killed = spawnSupervisor(home);
    await until('both are up', bothUp(home));
    const before = homeStatus(home).state?.processes ?? [];
    killed.kill('SIGKILL');
    await until('it is gone', () => homeStatus(home).supervisorPid === null);
    expect(homeStatus(home).leftovers.map(({ name }) => name)).toEqual(['top', 'base']);
    const events: SupervisorEvent[] = [];
    const supervisor = await started(home, [specOf(home, 'base'), specOf(home, 'top', { needs: ['base'], leftover: 'stop' })], events);
    expect(pidOf(supervisor, 'base')).toBe(before[0]?.pid);
    expect(pidOf(supervisor, 'top')).not.toBe(before[1]?.pid);
    expect(events.filter((event) => event.kind === 'leftover').map(({ name, action }) => [name, action])).toEqual([['top', 'stopped'], ['base', 'adopted']]);
    process.kill(pidOf(supervisor, 'base'), 'SIGKILL');
    await until('an adopted one is watched', () => supervisor.state().processes.some((view) => view.name === 'base' && view.restarts === 1 && view.state === 'running'));
  });

  it('one whose declaration changed is stopped, not adopted', async () => {
    const home = testHome();
    const killed = spawnSupervisor(home);
    await until('both are up', bothUp(home));
    const base = homeStatus(home).state?.processes[0]?.pid;
    killed.kill('SIGKILL');
    await until('it is gone', () => homeStatus(home).supervisorPid === null);
    const supervisor = await started(home, [specOf(home, 'base', { env: { OTHER: '1' } })]);
    expect(pidOf(supervisor, 'base')).not.toBe(base);
    expect(diary(home)).toBe('base+ top+ top- base- base+');
  });

  it.runIf(process.platform === 'linux')('one whose run file was never written is found by its mark', async () => {
    const home = testHome();
    const killed = spawnSupervisor(home);
    await until('both are up', bothUp(home));
    killed.kill('SIGKILL');
    await until('it is gone', () => homeStatus(home).supervisorPid === null);
    writeFileSync(join(home, 'run', 'base.process.json'), JSON.stringify({ name: 'base', pid: 1, identity: 'another', hash: '', stopSignal: 'SIGTERM', stopTimeoutMs: 1, order: 0 }));
    expect(findLeftovers(home).map(({ name }) => name)).toEqual(['base', 'top']);
    expect(await stopRunning(home)).toMatchObject({ supervisorPid: null, leftovers: ['base', 'top'] });
    expect(findLeftovers(home)).toEqual([]);
  });

  it.runIf(process.platform === 'linux')('a session that one of them began is its own, not a leftover', async () => {
    const home = testHome();
    const forks = `require('node:child_process').spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'inherit' });`;
    const supervisor = await started(home, [specOf(home, 'base', { args: ['-e', `${forks}${PROGRAM}`, 'base', join(home, 'diary')] })]);
    const base = pidOf(supervisor, 'base');
    rmSync(join(home, 'run', 'base.process.json'));
    const children = readFileSync(`/proc/${base}/task/${base}/children`, 'utf8').trim().split(' ');
    onTestFinished(() => children.forEach((pid) => process.kill(Number(pid), 'SIGKILL')));
    expect(children).toHaveLength(1);
    expect(findLeftovers(home).map(({ name, pid }) => [name, pid])).toEqual([['base', base]]);
  });
});

describe('stopRunning', () => {
  it('stops a supervisor of another process, in its order', async () => {
    const home = testHome();
    const other = spawnSupervisor(home);
    await until('both are up', bothUp(home));
    expect(await stopRunning(home)).toEqual({ supervisorPid: other.pid, killed: false, leftovers: [] });
    expect(diary(home)).toBe('base+ top+ top- base-');
    await expect(stopRunning(home)).rejects.toMatchObject({ code: 'NOT_RUNNING' });
  });

  it('kills one that is stuck and stops its processes itself', async () => {
    const home = testHome();
    const other = spawnSupervisor(home);
    await until('both are up', bothUp(home));
    other.kill('SIGSTOP');
    expect(await stopRunning(home, 200)).toEqual({ supervisorPid: other.pid, killed: true, leftovers: ['top', 'base'] });
    expect(diary(home)).toBe('base+ top+ top- base-');
  });

  it('does not touch a process that has the pid of a dead one', async () => {
    const bystander = spawn('sleep', ['60']);
    onTestFinished(() => void bystander.kill());
    await until('it runs', () => processIdentity(bystander.pid ?? 0) !== null);
    expect(await stopProcess({ pid: bystander.pid ?? 0, identity: 'an earlier one' }, { signal: 'SIGKILL', timeoutMs: 0 })).toBe(false);
    expect(processIdentity(bystander.pid ?? 0)).not.toBeNull();
  });
});

describe('logs', () => {
  it('are set aside by size, and the three before are kept', () => {
    const log = join(testHome(), 'a.log');
    for (const round of [1, 2, 3, 4, 5]) {
      writeFileSync(log, String(round).repeat(11));
      expect(rotateLog(log, 10)).toBe(true);
    }
    expect(readFileSync(log, 'utf8')).toBe('');
    expect([1, 2, 3, 4].map((at) => existsSync(`${log}.${at}`) && readFileSync(`${log}.${at}`, 'utf8')[0])).toEqual(['5', '4', '3', false]);
    expect(rotateLog(log)).toBe(false);
    expect(LOG_BYTES_MAX).toBeGreaterThan(1024 * 1024);
  });

  it('keep what a child writes after they were set aside', async () => {
    const home = testHome();
    const chatty = "setInterval(() => console.log('tick'), 5)";
    await started(home, [specOf(home, 'a', { args: ['-e', chatty], ready: () => Promise.resolve(logTail(logFileOf(home, 'a')).includes('tick')) })]);
    expect(rotateLog(logFileOf(home, 'a'), 0)).toBe(true);
    await until('it goes on from the start of the file', () => readFileSync(logFileOf(home, 'a'), 'utf8').startsWith('tick'));
  });
});
