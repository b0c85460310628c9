import { expect, it } from 'vitest';
import { byRisk, closedPartOf, closingOrders, emergencyOrderIdOf, isOpening } from '../../../../domain/emergency/closing.ts';
import { CLIENT_ORDER_ID_PATTERN, ownerOfClientOrderId } from '../../../../domain/orders/identity.ts';
import type { VenuePosition } from '../../../../domain/ports/venue.ts';

const ROUND = { portfolioId: 'sim', deploymentId: 'abcde', emergencyId: 'ess/sim/1', attempt: 1 };
const LONG: VenuePosition = { instrumentId: 'BTC-USDT-PERP', direction: 'long', quantity: '2.5', entryPrice: '100', markPrice: '90', unrealizedPnl: '-25', positionSide: 'both' };
const quantities = (position: VenuePosition, maxMarketQuantity: string | null, ours: string | null): string[] => closingOrders(position, ROUND, { maxMarketQuantity, ours }).map((it) => it.quantity);

it.each([
  ['in one',                          null, null,  ['2.5']],
  ['split by the largest lot',        '1',  null,  ['1', '1', '0.5']],
  ['ours and what another hand added', null, '2',  ['2', '0.5']],
  ['ours alone',                      null, '2.5', ['2.5']],
  ['more in the ledger than at the venue', null, '3', ['2.5']],
  ['both at once',                    '1',  '2',   ['1', '1', '0.5']],
])('closes %s', (_name, max, ours, expected) => {
  expect(quantities(LONG, max, ours)).toEqual(expected);
});

it('a rerun has the same names, another attempt has others', () => {
  const ids = (attempt: number): string[] => closingOrders(LONG, { ...ROUND, attempt }, { maxMarketQuantity: '1', ours: null }).map((it) => it.clientOrderId);
  expect(ids(1)).toEqual(ids(1));
  expect(new Set([...ids(1), ...ids(2)]).size).toBe(6);
});

it('names fit the venue, are known as ours to close, and are no position\'s own', () => {
  for (const part of ['ours', 'foreign'] as const) {
    const id = emergencyOrderIdOf('abcde', 'ess/sim/1/BTC-USDT-PERP/long/1.1', part);
    expect(id).toMatch(CLIENT_ORDER_ID_PATTERN);
    expect([closedPartOf(id, 'abcde'), closedPartOf(id, 'abcdf'), ownerOfClientOrderId(id, 'abcde')]).toEqual([part, null, 'foreign']);
  }
  expect([closedPartOf(null, 'abcde'), closedPartOf('web_1', 'abcde')]).toEqual([null, null]);
});

it.each<[string, string | null, readonly (readonly [string, string | null])[]]>([
  ['ours alone',                 '2.5', [['2.5', 'ours']]],
  ['more than the venue holds',  '9', [['2.5', 'ours']]],
  ['nothing of it',              '0', [['2.5', 'foreign']]],
  ['a part of it',               '1', [['1', 'ours'], ['1.5', 'foreign']]],
  ['not known',                  null, [['2.5', 'ours']]],
])('each order tells by its name whose holding it closes: %s', (_name, ours, expected) => {
  expect(closingOrders(LONG, ROUND, { maxMarketQuantity: null, ours }).map((it) => [it.quantity, closedPartOf(it.clientOrderId, 'abcde')])).toEqual(expected);
});

it('one-way orders only reduce; in hedge mode the side says it', () => {
  const [oneWay] = closingOrders(LONG, ROUND, { maxMarketQuantity: null, ours: null });
  const [hedge] = closingOrders({ ...LONG, direction: 'short', positionSide: 'short' }, ROUND, { maxMarketQuantity: null, ours: null });
  expect([oneWay?.side, oneWay?.reduceOnly, oneWay?.positionSide]).toEqual(['sell', true, 'both']);
  expect([hedge?.side, hedge?.reduceOnly, hedge?.positionSide]).toEqual(['buy', false, 'short']);
});

it('largest risk first', () => {
  const at = (instrumentId: VenuePosition['instrumentId'], quantity: string, markPrice: string): VenuePosition => ({ ...LONG, instrumentId, quantity, markPrice });
  expect(byRisk([at('A-USDT-PERP', '1', '10'), at('C-USDT-PERP', '5', '10'), at('B-USDT-PERP', '5', '10')]).map((it) => it.instrumentId)).toEqual(['B-USDT-PERP', 'C-USDT-PERP', 'A-USDT-PERP']);
});

it.each([
  ['both', 'buy', false, true], ['both', 'sell', true, false], ['long', 'buy', false, true], ['long', 'sell', false, false], ['short', 'sell', false, true], ['short', 'buy', false, false],
] as const)('an order of side %s that goes %s (reduce-only: %s) opens: %s', (positionSide, side, reduceOnly, opens) => {
  expect(isOpening({ positionSide, side, reduceOnly })).toBe(opens);
});
