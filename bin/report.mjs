/** Exit code of every failure before Keel itself runs; see client/exit-codes.ts. */
export const SETUP_FAILED = 10;

/** A failure of the set-up: what happened, and what to do about it. */
export class SetupError extends Error {
  constructor(what, todo) {
    super(`${what}\n  ${todo}`);
    this.name = 'SetupError';
  }
}

/** One line of progress on stderr: stdout belongs to the command. */
export function say(line) {
  process.stderr.write(`keel: ${line}\n`);
}

/**
 * Says what is going on, and every five seconds that it still is.
 * @template T
 * @param {string} what
 * @param {() => Promise<T>} body
 * @returns {Promise<T>}
 */
export async function withProgress(what, body) {
  say(`${what} …`);
  const startedMs = Date.now();
  const seconds = () => Math.round((Date.now() - startedMs) / 1000);
  const timer = setInterval(() => say(`${what} … ${seconds()} s`), 5000);
  try {
    const result = await body();
    say(`${what}: done in ${seconds()} s`);
    return result;
  } finally {
    clearInterval(timer);
  }
}

/** Runs a set-up entry point; failures are told without a stack trace. */
export async function guarded(main) {
  try {
    await main();
  } catch (error) {
    process.stderr.write(error instanceof SetupError ? `keel: ${error.message}\n` : `keel: set-up failed: ${error?.stack ?? error}\n`);
    process.exitCode = SETUP_FAILED;
  }
}
