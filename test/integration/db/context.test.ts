/** What a cycle asks of the ledger before it decides. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Pool } from '../../../db/pool.ts';
import { NO_MEMORY, NO_TRADES } from '../../../domain/cycle/risk-facts.ts';
import type { OrderIntent } from '../../../domain/orders/order.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import { stopIntentFor } from '../../../domain/positions/intents.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { claimedLedger, CYCLE, OBSERVATION, OPEN, PLAN } from './cycle.fixture.ts';
import { HOUR_MS, INSTRUMENT } from '../../unit/domain/cycle/plan.fixture.ts';

let databases: TestDatabases;
let pool: Pool;
let ledger: Ledger;

const { closeTime } = OBSERVATION.candle;
const NEXT = { ...OBSERVATION.candle, closeTime: closeTime + HOUR_MS };

beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());
beforeEach(async () => {
  ({ pool, ledger } = await claimedLedger(databases));
});

describe('the account', () => {
  it('brings what the newest recorded cycle before it remembered', async () => {
    expect((await ledger.accountContext(NEXT)).memory).toEqual(NO_MEMORY); // claimed, not recorded
    await ledger.recordCycle({ cycleId: CYCLE, observation: OBSERVATION, plan: PLAN });
    expect((await ledger.accountContext(NEXT)).memory).toEqual(PLAN.memory);
    expect((await ledger.accountContext(OBSERVATION.candle)).memory).toEqual(NO_MEMORY); // never its own
    expect((await ledger.accountContext({ ...NEXT, strategy: 'other' })).memory).toEqual(NO_MEMORY);
  });

  it('shows a position with what its exits go by', async () => {
    await ledger.recordCycle({ cycleId: CYCLE, observation: OBSERVATION, plan: PLAN });
    const { account: { positions: [position] } } = await ledger.accountContext(NEXT);
    expect(position).toEqual({
      positionId: OPEN.positionId, instrumentId: INSTRUMENT.id, direction: 'long', state: 'opening', quantity: '0', entryQuantity: '0', plannedQuantity: OPEN.entry.quantity, entryPrice: null,
      stopPrice: OPEN.stopPrice, targetPrice: OPEN.targetPrice, riskPerUnit: OPEN.riskPerUnit, openedAt: closeTime, score: OPEN.score, exit: OPEN.exit, ladder: OPEN.ladder,
    });
  });

  it.each([['replay', [], [INSTRUMENT.id]], ['sim', [INSTRUMENT.id], [INSTRUMENT.id]]])('%s: a foreign position counts at its first look, and at its second', async (mode, first, second) => {
    await pool.query('UPDATE portfolios SET mode = $1', [mode]);
    const look = async (nowMs: number): Promise<readonly string[]> => {
      await ledger.noteDifferences('sim', [{ key: 'foreignPosition/x', kind: 'foreignPosition', instrumentId: INSTRUMENT.id, evidence: {} }], nowMs);
      return (await ledger.accountContext(NEXT)).account.foreignInstruments;
    };
    expect([await look(1), await look(60_000)]).toEqual([first, second]);
  });

  it('keeps a target that came nearer', async () => {
    await ledger.recordCycle({ cycleId: CYCLE, observation: OBSERVATION, plan: PLAN });
    await ledger.instruct({ kind: 'moveTarget', instructionId: 'm', positionId: OPEN.positionId, targetPrice: '103', reason: 'age' });
    expect((await ledger.positionSnapshot(OPEN.positionId)).instructions).toMatchObject([{ kind: 'moveTarget', targetPrice: '103' }]);
    await ledger.settlePosition({ positionId: OPEN.positionId, handledSeq: 2, handledInstructionIds: ['m'], state: 'open', stopPrice: '97', targetPrice: '103' });
    expect(await ledger.positionSnapshot(OPEN.positionId)).toMatchObject({ instructions: [], position: { targetPrice: '103' } });
  });
});

describe('orders that were sent', () => {
  const stop = (revision: number) => stopIntentFor(OPEN, { quantity: OPEN.entry.quantity, triggerPrice: `${96 + revision}`, revision });
  const send = (intent: OrderIntent, marketTime: number, attempt = 1) => ledger.claimSubmission({ intent, attempt, timestamp: 1, marketTime, nowMs: 1 });
  const sentSince = (since: number) => ledger.ordersSent('sim', since);

  it('count by the market clock, with what is about to be sent', async () => {
    await ledger.recordCycle({ cycleId: CYCLE, observation: OBSERVATION, plan: PLAN });
    expect(await sentSince(closeTime)).toBe(1); // the entry is planned
    await send(OPEN.entry, closeTime);
    expect([await sentSince(closeTime), await sentSince(closeTime + 1)]).toEqual([1, 0]);
    await send(stop(1), closeTime + 5);
    await send(stop(2), closeTime + 70_000); // in place of the first
    expect([await sentSince(closeTime), await sentSince(closeTime + 5), await sentSince(closeTime + 6), await sentSince(closeTime + 70_001)]).toEqual([3, 2, 1, 0]);
    expect(await ledger.ordersSent('other', 0)).toBe(0);
  });

  it('not what the fence held back, and once what was tried again, at the last try', async () => {
    await ledger.recordCycle({ cycleId: CYCLE, observation: OBSERVATION, plan: PLAN });
    await send(OPEN.entry, closeTime);
    await ledger.applyOrderEvent(OPEN.entry.clientOrderId, { kind: 'halted', attempt: 1, reason: 'fenceHalted' }, 2);
    expect(await sentSince(closeTime)).toBe(0);
    await send(stop(1), closeTime);
    await ledger.applyOrderEvent(stop(1).clientOrderId, { kind: 'notSent', attempt: 1 }, 2);
    await send(stop(1), closeTime + 9, 2);
    expect([await sentSince(closeTime), await sentSince(closeTime + 9), await sentSince(closeTime + 10)]).toEqual([1, 1, 0]);
  });
});

describe('closed trades', () => {
  /** One closed position: 10 units with 3 at risk each. @param net result after a fee of 1. */
  async function closed(net: number, hoursAgo: number): Promise<void> {
    await pool.query(
      `INSERT INTO positions (position_id, portfolio_id, instrument_id, cycle_id, direction, plan, state, entry_quantity, stop_price, realized_pnl, fees, close_reason, inbox_seq, handled_seq, decided_at, closed_at)
       VALUES (gen_random_uuid()::text, 'sim', $1, $2, 'long', $3, 'closed', 10, 97, $4, 1, 'stop', 1, 1, 0, $5)`,
      [INSTRUMENT.id, CYCLE, JSON.stringify({ ...OPEN, riskPerUnit: '3' }), net + 1, closeTime - hoursAgo * HOUR_MS],
    );
  }
  const record = (lossesSince = 0) => ledger.tradeRecord({ portfolioId: 'sim', closeTime, symbols: [{ instrumentId: INSTRUMENT.id, lossesSince }] });

  it('none', async () => expect(await record()).toEqual(NO_TRADES));

  it('add up: losses of a day, streaks, and results in multiples of what was risked', async () => {
    await closed(30, 50);
    await closed(-15, 25);
    await closed(60, 23);
    await closed(-6, 2);
    await closed(-9.5, 1);
    expect(await record()).toEqual({
      grossLoss24h: '15.5', lossesInARow: 2, lastLossAt: closeTime - HOUR_MS,
      bySymbol: { [INSTRUMENT.id]: { trades: 5, wins: 2, lossesInARow: 2, averageWinR: 1.5, averageLossR: expect.closeTo((0.5 + 0.2 + 9.5 / 30) / 3, 12) as number } },
    });
  });

  it('forget losses from before a symbol was enabled, and trades of more than 30 days ago', async () => {
    for (const hours of [30 * 24, 30 * 24 - 1, 10, 5]) await closed(-3, hours);
    expect((await record(closeTime - 10 * HOUR_MS)).bySymbol[INSTRUMENT.id]).toMatchObject({ trades: 3, lossesInARow: 1 });
    expect((await record()).lossesInARow).toBe(4); // the portfolio's streak has no such bound
  });

  it('one that never entered is none', async () => {
    await pool.query(
      `INSERT INTO positions (position_id, portfolio_id, instrument_id, cycle_id, direction, plan, state, stop_price, close_reason, inbox_seq, handled_seq, decided_at, closed_at) VALUES ('x', 'sim', $1, $2, 'long', $3, 'closed', 97, 'notEntered', 1, 1, 0, $4)`,
      [INSTRUMENT.id, CYCLE, JSON.stringify(OPEN), closeTime],
    );
    expect(await record()).toEqual(NO_TRADES);
  });

  it('count no more than the newest hundred', async () => {
    for (let index = 0; index < 104; index += 1) await closed(index < 3 ? 3 : -3, 200 - index);
    expect(await record()).toMatchObject({ lossesInARow: 100, bySymbol: { [INSTRUMENT.id]: { trades: 100, wins: 0, lossesInARow: 100 } } });
  });
});
