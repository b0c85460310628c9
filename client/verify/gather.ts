import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { verifyAuditChain } from '../../db/events/audit.ts';
import type { Client as Connection, Pool } from '../../db/pool.ts';
import { inTransaction } from '../../db/pool.ts';
import type { OrderRecord } from '../../db/rows.ts';
import { exact, FILL_COLUMNS, ORDER_COLUMNS, toFill, toOrderRow } from '../../db/rows.ts';
import { isVenueRefusal, KeelError } from '../../domain/errors.ts';
import type { Candle } from '../../domain/market/candle.ts';
import type { DuePrediction, PricedOutcome } from '../../domain/predictions/outcome.ts';
import { timeframeMs } from '../../domain/market/timeframe.ts';
import type { InstrumentId } from '../../domain/market/instrument.ts';
import { DONE_STATES } from '../../domain/orders/order.ts';
import type { Fill, VenueOrder } from '../../domain/orders/order.ts';
import type { Mode } from '../../domain/ports/ledger.ts';
import type { IncomeRecord, Venue } from '../../domain/ports/venue.ts';
import type { CycleFact, EngineFacts, Facts, FillFact, JudgedFact, LedgerFacts, OrderFact, PositionFact, Untold, VenueFacts } from '../../domain/verify/facts.ts';
import { replaySessionId } from '../../workflows/ids.ts';
import type { Read } from './gather-emergency.ts';
import { readEmergency } from './gather-emergency.ts';
import { readModels } from './gather-models.ts';
import { whenAllowed } from '../wait.ts';

export interface VerifyParts {
  readonly pool: Pool;
  readonly venue: Venue;
  readonly client: Client;
  readonly portfolioId: string;
}

/** Binance forgets cancelled and expired orders without a fill after three days. @source Binance USD-M, All Orders. */
const VENUE_FORGETS_AFTER_MS = 3 * 86_400_000;

/** One look at everything. @throws {KeelError} NOT_FOUND for an unknown portfolio; what ledger, venue and engine throw. */
export async function gather({ pool, venue, client, portfolioId }: VerifyParts): Promise<Facts> {
  const { instrumentIds, ...ledger } = await readLedger(pool, portfolioId);
  return {
    ledger,
    venue: await whenAllowed(() => readVenue(venue, instrumentsOf(instrumentIds, ledger), ledger, ledger.mode === 'testnet' || ledger.mode === 'live')),
    engine: await readEngine(client, ledger, ledger.mode === 'replay'),
  };
}

interface PortfolioRow {
  readonly deploymentId: string;
  readonly mode: Mode;
  readonly readAt: number;
  readonly instrumentIds: readonly InstrumentId[];
  readonly incomeReadTo: number;
}

type LedgerLook = LedgerFacts & Pick<PortfolioRow, 'instrumentIds'>;

const PORTFOLIO = `SELECT p.deployment_id AS "deploymentId", p.mode, (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "readAt", p.instrument_ids AS "instrumentIds",
    coalesce((SELECT value FROM venue_cursors c WHERE c.portfolio_id = $1 AND c.name = 'income'), 0) AS "incomeReadTo"
  FROM portfolios p WHERE p.portfolio_id = $1`;

const DONE = `{${DONE_STATES.join(',')}}`;

/** One that the venue knew better of came back to work: the last end counts, and none while it works. */
const ORDERS = `SELECT ${ORDER_COLUMNS}, o.planned_at AS "plannedAt",
    (SELECT max(e.at) FROM order_events e WHERE e.client_order_id = o.client_order_id AND o.state = ANY('${DONE}') AND e.to_state = ANY('${DONE}') AND NOT e.from_state = ANY('${DONE}')) AS "endedAt"
  FROM orders o JOIN intents i ON i.client_order_id = o.client_order_id WHERE o.portfolio_id = $1 ORDER BY o.seq`;

const FILLS = `SELECT ${FILL_COLUMNS}, f.position_id AS "positionId" FROM fills f WHERE f.portfolio_id = $1 ORDER BY f.seq`;

const POSITIONS = `
  SELECT p.position_id AS "positionId", p.instrument_id AS "instrumentId", p.cycle_id AS "cycleId", p.direction, p.plan->'entry'->>'positionSide' AS "positionSide", p.state, p.quantity::text, p.entry_quantity::text AS "entryQuantity",
    p.realized_pnl::text AS "realizedPnl", p.fees::text, (SELECT e.time FROM domain_events e WHERE e.event_id = p.position_id || '/closed') AS "endedAt"
  FROM positions p WHERE p.portfolio_id = $1 ORDER BY p.seq`;

