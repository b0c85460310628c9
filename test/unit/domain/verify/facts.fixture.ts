import { clientOrderIdOf } from '../../../../domain/orders/identity.ts';
import type { OrderIntent, VenueOrder } from '../../../../domain/orders/order.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';
import type { EmergencyFact, EmergencyFacts } from '../../../../domain/verify/emergency-facts.ts';
import type { EngineFacts, Facts, FillFact, LedgerFacts, OrderFact, PositionFact, VenueFacts } from '../../../../domain/verify/facts.ts';

const HOUR_MS = 3_600_000;
const DEPLOYMENT = 'abcde';
export const CYCLE = 'cycle/sim/ensemble/1h/2024-01-01T01:00Z';
export const POSITION = 'position/sim/ensemble/BTC-USDT-PERP/2024-01-01T01:00Z/long';
export const ENTRY = clientOrderIdOf(DEPLOYMENT, `${POSITION}/entry/1`);
export const STOP = clientOrderIdOf(DEPLOYMENT, `${POSITION}/stop/1`);

function intent(clientOrderId: string, leg: 'entry' | 'stop'): OrderIntent {
  const isEntry = leg === 'entry';
  return {
    intentId: `${POSITION}/${leg}/1`, clientOrderId, portfolioId: 'sim', positionId: POSITION, cycleId: isEntry ? CYCLE : null, leg, revision: 1, instrumentId: 'BTC-USDT-PERP',
    side: isEntry ? 'buy' : 'sell', positionSide: 'both', type: isEntry ? 'market' : 'stopMarket', timeInForce: 'GTC', quantity: '2', price: null, triggerPrice: isEntry ? null : '90',
    reduceOnly: !isEntry, closesPosition: !isEntry, decisionPrice: '100', epoch: 1, validUntil: null, maxDriftBps: null, workUntilMarketTime: null, policyVersion: 1,
  };
}

export const entryRow: OrderFact = {
  intent: intent(ENTRY, 'entry'), state: 'filled', attempt: 1, sentTimestamp: 1, venueOrderId: '1', triggeredOrderId: null, filledQuantity: '2', bookedQuantity: '2', averagePrice: '100', reason: null, acceptedAt: 1, updatedAt: 1, plannedAt: 1, endedAt: null,
};
export const stopRow: OrderFact = { ...entryRow, intent: intent(STOP, 'stop'), state: 'accepted', venueOrderId: '2', filledQuantity: '0', bookedQuantity: '0', averagePrice: null };

export const venueEntry: VenueOrder = {
  venueOrderId: '1', clientOrderId: ENTRY, instrumentId: 'BTC-USDT-PERP', book: 'plain', status: 'filled', side: 'buy', positionSide: 'both', type: 'market', quantity: '2', filledQuantity: '2', averagePrice: '100',
  price: null, triggerPrice: null, reduceOnly: false, triggeredOrderId: null, updatedAt: 1,
};
export const venueStop: VenueOrder = { ...venueEntry, venueOrderId: '2', clientOrderId: STOP, book: 'conditional', status: 'working', side: 'sell', type: 'stopMarket', filledQuantity: '0', averagePrice: null, triggerPrice: '90', reduceOnly: true };

export const fill: FillFact = {
  tradeId: '1', venueOrderId: '1', clientOrderId: ENTRY, instrumentId: 'BTC-USDT-PERP', side: 'buy', positionSide: 'both', price: '100', quantity: '2', fee: '0.1', feeCurrency: 'USDT', realizedPnl: '0', maker: false,
  filledAt: 1, filledAtWall: 1, positionId: POSITION,
};

export const position: PositionFact = {
  positionId: POSITION, instrumentId: 'BTC-USDT-PERP', cycleId: CYCLE, direction: 'long', positionSide: 'both', state: 'open', quantity: '2', entryQuantity: '2', realizedPnl: '0', fees: '0.1', endedAt: null,
};

