/** What the ledger asks stays quick when its tables have grown: every statement that its methods send is explained. */
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createCallStore } from '../../../db/call-store.ts';
import { sealEvents } from '../../../db/events/audit.ts';
import { createEventBus } from '../../../db/events/bus.ts';
import { parkedFor, sendAgain } from '../../../db/events/parked.ts';
import { createLedger } from '../../../db/ledger.ts';
import { createLimiterStore } from '../../../db/limiter-store.ts';
import { createSizingStore } from '../../../db/sizing-store.ts';
import { list } from '../../../db/listings.ts';
import type { Listing } from '../../../db/listings.ts';
import type { Pool } from '../../../db/pool.ts';
import { createPool } from '../../../db/pool.ts';
import { cycleIdOf } from '../../../domain/cycle/ids.ts';
import { planCycle } from '../../../domain/cycle/plan-cycle.ts';
import type { OpenPlan } from '../../../domain/cycle/types.ts';
import type { Fill, OrderIntent, VenueOrder } from '../../../domain/orders/order.ts';
import type { Difference, EmergencyOrder, Ledger } from '../../../domain/ports/ledger.ts';
import { stopIntentFor } from '../../../domain/positions/intents.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import type { Scan, Statement } from '../../support/statements.ts';
import { actualScans, plannedScans, recordStatements } from '../../support/statements.ts';
import { INSTRUMENT, observationWith } from '../../unit/domain/cycle/plan.fixture.ts';

const ROWS = 50_000;
/** A statement on a hot path reads no more of a grown table. */
const ROWS_READ_MAX = 1_000;

