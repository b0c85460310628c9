import { mkdirSync, appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { loadSettings } from '../config/settings.ts';
import { KeelError, messageOf } from '../domain/errors.ts';
import { EXIT_CODES, exitCodeOf } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';

/**
 * Runs the command line and sets the exit code. A known failure is told in its own words; an unknown one goes to a
 * log with its stack, and the user is told where that is.
 */
export async function run(main: () => Promise<void>, args: readonly string[] = process.argv): Promise<void> {
  try {
    await main();
  } catch (error) {
    process.exitCode = report(error, args.includes('--json'));
  }
}

function report(error: unknown, asJson: boolean): ExitCode {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT_CODES.ok : EXIT_CODES.usage; // commander has spoken
  if (error instanceof KeelError) {
    tell(error.code, error.message, asJson);
    return exitCodeOf(error.code);
  }
  tell('INTERNAL', `unexpected failure: ${messageOf(error)}\n${whereTheLogIs(error)}`, asJson);
  return EXIT_CODES.internal;
}

function tell(code: string, message: string, asJson: boolean): void {
  if (asJson) process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
  process.stderr.write(`keel: ${message} [${code}]\n`);
}

/** Never fails: telling of a failure must not hide it. */
function whereTheLogIs(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  try {
    const folder = join(loadSettings(process.env).home, 'logs');
    mkdirSync(folder, { recursive: true });
    const path = join(folder, 'keel.log');
    appendFileSync(path, `${new Date().toISOString()} ${stack}\n`);
    return `Its details are in ${path}; please report them.`;
  } catch (failure) {
    return `Its details (they could not be written to a log: ${messageOf(failure)}):\n${stack}`;
  }
}
