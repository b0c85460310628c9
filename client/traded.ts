/** Which symbols a portfolio trades, of what the venue lists, the settings ask for and positions are open in. Pure. */
import { KeelError } from '../domain/errors.ts';
import type { Instrument, InstrumentId } from '../domain/market/instrument.ts';

export interface TradedQuery {
  /** By the venue, now. */
  readonly listed: readonly Instrument[];
  /** By the settings; empty: all that is listed. */
  readonly wanted: readonly InstrumentId[];
  /** Of which positions are open. */
  readonly open: readonly InstrumentId[];
  /** As the ledger knows them, of those that are wanted or open and not listed: once they were. */
  readonly stored: readonly Instrument[];
}

export interface Traded {
  /** Those that are listed, and of the others each with an open position: it is looked after, and on its old candles nothing is opened. */
  readonly instruments: readonly Instrument[];
  /** For people: what the venue does not list any more, and what becomes of it. */
  readonly notes: readonly string[];
}

/** Of a long list so many are named. */
const SHOWN_MAX = 20;

export function unlistedOf({ listed, wanted, open }: Omit<TradedQuery, 'stored'>): readonly InstrumentId[] {
  return [...new Set([...wanted, ...open])].filter((id) => !listed.some((it) => it.id === id));
}

/**
 * @throws {KeelError} SETTING_INVALID for a name that the venue never listed, as far as the ledger knows (trading the others
 *   alone would hide a typing error); where a symbol with an open position is left out; and where nothing is left
 */
export function tradedOf(query: TradedQuery): Traded {
  const { listed, wanted, open, stored } = query;
  const gone = unlistedOf(query);
  const unknown = gone.filter((id) => wanted.includes(id) && !stored.some((it) => it.id === id));
  if (unknown.length > 0) throw new KeelError('SETTING_INVALID', `KEEL_SYMBOLS names ${unknown.join(', ')}, which the venue does not trade; it trades ${namesOf(listed)}`);
  const instruments = [...listed.filter((it) => wanted.length === 0 || wanted.includes(it.id)), ...stored.filter((it) => gone.includes(it.id) && open.includes(it.id))];
  assertNoneLeftAlone(open, instruments);
  if (instruments.length === 0) throw new KeelError('SETTING_INVALID', gone.length === 0 ? 'the venue trades nothing' : `the venue does not list ${gone.join(', ')} any more, and KEEL_SYMBOLS names nothing else; it trades ${namesOf(listed)}`);
  return { instruments, notes: gone.map((id) => `the venue does not list ${id} any more: it is not opened${open.includes(id) ? ', and its open position is looked after' : '; KEEL_SYMBOLS need not name it'}`) };
}

/** No cycle would look after a position of a symbol that is not traded any more. */
function assertNoneLeftAlone(open: readonly InstrumentId[], instruments: readonly Instrument[]): void {
  const alone = [...new Set(open)].filter((id) => !instruments.some((it) => it.id === id)).sort();
  if (alone.length === 0) return;
  throw new KeelError('SETTING_INVALID', `KEEL_SYMBOLS leaves out ${alone.slice(0, SHOWN_MAX).join(', ')}, of which positions are open: name them too until they are closed (\`keel positions\`)`);
}

function namesOf(listed: readonly Instrument[]): string {
  return `${listed.slice(0, SHOWN_MAX).map((it) => it.base).join(', ')}${listed.length > SHOWN_MAX ? ` and ${listed.length - SHOWN_MAX} more` : ''}`;
}
