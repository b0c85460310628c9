/** With programs that behave as `keel scenario all --json` does, or do not. */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, describe, onTestFinished } from 'vitest';
import { TIDY_MS } from '../../../client/replay/deployment.ts';
import { ROOT } from '../../../config/settings.ts';
import { createScenarioPlayer, STOP_MS } from '../../../workers/scenario-player.ts';

/** Of worker and venue. @source stack/processes.ts, `stopTimeoutMs` */
const PART_STOP_MS = 15_000;
const passed = { id: 1, name: 'a normal market', passed: true, expected: { openings: '3' }, seen: { openings: '3' } };
const failed = { id: 5, name: 'votes disagree', passed: false, expected: { reason: 'agreement' }, seen: { reason: 'none' } };

function playerOf(script: string, env: Record<string, string> = {}): ReturnType<typeof createScenarioPlayer> {
  return createScenarioPlayer({ args: ['-e', script], env: { PATH: process.env['PATH'], ...env } });
}

const says = (report: unknown, exitCode: number): string => `console.log(${JSON.stringify(JSON.stringify(report))}); process.exitCode = ${exitCode}`;
const never = new AbortController().signal;

describe('playing scenarios in another process', () => {
  it('gives what was expected and seen, also where one failed', async () => {
    expect(await playerOf(says({ scenarios: [passed, failed] }, 1)).play(never)).toEqual({ results: [passed, failed], problem: null });
  });

  it.each([
    ['a complaint', 'console.error("no room on the disk"); process.exit(5)', /^it ended with 5 and no report: no room on the disk$/],
    ['another report', says({ scenarios: 'all fine' }, 0), /^it ended with 0 and no report: .*scenarios/s],
    ['an interrupt, after which it reports a part', says({ interrupted: true, scenarios: [passed] }, 130), /^it ended with 130 and no report: it was interrupted$/],
    ['a sudden death', 'process.kill(process.pid, "SIGKILL")', /^it ended with a signal and no report/],
  ])('tells of %s instead of a report', async (_what, script, problem) => {
    const verdict = await playerOf(script).play(never);
    expect(verdict.results).toEqual([]);
    expect(verdict.problem).toMatch(problem);
  });

  it('keeps keys of the account and the mark of its own process from the child', async () => {
    const script = `console.error(Object.keys(process.env).filter((name) => name.startsWith('KEEL_')).join()); process.exitCode = 2`;
    const { problem } = await playerOf(script, { KEEL_PROCESS: 'x', KEEL_VENUE_API_KEY: 'k', KEEL_VENUE_API_SECRET: 's', KEEL_ALERT_URL: 'u', KEEL_HOME: 'h' }).play(never);
    expect(problem).toBe('it ended with 2 and no report: KEEL_HOME');
  });

  it('interrupts it when it is called off, and waits for its end', async () => {
    const calledOff = new AbortController();
    const script = `process.on('SIGINT', () => process.exit(130)); setInterval(() => {}, 1000); process.kill(${process.pid}, 'SIGUSR2')`;
    const started = new Promise<void>((resolve) => process.once('SIGUSR2', () => resolve()));
    const played = playerOf(script).play(calledOff.signal);
    await started;
    calledOff.abort(new Error('the worker stops'));
    await expect(played).rejects.toThrow('the worker stops');
  });

  it('gives it the time to be forgotten by the engine, and to end its worker and its venue', () => {
    expect(STOP_MS).toBeGreaterThan(TIDY_MS + 2 * PART_STOP_MS);
  });

  it('leaves it alive when its worker is killed with its group: it notices, and tidies up though nobody reads', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'keel-player-'));
    onTestFinished(() => { rmSync(folder, { recursive: true, force: true }); });
    const [started, tidied] = [join(folder, 'started'), join(folder, 'tidied')];
    const child = `
      import { writeFileSync } from 'node:fs';
      import { onceInterrupted } from ${JSON.stringify(join(ROOT, 'client/interrupted.ts'))};
      const { signal } = onceInterrupted();
      const alive = setInterval(() => {}, 1_000);
      signal.addEventListener('abort', () => {
        console.error('tidying');
        setTimeout(() => { console.log('tidied'); writeFileSync(${JSON.stringify(tidied)}, ''); clearInterval(alive); }, 50);
      });
      writeFileSync(${JSON.stringify(started)}, '');`;
    const worker = spawn(process.execPath, ['--input-type=module', '-e', `
      import { createScenarioPlayer } from ${JSON.stringify(join(ROOT, 'workers/scenario-player.ts'))};
      await createScenarioPlayer({ args: ['--input-type=module', '-e', ${JSON.stringify(child)}], env: process.env }).play(new AbortController().signal);`], { detached: true, stdio: 'ignore' });
    await expect.poll(() => existsSync(started), { timeout: 20_000 }).toBe(true);
    process.kill(-(worker.pid ?? 0), 'SIGKILL');
    await expect.poll(() => existsSync(tidied), { timeout: 20_000 }).toBe(true);
  });
});
