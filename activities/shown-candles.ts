import { isVenueRefusal } from '../domain/errors.ts';
import type { InstrumentId } from '../domain/market/instrument.ts';
import type { Venue } from '../domain/ports/venue.ts';

export interface ShownDeps {
  readonly venue: Pick<Venue, 'candles'>;
  readonly warn: (fields: object, message: string) => void;
}

/**
 * The venue's candles; none where it refuses, which it does for a symbol that it does not list any more: the others are
 * not to wait for it. Said once of each symbol, and again when it was shown meanwhile.
 */
export function createShownCandles({ venue, warn }: ShownDeps): Venue['candles'] {
  const refused = new Set<InstrumentId>();

  return async (query) => {
    const { instrumentId } = query;
    try {
      const candles = await venue.candles(query);
      refused.delete(instrumentId);
      return candles;
    } catch (error) {
      if (!isVenueRefusal(error)) throw error;
      if (!refused.has(instrumentId)) warn({ instrumentId, error: error.message }, 'the venue shows no candles of it: what the ledger has is all there is');
      refused.add(instrumentId);
      return [];
    }
  };
}
