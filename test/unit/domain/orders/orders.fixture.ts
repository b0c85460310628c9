import type { OrderIntent, OrderRow, OrderState, VenueOrder } from '../../../../domain/orders/order.ts';

/** An opening market order of 10 units. */
export const INTENT: OrderIntent = {
  intentId: 'main/cycle/BTC/entry/1',
  clientOrderId: 'klabc23-aaaaaaaaaaaaaaaaaaaaaaaaaa',
  portfolioId: 'main',
  positionId: 'main/cycle/BTC',
  cycleId: 'main/cycle',
  leg: 'entry',
  revision: 1,
  instrumentId: 'BTC/USDT:USDT',
  side: 'buy',
  positionSide: 'both',
  type: 'market',
  timeInForce: 'IOC',
  quantity: '10',
  price: null,
  triggerPrice: null,
  reduceOnly: false,
  closesPosition: false,
  decisionPrice: '100',
  epoch: 3,
  validUntil: 30_000,
  maxDriftBps: 50,
  workUntilMarketTime: null,
  policyVersion: 1,
};

export function rowIn(state: OrderState, changes: Partial<OrderRow> = {}): OrderRow {
  return {
    intent: INTENT,
    state,
    attempt: state === 'planned' ? 0 : 1,
    sentTimestamp: state === 'planned' ? null : 1_000,
    venueOrderId: null,
    triggeredOrderId: null,
    filledQuantity: '0',
    averagePrice: null,
    reason: null,
    acceptedAt: null,
    updatedAt: 1_000,
    ...changes,
  };
}

export function reportOf(status: VenueOrder['status'], filledQuantity: string, changes: Partial<VenueOrder> = {}): VenueOrder {
  return {
    venueOrderId: '77',
    clientOrderId: INTENT.clientOrderId,
    instrumentId: INTENT.instrumentId,
    book: 'plain',
    status,
    side: 'buy',
    positionSide: 'both',
    type: 'market',
    quantity: INTENT.quantity,
    filledQuantity,
    averagePrice: filledQuantity === '0' ? null : '100.5',
    price: null,
    triggerPrice: null,
    reduceOnly: false,
    triggeredOrderId: null,
    updatedAt: 2_000,
    ...changes,
  };
}
