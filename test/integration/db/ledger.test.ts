import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sealEvents, verifyAuditChain } from '../../../db/events/audit.ts';
import { createEventBus } from '../../../db/events/bus.ts';
import { sendAgain } from '../../../db/events/parked.ts';
import type { Pool } from '../../../db/pool.ts';
import { LOOKS_APART_MS } from '../../../domain/reconciliation/differences.ts';
import { cycleIdOf } from '../../../domain/cycle/ids.ts';
import { NO_MEMORY } from '../../../domain/cycle/risk-facts.ts';
import type { Fill, OrderIntent, OrderRow, VenueOrder } from '../../../domain/orders/order.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import { stopIntentFor } from '../../../domain/positions/intents.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { untilWaiting } from '../../support/locks.ts';
import { claimedLedger, CYCLE, OBSERVATION, OPEN, PLAN } from './cycle.fixture.ts';
import { INSTRUMENT } from '../../unit/domain/cycle/plan.fixture.ts';

let databases: TestDatabases;
let pool: Pool;
let ledger: Ledger;


beforeAll(async () => {
  databases = await startDatabases();
});
afterAll(() => databases.stop());
beforeEach(async () => {
  ({ pool, ledger } = await claimedLedger(databases));
  await ledger.recordCycle({ cycleId: CYCLE, observation: OBSERVATION, plan: PLAN });
});