const INCOME = `SELECT income_id AS "incomeId", type, instrument_id AS "instrumentId", amount::text, currency, trade_id AS "tradeId", time FROM income WHERE portfolio_id = $1 ORDER BY time`;

const CYCLES = `SELECT cycle_id AS "cycleId", strategy, timeframe, close_time AS "closeTime", recorded_at IS NOT NULL AS "isRecorded", policy_version AS "policyVersion" FROM cycles WHERE portfolio_id = $1 ORDER BY close_time`;

const JUDGED = `SELECT p.prediction_id AS "predictionId", coalesce(p.cycle_id, p.request_id) AS "cycleId", p.instrument_id AS "instrumentId", coalesce(c.timeframe, r.timeframe) AS timeframe, p.made_at AS "madeAt", p.due_at AS "dueAt", p.horizon_candles AS "horizonCandles",
    p.label_version AS "labelVersion", p.role, p.action, p.sigma, p.cost_bps AS "costBps", p.stop_bps AS "stopBps", p.target_bps AS "targetBps", o.state, o.entry_price AS "entryPrice", o.exit_price AS "exitPrice", o.actual,
    o.move_bps AS "moveBps", o.return_bps AS "returnBps", o.is_right AS "isRight", o.exits_return_bps AS "exitsReturnBps", o.evidence, o.label_version AS "ofLabel", o.entry_at AS "entryAt", o.exit_at AS "exitAt",
    coalesce(c.close_time, r.close_time) AS "decidedAt", p.stored_at AS "storedAt", coalesce(c.recorded_at, r.written_at) AS "recordedAt"
  FROM predictions p LEFT JOIN cycles c USING (cycle_id) LEFT JOIN prediction_requests r USING (request_id) LEFT JOIN outcomes o USING (prediction_id)
  WHERE p.portfolio_id = $1 AND p.due_at IS NOT NULL ORDER BY p.prediction_id`;

const CANDLES = `SELECT k.timeframe || ' ' || k.instrument_id AS key, k.open_time AS "openTime", k.open, k.high, k.low, k.close, k.volume
  FROM (SELECT p.instrument_id, coalesce(c.timeframe, r.timeframe) AS timeframe, min(p.made_at) AS since FROM predictions p LEFT JOIN cycles c USING (cycle_id) LEFT JOIN prediction_requests r USING (request_id) WHERE p.portfolio_id = $1 AND p.due_at IS NOT NULL GROUP BY 1, 2) wanted
  JOIN candles k ON k.instrument_id = wanted.instrument_id AND k.timeframe = wanted.timeframe AND k.open_time >= wanted.since`;

type JudgedRow = DuePrediction & Omit<JudgedFact, 'prediction' | 'outcome'> & { readonly state: 'priced' | 'unpriceable' | null; readonly evidence: Readonly<Record<string, unknown>> | null; readonly ofLabel: string; readonly entryAt: number; readonly exitAt: number } & PricedOutcome;

function judgedOf(row: JudgedRow): JudgedFact {
  const { state, entryPrice, exitPrice, actual, moveBps, returnBps, isRight, exitsReturnBps, evidence, ofLabel, entryAt, exitAt, decidedAt, storedAt, recordedAt, ...prediction } = row;
  const span = { labelVersion: ofLabel, entryAt, exitAt };
  const outcome = state === 'priced' ? { ...span, state, entryPrice, exitPrice, actual, moveBps, returnBps, isRight, exitsReturnBps } : state === null ? null : { ...span, state, evidence: evidence ?? {} };
  return { prediction, decidedAt, storedAt, recordedAt, outcome };
}

function shelvesOf(rows: readonly (Candle & { readonly key: string })[]): LedgerFacts['candles'] {
  const shelves = new Map<string, Map<number, Candle>>();
  for (const { key, ...candle } of rows) shelves.set(key, (shelves.get(key) ?? new Map<number, Candle>()).set(candle.openTime, candle));
  return shelves;
}

/** @throws {KeelError} NOT_FOUND for an unknown portfolio; DATABASE_UNREACHABLE, DATABASE_FAILED */
export async function readLedger(pool: Pool, portfolioId: string): Promise<LedgerLook> {
  const facts = await inTransaction(pool, `read ${portfolioId}`, async (connection) => {
    await connection.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY'); // one moment
    return readTables(connection, portfolioId);
  });
  return { ...facts, auditBrokenAt: (await verifyAuditChain(pool)).brokenAt };
}

