/** How the account stands, on the running system: hedge mode and isolated margin from the first order to the emergency stop. */
import { expect, test } from 'vitest';
import { explain } from '../../client/explain/explain.ts';
import { textOf } from '../../client/explain/text.ts';
import { databaseUrlOf } from '../../config/database.ts';
import { createPool } from '../../db/pool.ts';
import { violationsIn } from '../../domain/verify/verify.ts';
import { closeReasons, openAtVenue, sealed, trip } from '../support/emergency.ts';
import { METRONOME } from '../support/fault-session.ts';
import { outsiderOf } from '../support/outsider.ts';
import { testSystem } from '../support/scenario.ts';
import { setPolicy } from '../support/set-policy.ts';
import { beginStandstill, nextCandle, rowsOf, settled, untilOpen } from '../support/standstill.ts';
import type { System } from '../support/system.ts';

const ENTRIES = `SELECT o.client_order_id id, o.state, o.reason, o.attempt, p.state || ' ' || coalesce(p.close_reason, '') position FROM orders o JOIN intents i USING (client_order_id) JOIN positions p ON p.position_id = o.position_id WHERE i.leg = 'entry' ORDER BY o.seq`;
const OPEN = `SELECT p.direction, i.venue_symbol symbol, (p.plan->>'leverage')::int leverage, p.quantity::float8 quantity FROM positions p JOIN instruments i USING (instrument_id) WHERE p.state = 'open' ORDER BY p.seq`;

async function explained(system: System, id: string): Promise<string> {
  const pool = createPool(databaseUrlOf(system.settings, system.deployment), { connectionsMax: 1 });
  try {
    return textOf(await explain({ pool, settings: system.settings, portfolioId: system.deployment.portfolioId, id }));
  } finally {
    await pool.end();
  }
}

test('in hedge mode with isolated margin: nothing opens until the account stands so; then it trades, is told apart from another hand, and stops', async () => {
  const system = await testSystem({ strategy: METRONOME, candles: 40 });
  const outsider = outsiderOf(system);
  await setPolicy(system, { positionMode: 'hedge', marginMode: 'isolated', correlationMax: 1 });
  await beginStandstill(system);
  const order = { symbol: 'ETHUSDT', newClientOrderId: 'web_resting' };
  await outsider.send('POST', 'order', { ...order, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.1', price: ((await outsider.priceOf('ETHUSDT')) * 0.93).toFixed(2) });
  await settled(system);

  await nextCandle(system); // a resting order of anybody keeps the position mode as it is
  const refused = await rowsOf<{ id: string; position: string }>(system, ENTRIES);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused).toEqual(refused.map(({ id }) => ({ id, state: 'expired', reason: 'positionModeNotSet', attempt: 0, position: 'closed notEntered' })));
  expect(await explained(system, refused[0]?.id ?? '')).toMatch(/expired \(positionModeNotSet: wanted hedge, the venue has oneWay: .*-4067/);
  expect((await openAtVenue(system)).orders).toHaveLength(1);

  await outsider.send('DELETE', 'order', { symbol: 'ETHUSDT', origClientOrderId: 'web_resting' });
  await settled(system);
  const { instrumentId } = await untilOpen(system);
  const open = await rowsOf<{ direction: string; symbol: string; leverage: number; quantity: number }>(system, OPEN);
  expect(await outsider.ask('positionSide/dual', {})).toEqual({ dualSidePosition: true });
  for (const { symbol, leverage } of open) expect(await outsider.ask('symbolConfig', { symbol })).toMatchObject([{ marginType: 'ISOLATED', leverage }]);
  expect(open.some(({ leverage }) => leverage !== 20)).toBe(true); // what the venue began with
  const [ours] = open.filter(({ symbol }) => symbol === instrumentId.replace('-USDT-PERP', 'USDT'));
  if (ours === undefined) throw new Error(`${instrumentId} is not among ${JSON.stringify(open)}`);

  // Another hand holds the other direction of the same symbol: it evens nothing out.
  const other = ours.direction === 'long' ? { positionSide: 'SHORT', side: 'SELL' } : { positionSide: 'LONG', side: 'BUY' };
  await outsider.send('POST', 'order', { symbol: ours.symbol, type: 'MARKET', quantity: String(ours.quantity), ...other });
  await settled(system);
  expect((await system.reconcile()).resolved).toMatchObject([{ kind: 'foreignPosition', key: expect.stringContaining(instrumentId) as string }]);
  for (let candle = 0; candle < 4; candle += 1) await nextCandle(system);
  expect((await system.violations()).filter((it) => it.invariant !== 3)).toEqual([]); // the other hand's fees are not of our fills

  await untilOpen(system);
  const held = (await openAtVenue(system)).positions.length;
  const own = (await rowsOf(system, `SELECT 1 FROM positions WHERE state <> 'closed'`)).length;
  await trip(system);
  expect(await sealed(system)).toMatchObject({ positionsClosed: held });
  expect(held).toBe(own + 1);
  expect(await openAtVenue(system)).toEqual({ positions: [], orders: [] });
  await settled(system);
  expect(await closeReasons(system)).toEqual(Array.from({ length: own }, () => 'emergency'));
  await nextCandle(system); // the venue's limits count by its market's minutes
  await system.reconcile();

  // `keel verify` saw it all, finds nothing, and names what is planted.
  const facts = await system.facts();
  const { steps, claimedAt, openings, newestCycle, unaudited, fenceHistory } = facts.ledger.emergency;
  expect([steps.map((it) => it.type), fenceHistory.map((it) => it.halted), unaudited]).toEqual([['emergencyTriggered', 'emergencySealed'], [true], []]);
  expect(Object.keys(claimedAt).sort()).toEqual((await rowsOf<{ id: string; attempt: number }>(system, ENTRIES)).filter((it) => it.attempt > 0).map((it) => it.id).sort());
  expect(openings).toHaveLength((await rowsOf(system, 'SELECT 1 FROM positions')).length);
  expect(newestCycle?.emergencyMode).toBe(true);
  expect(violationsIn(facts).filter((it) => it.invariant !== 3)).toEqual([]);
  const [late] = Object.keys(claimedAt);
  await system.database.query(`INSERT INTO order_events (client_order_id, kind, from_state, to_state, event, at) SELECT $1, 'claimed', 'planned', 'submitting', '{}', changed_at + 6001 FROM fence_history`, [late]);
  await system.database.query(`UPDATE guard_state SET state = jsonb_set(state, '{round}', '2')`);
  expect((await system.violations()).filter((it) => it.invariant !== 3).map(({ invariant, name, subject }) => [invariant, name, subject])).toEqual([
    [5, 'an opening was sent past the fence', late], [9, 'the events tell another emergency than the guard holds', system.deployment.portfolioId],
  ]);
});
