import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { KeelError, messageOf } from '../domain/errors.ts';
import { BUILT_IN } from './built-in/index.ts';
import type { Strategy } from './define-strategy.ts';
import { defineStrategy } from './define-strategy.ts';

/**
 * A strategy by its built-in name, or a user's own by the path of its file.
 * @throws {KeelError} STRATEGY_INVALID, not retried: names the file and what is wrong with it.
 */
export async function loadStrategy(nameOrPath: string): Promise<Strategy> {
  const builtIn = BUILT_IN.find((strategy) => strategy.name === nameOrPath);
  if (builtIn !== undefined) return builtIn;
  if (!/[./\\]/.test(nameOrPath)) throw new KeelError('STRATEGY_INVALID', `no strategy is called "${nameOrPath}" (built in: ${BUILT_IN.map((it) => it.name).join(', ')}; or give the path of a file)`);
  const path = resolve(nameOrPath);
  let exported: unknown;
  try {
    exported = ((await import(pathToFileURL(path).href)) as { default?: unknown }).default;
  } catch (error) {
    throw new KeelError('STRATEGY_INVALID', `${path} could not be loaded: ${messageOf(error)}`, { cause: error });
  }
  if (typeof exported !== 'object' || exported === null) throw new KeelError('STRATEGY_INVALID', `${path} must export a strategy by default: export default defineStrategy({ … }) (see strategies/examples/)`);
  try {
    return defineStrategy(exported as Strategy);
  } catch (error) {
    throw new KeelError('STRATEGY_INVALID', `${path}: ${messageOf(error)}`, { cause: error });
  }
}
