import { KeelError } from '../domain/errors.ts';

/** As far as an INTEGER of the database goes. */
const LARGEST = 2 ** 31 - 1;

/** A flag's number. @param min the least allowed, 0 or 1. @param max the largest allowed. @throws {KeelError} USAGE */
export function wholeNumber(flag: string, text: string, min: number, max: number = LARGEST): number {
  if (/^(0|[1-9]\d*)$/.test(text) && Number(text) >= min && Number(text) <= max) return Number(text);
  throw new KeelError('USAGE', `${flag} is "${text}"; allowed: a whole number from ${min} to ${max}`);
}
