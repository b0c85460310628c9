import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { KeelError, messageOf } from '../../domain/errors.ts';
import type { VenueSettings } from './options.ts';

type Made = Pick<VenueSettings, 'source' | 'history' | 'market'>;
type Values = Readonly<Record<string, unknown>>;

/** What people set them by; the rest is the venue's own, and called as its flag. */
const SETTING_OF: Readonly<Record<string, string>> = {
  seed: 'KEEL_SEED', timeframe: 'KEEL_TIMEFRAME', history: 'KEEL_HISTORY_CANDLES', upstream: 'KEEL_UPSTREAM_URL', folder: '--data',
};

/**
 * A state folder belongs to one market: what it was made with may not change under it. The first call writes it down.
 * @throws {KeelError} SETTING_INVALID, not retried: names each setting that differs, what it is and what it was
 */
export function assertSameMarket({ state, source, history, market }: VenueSettings): void {
  const path = join(state, 'venue.json');
  const now: Made = { source, history, market };
  if (!existsSync(path)) {
    writeFileSync(path, JSON.stringify(now, null, 2));
    return;
  }
  const [before, wanted] = [valuesOf(read(path)), valuesOf(now)];
  const differing = [...new Set([...Object.keys(before), ...Object.keys(wanted)])].filter((key) => JSON.stringify(before[key]) !== JSON.stringify(wanted[key]));
  if (differing.length === 0) return;
  const named = differing.map((key) => `${nameOf(key, source)} is ${shown(wanted[key])}, this home was made with ${shown(before[key])}`);
  throw new KeelError('SETTING_INVALID', `${named.join('; ')}; set it back, or choose another home by KEEL_HOME (the market's state is in ${state})`);
}

function read(path: string): Made {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Made;
  } catch (error) {
    throw new KeelError('SETTING_INVALID', `${path} cannot be read (${messageOf(error)}); restore it, or choose another home by KEEL_HOME`, { cause: error });
  }
}

function valuesOf({ source, history, market }: Made): Values {
  return { ...source, history, ...market };
}

function nameOf(key: string, { kind }: VenueSettings['source']): string {
  if (key === 'symbols') return kind === 'seeded' ? 'KEEL_SYMBOL_COUNT' : 'KEEL_SYMBOLS';
  return SETTING_OF[key] ?? key;
}

function shown(value: unknown): string {
  if (value === undefined) return 'unset';
  return Array.isArray(value) ? value.join(',') : String(value as string | number);
}
