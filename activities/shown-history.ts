import { isVenueRefusal } from '../domain/errors.ts';
import type { InstrumentId } from '../domain/market/instrument.ts';
import type { Venue } from '../domain/ports/venue.ts';

export type ShownHistory = Pick<Venue, 'fills' | 'orderHistory' | 'lookUp'>;

export interface ShownHistoryDeps {
  readonly venue: Pick<Venue, 'fills' | 'orderHistory' | 'lookUp' | 'instruments'>;
  readonly warn: (fields: object, message: string) => void;
}

/**
 * What the venue tells of orders and fills, symbol by symbol: nothing of one that it refuses and does not list any more, so
 * that the others are compared and booked. Where it lists the symbol, the refusal has another cause and stays one: missing
 * fills are money.
 */
export function createShownHistory({ venue, warn }: ShownHistoryDeps): ShownHistory {
  async function unlessGone<T>(instrumentId: InstrumentId, reading: Promise<T>, nothing: T): Promise<T> {
    try {
      return await reading;
    } catch (error) {
      if (!isVenueRefusal(error) || (await venue.instruments()).some((it) => it.id === instrumentId)) throw error;
      warn({ instrumentId, error: error.message }, 'the venue does not list it any more and tells nothing of its orders and fills');
      return nothing;
    }
  }

  return {
    fills: (query) => unlessGone(query.instrumentId, venue.fills(query), []),
    orderHistory: (query) => unlessGone(query.instrumentId, venue.orderHistory(query), []),
    lookUp: (order) => unlessGone(order.instrumentId, venue.lookUp(order), null),
  };
}
