import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import type { CrashAction } from '../../../activities/crash-hook.ts';

const POINT = 'submitOrder/venue.submit/before';
const HOOK_FILE = new URL('../../../activities/crash-hook.ts', import.meta.url).href;

/** A process that reaches the crash point at once and would then end with exit code 7. */
function startVictim(action: CrashAction) {
  const folder = mkdtempSync(path.join(tmpdir(), 'keel-crash-'));
  const markerPath = path.join(folder, 'marker.json');
  const program = `
    import { crashHook, crashPlanOf } from ${JSON.stringify(HOOK_FILE)};
    crashHook(crashPlanOf(process.env, [${JSON.stringify(POINT)}]))(${JSON.stringify(POINT)});
    process.exit(7);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    env: { ...process.env, KEEL_CRASH_AT: `${POINT}#1`, KEEL_CRASH_ACTION: action, KEEL_CRASH_MARKER: markerPath },
    stdio: 'ignore',
  });
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }));
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });
  return { child, ended, markerPath };
}

it('kills the process at the crash point and leaves its mark', async () => {
  const victim = startVictim('kill');
  expect(await victim.ended).toEqual({ code: null, signal: 'SIGKILL' });
  expect(JSON.parse(readFileSync(victim.markerPath, 'utf8'))).toMatchObject({ point: POINT, pid: victim.child.pid });
});

it('pauses the process at the crash point; woken, it goes on', async () => {
  const victim = startVictim('pause');
  const stateOf = (pid: number | undefined): string => readFileSync(`/proc/${String(pid)}/stat`, 'utf8').split(') ')[1]?.[0] ?? '';
  await expect.poll(() => existsSync(victim.markerPath) && stateOf(victim.child.pid) === 'T', { timeout: 10_000 }).toBe(true);
  expect(await Promise.race([victim.ended, delay(100, 'still paused')])).toBe('still paused');
  victim.child.kill('SIGCONT');
  expect(await victim.ended).toEqual({ code: 7, signal: null });
});
