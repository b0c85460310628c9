import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { findLeftovers, stopProcess } from '../../stack/supervisor/run-files.ts';

/** A folder for one test, readable by the user that Postgres runs as; processes that are left in it are killed, then it is removed. */
export function testHome(): string {
  const home = mkdtempSync(join(tmpdir(), 'keel-test-'));
  onTestFinished(async () => {
    await killLeftovers(home);
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  });
  return home;
}

export async function killLeftovers(home: string): Promise<void> {
  for (const record of findLeftovers(home)) await stopProcess(record, { signal: 'SIGKILL', timeoutMs: 0 });
}

/** Waits until something holds. @throws when it does not within the time. */
export async function until(what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 15_000): Promise<void> {
  const deadline = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
