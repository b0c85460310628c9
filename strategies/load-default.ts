import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ErrorCode } from '../domain/errors.ts';
import { KeelError, messageOf } from '../domain/errors.ts';

/**
 * What a user's file exports by default, checked.
 * @param what how it is called, and which function it is made with.
 * @throws {KeelError} with that code, not retried: names the file and what is wrong with it.
 */
export async function loadDefault<T>(file: string, code: ErrorCode, what: { readonly noun: string; readonly define: (exported: T) => T }): Promise<T> {
  const path = resolve(file);
  let exported: unknown;
  try {
    exported = ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
  } catch (error) {
    throw new KeelError(code, `${path} could not be loaded: ${messageOf(error)}`, { cause: error });
  }
  if (typeof exported !== 'object' || exported === null) throw new KeelError(code, `${path} must export a ${what.noun} by default: export default ${what.define.name}({ … }) (see strategies/examples/)`);
  try {
    return what.define(exported as T);
  } catch (error) {
    throw new KeelError(code, `${path}: ${messageOf(error)}`, { cause: error });
  }
}
