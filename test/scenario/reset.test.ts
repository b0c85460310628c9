/** A person resets a workflow to its beginning, as the Temporal UI offers: it goes on where the ledger stands. */
import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import type { System } from '../support/system.ts';
import { METRONOME } from '../support/fault-session.ts';
import { until } from '../support/processes.ts';
import { testSystem } from '../support/scenario.ts';
import { allowCorrelated } from '../support/set-policy.ts';
import { beginStandstill, nextCandle, oneRow, rowsOf, settled, untilOpen } from '../support/standstill.ts';

const CANDLES = 14;

test('a position and a cycle that are reset, while it is open and when it is closed, send nothing twice', async () => {
  const system = await testSystem({ candles: CANDLES, strategy: METRONOME });
  await allowCorrelated(system);
  await beginStandstill(system);
  const { positionId } = await untilOpen(system);
  await nextCandle(system); // what follows the entry, the market has seen too
  const opened = await ordersAtVenue(system);

  expect(await resetToBeginning(system, positionId)).toBe('RUNNING');
  await until('the new run has looked', async () => (await historyLength(system, positionId)) > 10, 30_000);
  await settled(system);
  expect(await ordersAtVenue(system)).toEqual(opened);

  const { cycleId } = await oneRow<{ cycleId: string }>(system, 'SELECT cycle_id "cycleId" FROM positions WHERE position_id = $1', [positionId]);
  await resetToBeginning(system, cycleId);
  const outcome = await system.client.workflow.getHandle(cycleId).result() as { kind: string };
  expect(outcome).toMatchObject({ kind: 'done' });
  await settled(system);
  expect(await ordersAtVenue(system)).toEqual(opened);

  await system.startReplay();
  await system.waitDone();
  const closed = await ordersAtVenue(system);
  expect(await rowsOf(system, `SELECT 1 FROM positions WHERE position_id = $1 AND state = 'closed'`, [positionId])).toHaveLength(1);
  await resetToBeginning(system, positionId);
  await system.client.workflow.getHandle(positionId).result();
  expect(await ordersAtVenue(system)).toEqual(closed);
  await system.reconcile();
  expect(await system.checkInvariants()).toEqual([]);
  expect(await system.violations()).toEqual([]);
});

/** @returns the new run's status */
async function resetToBeginning(system: System, workflowId: string): Promise<string> {
  const { namespace } = system.client.options;
  const handle = system.client.workflow.getHandle(workflowId);
  const { events } = await handle.fetchHistory();
  const firstTask = events?.find((event) => event.workflowTaskCompletedEventAttributes)?.eventId;
  await system.client.workflowService.resetWorkflowExecution({
    namespace, workflowExecution: { workflowId }, requestId: randomUUID(), reason: 'a person resets it', workflowTaskFinishEventId: firstTask ?? null,
  });
  return (await handle.describe()).status.name;
}

async function historyLength(system: System, workflowId: string): Promise<number> {
  return (await system.client.workflow.getHandle(workflowId).describe()).historyLength;
}

/** Every order the venue ever took, of both books. */
async function ordersAtVenue(system: System): Promise<readonly string[]> {
  const { orders, algoOrders } = (await system.control('/book')) as { orders: readonly { clientOrderId: string }[]; algoOrders: readonly { clientAlgoId: string }[] };
  return [...orders.map((it) => it.clientOrderId), ...algoOrders.map((it) => it.clientAlgoId)].sort();
}
