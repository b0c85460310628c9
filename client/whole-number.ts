import { KeelError } from '../domain/errors.ts';

/** A flag's number. @param min the least allowed, 0 or 1. @throws {KeelError} USAGE */
export function wholeNumber(flag: string, text: string, min: number): number {
  if (/^(0|[1-9]\d*)$/.test(text) && Number(text) >= min) return Number(text);
  throw new KeelError('USAGE', `${flag} is "${text}"; allowed: a whole number from ${min}`);
}
