/** What a session must go through so that a worker comes by each crash point: a usual one does not meet every trouble. */
import type { CrashPoint, Effect } from '../../activities/effects.ts';
import { cycleIdOf } from '../../domain/cycle/ids.ts';
import { FAILURES_TO_UNHEALTHY } from '../../domain/health/check.ts';
import type { Violation } from '../../domain/verify/facts.ts';
import { clientOrderIdOf } from '../../domain/orders/identity.ts';
import { accountFeedId, marketFeedId, taskQueueOf } from '../../workflows/ids.ts';
import type * as workflows from '../../workflows/index.ts';
import { closePositionUpdate, emergencyStopSignal, timeReachedSignal } from '../../workflows/messages.ts';
import { actOnHealth, guardOf, resume, untilMode } from './emergency.ts';
import { inject } from './fault-session.ts';
import { outsiderOf, plantGhost } from './outsider.ts';
import { predicted } from './predicting.ts';
import { until } from './processes.ts';
import { fillUnheard, untilEntriesRest } from './resting.ts';
import { plantedOptions, retrained } from './retraining.ts';
import { setPolicy } from './set-policy.ts';
import { acknowledgeAll, advanceToClose, beginStandstill, nextCandle, oneRow, orderOf, rowsOf, settled, streamCount, untilOpen } from './standstill.ts';
import type { System, SystemOptions } from './system.ts';

/** `<activity>/<port>.<method>`: both moments of the effect. */
export type Reached = `${string}/${Effect}`;

export interface Situation {
  readonly tells: string;
  readonly reaches: readonly Reached[];
  readonly options: Pick<SystemOptions, 'candles' | 'gated' | 'data' | 'history' | 'env' | 'mode'>;
  /** Stages the trouble and trades to the end, while workers may die at any moment. @returns candles that were traded */
  readonly play: (system: System) => Promise<number>;
  /** What `keel verify` says of the staging itself, which nobody can undo. */
  readonly isStaged?: (violation: Violation, system: System) => boolean;
}

const CANDLES = 10;
const MARKET_ENTRY = { match: { method: 'POST', path: '/order', type: 'MARKET' }, at: 1 };
/** So long an entry that was priced anew may be sent. */
const REPRICED_VALID_MS = 30_000;
/** Failing calls stop nothing. */
const UNMOVED = { tripVenueFailureShare: 1, tripErrors: 500 } as const;

async function tradeToTheEnd(system: System): Promise<number> {
  await system.startReplay();
  return await system.waitDone();
}

const orphanOf = (system: System): string => clientOrderIdOf(system.deployment.id, 'of nobody');
const ghostOf = (system: System): string => clientOrderIdOf(system.deployment.id, 'a ghost');
const MASTER = clientOrderIdOf('zzzzz', 'another');

