import { mkdirSync, appendFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommanderError } from 'commander';
import { loadSettings } from '../config/settings.ts';
import { KeelError, messageOf } from '../domain/errors.ts';
import { EXIT_CODES, exitCodeOf } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';

/** What the file system says of a folder that cannot be used. */
const FOLDER_FAULTS: readonly string[] = ['ENOTDIR', 'EACCES', 'EPERM', 'EROFS', 'EISDIR', 'ENAMETOOLONG'];

/**
 * Runs the command line and sets the exit code. A known failure is told in its own words; an unknown one goes to a
 * log with its stack, and the user is told where that is.
 */
export async function run(main: () => Promise<void>, args: readonly string[] = process.argv): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', passOver);
  try {
    await main();
  } catch (error) {
    process.exitCode = report(error, args.includes('--json'));
  }
}

/** Who reads may leave (`keel events | head`); what a command does, such as an emergency stop, is done to its end. */
function passOver(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

function report(thrown: unknown, asJson: boolean): ExitCode {
  if (thrown instanceof CommanderError) {
    if (thrown.exitCode === 0) return EXIT_CODES.ok;
    if (asJson) tellJson('USAGE', thrown.message.replace(/^error: /, '')); // commander has told people
    return EXIT_CODES.usage;
  }
  const error = named(thrown);
  if (error instanceof KeelError) {
    tell(error.code, error.message, asJson);
    return exitCodeOf(error.code);
  }
  tell('INTERNAL', `unexpected failure: ${messageOf(error)}\n${whereTheLogIs(error)}`, asJson);
  return EXIT_CODES.internal;
}

/** A failure of the file system is one of folder or disk, not of Keel. */
function named(error: unknown): unknown {
  if (error instanceof KeelError) return error;
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (code === 'ENOSPC') return new KeelError('PROCESS_FAILED', `the disk is full (${at.message}); make room, or choose another by KEEL_HOME and KEEL_CACHE`, { cause: error });
    if (code !== undefined && FOLDER_FAULTS.includes(code)) {
      return new KeelError('SETTING_INVALID', `${at.message}; KEEL_HOME and KEEL_CACHE must name folders that this user may write to (\`keel doctor\` looks at them)`, { cause: error });
    }
  }
  return error;
}

function tell(code: string, message: string, asJson: boolean): void {
  if (asJson) tellJson(code, message);
  process.stderr.write(`keel: ${message} [${code}]\n`);
}

function tellJson(code: string, message: string): void {
  process.stdout.write(`${JSON.stringify({ error: { code, message } })}\n`);
}

/** Never fails: telling of a failure must not hide it. A stack is for a log, never for the terminal. */
function whereTheLogIs(error: unknown): string {
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  for (const folder of logFolders()) {
    try {
      mkdirSync(folder, { recursive: true });
      const path = join(folder, 'keel.log');
      appendFileSync(path, `${new Date().toISOString()} ${stack}\n`);
      return `Its details are in ${path}; please report them.`;
    } catch {
      continue; // the next folder
    }
  }
  return 'Its details could not be written to any log.';
}

function logFolders(): string[] {
  try {
    return [join(loadSettings(process.env).home, 'logs'), tmpdir()];
  } catch {
    return [tmpdir()]; // the settings themselves are what is wrong
  }
}
