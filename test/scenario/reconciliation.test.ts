import { afterAll, beforeAll, describe, expect, inject, onTestFailed, test } from 'vitest';
import { databaseUrlOf } from '../../config/database.ts';
import { createLedger } from '../../db/ledger.ts';
import { createPool } from '../../db/pool.ts';
import { d, text } from '../../domain/decimal.ts';
import { clientOrderIdOf } from '../../domain/orders/identity.ts';
import type { DifferenceKind } from '../../domain/ports/ledger.ts';
import type { Violation } from '../../domain/verify/facts.ts';
import { LOOKS_APART_MS, UNWRITTEN_MAX_MS } from '../../domain/reconciliation/differences.ts';
import { accountFeedId } from '../../workflows/ids.ts';
import { METRONOME, readOrders } from '../support/fault-session.ts';
import type { Outsider } from '../support/outsider.ts';
import { outsiderOf, plantGhost } from '../support/outsider.ts';
import { until } from '../support/processes.ts';
import { allowCorrelated } from '../support/set-policy.ts';
import { acknowledgeAll, beginStandstill, isReconciling, nextCandle, oneRow, orderOf, rowsOf, settled } from '../support/standstill.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';

const [BTC, ETH, SOL, BNB] = ['BTC-USDT-PERP', 'ETH-USDT-PERP', 'SOL-USDT-PERP', 'BNB-USDT-PERP'] as const;

let system: System;
let outsider: Outsider;
let hasFailed = false;
/** Made up under our name: two that only the venue knows, one of them in a symbol that we hold, and one that only the ledger knows. */
let ours: { readonly orphan: string; readonly unwritten: string; readonly ghost: string };
/** Orders that the outsider placed. */
const theirs = { limit: 'web-limit', master: clientOrderIdOf('zzzzz', 'another') };

beforeAll(async () => {
  system = await startSystem({ postgresUrl: inject('postgresUrl'), temporalAddress: inject('temporalAddress'), seed: '1', symbolCount: 4, candles: 40, strategy: METRONOME });
  await allowCorrelated(system);
  outsider = outsiderOf(system);
  ours = { orphan: clientOrderIdOf(system.deployment.id, 'of nobody'), unwritten: clientOrderIdOf(system.deployment.id, 'not in the ledger'), ghost: clientOrderIdOf(system.deployment.id, 'a ghost') };
  await beginStandstill(system);
});
afterAll(async () => { await system.close(hasFailed); });

interface Told {
  readonly type: string;
  readonly kind: DifferenceKind;
  readonly instrumentId: string | null;
  readonly outcome: string | null;
  readonly time: number;
  readonly evidence: Readonly<Record<string, unknown>>;
}

/** What the events say of one kind, oldest first. */
async function told(kind: DifferenceKind): Promise<readonly Told[]> {
  return await rowsOf<Told>(system, `SELECT type, payload->>'kind' kind, payload->>'instrumentId' "instrumentId", payload->>'outcome' outcome, time::float8, payload->'evidence' evidence
    FROM domain_events WHERE type IN ('differenceFound', 'differenceResolved') AND payload->>'kind' = $1 ORDER BY seq`, [kind]);
}

/** Found, and acted on no earlier than at a second look, apart. @returns the outcome and what it was about */
async function outcomeOf(kind: DifferenceKind, about: string): Promise<string | null | undefined> {
  const events = (await told(kind)).filter((it) => it.instrumentId === about || Object.values(it.evidence).includes(about) || about === kind);
  const [found, resolved] = [events.find((it) => it.type === 'differenceFound'), events.find((it) => it.type === 'differenceResolved')];
  if (found !== undefined && resolved !== undefined) expect(resolved.time - found.time, `${kind}: looks apart`).toBeGreaterThanOrEqual(LOOKS_APART_MS);
  return found === undefined ? undefined : resolved?.outcome;
}

async function venueOrders(): Promise<ReadonlyMap<string, string>> {
  const book = (await system.control('/book')) as { orders: readonly { clientOrderId: string; status: string }[]; algoOrders: readonly { clientAlgoId: string; algoStatus: string }[] };
  return new Map([...book.orders.map((it) => [it.clientOrderId, it.status] as const), ...book.algoOrders.map((it) => [it.clientAlgoId, it.algoStatus] as const)]);
}

