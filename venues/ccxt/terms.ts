import { z } from 'zod';
import { KeelError } from '../../domain/errors.ts';
import type { InstrumentId } from '../../domain/market/instrument.ts';
import { venueSymbolOf } from '../../domain/market/instrument.ts';
import type { OpeningTerms, TermsAnswer } from '../../domain/orders/terms.ts';
import { NO_NEED_TO_CHANGE, venueCodeOf } from './errors.ts';
import type { Params } from './exchange.ts';
import type { Rest } from './rest.ts';
import type { WeighedRoute } from './routes.ts';
import { ROUTES } from './routes.ts';
import * as schemas from './schemas.ts';

type PositionMode = OpeningTerms['positionMode'];
type SymbolTerms = Pick<OpeningTerms, 'leverage' | 'marginMode'>;

/** It changes only while there is no position and no order. */
const POSITION_MODE_AGE_MAX_MS = 600_000;
/** What was set may not show at once: so often it is looked at. */
const LOOKS = 3;
const LOOKS_APART_MS = 250;

const AGREED: TermsAnswer = { kind: 'agreed' };

/** How the account stands: leverage and margin mode by symbol, and the position mode, which alone is remembered. */
export interface TermsKeeper {
  /** At most ten minutes old. */
  positionMode(): Promise<PositionMode>;
  /**
   * Sets what differs and reads it back. Leverage and margin mode are asked each time: other workers set them too, people
   * may by hand, and the venue takes an order at whatever they are. An order for another position mode it refuses.
   * @throws {KeelError} as reads do; a refusal of the venue is an answer.
   */
  ensure(instrumentId: InstrumentId, wanted: OpeningTerms): Promise<TermsAnswer>;
  /** An opening order was not taken: the position mode is read again before the next one. */
  distrust(): void;
}

/** @param looksApartMs between two looks at what was set. */
export function createTermsKeeper(rest: Rest, looksApartMs = LOOKS_APART_MS): TermsKeeper {
  let mode: { readonly at: number; readonly value: PositionMode } | null = null;
  let turn: Promise<unknown> = Promise.resolve();

  const readMode = async (): Promise<PositionMode> => {
    const { dualSidePosition } = await rest.read(ROUTES.accountConfig, {}, schemas.accountConfig);
    mode = { at: rest.wallClock(), value: dualSidePosition ? 'hedge' : 'oneWay' };
    return mode.value;
  };
  const positionMode = async (): Promise<PositionMode> => (mode !== null && rest.wallClock() - mode.at <= POSITION_MODE_AGE_MAX_MS ? mode.value : await readMode());

  const changeMode = async (wanted: PositionMode): Promise<TermsAnswer> => {
    const found = await readMode();
    if (found === wanted) return AGREED;
    const refusal = await change(rest, ROUTES.setDualSide, { dualSidePosition: String(wanted === 'hedge') });
    if (refusal !== null) return refused('positionModeNotSet', { wanted, found, refusal });
    const after = await untilShown({ read: readMode, isShown: (value) => value === wanted, looksApartMs });
    return after === wanted ? AGREED : refused('positionModeNotSet', { wanted, found: after, refusal: null });
  };

  /** Entries of one candle want it all at once: one asks, the others find it done. */
  const ensureMode = async (wanted: PositionMode): Promise<TermsAnswer> => {
    const next = turn.then(async () => ((await positionMode()) === wanted ? AGREED : await changeMode(wanted)));
    turn = next.catch(() => undefined);
    return await next;
  };

  return {
    positionMode,
    async ensure(instrumentId, wanted) {
      const byMode = await ensureMode(wanted.positionMode);
      return byMode.kind === 'refused' ? byMode : await ensureSymbol(rest, { symbol: venueSymbolOf(instrumentId), wanted, looksApartMs });
    },
    distrust() {
      mode = null;
    },
  };
}

/** The margin mode first: with isolated margin some leverages cannot be set any more. */
async function ensureSymbol(rest: Rest, { symbol, wanted, looksApartMs }: { symbol: string; wanted: SymbolTerms; looksApartMs: number }): Promise<TermsAnswer> {
  const found = await readSymbol(rest, symbol);
  const byMode = found.marginMode === wanted.marginMode ? null : await change(rest, ROUTES.marginType, { symbol, marginType: wanted.marginMode === 'cross' ? 'CROSSED' : 'ISOLATED' });
  if (byMode !== null) return refused('marginModeNotSet', { wanted: wanted.marginMode, found: found.marginMode, refusal: byMode });
  const byLeverage = found.leverage === wanted.leverage ? null : await change(rest, ROUTES.leverage, { symbol, leverage: wanted.leverage });
  if (byLeverage !== null) return refused('leverageNotSet', { wanted: wanted.leverage, found: found.leverage, refusal: byLeverage });
  const after = agrees(found, wanted) ? found : await untilShown({ read: () => readSymbol(rest, symbol), isShown: (value) => agrees(value, wanted), looksApartMs });
  if (after.marginMode !== wanted.marginMode) return refused('marginModeNotSet', { wanted: wanted.marginMode, found: after.marginMode, refusal: null });
  return after.leverage === wanted.leverage ? AGREED : refused('leverageNotSet', { wanted: wanted.leverage, found: after.leverage, refusal: null });
}

async function readSymbol(rest: Rest, symbol: string): Promise<SymbolTerms> {
  const [found] = await rest.read(ROUTES.symbolConfig, { symbol }, z.array(schemas.symbolTerms));
  if (found === undefined) throw new KeelError('VENUE_ANSWER_INVALID', `GET symbolConfig: nothing about ${symbol}`);
  return { leverage: found.leverage, marginMode: found.marginType };
}

/** Reads until it shows, or as often as something that was set may need to show. */
async function untilShown<T>({ read, isShown, looksApartMs }: { read: () => Promise<T>; isShown: (value: T) => boolean; looksApartMs: number }): Promise<T> {
  let value = await read();
  for (let look = 2; look <= LOOKS && !isShown(value); look += 1) {
    await new Promise((resolve) => setTimeout(resolve, looksApartMs));
    value = await read();
  }
  return value;
}

function agrees(found: SymbolTerms, wanted: SymbolTerms): boolean {
  return found.leverage === wanted.leverage && found.marginMode === wanted.marginMode;
}

/** @returns the venue's words when it refuses, null when it is as asked for. */
async function change(rest: Rest, route: WeighedRoute, params: Params): Promise<string | null> {
  try {
    await rest.read(route, params, z.unknown());
    return null;
  } catch (error) {
    const code = venueCodeOf(error);
    if (code !== null && NO_NEED_TO_CHANGE.has(code)) return null;
    if (error instanceof KeelError && error.code === 'VENUE_REFUSED') return error.message;
    throw error;
  }
}

type Refused = Extract<TermsAnswer, { kind: 'refused' }>;

/** @param sides.refusal null: the venue said yes, and nothing changed. */
function refused(reason: Refused['reason'], { wanted, found, refusal }: { wanted: string | number; found: string | number; refusal: string | null }): Refused {
  return { kind: 'refused', reason, detail: `wanted ${wanted}, the venue has ${found}${refusal === null ? ', set without an effect' : `: ${refusal}`}` };
}
