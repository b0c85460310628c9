import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sealEvents, verifyAuditChain } from '../../../db/events/audit.ts';
import { createEventBus } from '../../../db/events/bus.ts';
import { createLedger } from '../../../db/ledger.ts';
import { migrate } from '../../../db/migrate.ts';
import type { Pool } from '../../../db/pool.ts';
import { createPool } from '../../../db/pool.ts';
import { cycleIdOf } from '../../../domain/cycle/ids.ts';
import { planCycle } from '../../../domain/cycle/plan-cycle.ts';
import type { OpenPlan } from '../../../domain/cycle/types.ts';
import type { Fill, OrderIntent, VenueOrder } from '../../../domain/orders/order.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import { stopIntentFor } from '../../../domain/positions/intents.ts';
import { createDatabase } from '../../../stack/postgres/database.ts';
import type { RunningPostgres } from '../../../stack/postgres/server.ts';
import { startPostgres } from '../../../stack/postgres/server.ts';
import { freePort } from '../../../stack/supervisor/ports.ts';
import { INSTRUMENT, observationWith } from '../../unit/domain/cycle/plan.fixture.ts';

const home = mkdtempSync(join(tmpdir(), 'keel-ledger-'));
let postgres: RunningPostgres;
let pool: Pool;
let ledger: Ledger;
let databases = 0;

const OBSERVATION = observationWith({ account: { fence: { epoch: 1, halted: false } } });
const CYCLE = cycleIdOf(OBSERVATION.candle);
const PLAN = planCycle({ cycleId: CYCLE, observation: OBSERVATION });
const [OPEN] = PLAN.opens as [OpenPlan];

beforeAll(async () => {
  postgres = await startPostgres({ home, port: await freePort() });
  await migrate(await createDatabase(postgres.url, 'ledger_template'));
});
afterAll(async () => {
  await postgres.stop();
  rmSync(home, { recursive: true, force: true });
});
beforeEach(async () => {
  await pool?.end().catch(() => undefined); // ended by the test before
  databases += 1;
  pool = createPool(await createDatabase(postgres.url, `ledger_${databases}`, { template: 'ledger_template' }));
  ledger = createLedger(pool);
  await ledger.upsertInstruments([INSTRUMENT]);
  await ledger.ensurePortfolio({ portfolioId: 'sim', deploymentId: 'abcde', venueAccountId: 'account', mode: 'sim', strategy: 'ensemble', timeframe: '1h', instrumentIds: [INSTRUMENT.id] });
  await ledger.claimCycle({ cycleId: CYCLE, workflowId: 'w', candle: OBSERVATION.candle });
  await ledger.recordCycle({ cycleId: CYCLE, observation: OBSERVATION, plan: PLAN });
});

const claim = (intent: OrderIntent, attempt: number) => ledger.claimSubmission({ intent, attempt, timestamp: 1_000, nowMs: 1_000 });

function reported(intent: OrderIntent, changes: Partial<VenueOrder>): VenueOrder {
  return {
    venueOrderId: '7', clientOrderId: intent.clientOrderId, instrumentId: intent.instrumentId, book: 'plain', status: 'working', side: intent.side, positionSide: 'both', type: intent.type,
    quantity: intent.quantity, filledQuantity: '0', averagePrice: null, price: null, triggerPrice: null, reduceOnly: false, triggeredOrderId: null, updatedAt: 1, ...changes,
  };
}

function fillOf(intent: OrderIntent, changes: Partial<Fill>): Fill {
  return {
    tradeId: '1', venueOrderId: '7', clientOrderId: intent.clientOrderId, instrumentId: intent.instrumentId, side: intent.side, positionSide: 'both', price: '100', quantity: intent.quantity,
    fee: '0.5', feeCurrency: 'USDT', realizedPnl: '0', maker: false, filledAt: 2_000, filledAtWall: 2_000, ...changes,
  };
}

