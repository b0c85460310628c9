import { spawn } from 'node:child_process';
import { createWriteStream, readFileSync } from 'node:fs';
import { ROOT } from '../../config/settings.ts';

const READY_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 15_000;

/** A process of the system. Its output lies in its log. */
export interface Child {
  readonly pid: number;
  readonly isRunning: boolean;
  /** Code or signal it ended with. */
  readonly exited: Promise<number | NodeJS.Signals>;
  /** Resolves when the process is gone. */
  kill(signal: NodeJS.Signals): Promise<void>;
  /** Lets it end by itself (what it ran is measured only then), or kills it when that takes too long. */
  stop(): Promise<void>;
}

/**
 * Starts a TypeScript file that prints `"ready":true` when it is up.
 * @throws when it ends before, or is not ready in time; with the end of its log.
 */
export async function startChild(args: readonly string[], { env, logPath }: { env: Readonly<Record<string, string>>; logPath: string }): Promise<Child> {
  const child = spawn(process.execPath, args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const log = createWriteStream(logPath, { flags: 'a' });
  child.stderr.pipe(log, { end: false });
  const exited = new Promise<number | NodeJS.Signals>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => { resolve(signal ?? code ?? 0); });
  });
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => {
      child.kill('SIGKILL');
      reject(new Error(`${args[0] ?? ''} ${why}: ${tail(logPath)}`));
    };
    const timer = setTimeout(() => { fail(`was not ready within ${READY_TIMEOUT_MS} ms`); }, READY_TIMEOUT_MS);
    child.stdout.on('data', (data: Buffer) => {
      log.write(data);
      if (!data.toString().includes('"ready":true')) return;
      clearTimeout(timer);
      resolve();
    });
    exited.then((end) => { clearTimeout(timer); fail(`ended (${end}) before it was ready`); }, reject);
  });
  return {
    pid: child.pid ?? -1, exited,
    get isRunning() { return child.exitCode === null && child.signalCode === null; },
    kill: async (signal) => {
      child.kill(signal);
      await exited;
    },
    stop: async () => {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
      await exited;
      clearTimeout(late);
    },
  };
}

function tail(path: string): string {
  try {
    return readFileSync(path, 'utf8').slice(-2_000);
  } catch {
    return '(no log)'; // it ended before it wrote one
  }
}
