/** A system whose market moves only when the test says so: what is staged in between stands still. */
import { randomUUID } from 'node:crypto';
import type { InstrumentId } from '../../domain/market/instrument.ts';
import { reconciliationId } from '../../workflows/ids.ts';
import { until } from './processes.ts';
import type { System } from './system.ts';

const UNSETTLED = `
  SELECT 'order ' || client_order_id || ' is ' || state waiting FROM orders WHERE state IN ('planned', 'submitting', 'unknown') OR booked_quantity <> filled_quantity
  UNION ALL SELECT 'position ' || position_id || ' has news' FROM positions WHERE inbox_seq > handled_seq AND state <> 'closed'
  UNION ALL SELECT 'predictions of ' || coalesce(cycle_id, request_id) || ' are due' FROM due_evaluations WHERE due_at <= (SELECT max(close_time) FROM cycles WHERE recorded_at IS NOT NULL)
  UNION ALL SELECT 'the emergency stop closes' FROM guard_state WHERE state->>'mode' = 'tripping'`;

interface VenueState {
  readonly lastEventId: number;
  readonly acknowledgedId: number;
}

/** Starts the feeds and waits until the market may begin; no Schedule interferes. */
export async function beginStandstill(system: System): Promise<void> {
  await system.startFeeds();
  await system.client.schedule.getHandle(reconciliationId(system.deployment.portfolioId)).pause('the test reconciles by itself');
  await until('the history is stored', async () => (await rowsOf(system, `SELECT 1 FROM venue_cursors WHERE name LIKE 'marketFeed/%'`)).length > 0, 60_000);
  await until('the first reconciliation is over', async () => !(await isReconciling(system)), 60_000);
}

export async function isReconciling(system: System): Promise<boolean> {
  const query = `WorkflowType = 'reconciliation' AND WorkflowId STARTS_WITH '${reconciliationId(system.deployment.portfolioId)}' AND ExecutionStatus = 'Running'`;
  return (await system.client.workflow.count(query)).count > 0;
}

/** Moves the market to the next close of a candle, and waits until what it made due is done. @param mayWait false: it does not wait for orders and positions */
export async function nextCandle(system: System, { mayWait = true }: { mayWait?: boolean } = {}): Promise<void> {
  const cycles = await system.cycleCount();
  await advanceToClose(system);
  await until('the cycle of the candle is recorded', async () => (await rowsOf(system, 'SELECT 1 FROM cycles WHERE recorded_at IS NOT NULL')).length > cycles, 60_000);
  if (mayWait) await settled(system);
}

/** Moves the market to the next close of a candle; what happens on the way is waited for. @returns when it closed, market clock */
export async function advanceToClose(system: System): Promise<number> {
  for (;;) {
    const answer = (await system.control('/advance', { method: 'POST', body: JSON.stringify({ requestId: `test/${randomUUID()}`, candles: 1 }) })) as { stoppedAt?: string; marketTime: number };
    if (answer.stoppedAt === undefined) throw new Error(`the market does not move: ${JSON.stringify(answer)}`);
    if (answer.stoppedAt === 'candleClose') return answer.marketTime;
    await settled(system);
  }
}

/** How many streams listen to the venue. */
export async function streamCount(system: System): Promise<number> {
  return ((await system.control('/state')) as { streams: number }).streams;
}

/** Moves the market until positions are open and protected. @returns one of them */
export async function untilOpen(system: System): Promise<{ positionId: string; instrumentId: InstrumentId; venueSymbol: string }> {
  for (let candle = 0; candle < 10; candle += 1) {
    const [open] = await rowsOf<Awaited<ReturnType<typeof untilOpen>>>(system, `SELECT position_id "positionId", instrument_id "instrumentId", venue_symbol "venueSymbol" FROM positions JOIN instruments USING (instrument_id) WHERE state = 'open' ORDER BY 2 LIMIT 1`);
    if (open !== undefined) return open;
    await nextCandle(system);
  }
  throw new Error('no position is open after ten candles');
}

/** Nothing is under way: all orders have a known fate, all fills are booked, all events are answered for. */
export async function settled(system: System, timeoutMs = 60_000): Promise<void> {
  let waiting: readonly string[] = [];
  const look = async (): Promise<boolean> => {
    const { lastEventId, acknowledgedId } = (await system.control('/state')) as VenueState;
    waiting = [...(acknowledgedId < lastEventId ? [`events after ${acknowledgedId} up to ${lastEventId} are not acknowledged`] : []), ...(await rowsOf<{ waiting: string }>(system, UNSETTLED)).map((row) => row.waiting)];
    return waiting.length === 0;
  };
  await until('everything is settled', look, timeoutMs).catch((error: unknown) => { throw new Error(`${waiting.length} are waited for: ${waiting.slice(0, 20).join('; ')}`, { cause: error }); });
}

/** Answers for all events, as if somebody had heard them. */
export async function acknowledgeAll(system: System): Promise<void> {
  const { lastEventId } = (await system.control('/state')) as VenueState;
  await system.control('/acknowledge', { method: 'POST', body: JSON.stringify({ eventId: lastEventId }) });
}

export async function rowsOf<Row extends object>(system: System, query: string, values: readonly unknown[] = []): Promise<readonly Row[]> {
  return (await system.database.query<Row>(query, [...values])).rows;
}

export async function oneRow<Row extends object>(system: System, query: string, values: readonly unknown[] = []): Promise<Row> {
  const [row] = await rowsOf<Row>(system, query, values);
  if (row === undefined) throw new Error(`no row: ${query} ${JSON.stringify(values)}`);
  return row;
}

/** The newest order of one leg of the open position on an instrument. */
export async function orderOf(system: System, instrumentId: InstrumentId, leg: string): Promise<{ clientOrderId: string; positionId: string; state: string; quantity: string; side: string }> {
  return await oneRow(system, `SELECT o.client_order_id "clientOrderId", o.position_id "positionId", o.state, i.quantity::text quantity, i.side FROM orders o JOIN intents i USING (client_order_id)
    JOIN positions p ON p.position_id = o.position_id WHERE p.instrument_id = $1 AND p.state <> 'closed' AND i.leg = $2 ORDER BY o.seq DESC LIMIT 1`, [instrumentId, leg]);
}
