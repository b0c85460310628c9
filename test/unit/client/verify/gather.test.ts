import { expect, it } from 'vitest';
import { instrumentsOf, readVenue } from '../../../../client/verify/gather.ts';
import { KeelError } from '../../../../domain/errors.ts';
import type { Venue } from '../../../../domain/ports/venue.ts';
import { portOf } from '../../../support/ports.ts';
import { INSTRUMENT } from '../../domain/cycle/plan.fixture.ts';
import { cycle, entryRow, factsWith, fill, position, venueEntry } from '../../domain/verify/facts.fixture.ts';

const none = { orders: [], fills: [], positions: [] };
const ETH = 'ETH-USDT-PERP';

// The portfolio trades ETH today; BTC was dropped from KEEL_SYMBOLS.
it.each([
  ['nothing else', none, [ETH]],
  ['an order', { ...none, orders: [entryRow] }, ['BTC-USDT-PERP', ETH]],
  ['a fill', { ...none, fills: [fill] }, ['BTC-USDT-PERP', ETH]],
  ['a position', { ...none, positions: [position] }, ['BTC-USDT-PERP', ETH]],
  ['all of it, once', { orders: [entryRow], fills: [fill], positions: [position, { ...position, instrumentId: ETH }] }, ['BTC-USDT-PERP', ETH]],
])('the venue is asked about what is traded and what the ledger holds: %s', (_name, ledger, asked) => {
  expect(instrumentsOf([ETH], ledger)).toEqual(asked);
});

/** A venue that lists BTC and refuses the history of one symbol: of its orders, or of its fills alone. */
function refusing(refused: string, { orders }: { readonly orders: boolean }): Venue {
  const unlessRefused = async <T>(instrumentId: string, isRefused: boolean, told: T): Promise<T> => {
    if (instrumentId === refused && isRefused) throw new KeelError('VENUE_REFUSED', 'Invalid symbol.');
    return told;
  };
  return portOf<Venue>({
    orderHistory: async ({ instrumentId }) => await unlessRefused(instrumentId, orders, [{ ...venueEntry, instrumentId }]),
    fills: async ({ instrumentId }) => await unlessRefused(instrumentId, true, [{ ...fill, instrumentId }]),
    instruments: async () => [{ ...INSTRUMENT, id: 'BTC-USDT-PERP' }], openOrders: async () => [], income: async () => [], account: async () => factsWith().venue.account,
  });
}

it.each([['its orders', true], ['its fills', false]])('a symbol that is not listed any more and of which %s are refused is named; the others are read', async (_name, orders) => {
  const { orders: read, fills, untold } = await readVenue(refusing(ETH, { orders }), ['BTC-USDT-PERP', ETH], { cycles: [cycle] }, false);
  expect([read, fills].map((list) => list.map((it) => it.instrumentId))).toEqual([['BTC-USDT-PERP'], ['BTC-USDT-PERP']]);
  expect(untold).toEqual([{ instrumentId: ETH, why: 'the venue does not list it any more and refuses its history (Invalid symbol.)' }]);
});

it('the refused history of a symbol that is listed stays an error', async () => {
  await expect(readVenue(refusing('BTC-USDT-PERP', { orders: true }), ['BTC-USDT-PERP', ETH], { cycles: [cycle] }, false)).rejects.toMatchObject({ code: 'VENUE_REFUSED' });
});
