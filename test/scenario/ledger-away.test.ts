/** A position whose ledger is away: what protects and closes needs nothing but the venue. */
import { expect, test } from 'vitest';
import { closePositionUpdate, positionStateQuery } from '../../workflows/messages.ts';
import type { Gate } from '../support/gate.ts';
import { METRONOME, readOrders } from '../support/fault-session.ts';
import { until } from '../support/processes.ts';
import { fillUnheard, untilEntriesRest } from '../support/resting.ts';
import { testSystem } from '../support/scenario.ts';
import { beginStandstill, nextCandle, oneRow, rowsOf, settled } from '../support/standstill.ts';

/**
 * Half of what one question to a server that hangs takes when nobody gives up on it (20 s): a look and a sending give up
 * after a second each, and a busy machine takes its own.
 */
const OUT_WITHIN_MS = 10_000;

test.each<[string, (gate: Gate) => Promise<void> | void]>([
  ['refuses', (gate) => gate.shut()],
  ['hangs', (gate) => { gate.hold(); }],
])('a person closes while Postgres %s: the close goes out at once, and is written when it is back', async (_how, takeAway) => {
  const system = await testSystem({ seed: '1', symbolCount: 3, candles: 20, strategy: METRONOME, gated: true });
  await beginStandstill(system);
  for (let candle = 0; (await rowsOf(system, `SELECT 1 FROM positions WHERE state = 'open'`)).length === 0; candle += 1) {
    if (candle === 10) throw new Error('no position opens within ten candles');
    await nextCandle(system);
  }
  const { positionId, venueSymbol } = await oneRow<{ positionId: string; venueSymbol: string }>(system, `SELECT position_id "positionId", venue_symbol "venueSymbol" FROM positions JOIN instruments USING (instrument_id) WHERE state = 'open' LIMIT 1`);
  const ordersBefore = (await bookOf()).length;

  await takeAway(system.gate);
  const askedMs = performance.now();
  const answer = system.client.workflow.getHandle(positionId).executeUpdate(closePositionUpdate, { args: [{ by: 'test' }] });
  await until('the close is at the venue', async () => (await bookOf()).length > ordersBefore, 20_000);
  const outMs = performance.now() - askedMs;
  expect(await answer).toEqual({ accepted: true });
  expect(outMs).toBeLessThan(OUT_WITHIN_MS);
  expect(await rowsOf(system, `SELECT 1 FROM intents WHERE position_id = $1 AND leg = 'exit'`, [positionId])).toEqual([]); // the ledger knows nothing of it

  await system.gate.open();
  await until('its end is written', async () => (await oneRow<{ state: string }>(system, 'SELECT state FROM positions WHERE position_id = $1', [positionId])).state === 'closed', 60_000);
  expect(await oneRow(system, 'SELECT close_reason reason FROM positions WHERE position_id = $1', [positionId])).toEqual({ reason: 'person' });
  await settled(system);
  await system.reconcile();
  expect([...(await readOrders(system)).values()].filter((it) => it.positionId === positionId && it.leg === 'exit')).toMatchObject([{ state: 'filled', attempt: 1, timesAtVenue: 1 }]);
  expect(await system.checkInvariants()).toEqual([]);
  expect(await system.violations()).toEqual([]);

  async function bookOf(): Promise<readonly unknown[]> {
    const { orders } = (await system.control('/book')) as { orders: readonly { symbol: string; reduceOnly: boolean; algoId: unknown }[] };
    return orders.filter((it) => it.symbol === venueSymbol && it.reduceOnly);
  }
});

/** A poll of an order in flight, the patience of its look, and a placement; what a position may be bare. */
const PROTECTED_WITHIN_MS = 15_000;

test.each<[string, (gate: Gate) => Promise<void> | void]>([
  ['refuses', (gate) => gate.shut()],
  ['hangs', (gate) => { gate.hold(); }],
])('a resting entry fills while Postgres %s: it gets its stop, and closes when a person says so', async (_how, takeAway) => {
  const system = await testSystem({ seed: '1', symbolCount: 3, candles: 40, strategy: METRONOME, gated: true });
  const resting = await untilEntriesRest(system);
  await takeAway(system.gate);
  const clientOrderId = await fillUnheard(system, resting);
  const filledMs = performance.now();
  const symbol = (await bookOf()).orders.find((it) => it.clientOrderId === clientOrderId)?.symbol ?? '';
  await until('it is covered', async () => (await bookOf()).algoOrders.some((it) => it.symbol === symbol && it.orderType === 'STOP_MARKET'), 60_000);
  expect(performance.now() - filledMs).toBeLessThan(PROTECTED_WITHIN_MS);

  const positionId = await positionOf();
  const askedMs = performance.now();
  const answer = system.client.workflow.getHandle(positionId).executeUpdate(closePositionUpdate, { args: [{ by: 'test' }] });
  await until('the close is at the venue', async () => (await bookOf()).orders.some((it) => it.symbol === symbol && it.reduceOnly), 60_000);
  expect(performance.now() - askedMs).toBeLessThan(OUT_WITHIN_MS);
  expect(await answer).toEqual({ accepted: true });

  await system.gate.open();
  await until('its end is written', async () => (await oneRow<{ state: string }>(system, 'SELECT state FROM positions WHERE position_id = $1', [positionId])).state === 'closed', 60_000);
  await settled(system);
  await system.reconcile();
  expect((await readOrders(system)).get(clientOrderId)).toMatchObject({ state: 'filled', attempt: 1, timesAtVenue: 1 });
  expect(await system.checkInvariants()).toEqual([]);
  expect(await system.violations()).toEqual([]);

  async function bookOf() {
    return (await system.control('/book')) as { orders: readonly { clientOrderId: string; symbol: string; reduceOnly: boolean }[]; algoOrders: readonly { symbol: string; orderType: string }[] };
  }

  /** Not from the ledger: it is away. */
  async function positionOf(): Promise<string> {
    for await (const { workflowId } of system.client.workflow.list({ query: `WorkflowType = 'position' AND ExecutionStatus = 'Running'` })) {
      const { orders } = await system.client.workflow.getHandle(workflowId).query(positionStateQuery);
      if (orders.some((it) => it.clientOrderId === clientOrderId)) return workflowId;
    }
    throw new Error(`no position knows ${clientOrderId}`);
  }
});