const money = { instrumentId: null, currency: 'USDT', tradeId: null, time: 1 };
export const transfer = { ...money, incomeId: '1', type: 'TRANSFER', amount: '1000' };
export const commission = { ...money, incomeId: '2', type: 'COMMISSION', amount: '-0.1', instrumentId: 'BTC-USDT-PERP' as const, tradeId: '1' };

export const cycle = { cycleId: CYCLE, strategy: 'ensemble', timeframe: '1h' as const, closeTime: HOUR_MS, isRecorded: true, policyVersion: 1 };

/** Nothing ever happened. */
export const calm: EmergencyFacts = {
  guard: { mode: 'armed', emergency: 0, round: 0 }, guardChangedAt: 0, fence: { epoch: 1, halted: false }, fenceHistory: [], steps: [], claimedAt: { [ENTRY]: 1 },
  openings: [{ cycleId: CYCLE, positionId: POSITION, forbiddenBy: [], leverage: 5, leverageMax: 5, notional: '1000', notionalMax: '1000' }],
  newestCycle: { cycleId: CYCLE, observedAt: 100_000, emergencyMode: false, policy: PRESETS.normal }, unaudited: [],
};

const step = (type: EmergencyFact['type'], at: number, [from, to]: readonly [EmergencyFact['from'], EmergencyFact['to']] = [null, null]): EmergencyFact => ({ type, emergencyId: 'ess/sim/1', round: 1, from, to, at });

/** Stopped at 10,000 and sealed at 20,000; the entry was claimed long before. */
export const sealed: EmergencyFacts = {
  ...calm, guard: { mode: 'emergency', emergency: 1, round: 1 }, guardChangedAt: 20_000, fence: { epoch: 2, halted: true }, fenceHistory: [{ epoch: 2, halted: true, changedAt: 10_000 }],
  steps: [step('emergencyTriggered', 10_000), step('emergencySealed', 20_000)], newestCycle: null,
};

/** On the way back since 30,000. */
export const recovering: EmergencyFacts = {
  ...sealed, guard: { mode: 'protective', emergency: 1, round: 1 }, guardChangedAt: 30_000, fence: { epoch: 2, halted: false }, fenceHistory: [...sealed.fenceHistory, { epoch: 2, halted: false, changedAt: 30_000 }],
  steps: [...sealed.steps, step('emergencyRecovered', 30_000, ['emergency', 'protective'])],
};

export const skipping: EmergencyFacts = { ...recovering, guard: { ...recovering.guard, mode: 'cautious' }, steps: [...sealed.steps, step('emergencyRecovered', 30_000, ['emergency', 'cautious'])] };

/** One open, protected position; everything agrees. */
export function factsWith({ ledger, venue, engine }: { ledger?: Partial<LedgerFacts>; venue?: Partial<VenueFacts>; engine?: Partial<EngineFacts> } = {}): Facts {
  return {
    ledger: {
      portfolioId: 'sim', mode: 'sim', readAt: 100_000, deploymentId: DEPLOYMENT, emergency: calm, orders: [entryRow, stopRow], fills: [fill], positions: [position], income: [transfer, commission], incomeReadTo: 1,
      cycles: [cycle, { ...cycle, cycleId: 'next', closeTime: 2 * HOUR_MS }], predicted: new Set([`${CYCLE} BTC-USDT-PERP`]), judged: [], candles: new Map(), models: [], policyVersions: [1], auditBrokenAt: null, ...ledger,
    },
    venue: {
      orders: [venueEntry, venueStop], openOrders: [venueStop], fills: [{ ...fill, clientOrderId: null }], untold: [], income: [transfer, commission], forgetsBefore: null,
      account: {
        walletBalance: '999.9', equity: '999.9', availableMargin: '900', positionMode: 'oneWay',
        positions: [{ instrumentId: 'BTC-USDT-PERP', direction: 'long', quantity: '2', entryPrice: '100', markPrice: '100', unrealizedPnl: '0', positionSide: 'both' }],
      }, ...venue,
    },
    engine: { running: new Set([POSITION]), isAtRest: false, ...engine },
  };
}
