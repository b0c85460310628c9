import { isVenueRefusal } from '../domain/errors.ts';
import type { InstrumentId } from '../domain/market/instrument.ts';
import type { Venue } from '../domain/ports/venue.ts';

export interface ShownHistory extends Pick<Venue, 'fills' | 'orderHistory' | 'lookUp'> {
  /** Whether the venue lists it no more and told nothing when it was asked last. */
  isGone(instrumentId: InstrumentId): boolean;
}

export interface ShownHistoryDeps {
  readonly venue: Pick<Venue, 'fills' | 'orderHistory' | 'lookUp' | 'instruments'>;
  readonly warn: (fields: object, message: string) => void;
}

/**
 * What the venue tells of orders and fills, symbol by symbol: nothing of one that it refuses and does not list any more, so
 * that the others are compared and booked. Where it lists the symbol, the refusal has another cause and stays one: missing
 * fills are money. Said once of each symbol, and again when it was told of meanwhile; until then the list, which costs the
 * venue's limit, is not asked for again.
 */
export function createShownHistory({ venue, warn }: ShownHistoryDeps): ShownHistory {
  const gone = new Set<InstrumentId>();

  async function unlessGone<T>(instrumentId: InstrumentId, reading: Promise<T>, nothing: T): Promise<T> {
    try {
      const told = await reading;
      gone.delete(instrumentId);
      return told;
    } catch (error) {
      if (!isVenueRefusal(error)) throw error;
      if (!gone.has(instrumentId) && (await venue.instruments()).some((it) => it.id === instrumentId)) throw error;
      if (!gone.has(instrumentId)) warn({ instrumentId, error: error.message }, 'the venue does not list it any more and tells nothing of its orders and fills');
      gone.add(instrumentId);
      return nothing;
    }
  }

  return {
    isGone: (instrumentId) => gone.has(instrumentId),
    fills: (query) => unlessGone(query.instrumentId, venue.fills(query), []),
    orderHistory: (query) => unlessGone(query.instrumentId, venue.orderHistory(query), []),
    lookUp: (order) => unlessGone(order.instrumentId, venue.lookUp(order), null),
  };
}