export const SITUATIONS: readonly Situation[] = [
  {
    tells: 'a usual session',
    reaches: [
      'claimCycle/ledger.claimCycle', 'recordCycle/ledger.recordCycle', 'settlePosition/ledger.settlePosition', 'closePosition/ledger.closePosition',
      'submitOrder/venue.ensureTerms', 'submitOrder/ledger.claimSubmission', 'submitOrder/venue.submit', 'submitOrder/ledger.applyOrderEvent', 'cancelOrder/venue.cancel', 'cancelOrder/ledger.applyOrderEvent',
      'compareWithVenue/ledger.applyFills', 'compareWithVenue/ledger.recordIncome', 'compareWithVenue/ledger.setCursor', 'compareWithVenue/ledger.noteDifferences',
      'recordMoney/ledger.recordIncome', 'recordMoney/ledger.setCursor', 'recordMoney/ledger.recordEquity', 'observe/ledger.watchRisk', 'observe/ledger.oversee', 'streamAccount/ledger.applyReport', 'streamAccount/ledger.watchRisk', 'streamAccount/venue.acknowledge',
      'streamMarket/ledger.writeCandles', 'streamMarket/ledger.setCursor', 'driveReplay/ledger.setCursor', 'evaluateDue/ledger.recordOutcomes',
    ],
    options: { candles: CANDLES },
    play: tradeToTheEnd,
  },
  {
    tells: 'the venue takes an order, its answer is lost, and its stream is silent',
    reaches: ['lookUpOrder/ledger.applyOrderEvent', 'lookUpOrder/ledger.applyFills'],
    options: { candles: CANDLES },
    play: async (system) => {
      await inject(system, { kind: 'silentStream', ...MARKET_ENTRY });
      await inject(system, { kind: 'acceptedNoAnswer', ...MARKET_ENTRY });
      return await tradeToTheEnd(system);
    },
  },
  {
    tells: 'the venue bans everybody for longer than an opening is valid',
    reaches: ['expireOrder/ledger.applyOrderEvent'],
    options: { candles: CANDLES, mode: 'sim' }, // in a replay no opening is too old
    play: async (system) => {
      await setPolicy(system, { ...UNMOVED, entryValidityS: 3 });
      await inject(system, { kind: 'http418', durationMs: 6_000, ...MARKET_ENTRY });
      return await tradeToTheEnd(system);
    },
  },
  {
    tells: 'a resting entry is to be priced anew, and the market has moved away',
    reaches: ['submitOrder/ledger.backfillOrder'],
    options: { candles: CANDLES },
    play: async (system) => {
      await untilEntriesRest(system, { entryDriftBpsMax: 5 });
      return await tradeToTheEnd(system);
    },
  },
  {
    tells: 'a resting entry was priced anew, and the venue bans everybody for longer than it is valid',
    reaches: ['expireOrder/ledger.backfillOrder'],
    options: { candles: CANDLES, mode: 'sim' },
    play: async (system) => {
      const [clientOrderId = ''] = await untilEntriesRest(system, UNMOVED);
      const { positionId, symbol } = await oneRow<{ positionId: string; symbol: string }>(system, 'SELECT position_id "positionId", venue_symbol symbol FROM intents JOIN instruments USING (instrument_id) WHERE client_order_id = $1', [clientOrderId]);
      // The first quote is the one to price with, the second the one to send by.
      await inject(system, { kind: 'http418', durationMs: REPRICED_VALID_MS + 2_000, match: { method: 'GET', path: 'bookTicker', symbol }, at: 2 });
      await system.client.workflow.getHandle(positionId).signal(timeReachedSignal, { clientOrderId });
      return await tradeToTheEnd(system);
    },
  },
  {
    tells: 'the time limit of a resting entry is reached when it was just filled, unheard',
    reaches: ['cancelOrder/ledger.applyFills'],
    options: { candles: CANDLES },
    play: async (system) => {
      const resting = await untilEntriesRest(system);
      await inject(system, { kind: 'zombieStream' });
      const clientOrderId = await fillUnheard(system, resting);
      const { positionId } = await oneRow<{ positionId: string }>(system, 'SELECT position_id "positionId" FROM orders WHERE client_order_id = $1', [clientOrderId]);
      await system.client.workflow.getHandle(positionId).signal(timeReachedSignal, { clientOrderId });
      await until('its fill is booked', async () => (await rowsOf(system, 'SELECT 1 FROM fills WHERE client_order_id = $1', [clientOrderId])).length > 0, 60_000);
      return await tradeToTheEnd(system);
    },
  },
  {
    tells: 'a person closes while the ledger is down',
    reaches: ['instructPosition/ledger.instruct', 'backfillOrders/ledger.backfillOrder'],
    options: { candles: CANDLES, gated: true },
    play: async (system) => {
      await beginStandstill(system);
      const { positionId, venueSymbol } = await untilOpen(system);
      await system.gate.shut();
      const asked = system.client.workflow.getHandle(positionId).executeUpdate(closePositionUpdate, { args: [{ by: 'test' }] });
      await until('the close is at the venue', async () => (await reducingOrdersOf(system, venueSymbol)).length > 0, 60_000);
      await system.gate.open();
      await asked;
      await until('its end is written', async () => (await rowsOf(system, `SELECT 1 FROM positions WHERE position_id = $1 AND state = 'closed'`, [positionId])).length > 0, 60_000);
      return await tradeToTheEnd(system);
    },
  },
  {
    tells: 'the feed brings a candle that its cycle has to fetch itself',
    reaches: ['observe/ledger.writeCandles'],
    options: { candles: CANDLES },
    play: async (system) => {
      await beginStandstill(system);
      await untilOpen(system);
      const { portfolioId, taskQueuePrefix } = system.deployment;
      await system.client.workflow.getHandle(marketFeedId(portfolioId)).terminate('the test takes it away');
      await until('nobody listens to the market', async () => (await streamCount(system)) === 1, 30_000);
      const candle = { portfolioId, strategy: 'metronome', timeframe: system.settings.timeframe, closeTime: await advanceToClose(system) };
      await system.client.workflow.start<typeof workflows.tradingCycle>('tradingCycle', { workflowId: cycleIdOf(candle), taskQueue: taskQueueOf(taskQueuePrefix, 'trading'), args: [candle], workflowTaskTimeout: '5 s' });
      await until('the cycle is recorded', async () => (await rowsOf(system, 'SELECT 1 FROM cycles WHERE cycle_id = $1 AND recorded_at IS NOT NULL', [cycleIdOf(candle)])).length > 0, 60_000);
      return await tradeToTheEnd(system);
    },
  },
  {
    tells: 'a candle that predictions are priced with is gone from the ledger when they fall due',
    reaches: ['evaluateDue/ledger.writeCandles'],
    options: { candles: CANDLES },
    play: async (system) => {
      await beginStandstill(system);
      await nextCandle(system);
      await nextCandle(system);
      await system.database.query('DELETE FROM candles WHERE open_time = (SELECT max(open_time) FROM candles)');
      return await tradeToTheEnd(system);
    },
  },
  {
    tells: 'somebody asks for predictions, and the newest candle is gone from the ledger',
    reaches: ['predict/ledger.writeCandles', 'predict/ledger.recordPredictionRequest'],
    options: { candles: CANDLES },
    play: async (system) => {
      await beginStandstill(system);
      await nextCandle(system);
      await system.database.query('DELETE FROM candles WHERE open_time = (SELECT max(open_time) FROM candles)');
      await predicted(system, 'asked');
      return await tradeToTheEnd(system);
    },
  },
  {
    tells: 'models are trained anew on candles that the ledger lacks',
    reaches: ['prepareDataset/ledger.writeCandles'],
    get options() { return plantedOptions(CANDLES); },
    play: async (system) => {
      await beginStandstill(system);
      await system.database.query('DELETE FROM candles WHERE open_time < (SELECT max(open_time) FROM candles) - 3000000000');
      await retrained(system);
      return await tradeToTheEnd(system);
    },
  },
  {
    tells: 'fills that nobody heard, of positions whose workflows are gone',
    reaches: ['compareWithVenue/ledger.resolveDifference'],
    options: { candles: CANDLES },
    play: async (system) => {
      await beginStandstill(system);
      await system.client.workflow.getHandle(accountFeedId(system.deployment.portfolioId)).terminate('the test takes it away');
      await until('nobody listens to the account', async () => (await streamCount(system)) === 1, 30_000);
      await nextCandle(system, { mayWait: false });
      await until('entries are filled', async () => (await rowsOf(system, UNBOOKED)).length > 0, 60_000);
      for (const { id } of await rowsOf<{ id: string }>(system, `SELECT position_id id FROM positions WHERE state <> 'closed'`)) await system.client.workflow.getHandle(id).terminate('the test takes it away');
      await acknowledgeAll(system); // heard by nobody
      await system.reconcile();
      return await tradeToTheEnd(system);
    },
  },
  {
    tells: 'a person stops everything, and resumes when all is closed',
    reaches: [
      'commandGuard/ledger.commandGuard', 'recordClosings/ledger.recordEmergencyOrders', 'tellPositions/ledger.tellEmergency', 'withdrawOrders/venue.cancel', 'closePositions/venue.submit',
      'bookClosings/ledger.applyFills', 'bookClosings/ledger.applyOutsideFills', 'bookClosings/ledger.instruct',
    ],
    options: { candles: CANDLES },
    play: async (system) => {
      await beginStandstill(system);
      await untilOpen(system);
      await guardOf(system).signal(emergencyStopSignal, { reason: 'a crash test', by: 'test' });
      await untilMode(system, 'emergency', 120_000);
      await resume(system);
      return await tradeToTheEnd(system);
    },
  },
  {
    tells: 'health turns critical: one ill part is enough, and the clock is off',
    reaches: ['checkHealth/ledger.commandGuard', 'checkHealth/ledger.oversee', 'oversee/ledger.oversee'],
    options: { candles: CANDLES },
    play: async (system) => {
      await setPolicy(system, { criticalUnhealthyParts: 1 });
      await beginStandstill(system);
      await untilOpen(system);
      await actOnHealth(system, true);
      await inject(system, { kind: 'clockSkew', skewMs: 2_000 });
      for (let check = 1; check <= FAILURES_TO_UNHEALTHY; check += 1) await system.checkHealth();
      await untilMode(system, 'emergency', 120_000);
      await system.control('/faults', { method: 'DELETE' });
      await actOnHealth(system, false);
      await system.oversee();
      await resume(system);
      return await tradeToTheEnd(system);
    },
  },
  {
    tells: 'orders and positions that differ between venue and ledger, in every way that is acted on',
    reaches: [
      'resolveDifference/ledger.applyOutsideFills', 'resolveDifference/ledger.instruct', 'resolveDifference/ledger.applyReport', 'resolveDifference/ledger.applyFills',
      'resolveDifference/ledger.applyOrderEvent', 'resolveDifference/ledger.raiseFence', 'resolveDifference/ledger.resolveDifference', 'resolveDifference/venue.cancel',
    ],
    options: { candles: CANDLES },
    play: async (system) => {
      await beginStandstill(system);
      await untilOpen(system);
      await stageDifferences(system);
      await system.reconcile();
      return await tradeToTheEnd(system);
    },
    isStaged: ({ invariant, subject }, system) => invariant === 1 && [MASTER, orphanOf(system), ghostOf(system)].includes(subject),
  },
];