/** All but the newest are over and done. They are one portfolio's: its name alone narrows nothing. */
const GROW = `
  SET session_replication_role = replica;
  INSERT INTO candles SELECT 'BTC-USDT-PERP', '1h', g * 3600000::bigint, 1, 1, 1, 1, 1 FROM generate_series(1, ${ROWS}) g;
  INSERT INTO cycles SELECT 'c' || g, 'sim', 'ensemble', '1h', g * 3600000::bigint, 'w', 1, false, '{}', '{}', 0, 0, 0, 0, 1, 1 FROM generate_series(1, ${ROWS}) g;
  INSERT INTO predictions (cycle_id, instrument_id, voter, voter_version, role, portfolio_id, made_at, action, confidence, probability_buy, probability_sell, probability_hold, because, regime, price, horizon_candles, due_at, label_version, cost_bps)
    SELECT 'c' || g, 'BTC-USDT-PERP', 'v', '1', 'member', 'sim', g, 'hold', 0.5, 0, 0, 1, 'x', 'range', 1, 4, g, 'horizon4/1', 10 FROM generate_series(1, ${ROWS}) g;
  INSERT INTO outcomes (prediction_id, label_version, state, entry_at, exit_at, entry_price, exit_price, actual, move_bps, return_bps, is_right, evaluated_at) SELECT g, 'horizon4/1', 'priced', g, g + 1, 1, 1, 'hold', 0, 0, true, g + 1 FROM generate_series(1, ${ROWS}) g;
  INSERT INTO due_evaluations SELECT 'sim', g * 1000000000000::bigint, 'c' || g, '1h', 1 FROM generate_series(1000, ${ROWS}) g;
  INSERT INTO equity (portfolio_id, market_time, wallet_balance, equity, available_margin, open_positions) SELECT 'sim', g, 1, 1, 1, 0 FROM generate_series(1, ${ROWS}) g;
  INSERT INTO positions (position_id, portfolio_id, instrument_id, cycle_id, direction, plan, state, entry_quantity, stop_price, close_reason, inbox_seq, handled_seq, decided_at, closed_at)
    SELECT 'p' || g, 'sim', 'BTC-USDT-PERP', 'c' || g, 'long', '{}', 'closed', 1, 1, 'stop', 3, 3, g, g FROM generate_series(1, ${ROWS}) g;
  INSERT INTO intents (intent_id, client_order_id, portfolio_id, position_id, cycle_id, leg, revision, instrument_id, side, position_side, type, time_in_force, quantity, reduce_only, closes_position, decision_price, epoch, policy_version)
    SELECT 'i' || g, 'o' || g, 'sim', 'p' || g, 'c' || g, 'entry', 1, 'BTC-USDT-PERP', 'buy', 'both', 'market', 'GTC', 1, false, false, 1, 1, 1 FROM generate_series(1, ${ROWS}) g;
  INSERT INTO orders (client_order_id, portfolio_id, position_id, instrument_id, book, state, attempt, venue_order_id, triggered_order_id, filled_quantity, booked_quantity, updated_at, planned_at)
    SELECT 'o' || g, 'sim', 'p' || g, 'BTC-USDT-PERP', 'plain', 'filled', 1, 'v' || g, 't' || g, 1, 1, 1, 1 FROM generate_series(1, ${ROWS}) g;
  INSERT INTO order_events (client_order_id, kind, from_state, to_state, event, at) SELECT 'o' || g, 'reported', 'accepted', 'filled', '{}', 1 FROM generate_series(1, ${ROWS}) g;
  INSERT INTO fills (portfolio_id, instrument_id, trade_id, venue_order_id, position_id, client_order_id, side, position_side, price, quantity, fee, fee_currency, realized_pnl, maker, filled_at, filled_at_wall)
    SELECT 'sim', 'BTC-USDT-PERP', 't' || g, 'v' || g, 'p' || g, 'o' || g, 'buy', 'both', 1, 1, 0, 'USDT', 0, false, g, g FROM generate_series(1, ${ROWS}) g;
  INSERT INTO income (portfolio_id, income_id, type, instrument_id, amount, currency, trade_id, time) SELECT 'sim', 'n' || g, 'COMMISSION', 'BTC-USDT-PERP', 1, 'USDT', 't' || g, g FROM generate_series(1, ${ROWS}) g;
  INSERT INTO instructions (instruction_id, position_id, kind, instruction, handled_at) SELECT 'n' || g, 'p' || g, 'close', '{}', 1 FROM generate_series(1, ${ROWS}) g;
  INSERT INTO domain_events (event_id, type, source, portfolio_id, subject, trace_id, actor, time, payload) SELECT 'e' || g, 'cycleRecorded', 'keel', 'sim', 's' || g, 't' || g, 'keel', g, '{}' FROM generate_series(1, ${ROWS}) g;
  INSERT INTO audit_records SELECT g, g, 'cycleRecorded', 90, repeat('0', 64), 1 FROM generate_series(1, ${ROWS}) g;
  INSERT INTO emergency_orders SELECT 'e' || g, 'sim', 'ess/sim/' || g, 'BTC-USDT-PERP', 'sell', 'both', 1, 'accepted', NULL, 'v', 1, 1 FROM generate_series(1, ${ROWS}) g;
  INSERT INTO parked_deliveries SELECT 'other', g, 'x', 1, 1 FROM generate_series(1, ${ROWS}) g;
  INSERT INTO venue_calls SELECT 'sim', g * 100::bigint, 'w' || g, 1, 0 FROM generate_series(${1 - ROWS}, 0) g;
  SET session_replication_role = DEFAULT;
  ANALYZE;`;
const GROWING = ['candles', 'cycles', 'predictions', 'outcomes', 'due_evaluations', 'equity', 'positions', 'intents', 'orders', 'order_events', 'fills', 'income', 'instructions', 'domain_events', 'audit_records', 'emergency_orders', 'parked_deliveries', 'venue_calls'];

const OBSERVATION = observationWith({ account: { fence: { epoch: 1, halted: false } } });
const CYCLE = cycleIdOf(OBSERVATION.candle);
const PLAN = planCycle({ cycleId: CYCLE, observation: OBSERVATION });
const [OPEN] = PLAN.opens as [OpenPlan];
const STOP = stopIntentFor(OPEN, { quantity: OPEN.entry.quantity, triggerPrice: '97', revision: 1 });
const SPEC = { portfolioId: 'sim', deploymentId: 'abcde', venueAccountId: 'account', mode: 'sim', strategy: 'ensemble', timeframe: '1h', instrumentIds: [INSTRUMENT.id] } as const;
const DIFFERENCE: Difference = { key: 'k', kind: 'foreignPosition', instrumentId: INSTRUMENT.id, evidence: {} };
const MONEY = { walletBalance: '1', equity: '1', availableMargin: '1', positionMode: 'oneWay', positions: [] } as const;
const CLOSING: EmergencyOrder = { clientOrderId: 'klabcde-ess.x', emergencyId: 'ess/sim/1', instrumentId: INSTRUMENT.id, side: 'sell', positionSide: 'both', quantity: '1', answer: 'accepted', detail: null, venueOrderId: '1', sentAt: 1 };
const CHANGE = { portfolioId: 'sim', by: 'ada', reason: 'a test' };

