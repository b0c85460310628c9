import { expect, it } from 'vitest';
import { instrumentsOf } from '../../../../client/verify/gather.ts';
import { entryRow, fill, position } from '../../domain/verify/facts.fixture.ts';

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