const claim = (intent: OrderIntent, attempt: number) => ledger.claimSubmission({ intent, attempt, timestamp: 1_000, marketTime: 1_000, nowMs: 1_000 });

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

  it('belong to one workflow when many claim them at the same moment', async () => {
    const candle = { ...OBSERVATION.candle, closeTime: OBSERVATION.candle.closeTime + 3_600_000 };
    const claims = await Promise.all(Array.from({ length: 8 }, (_, index) => ledger.claimCycle({ cycleId: cycleIdOf(candle), workflowId: `w${index}`, candle })));
    expect(claims.filter((it) => it === 'claimed')).toHaveLength(1);
  });

  it('are lost to a claim that is not committed yet', async () => {
    const candle = { ...OBSERVATION.candle, closeTime: OBSERVATION.candle.closeTime + 3_600_000 };
    const holding = await pool.connect();
    await holding.query('BEGIN');
    await holding.query(`INSERT INTO cycles (cycle_id, portfolio_id, strategy, timeframe, close_time, workflow_id, claimed_at) VALUES ($1,$2,$3,$4,$5,'first',1)`, [cycleIdOf(candle), candle.portfolioId, candle.strategy, candle.timeframe, candle.closeTime]);
    const waiting = ledger.claimCycle({ cycleId: cycleIdOf(candle), workflowId: 'second', candle });
    await untilWaiting(pool, 1);
    await holding.query('COMMIT');
    holding.release();
    expect(await waiting).toBe('duplicate');
  });

  it('are recorded once: a second plan comes back as the first', async () => {
    await expect(ledger.recordCycle({ cycleId: CYCLE, observation: OBSERVATION, plan: { decisions: [], opens: [], instructions: [], memory: NO_MEMORY } })).resolves.toEqual(PLAN);
    expect(await ledger.recordedCycle(CYCLE)).toEqual({ observation: OBSERVATION, plan: PLAN });
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

  it('sees a fence that rose while it waited for its row', async () => {
    const holding = await pool.connect();
    await holding.query('BEGIN');
    await holding.query('SELECT 1 FROM orders WHERE client_order_id = $1 FOR UPDATE', [OPEN.entry.clientOrderId]);
    const waiting = claim(OPEN.entry, 1);
    await untilWaiting(pool, 1);
    await ledger.raiseFence({ portfolioId: 'sim', by: 'test', reason: 'because' });
    await holding.query('COMMIT');
    holding.release();
    expect(await waiting).toMatchObject({ won: true, fence: { epoch: 2, halted: true } });
  });

  it('that the venue accepted is never won again, whatever the attempt', async () => {
    const stop = stopIntentFor(OPEN, { quantity: '10', triggerPrice: '97', revision: 1 });
    await claim(stop, 1);
    await ledger.applyReport('sim', { order: reported(stop, { book: 'conditional' }), fill: null, at: 1 });
    expect((await claim(stop, 3)).won).toBe(false);
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

  it('is applied one after the other when it comes at the same moment', async () => {
    await claim(OPEN.entry, 1);
    await Promise.all(['1', '2', '3', '4', '5', '6', '7', '8'].map((filledQuantity) =>
      ledger.applyReport('sim', { order: reported(OPEN.entry, { filledQuantity }), fill: null, at: 1 })));
    expect(await ledger.order(OPEN.entry.clientOrderId)).toMatchObject({ filledQuantity: '8' });
    const { rows } = await pool.query<{ from: string; to: string }>(`SELECT from_state AS "from", to_state AS "to" FROM order_events ORDER BY seq`);
    expect(rows.filter(({ to }, index) => index + 1 < rows.length && rows[index + 1]?.from !== to)).toEqual([]);
  });

  it('an order of open fate, or a fill that is not booked, holds things back', async () => {
    const settle = async (): Promise<void> => {
      const { position } = await ledger.positionSnapshot(OPEN.positionId);
      await ledger.settlePosition({ positionId: OPEN.positionId, handledSeq: position.inboxSeq, handledInstructionIds: [], state: 'open', stopPrice: '97', targetPrice: '106' });
    };
    await claim(OPEN.entry, 1);
    await settle();
    expect(await ledger.settlement('sim')).toEqual({ settled: false, waitingFor: [`order ${OPEN.entry.clientOrderId} is submitting`] });
    await ledger.applyOrderEvent(OPEN.entry.clientOrderId, { kind: 'notSent', attempt: 1 }, 5);
    await settle();
    expect(await ledger.settlement('sim')).toEqual({ settled: false, waitingFor: [`order ${OPEN.entry.clientOrderId} is absent`] });
    await ledger.applyReport('sim', { ...filled(), fill: null });
    await settle();
    expect(await ledger.settlement('sim')).toEqual({ settled: false, waitingFor: [`order ${OPEN.entry.clientOrderId} has fills to book`] });
  });

  it('raises the inbox, and things are settled only when it is handled', async () => {
    await claim(OPEN.entry, 1);
    await ledger.applyReport('sim', filled());
    expect(await ledger.settlement('sim')).toMatchObject({ settled: false });
    const { position } = await ledger.positionSnapshot(OPEN.positionId);
    await ledger.settlePosition({ positionId: OPEN.positionId, handledSeq: position.inboxSeq, handledInstructionIds: [], state: 'open', stopPrice: '97', targetPrice: '106' });
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

describe('what a workflow remembers of an order that went without the ledger', () => {
  const stop = stopIntentFor(OPEN, { quantity: '10', triggerPrice: '97', revision: 1 });
  const remembered = (changes: Partial<OrderRow>): OrderRow => ({
    intent: stop, state: 'unknown', attempt: 1, sentTimestamp: 1_000, venueOrderId: null, triggeredOrderId: null, filledQuantity: '0', averagePrice: null, reason: null, acceptedAt: null, updatedAt: 1_000, ...changes,
  });

  it('is written to a ledger that heard nothing of it', async () => {
    expect(await ledger.backfillOrder(remembered({ state: 'accepted', venueOrderId: '9', acceptedAt: 1_500 }))).toMatchObject({ state: 'accepted', attempt: 1, venueOrderId: '9' });
    expect((await pool.query(`SELECT kind FROM order_events`)).rows).toEqual([{ kind: 'backfilled' }]);
  });

  it('records an entry that ends before anybody recorded it: no attempt can claim it any more', async () => {
    const again: OrderIntent = { ...OPEN.entry, intentId: `${OPEN.entry.intentId}/2`, clientOrderId: 'klabcde-again', revision: 2 };
    const ended = remembered({ intent: again, state: 'expired', attempt: 0, reason: 'priceMovedAway' });
    expect(await ledger.backfillOrder(ended)).toMatchObject({ state: 'expired', attempt: 0, reason: 'priceMovedAway' });
    expect(await claim(again, 1)).toMatchObject({ won: false, row: { state: 'expired' } });
    const claimed: OrderIntent = { ...again, intentId: `${OPEN.entry.intentId}/3`, clientOrderId: 'klabcde-claimed', revision: 3 };
    await claim(claimed, 1);
    expect(await ledger.backfillOrder({ ...ended, intent: claimed })).toMatchObject({ state: 'submitting', attempt: 1 });
  });

  it('changes nothing that the ledger heard later', async () => {
    await claim(stop, 2);
    expect(await ledger.backfillOrder(remembered({ state: 'absent' }))).toMatchObject({ state: 'submitting', attempt: 2 });
    await ledger.applyReport('sim', { order: reported(stop, { book: 'conditional', status: 'canceled' }), fill: null, at: 2_000 });
    expect(await ledger.backfillOrder(remembered({ attempt: 2 }))).toMatchObject({ state: 'canceled', attempt: 2 });
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
    await sendAgain(pool, 'bad');
    expect([await bus.drain(), await bus.drain()]).toEqual([4, 0]);
  });
});

it('counts looks at a difference that lie apart, and forgets it when it is gone', async () => {
  const difference = { key: 'k', kind: 'foreignOrder' as const, instrumentId: INSTRUMENT.id, evidence: {} };
  const looksAt = async (nowMs: number) => (await ledger.noteDifferences('sim', [difference], nowMs)).map(({ looks, firstSeenAt }) => [looks, firstSeenAt]);
  expect(await looksAt(1)).toEqual([[1, 1]]);
  expect(await looksAt(LOOKS_APART_MS)).toEqual([[1, 1]]); // a repeated activity, or another reconciliation beside it
  expect(await looksAt(1 + LOOKS_APART_MS)).toEqual([[2, 1]]);
  expect(await looksAt(2 * LOOKS_APART_MS)).toEqual([[2, 1]]);
  expect(await looksAt(1 + 2 * LOOKS_APART_MS)).toEqual([[3, 1]]);
  await ledger.noteDifferences('sim', [], 1 + 3 * LOOKS_APART_MS);
  expect(await looksAt(1 + 4 * LOOKS_APART_MS)).toEqual([[1, 1 + 4 * LOOKS_APART_MS]]);
});

it('keeps the sum of all money booked, each record once, exactly', async () => {
  const bookedWith = async (...records: readonly [string, string][]) => {
    await ledger.recordIncome('sim', records.map(([incomeId, amount]) => ({ incomeId, type: 'TRANSFER', amount, currency: 'USDT', instrumentId: null, tradeId: null, time: 1 })));
    return (await ledger.reconciliationView('sim')).moneyBooked;
  };
  expect(await bookedWith()).toBe('0');
  expect(await bookedWith(['1', '0.1'], ['2', '0.2'])).toBe('0.3');
  expect(await bookedWith(['2', '0.2'], ['3', '-0.00000001'])).toBe('0.29999999');
  await ledger.recordIncome('sim', [{ incomeId: '3', type: 'TRANSFER', amount: '-5', currency: 'BNB', instrumentId: null, tradeId: null, time: 1 }]); // the same line in another currency: no part of this sum
  expect(await bookedWith()).toBe('0.29999999');
  expect((await pool.query(`SELECT currency, booked::text FROM money ORDER BY currency`)).rows).toEqual([{ currency: 'BNB', booked: '-5' }, { currency: 'USDT', booked: '0.29999999' }]);
});