function reported(intent: OrderIntent, changes: Partial<VenueOrder>): VenueOrder {
  return {
    venueOrderId: '7', clientOrderId: intent.clientOrderId, instrumentId: intent.instrumentId, book: 'plain', status: 'working', side: intent.side, positionSide: 'both', type: intent.type,
    quantity: intent.quantity, filledQuantity: '0', averagePrice: null, price: null, triggerPrice: null, reduceOnly: false, triggeredOrderId: null, updatedAt: 1, ...changes,
  };
}
const FILL: Fill = {
  tradeId: '1', venueOrderId: '7', clientOrderId: OPEN.entry.clientOrderId, instrumentId: INSTRUMENT.id, side: 'buy', positionSide: 'both', price: '100', quantity: OPEN.entry.quantity,
  fee: '0.5', feeCurrency: 'USDT', realizedPnl: '0', maker: false, filledAt: 2_000, filledAtWall: 2_000,
};

/** One call of each method, in an order in which each does its work. A method without a line here does not compile. */
function callsOf(ledger: Ledger): Record<Exclude<keyof Ledger, 'close'>, () => Promise<unknown>> {
  return {
    ensurePortfolio: () => ledger.ensurePortfolio(SPEC),
    portfolio: () => ledger.portfolio('sim'),
    upsertInstruments: () => ledger.upsertInstruments([INSTRUMENT]),
    instruments: () => ledger.instruments([INSTRUMENT.id]),
    writeCandles: () => ledger.writeCandles([{ instrumentId: INSTRUMENT.id, timeframe: '1h', candles: [{ openTime: 0, open: 1, high: 1, low: 1, close: 1, volume: 1 }] }]),
    candles: () => ledger.candles({ instrumentIds: [INSTRUMENT.id], timeframe: '1h', until: ROWS * 3_600_000, limit: 300 }),
    claimCycle: () => ledger.claimCycle({ cycleId: CYCLE, workflowId: 'w', candle: OBSERVATION.candle }),
    accountContext: () => ledger.accountContext({ ...OBSERVATION.candle, closeTime: OBSERVATION.candle.closeTime + 3_600_000 }),
    tradeRecord: () => ledger.tradeRecord({ portfolioId: 'sim', closeTime: OBSERVATION.candle.closeTime, symbols: [{ instrumentId: INSTRUMENT.id, lossesSince: 0 }] }),
    recordCycle: async () => {
      await ledger.recordCycle({ cycleId: CYCLE, observation: OBSERVATION, plan: PLAN });
      await ledger.recordCycle({ cycleId: CYCLE, observation: OBSERVATION, plan: PLAN }); // the second reads the first's plan
    },
    cycleState: () => ledger.cycleState(CYCLE),
    recordedCycle: () => ledger.recordedCycle(CYCLE),
    recordPredictionRequest: () => ledger.recordPredictionRequest('predictions/sim/x', OBSERVATION),
    predictionRequest: () => ledger.predictionRequest('predictions/sim/x'),
    duePredictions: () => ledger.duePredictions({ portfolioId: 'sim', marketTime: OBSERVATION.candle.closeTime + 9 * 3_600_000, after: null, limit: 1_000 }),
    nextDueAt: () => ledger.nextDueAt('sim'),
    candlesBetween: () => ledger.candlesBetween({ instrumentIds: [INSTRUMENT.id], timeframe: '1h', from: ROWS * 1_800_000, to: ROWS * 1_800_000 + 500 * 3_600_000 }),
    recordOutcomes: async () => {
      const due = await ledger.duePredictions({ portfolioId: 'sim', marketTime: OBSERVATION.candle.closeTime + 9 * 3_600_000, after: null, limit: 1_000 });
      await ledger.recordOutcomes('sim', due.map((prediction) => ({ state: 'unpriceable', prediction, evaluatedAt: prediction.dueAt, evidence: { reason: 'a test' } })));
    },
    ordersSent: () => ledger.ordersSent('sim', 1),
    claimSubmission: () => ledger.claimSubmission({ intent: OPEN.entry, attempt: 1, timestamp: 1, marketTime: 1, nowMs: 1 }),
    applyOrderEvent: () => ledger.applyOrderEvent(OPEN.entry.clientOrderId, { kind: 'answerLost', attempt: 1 }, 2),
    order: () => ledger.order(OPEN.entry.clientOrderId),
    dueOrders: () => ledger.dueOrders('sim', 1),
    nextOrderDeadline: () => ledger.nextOrderDeadline('sim'),
    backfillOrder: () => ledger.backfillOrder({
      intent: STOP, state: 'accepted', attempt: 1, sentTimestamp: 1, venueOrderId: '8', triggeredOrderId: null, filledQuantity: '0', averagePrice: null, reason: null, acceptedAt: 1, updatedAt: 1,
    }),
    applyReport: () => ledger.applyReport('sim', { order: reported(OPEN.entry, { status: 'filled', filledQuantity: OPEN.entry.quantity, averagePrice: '100' }), fill: FILL, at: 3 }),
    applyFills: () => ledger.applyFills('sim', [{ ...FILL, tradeId: '2', clientOrderId: null, venueOrderId: 'nobody' }]), // looked for in both books
    applyOutsideFills: () => ledger.applyOutsideFills(OPEN.positionId, [{ ...FILL, tradeId: '3', side: 'sell', clientOrderId: null, venueOrderId: '9' }]),
    recordIncome: () => ledger.recordIncome('sim', [{ incomeId: '1', type: 'TRANSFER', amount: '1', currency: 'USDT', instrumentId: null, tradeId: null, time: 1 }]),
    recordEquity: () => ledger.recordEquity('sim', MONEY, 1),
    cursor: () => ledger.cursor('sim', 'x'),
    setCursor: () => ledger.setCursor('sim', 'x', 1),
    positionSnapshot: () => ledger.positionSnapshot(OPEN.positionId),
    settlePosition: () => ledger.settlePosition({ positionId: OPEN.positionId, handledSeq: 1, handledInstructionIds: ['n1'], state: 'open', stopPrice: '97', targetPrice: null }),
    openPositions: () => ledger.openPositions('sim'),
    openHoldings: () => ledger.openHoldings('sim'),
    instruct: () => ledger.instruct({ kind: 'close', instructionId: 'x', positionId: OPEN.positionId, reason: 'age', decisionPrice: '100' }),
    closePosition: () => ledger.closePosition({ positionId: OPEN.positionId, handledSeq: 9, reason: 'stop', closedAt: 5 }),
    settlement: () => ledger.settlement('sim'),
    settlementChange: async () => {
      const other = createLedger(createPool(pool.options.connectionString ?? '')); // it listens until it is closed
      await other.settlementChange(1).finally(() => other.close());
    },
    reconciliationView: () => ledger.reconciliationView('sim'),
    noteDifferences: () => ledger.noteDifferences('sim', [DIFFERENCE], 1),
    resolveDifference: () => ledger.resolveDifference('sim', DIFFERENCE, 'left alone'),
    fence: () => ledger.fence('sim'),
    raiseFence: () => ledger.raiseFence(CHANGE),
    lowerFence: () => ledger.lowerFence(CHANGE),
    guard: () => ledger.guard('sim', { marketAt: ROWS + 900_000 - 100, wallAt: 1 }),
    watchRisk: () => ledger.watchRisk('sim', [{ at: ROWS + 900_000 - 100, seenAt: 1, money: null, machinery: null }], { trustsStream: false }),
    commandGuard: () => ledger.commandGuard('sim', { kind: 'trip', cause: { trigger: 'person', reason: 'a test', by: 'ada', severity: 'critical' }, at: 1 }),
    posture: () => ledger.posture('sim'),
    oversee: () => ledger.oversee('sim', { at: 1, wallAt: 1, room: null, by: 'test' }),
    tellEmergency: () => ledger.tellEmergency('sim'),
    recordEmergencyOrders: () => ledger.recordEmergencyOrders('sim', [CLOSING]),
    arm: () => ledger.arm({ portfolioId: 'sim', by: 'ada' }),
    armedBy: () => ledger.armedBy('sim'),
  };
}