async function positionOn(instrumentId: string): Promise<{ positionId: string; state: string; closeReason: string | null; quantity: string }> {
  return await oneRow(system, `SELECT position_id "positionId", state, close_reason "closeReason", quantity::text quantity FROM positions WHERE instrument_id = $1 ORDER BY seq DESC LIMIT 1`, [instrumentId]);
}

/** What `keel verify` finds, less what was staged and can never be true again. */
async function violations(): Promise<readonly Violation[]> {
  const staged = [theirs.master, ours.orphan, ours.unwritten, ours.ghost];
  return (await system.violations()).filter((it) => !(it.invariant === 1 && staged.includes(it.subject)));
}

const isRunning = async (workflowId: string): Promise<boolean> => (await system.client.workflow.getHandle(workflowId).describe()).status.name === 'RUNNING';

/** Later tests go on from where the earlier ones left the market. */
describe('every difference has a named outcome', () => {
  test('foreignPosition: left alone, reported, and no entry on its symbol', async () => {
    onTestFailed(() => { hasFailed = true; });
    await outsider.send('POST', 'order', { symbol: 'BNBUSDT', side: 'BUY', type: 'MARKET', quantity: '1', newClientOrderId: 'web-bnb' });
    // Its fill on the account's stream is reason enough to compare.
    await until('reconciliation heard of it by itself', async () => (await told('foreignPosition')).some((it) => it.type === 'differenceResolved'), 30_000);
    expect(await outcomeOf('foreignPosition', BNB)).toBe('reported, left alone');
    await until('reconciliation is over', async () => !(await isReconciling(system)), 30_000);
    await nextCandle(system);
    const positions = await rowsOf<{ instrument_id: string }>(system, `SELECT instrument_id FROM positions WHERE state = 'open' ORDER BY 1`);
    expect(positions.map((it) => it.instrument_id)).toEqual([BTC, ETH, SOL]);
    const [decision] = await rowsOf<{ reason: string }>(system, `SELECT d->>'reason' reason FROM cycles, jsonb_array_elements(plan->'decisions') d WHERE d->>'instrumentId' = $1`, [BNB]);
    expect(decision?.reason).toBe('foreignPosition');
    expect((await venueOrders()).get('web-bnb')).toBe('FILLED');
  });

  test('orders: foreign, of another master, orphan, of open fate, ghosts', async () => {
    onTestFailed(() => { hasFailed = true; });
    const [btcTarget, ethTarget, solTarget] = [await orderOf(system, BTC, 'target'), await orderOf(system, ETH, 'target'), await orderOf(system, SOL, 'target')];
    const { ghost, orphan, unwritten } = ours;
    const low = (await outsider.priceOf('BTCUSDT') * 0.9).toFixed(1);
    const limit = { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.01', price: low };
    await outsider.send('POST', 'order', { ...limit, newClientOrderId: theirs.limit });
    await outsider.send('POST', 'order', { ...limit, newClientOrderId: theirs.master });
    await outsider.send('POST', 'algoOrder', { algoType: 'CONDITIONAL', symbol: 'BTCUSDT', side: 'SELL', type: 'STOP_MARKET', quantity: '0.01', triggerPrice: low, clientAlgoId: unwritten });
    await outsider.send('POST', 'algoOrder', { algoType: 'CONDITIONAL', symbol: 'BNBUSDT', side: 'SELL', type: 'STOP_MARKET', quantity: '1', triggerPrice: (await outsider.priceOf('BNBUSDT') * 0.9).toFixed(2), clientAlgoId: orphan });
    await settled(system);
    await plantGhost(system, btcTarget.clientOrderId, ghost);
    // The ledger believes in an order that the venue has ended: nobody heard of it.
    await system.database.query(`UPDATE orders SET state = 'canceled' WHERE client_order_id = $1`, [solTarget.clientOrderId]);
    await outsider.send('DELETE', 'algoOrder', { clientAlgoId: solTarget.clientOrderId });
    await settled(system);
    await system.database.query(`UPDATE orders SET state = 'accepted' WHERE client_order_id = $1`, [solTarget.clientOrderId]);
    await system.database.query(`UPDATE orders SET state = 'unknown', accepted_at = NULL, venue_order_id = NULL WHERE client_order_id = $1`, [ethTarget.clientOrderId]);

    await system.reconcile();
    await settled(system);
    expect(await outcomeOf('foreignOrder', theirs.limit)).toBe('reported, left alone');
    expect(await outcomeOf('twoMasters', theirs.master)).toMatch(/^halted/);
    expect(await outcomeOf('orphanExitOrder', orphan)).toBe('cancelled: canceled'); // nobody is left who could own it
    expect(await outcomeOf('unwrittenOrder', unwritten)).toBe('position woken'); // it may have sent it while the ledger was away
    expect(await outcomeOf('unknownOrderOfOurs', ethTarget.clientOrderId)).toBe('adopted as working');
    expect(await outcomeOf('ghostOrder', ghost)).toBe('ended: the venue does not know it any more');
    expect(await outcomeOf('ghostOrder', solTarget.clientOrderId)).toBe('adopted as canceled');

    await system.database.query(`UPDATE differences SET first_seen_at = first_seen_at - $1 WHERE kind = 'unwrittenOrder'`, [UNWRITTEN_MAX_MS]);
    await system.reconcile();
    expect((await told('unwrittenOrder')).at(-1)).toMatchObject({ type: 'differenceResolved', outcome: 'cancelled: canceled' });

    const [venue, ledger] = [await venueOrders(), await readOrders(system)];
    expect([theirs.limit, theirs.master, orphan, unwritten, ethTarget.clientOrderId].map((id) => venue.get(id))).toEqual(['NEW', 'NEW', 'CANCELED', 'CANCELED', 'NEW']);
    expect(ledger.get(ethTarget.clientOrderId)).toMatchObject({ state: 'accepted', attempt: 1, timesAtVenue: 1 });
    expect(ledger.get(ghost)).toMatchObject({ state: 'expired', reason: 'vanished', timesAtVenue: 0 });
    expect(ledger.get(solTarget.clientOrderId)?.state).toBe('canceled');
    expect(await orderOf(system, SOL, 'target')).toMatchObject({ state: 'accepted', quantity: solTarget.quantity }); // owed, and placed anew
    expect(await oneRow(system, 'SELECT halted, epoch FROM fence')).toEqual({ halted: true, epoch: 2 });
    expect((await oneRow<{ changed_by: string }>(system, 'SELECT changed_by FROM fence')).changed_by).toBe('reconciliation');
  });

  test('twoMasters: it halts again as long as the other one is there, and not after', async () => {
    onTestFailed(() => { hasFailed = true; });
    await lowerFence();
    await system.reconcile();
    expect((await oneRow<{ halted: boolean }>(system, 'SELECT halted FROM fence')).halted).toBe(true);
    for (const id of [theirs.limit, theirs.master]) await outsider.send('DELETE', 'order', { symbol: 'BTCUSDT', origClientOrderId: id });
    await lowerFence();
    await settled(system);
    expect((await system.reconcile()).resolved.map((it) => it.kind)).toEqual(['foreignPosition']);
    expect((await oneRow<{ halted: boolean }>(system, 'SELECT halted FROM fence')).halted).toBe(false);
  });

  test('unprotected: the position is woken and places its stop; missingWorkflow: resumed from the ledger; unheardNews: woken', async () => {
    onTestFailed(() => { hasFailed = true; });
    const stop = await orderOf(system, SOL, 'stop');
    await system.database.query(`UPDATE orders SET state = 'canceled' WHERE client_order_id = $1`, [stop.clientOrderId]);
    await outsider.send('DELETE', 'algoOrder', { clientAlgoId: stop.clientOrderId });
    const { positionId } = await positionOn(BTC);
    await system.client.workflow.getHandle(positionId).terminate('the test takes it away');
    await settled(system);
    expect(await orderOf(system, SOL, 'stop')).toMatchObject({ clientOrderId: stop.clientOrderId, state: 'canceled' }); // nobody knows yet
    const deaf = await positionOn(ETH);
    await system.database.query('UPDATE positions SET inbox_seq = inbox_seq + 1 WHERE position_id = $1', [deaf.positionId]); // who wrote it died before it told

    await system.reconcile();
    expect(await outcomeOf('unprotected', stop.positionId)).toBe('position woken');
    expect(await outcomeOf('missingWorkflow', positionId)).toBe('resumed from the ledger');
    expect(await outcomeOf('unheardNews', deaf.positionId)).toBe('position woken');
    await until('the stop stands again', async () => (await orderOf(system, SOL, 'stop')).state === 'accepted', 30_000);
    const again = await orderOf(system, SOL, 'stop');
    expect(again).toMatchObject({ positionId: stop.positionId, quantity: stop.quantity });
    expect((await venueOrders()).get(again.clientOrderId)).toBe('NEW');
    expect(await isRunning(positionId)).toBe(true);
    await settled(system);
    expect(await violations()).toEqual([]);
  });

  test('reducedOutside: what another hand took of a position is booked, and its stop follows', async () => {
    onTestFailed(() => { hasFailed = true; });
    const before = await positionOn(ETH);
    const taken = d(before.quantity).div(3).toFixed(3, 0);
    await outsider.send('POST', 'order', { symbol: 'ETHUSDT', side: 'SELL', type: 'MARKET', quantity: taken, reduceOnly: 'true', newClientOrderId: 'web-part' });
    await until('it is booked', async () => (await told('reducedOutside')).some((it) => it.type === 'differenceResolved'), 30_000);
    expect(await outcomeOf('reducedOutside', ETH)).toBe('booked, position woken');
    const left = text(d(before.quantity).minus(d(taken)));
    expect(await positionOn(ETH)).toMatchObject({ positionId: before.positionId, state: 'open', quantity: left });
    await until('the stop covers what is left', async () => { const stop = await orderOf(system, ETH, 'stop'); return stop.state === 'accepted' && stop.quantity === left; }, 30_000);
    await until('reconciliation is over', async () => !(await isReconciling(system)), 30_000);
    await settled(system);
    await system.reconcile(); // its money
    expect(await violations()).toEqual([]);
  });

  test('closedOutside and liquidated: the position is told, and ends with that reason', async () => {
    onTestFailed(() => { hasFailed = true; });
    const [btc, eth] = [await positionOn(BTC), await positionOn(ETH)];
    await system.control('/outside-close', { method: 'POST', body: JSON.stringify({ symbol: 'BTCUSDT' }) });
    await system.control('/liquidate', { method: 'POST', body: JSON.stringify({ symbol: 'ETHUSDT' }) });
    // Nobody asks for a reconciliation: the stream's news of another hand's fill does.
    await until('both positions are closed', async () => (await positionOn(BTC)).state === 'closed' && (await positionOn(ETH)).state === 'closed', 60_000);
    expect([await positionOn(BTC), await positionOn(ETH)]).toMatchObject([
      { positionId: btc.positionId, closeReason: 'outside', quantity: '0' }, { positionId: eth.positionId, closeReason: 'liquidation', quantity: '0' },
    ]);
    expect(await outcomeOf('closedOutside', btc.positionId)).toBe('position told: outside');
    expect(await outcomeOf('liquidated', eth.positionId)).toBe('position told: liquidation');
    const open = [...(await readOrders(system)).values()].filter((it) => [btc.positionId, eth.positionId].includes(it.positionId) && it.state === 'accepted');
    expect(open).toEqual([]);
    await until('reconciliation is over', async () => !(await isReconciling(system)), 30_000);
    await settled(system);
    await system.reconcile(); // the money of both
    expect(await violations()).toEqual([]);
  });

  test('missedFill: booked at one look, and its position hears of it', async () => {
    onTestFailed(() => { hasFailed = true; });
    const feed = system.client.workflow.getHandle(accountFeedId(system.deployment.portfolioId));
    await feed.terminate('the test takes it away');
    await until('nobody listens', async () => ((await system.control('/state')) as { streams: number }).streams === 1, 30_000);
    await nextCandle(system, { mayWait: false });
    await until('entries are filled', async () => (await rowsOf(system, `SELECT 1 FROM orders o JOIN intents i USING (client_order_id) JOIN positions p ON p.position_id = o.position_id
      WHERE p.state <> 'closed' AND p.instrument_id IN ('${BTC}', '${ETH}') AND i.leg = 'entry' AND o.state = 'filled'`)).length === 2, 60_000);
    await acknowledgeAll(system); // heard by nobody
    const unbooked = await rowsOf<{ client_order_id: string }>(system, `SELECT client_order_id FROM orders WHERE filled_quantity <> booked_quantity`);
    expect(unbooked).toHaveLength(2);
    await system.reconcile();
    expect(await rowsOf(system, `SELECT client_order_id FROM orders WHERE filled_quantity <> booked_quantity`)).toEqual([]);
    const events = await told('missedFill');
    expect(events.filter((it) => it.type === 'differenceResolved' && [BTC, ETH].includes(it.instrumentId as typeof BTC)).map((it) => it.outcome)).toEqual(expect.arrayContaining(['applied', 'applied']));
    expect((await positionOn(BTC)).quantity).not.toBe('0');
    await system.startFeeds();
    await until('it is heard again', async () => ((await system.control('/state')) as { streams: number }).streams === 2, 30_000);
    await settled(system);
    expect(await violations()).toEqual([]);
  });

  test('ghostPosition: closed with evidence; walletMismatch: reported', async () => {
    onTestFailed(() => { hasFailed = true; });
    await system.control('/outside-close', { method: 'POST', body: JSON.stringify({ symbol: 'SOLUSDT' }) });
    await until('the position is closed', async () => (await positionOn(SOL)).state === 'closed', 60_000);
    await until('reconciliation is over', async () => !(await isReconciling(system)), 30_000);
    const { positionId } = await positionOn(SOL);
    const ghost = `${positionId}/ghost`; // decided on after everything that the venue remembers
    await system.database.query(`INSERT INTO positions OVERRIDING USER VALUE SELECT (jsonb_populate_record(p, jsonb_build_object('position_id', $2::text, 'plan', jsonb_set(p.plan, '{decidedAt}', to_jsonb($3::int8)), 'state', 'open', 'quantity', '3', 'close_reason', NULL, 'closed_at', NULL))).*
      FROM positions p WHERE position_id = $1`, [positionId, ghost, Date.UTC(2100)]);
    // Its run is taken for alive: one resumed too early would find no order of it, and say that it never was.
    const deaf = await system.client.workflow.start('position', { workflowId: ghost, taskQueue: 'nobody', args: [] });
    const { portfolioId } = system.deployment;
    await system.database.query(`INSERT INTO income (portfolio_id, income_id, type, amount, currency, time) VALUES ($1, 'made-up', 'TRANSFER', 12.5, 'USDT', 1)`, [portfolioId]);

    await system.reconcile();
    expect(await outcomeOf('ghostPosition', ghost)).toBe('position told: outside');
    expect((await told('ghostPosition'))[0]?.evidence).toMatchObject({ ledger: expect.stringMatching(/^-?3$/) as unknown, venue: '0', trades: [] });
    await deaf.terminate();
    await system.reconcile();
    await until('the ghost is closed', async () => (await positionOn(SOL)).state === 'closed', 30_000);
    expect(await positionOn(SOL)).toMatchObject({ positionId: ghost, closeReason: 'outside' });
    expect(await outcomeOf('walletMismatch', 'walletMismatch')).toBe('reported, left alone');
    expect((await told('walletMismatch')).at(-1)?.evidence).toMatchObject({ difference: '-12.5' });
    expect((await system.reconcile()).resolved.map((it) => it.kind).sort()).toEqual(['foreignPosition', 'walletMismatch']);
    expect((await told('walletMismatch')).filter((it) => it.type === 'differenceResolved')).toHaveLength(1); // told once
  });
});

/** A person resumes. */
async function lowerFence(): Promise<void> {
  const ledger = createLedger(createPool(databaseUrlOf(system.settings, system.deployment), { connectionsMax: 1 }));
  await ledger.lowerFence({ portfolioId: system.deployment.portfolioId, by: 'test', reason: 'resumed' }).finally(() => ledger.close());
}
