import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { processIdentity } from '../../../../bin/process-identity.mjs';
import { ownFolder, removeLeftovers } from '../../../../client/scenarios/leftovers.ts';
import { readSettings } from '../../../../config/settings.ts';

type Owner = { readonly pid: number; readonly identity: string | null };

/** @returns its path, and what makes a folder in it that is an owner's, or nobody's */
function homeOfTest() {
  const home = mkdtempSync(join(tmpdir(), 'keel-leftovers-'));
  onTestFinished(() => { rmSync(home, { recursive: true, force: true }); });
  const folderOf = (name: string, owner?: Owner): string => {
    const folder = join(home, name);
    mkdirSync(folder);
    if (owner !== undefined) writeFileSync(join(folder, 'scenario.lock'), JSON.stringify(owner));
    return folder;
  };
  return { home, folderOf };
}

it('of folders, those of a process that is gone are removed; one that lives, was kept, or is no scenario\'s, stays', async () => {
  const { home, folderOf } = homeOfTest();
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1_000)'], { stdio: 'ignore' });
  onTestFinished(() => void other.kill('SIGKILL'));
  const [pid, identity] = [other.pid ?? 0, processIdentity(other.pid ?? 0)];

  const gone = folderOf('candles-1-1', { pid, identity: 'an earlier process of that number' });
  const alive = folderOf('candles-2-1', { pid, identity });
  const own = folderOf('candles-3-1');
  ownFolder(own);
  const kept = folderOf('candles-4-1');
  ownFolder(kept)();
  const strange = folderOf('candles', { pid, identity: 'gone' });

  const said: string[] = [];
  const settings = await readSettings({ KEEL_HOME: home });
  await removeLeftovers(settings, (line) => said.push(line));
  expect([gone, alive, own, kept, strange].map((folder) => existsSync(folder))).toEqual([false, true, true, true, true]);
  expect(said).toEqual(['removed what a run that died left: candles-1-1']);
});

it('what vanishes meanwhile, or is a file, is passed over', async () => {
  const { home, folderOf } = homeOfTest();
  const folders = ['candles-1-1', 'candles-2-1', 'candles-3-1'].map((name) => folderOf(name, { pid: 0, identity: 'gone' }));
  writeFileSync(join(home, 'candles-0-1'), '');
  const said: string[] = [];
  await removeLeftovers(await readSettings({ KEEL_HOME: home }), (line) => {
    said.push(line);
    if (said.length === 1) rmSync(folders.find((it) => existsSync(it)) ?? '', { recursive: true });
  });
  expect(said).toHaveLength(2);
  expect(readdirSync(home)).toEqual(['candles-0-1']);
});