const LISTINGS: Record<Listing, true> = { positions: true, orders: true, trades: true, cycles: true, predictions: true, events: true };

/** Apart from the pool, whose statements are timed and recorded. */
async function connectionOf({ options }: Pool): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: options.connectionString });
  await client.connect();
  return client;
}

let databases: TestDatabases;
let pool: Pool;
let statements: ReadonlyMap<string, Statement>;

beforeAll(async () => {
  databases = await startDatabases();
  pool = await databases.create();
  const grower = await connectionOf(pool);
  for (const text of GROW.split(';\n')) await grower.query(text);
  await grower.end();
  statements = recordStatements(pool);
  for (const call of Object.values(callsOf(createLedger(pool)))) await call();
  for (const listing of Object.keys(LISTINGS) as Listing[]) await list(pool, listing, { portfolioId: 'sim', limit: 20 });
  await sealEvents(pool);
  const bus = createEventBus({ pool, subscribers: [{ name: 'deaf', handle: () => Promise.reject(new Error('deaf')) }], warn: () => {} });
  // Caught up before: the whole history is not told anew here.
  await pool.query(`INSERT INTO event_subscribers (name, position, delivered, failed, updated_at) SELECT 'deaf', max(position) - 1, 0, 0, 0 FROM audit_records`);
  await bus.drain();
  await sendAgain(pool, 'deaf');
  await bus.drain();
  await parkedFor(pool, 'deaf', 10);
  await bus.stop();
  await createCallStore(pool, 'sim').tell('w', [{ at: 0, venueCalls: 1, venueFailures: 0 }]);
  const limiter = createLimiterStore(pool, { ip: 'ip', account: 'account' });
  await createSizingStore(pool).facts({ portfolioId: 'sim', version: 'x', closeTime: OBSERVATION.candle.closeTime });
  await limiter.lease([{ kind: 'weight1m', windowStart: 0, units: 1, ceiling: 10 }]);
  await pool.query('ANALYZE');
}, 180_000);
afterAll(() => databases.stop());