describe('cycles', () => {
  it('belong to the workflow that claimed them first', async () => {
    expect(await ledger.claimCycle({ cycleId: CYCLE, workflowId: 'w', candle: OBSERVATION.candle })).toBe('claimed');
    expect(await ledger.claimCycle({ cycleId: CYCLE, workflowId: 'other', candle: OBSERVATION.candle })).toBe('duplicate');
  });

  it('are recorded once: a second plan comes back as the first', async () => {
    expect(await ledger.recordCycle({ cycleId: CYCLE, observation: OBSERVATION, plan: { decisions: [], opens: [], instructions: [] } })).toEqual(PLAN);
    expect(await ledger.recordedCycle(CYCLE)).toEqual({ observation: OBSERVATION, plan: PLAN });
  });

  it('cannot be changed by anybody', async () => {
    await expect(pool.query(`UPDATE cycles SET plan = '{}'`)).rejects.toThrow(/append-only/);
    await expect(pool.query('DELETE FROM intents')).rejects.toThrow(/append-only/);
    await expect(pool.query(`UPDATE fills SET price = 1`)).rejects.toThrow(/append-only/);
  });
});

describe('a submission', () => {
  it('is won by exactly one of many at the same moment', async () => {
    const claims = await Promise.all(Array.from({ length: 8 }, () => claim(OPEN.entry, 1)));
    expect(claims.filter((it) => it.won)).toHaveLength(1);
    expect(claims.map((it) => it.row.attempt)).toEqual(Array.from({ length: 8 }, () => 1));
  });

  it('cannot skip an attempt, nor claim one whose fate is open', async () => {
    expect((await claim(OPEN.entry, 2)).won).toBe(false);
    expect((await claim(OPEN.entry, 1)).won).toBe(true);
    expect((await claim(OPEN.entry, 2)).won).toBe(false);
    await ledger.applyOrderEvent(OPEN.entry.clientOrderId, { kind: 'provenAbsent', attempt: 1 }, 9_000);
    expect((await claim(OPEN.entry, 2)).won).toBe(true);
  });

  it('of a full close may skip attempts that went out while the ledger was down, never go back', async () => {
    const stop = stopIntentFor(OPEN, { quantity: '10', triggerPrice: '97', revision: 1 });
    expect((await claim(stop, 3)).won).toBe(true);
    expect((await claim(stop, 2)).won).toBe(false);
    expect((await claim(stop, 3)).won).toBe(false);
  });

  it('sees a fence that rose before it', async () => {
    const fence = await ledger.raiseFence({ portfolioId: 'sim', by: 'test', reason: 'because' });
    expect((await claim(OPEN.entry, 1)).fence).toEqual(fence);
    expect(fence).toEqual({ epoch: 2, halted: true });
    expect(await ledger.raiseFence({ portfolioId: 'sim', by: 'test', reason: 'again' })).toEqual(fence);
  });

  it('records the intent of a stop that no cycle planned', async () => {
    const stop = stopIntentFor(OPEN, { quantity: '10', triggerPrice: '97', revision: 1 });
    expect(await claim(stop, 1)).toMatchObject({ won: true, row: { state: 'submitting', intent: stop } });
  });
});