async function readTables(connection: Connection, portfolioId: string): Promise<Omit<LedgerLook, 'auditBrokenAt'>> {
  const read: Read = async <Row extends object>(text: string): Promise<Row[]> => (await connection.query<Row & Record<string, unknown>>({ text, values: [portfolioId] })).rows;
  const [portfolio] = await read<PortfolioRow>(PORTFOLIO);
  if (portfolio === undefined) throw new KeelError('NOT_FOUND', `portfolio ${portfolioId} is not in the ledger; keel start and keel replay make one`);
  const positions = await read<PositionFact>(POSITIONS);
  const predicted = await read<{ key: string }>(`SELECT DISTINCT cycle_id || ' ' || instrument_id AS key FROM predictions WHERE portfolio_id = $1 AND cycle_id IS NOT NULL`);
  const versions = await read<{ version: number }>('SELECT version FROM policy_versions WHERE portfolio_id = $1');
  return {
    ...portfolio, portfolioId, emergency: await readEmergency(read, portfolioId),
    orders: (await read<OrderRecord & Pick<OrderFact, 'plannedAt' | 'endedAt'>>(ORDERS)).map((row) => ({ ...toOrderRow(row), bookedQuantity: exact(row.bookedQuantity), plannedAt: row.plannedAt, endedAt: row.endedAt })),
    fills: (await read<FillFact>(FILLS)).map((row) => ({ ...toFill(row), positionId: row.positionId })),
    positions: positions.map((it) => ({ ...it, quantity: exact(it.quantity), entryQuantity: exact(it.entryQuantity), realizedPnl: exact(it.realizedPnl), fees: exact(it.fees) })),
    income: (await read<IncomeRecord>(INCOME)).map((it) => ({ ...it, amount: exact(it.amount) })),
    cycles: await read<CycleFact>(CYCLES),
    models: await readModels(read),
    judged: (await read<JudgedRow>(JUDGED)).map(judgedOf),
    candles: shelvesOf(await read<Candle & { key: string }>(CANDLES)),
    predicted: new Set(predicted.map(({ key }) => key)),
    policyVersions: versions.map(({ version }) => version),
  };
}

/** Symbols whose history at the venue is compared: those that the portfolio trades, and those of anything in the ledger, which it may have traded under other settings. */
export function instrumentsOf(traded: readonly InstrumentId[], { orders, fills, positions }: Pick<LedgerFacts, 'orders' | 'fills' | 'positions'>): readonly InstrumentId[] {
  return [...new Set([...traded, ...orders.map((it) => it.intent.instrumentId), ...fills.map((it) => it.instrumentId), ...positions.map((it) => it.instrumentId)])].sort();
}

/** Of a symbol that the venue refuses and does not list any more nothing is read: the others are compared. Where it lists it, a refusal stays an error. */
export async function readVenue(venue: Venue, instrumentIds: readonly InstrumentId[], ledger: Pick<LedgerFacts, 'cycles'>, forgets: boolean): Promise<VenueFacts> {
  const first = ledger.cycles[0];
  // Orders of the first cycle may carry the market time of the candle that it decided on.
  const since = first === undefined ? await venue.marketTime() : first.closeTime - timeframeMs(first.timeframe);
  const orders: VenueOrder[] = [];
  const fills: Fill[] = [];
  const untold: Untold[] = [];
  for (const instrumentId of instrumentIds) {
    try {
      const [ofOrders, ofFills] = [await venue.orderHistory({ instrumentId, since }), await venue.fills({ instrumentId, since })];
      orders.push(...ofOrders);
      fills.push(...ofFills);
    } catch (error) {
      if (!isVenueRefusal(error) || (await venue.instruments()).some((it) => it.id === instrumentId)) throw error;
      untold.push({ instrumentId, why: `the venue does not list it any more and refuses its history (${error.message})` });
    }
  }
  return {
    orders, fills, untold, openOrders: await venue.openOrders(), income: await venue.income({ since: 0 }), account: await venue.account(),
    forgetsBefore: forgets ? (await venue.serverTime()) - VENUE_FORGETS_AFTER_MS : null,
  };
}

async function readEngine(client: Client, ledger: LedgerFacts, isReplay: boolean): Promise<EngineFacts> {
  const candidates = new Set(ledger.positions.filter((it) => it.state !== 'closed').map((it) => it.positionId));
  const query = `WorkflowType = 'position' AND WorkflowId STARTS_WITH 'position/${ledger.portfolioId}/' AND ExecutionStatus = 'Running'`;
  for await (const { workflowId } of client.workflow.list({ query })) candidates.add(workflowId);
  const running = new Set<string>();
  // The list lags; each one's own word counts.
  for (const id of candidates) if (await isRunning(client, id)) running.add(id);
  return { running, isAtRest: isReplay && !(await isRunning(client, replaySessionId(ledger.portfolioId))) };
}

async function isRunning(client: Client, workflowId: string): Promise<boolean> {
  try {
    return (await client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}
