import { KeelError } from '../domain/errors.ts';

/** The option of a command that looks at one deployment. */
export const DEPLOYMENT = ['--deployment <name>', 'default: the one that runs, else that of KEEL_MODE where it is set, else the newest replay'] as const;

/** The same of one that changes it, or shows what is changed: it takes no replay that does not run. */
export const STANDING_DEPLOYMENT = ['--deployment <name>', 'default: the one that runs, else that of KEEL_MODE where it is set, else the one that was started last'] as const;

/** Reads an option of words that stand in the audit. */
export function saying(flag: string): (text: string) => string {
  return (text) => {
    if (text.trim() === '') throw new KeelError('USAGE', `${flag} must say something: it stands in the audit`);
    return text;
  };
}

/** As far as an INTEGER of the database goes. */
const LARGEST = 2 ** 31 - 1;
/** Longer, and a timer would go off at once. */
const TIMEOUT_S_MAX = 2_147_483;

/** A flag's number. @param min the least allowed, 0 or 1. @param max the largest allowed. @throws {KeelError} USAGE */
export function wholeNumber(flag: string, text: string, min: number, max: number = LARGEST): number {
  if (/^(0|[1-9]\d*)$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text);
  throw new KeelError('USAGE', `${flag} is "${text}"; allowed: a whole number from ${min} to ${max}`);
}

/** Of --timeout, in seconds. @throws {KeelError} USAGE */
export function timeoutSeconds(text: string): number {
  return wholeNumber('--timeout', text, 1, TIMEOUT_S_MAX);
}
