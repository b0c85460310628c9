import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KeelError, messageOf } from '../../domain/errors.ts';
import type { Instrument, InstrumentId } from '../../domain/market/instrument.ts';
import { venueSymbolOf } from '../../domain/market/instrument.ts';

/**
 * The wanted instruments, as the real venue lists them now; one that it does not list any more as it was listed before: the
 * market's state may hold positions of it. What is listed is written down beside that state.
 * @throws {KeelError} SETTING_INVALID, not retried: one was never listed there, or what was written down cannot be read
 */
export function knownInstruments(folder: string, wanted: readonly InstrumentId[], listed: readonly Instrument[]): { readonly instruments: readonly Instrument[]; readonly gone: readonly InstrumentId[] } {
  const path = join(folder, 'instruments.json');
  const before = existsSync(path) ? read(path) : [];
  const instruments = wanted.map((id) => {
    const found = listed.find((it) => it.id === id) ?? before.find((it) => it.id === id);
    if (found === undefined) throw new KeelError('SETTING_INVALID', `the real venue trades no perpetual ${venueSymbolOf(id)}; let KEEL_SYMBOLS name those that it does`);
    return found;
  });
  writeFileSync(`${path}.new`, JSON.stringify(instruments, null, 2));
  renameSync(`${path}.new`, path);
  return { instruments, gone: wanted.filter((id) => !listed.some((it) => it.id === id)) };
}

function read(path: string): readonly Instrument[] {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as readonly Instrument[];
  } catch (error) {
    throw new KeelError('SETTING_INVALID', `${path} cannot be read (${messageOf(error)}); restore it, or choose another home by KEEL_HOME`, { cause: error });
  }
}