describe('on grown tables', () => {
  it('the statements are those of the code', () => {
    expect(statements.size).toBeGreaterThan(55);
  });

  it.each([
    ['without an index', `SELECT 1 FROM orders WHERE reason = $1`, ['x']],
    ['with one that helps little', 'SELECT count(*) FROM order_events WHERE seq > $1', [0]],
  ])('the look finds a statement %s', async (_name, text, values) => {
    expect(await slowOnes((statement) => actualScans(pool, statement), [{ text, values }])).toHaveLength(1);
  });

  it('no statement reads a growing table from end to end, whatever its values', { timeout: 60_000 }, async () => {
    expect(await slowOnes((statement) => plannedScans(pool, statement))).toEqual([]);
  });

  it(`no statement looks at more than ${ROWS_READ_MAX} rows of a growing table`, { timeout: 60_000 }, async () => {
    expect(await slowOnes((statement) => actualScans(pool, statement))).toEqual([]);
  });
});

async function slowOnes(scansOf: (statement: Statement) => Promise<readonly Scan[]>, among: Iterable<Statement> = statements.values()): Promise<string[]> {
  const slow: string[] = [];
  for (const statement of [...among].filter(({ text }) => /^\s*(SELECT|WITH|INSERT|UPDATE|DELETE)\b/i.test(text))) {
    const bad = (await scansOf(statement)).filter(({ node, table, rows }) => GROWING.includes(table) && (node === 'Seq Scan' || (rows ?? 0) > ROWS_READ_MAX));
    for (const { node, table, rows } of bad) slow.push(`${node} of ${table}, ${rows ?? 'unknown'} rows: ${statement.text.replace(/\s+/g, ' ').slice(0, 200)}`);
  }
  return slow;
}