describe('what the venue tells', () => {
  const filled = () => ({ order: reported(OPEN.entry, { status: 'filled', filledQuantity: '10', averagePrice: '100' }), fill: fillOf(OPEN.entry, {}), at: 2_000 });

  it('is applied once, however often it comes', async () => {
    await claim(OPEN.entry, 1);
    expect(await ledger.applyReport('sim', filled())).toMatchObject({ positionId: OPEN.positionId, isNews: true });
    expect(await ledger.applyReport('sim', filled())).toMatchObject({ isNews: false });
    expect(await ledger.applyFills('sim', [fillOf(OPEN.entry, { clientOrderId: null })])).toMatchObject([{ isNews: false }]);
    const { position, orders } = await ledger.positionSnapshot(OPEN.positionId);
    expect(position).toMatchObject({ quantity: '10', entryPrice: '100' });
    expect(orders[0]).toMatchObject({ state: 'filled', filledQuantity: '10' });
  });

  it('may come before the answer to the submission', async () => {
    await claim(OPEN.entry, 1);
    await ledger.applyReport('sim', filled());
    expect(await ledger.applyOrderEvent(OPEN.entry.clientOrderId, { kind: 'answerLost', attempt: 1 }, 3_000)).toMatchObject({ state: 'filled' });
  });

  it('a plain order and a conditional one may carry the same number', async () => {
    const stop = stopIntentFor(OPEN, { quantity: '10', triggerPrice: '97', revision: 1 });
    await claim(OPEN.entry, 1);
    await claim(stop, 1);
    await ledger.applyReport('sim', { order: reported(stop, { venueOrderId: '7', book: 'conditional' }), fill: null, at: 1 });
    await ledger.applyReport('sim', { order: reported(OPEN.entry, { venueOrderId: '7' }), fill: null, at: 1 });
    const [applied] = await ledger.applyFills('sim', [fillOf(OPEN.entry, { clientOrderId: null, quantity: '4' })]);
    expect(applied?.row?.intent.leg).toBe('entry');
  });

  it('raises the inbox, and things are settled only when it is handled', async () => {
    await claim(OPEN.entry, 1);
    await ledger.applyReport('sim', filled());
    expect(await ledger.settlement('sim')).toMatchObject({ settled: false });
    const { position } = await ledger.positionSnapshot(OPEN.positionId);
    await ledger.settlePosition({ positionId: OPEN.positionId, handledSeq: position.inboxSeq, handledInstructionIds: [], state: 'open', stopPrice: '97' });
    expect(await ledger.settlement('sim')).toEqual({ settled: true, waitingFor: [] });
  });

  it('closes a position once, at its last fill', async () => {
    await claim(OPEN.entry, 1);
    await ledger.applyReport('sim', filled());
    expect(await ledger.closePosition({ positionId: OPEN.positionId, handledSeq: 9, reason: 'stop', closedAt: 5 })).toBe(true);
    expect(await ledger.closePosition({ positionId: OPEN.positionId, handledSeq: 9, reason: 'age', closedAt: 5 })).toBe(false);
    expect((await pool.query('SELECT close_reason, closed_at FROM positions')).rows).toEqual([{ close_reason: 'stop', closed_at: 2_000 }]);
  });
});

describe('events', () => {
  it('are chained, and a changed one is found', async () => {
    await claim(OPEN.entry, 1);
    await sealEvents(pool);
    expect(await verifyAuditChain(pool)).toMatchObject({ brokenAt: null });
    await pool.query('ALTER TABLE domain_events DISABLE TRIGGER append_only');
    await pool.query(`UPDATE domain_events SET actor = 'somebody else' WHERE seq = 1`);
    expect(await verifyAuditChain(pool)).toMatchObject({ brokenAt: 1 });
  });

  it('reach every subscriber in order; one that fails is parked and stops no other', async () => {
    const heard: string[] = [];
    let broken = true;
    const bus = createEventBus({
      pool, warn: () => undefined,
      subscribers: [
        { name: 'good', handle: (event) => { heard.push(event.type); return Promise.resolve(); } },
        { name: 'bad', handle: () => (broken ? Promise.reject(new Error('no')) : Promise.resolve()) },
      ],
    });
    await claim(OPEN.entry, 1);
    await ledger.applyReport('sim', { order: reported(OPEN.entry, { status: 'filled', filledQuantity: '10' }), fill: fillOf(OPEN.entry, {}), at: 2_000 });
    await bus.drain();
    expect(heard).toEqual(['cycleRecorded', 'orderAccepted', 'positionOpened', 'orderFilled']);
    expect(await bus.drain()).toBe(0);
    broken = false;
    expect(await bus.replayParked('bad')).toBe(4);
    expect(await bus.replayParked('bad')).toBe(0);
  });
});

it('counts looks at a difference, and forgets it when it is gone', async () => {
  const difference = { key: 'k', kind: 'foreignOrder' as const, instrumentId: INSTRUMENT.id, evidence: {} };
  expect(await ledger.noteDifferences('sim', [difference], 1)).toMatchObject([{ looks: 1 }]);
  expect(await ledger.noteDifferences('sim', [difference], 2)).toMatchObject([{ looks: 2, firstSeenAt: 1 }]);
  await ledger.noteDifferences('sim', [], 3);
  expect(await ledger.noteDifferences('sim', [difference], 4)).toMatchObject([{ looks: 1, firstSeenAt: 4 }]);
});