/** Protected already: their workflows may be taken away. */
const UNBOOKED = `SELECT 1 FROM orders o JOIN intents i USING (client_order_id) WHERE i.leg = 'entry' AND o.state = 'filled' AND o.booked_quantity <> o.filled_quantity
  AND EXISTS (SELECT 1 FROM orders s JOIN intents n USING (client_order_id) WHERE s.position_id = o.position_id AND n.leg = 'stop' AND s.state = 'accepted')`;

async function reducingOrdersOf(system: System, venueSymbol: string): Promise<readonly unknown[]> {
  const { orders } = (await system.control('/book')) as { orders: readonly { symbol: string; reduceOnly: boolean; algoId: unknown }[] };
  return orders.filter((it) => it.symbol === venueSymbol && it.reduceOnly);
}

/** One symbol is closed by another hand; of another, orders are made up that only one side knows. */
async function stageDifferences(system: System): Promise<void> {
  const outsider = outsiderOf(system);
  const [closed, disputed] = await rowsOf<{ id: string; symbol: string }>(system, `SELECT instrument_id id, venue_symbol symbol FROM positions JOIN instruments USING (instrument_id) WHERE state = 'open' ORDER BY 1 LIMIT 2`);
  if (closed === undefined || disputed === undefined) throw new Error('fewer than two positions are open');
  const target = await orderOf(system, disputed.id, 'target');
  const { tick } = await oneRow<{ tick: string }>(system, 'SELECT tick_size::text tick FROM instruments WHERE instrument_id = $1', [disputed.id]);
  const price = (Math.round((await outsider.priceOf(disputed.symbol)) * 0.9 / Number(tick)) * Number(tick)).toFixed(tick.split('.')[1]?.length ?? 0);
  await outsider.send('POST', 'order', { symbol: disputed.symbol, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: target.quantity, price, newClientOrderId: MASTER });
  await outsider.send('POST', 'algoOrder', { algoType: 'CONDITIONAL', symbol: disputed.symbol, side: 'SELL', type: 'STOP_MARKET', quantity: target.quantity, triggerPrice: price, clientAlgoId: orphanOf(system) });
  await settled(system);
  await plantGhost(system, target.clientOrderId, ghostOf(system));
  await system.database.query(`UPDATE orders SET state = 'unknown', accepted_at = NULL, venue_order_id = NULL WHERE client_order_id = $1`, [target.clientOrderId]);
  await system.control('/outside-close', { method: 'POST', body: JSON.stringify({ symbol: closed.symbol }) });
}

/** @throws naming the point when no situation reaches it */
export function situationOf(point: CrashPoint, situations: readonly Situation[] = SITUATIONS): Situation {
  const effect = point.slice(0, point.lastIndexOf('/'));
  const found = situations.find((it) => it.reaches.some((reached) => reached === effect));
  if (found === undefined) throw new Error(`no situation reaches ${point}: stage one in test/support/situations.ts`);
  return found;
}
