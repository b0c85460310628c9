/** Guard, fence, policy, events and positions' inboxes move together. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Pool } from '../../../db/pool.ts';
import type { GuardCommand } from '../../../domain/emergency/guard.ts';
import { emergencyOrderIdOf } from '../../../domain/emergency/closing.ts';
import type { TripCause } from '../../../domain/emergency/types.ts';
import type { RiskSight } from '../../../domain/emergency/watch.ts';
import type { Fill } from '../../../domain/orders/order.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { untilWaiting } from '../../support/locks.ts';
import { OPEN, recordedLedger } from './cycle.fixture.ts';
import { INSTRUMENT } from '../../unit/domain/cycle/plan.fixture.ts';

const CAUSE: TripCause = { trigger: 'person', reason: 'enough', by: 'ada', severity: 'critical' };
const TRIP: GuardCommand = { kind: 'trip', cause: CAUSE, at: 1 };

let databases: TestDatabases;
let pool: Pool;
let ledger: Ledger;

beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());
beforeEach(async () => { ({ pool, ledger } = await recordedLedger(databases)); });

const fillOf = (changes: Partial<Fill>): Fill => ({
  tradeId: '1', venueOrderId: '7', clientOrderId: OPEN.entry.clientOrderId, instrumentId: INSTRUMENT.id, side: OPEN.entry.side, positionSide: 'both', price: '100', quantity: OPEN.entry.quantity,
  fee: '0', feeCurrency: 'USDT', realizedPnl: '0', maker: false, filledAt: 2_000, filledAtWall: 2_000, ...changes,
});
const command = (it: GuardCommand) => ledger.commandGuard('sim', it);
const events = async () => (await pool.query<{ type: string }>(`SELECT type FROM domain_events WHERE type LIKE 'emergency%' OR type LIKE 'fence%' ORDER BY seq`)).rows.map((row) => row.type);
const mode = async () => (await ledger.guard('sim', { marketAt: 0, wallAt: 0 })).state.mode;
const account = (minute: number, equity: string, walletBalance = '10000'): RiskSight => ({ at: minute * 60_000, seenAt: minute * 60_000, money: { kind: 'account', walletBalance, equity, unrealized: {} }, machinery: null });
const watch = (...sights: RiskSight[]) => ledger.watchRisk('sim', sights, { trustsStream: false });

describe('a trip', () => {
  it('is one transaction: guard, fence, event, and an instruction to each open position', async () => {
    await ledger.applyFills('sim', [fillOf({})]);
    expect(await command(TRIP)).toMatchObject({ change: 'tripped', state: { mode: 'tripping', emergency: 1, round: 1 }, fence: { epoch: 2, halted: true } });
    expect(await events()).toEqual(['fenceRaised', 'emergencyTriggered']);
    const { rows: [told] } = await pool.query(`SELECT payload, subject, actor FROM domain_events WHERE type = 'emergencyTriggered'`);
    expect(told).toEqual({ subject: 'ess/sim/1', actor: 'ada', payload: { emergencyId: 'ess/sim/1', round: 1, severity: 'critical', cause: 'person', reason: 'enough', by: 'ada', positionsClosed: 1 } });
    expect((await ledger.positionSnapshot(OPEN.positionId)).instructions).toMatchObject([{ kind: 'emergency', emergencyId: 'ess/sim/1', positionId: OPEN.positionId }]);
    expect(await ledger.tellEmergency('sim')).toEqual([OPEN.positionId]);
    expect((await ledger.positionSnapshot(OPEN.positionId)).instructions).toHaveLength(1);
  });

  it('twice, or many at the same moment, is once', async () => {
    const held = await pool.connect();
    await held.query(`BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; SELECT 1 FROM guard_state WHERE portfolio_id = 'sim' FOR UPDATE`);
    const trips = Array.from({ length: 4 }, () => command(TRIP));
    try {
      await untilWaiting(pool, trips.length); // without the lock all of them have read that nothing has tripped yet
    } finally {
      await held.query('COMMIT');
      held.release();
    }
    const results = await Promise.all(trips);
    expect(results.filter((it) => it.change === 'tripped')).toHaveLength(1);
    expect(await events()).toEqual(['fenceRaised', 'emergencyTriggered']);
    expect(await ledger.fence('sim')).toEqual({ epoch: 2, halted: true });
  });

  it('that fails half-way leaves all of it as it was', async () => {
    await pool.query(`ALTER TABLE domain_events ADD CONSTRAINT none CHECK (type <> 'emergencyTriggered')`);
    await expect(command(TRIP)).rejects.toMatchObject({ code: 'DATABASE_FAILED' });
    expect([await mode(), await ledger.fence('sim'), await events()]).toEqual(['armed', { epoch: 1, halted: false }, []]);
    expect((await ledger.positionSnapshot(OPEN.positionId)).instructions).toEqual([]);
  });

  it('raises a fence again that somebody lowered', async () => {
    await command(TRIP);
    await ledger.lowerFence({ portfolioId: 'sim', by: 'bob', reason: 'by hand' });
    await command(TRIP);
    expect(await ledger.fence('sim')).toEqual({ epoch: 3, halted: true });
  });
});

it('from trip to normal: every step is told once, and the fence comes down with the first step back', async () => {
  await command(TRIP);
  for (let again = 0; again < 2; again += 1) {
    await command({ kind: 'flat', emergency: 1, round: 1, positionsClosed: 3, at: 2 });
    await command({ kind: 'sealed', emergency: 1, round: 1, at: 3 });
    await command({ kind: 'reset', by: 'ada', because: 'looked at it', at: 4 });
  }
  const step = (from: 'emergency' | 'protective' | 'cautious', to: 'protective' | 'cautious' | 'normal', at: number): GuardCommand => ({ kind: 'step', emergency: 1, from, to, drawdownBps: 10, at, marketAt: at });
  expect((await command(step('emergency', 'protective', 5))).fence).toEqual({ epoch: 2, halted: false });
  await command(step('emergency', 'protective', 6));
  await command(step('protective', 'cautious', 7));
  expect(await command(step('cautious', 'normal', 8))).toMatchObject({ change: 'recovered', state: { mode: 'armed' } });
  expect(await events()).toEqual(['fenceRaised', 'emergencyTriggered', 'emergencyFlat', 'emergencySealed', 'emergencyReset', 'fenceLowered', 'emergencyRecovered', 'emergencyRecovered', 'emergencyRecovered']);
});

it('recovery leaves a fence up that was up before, until a person resumes', async () => {
  await ledger.raiseFence({ portfolioId: 'sim', by: 'keel', reason: 'an account that was used already' });
  await command({ ...TRIP, cause: { ...CAUSE, trigger: 'openLoss' } });
  await command({ kind: 'flat', emergency: 1, round: 1, positionsClosed: 0, at: 2 });
  await command({ kind: 'sealed', emergency: 1, round: 1, at: 3 });
  expect(await command({ kind: 'step', emergency: 1, from: 'emergency', to: 'protective', drawdownBps: 10, at: 4, marketAt: 4 })).toMatchObject({ change: 'recovered', fence: { halted: true } });
  expect(await command({ kind: 'reset', by: 'ada', because: 'adopted', at: 5, emergency: 0 })).toMatchObject({ change: 'none', fence: { halted: true } });
  expect(await command({ kind: 'reset', by: 'ada', because: 'adopted', at: 5, emergency: 1 })).toMatchObject({ change: 'reset', state: { mode: 'protective', keepsFence: false }, fence: { halted: false } });
});

it('a halt while it is stopped outlasts recovery, until a person resumes once more', async () => {
  await command({ ...TRIP, cause: { ...CAUSE, trigger: 'openLoss' } });
  await command({ kind: 'reset', by: 'ada', because: 'looked at it', at: 2 });
  expect(await ledger.raiseFence({ portfolioId: 'sim', by: 'reconciliation', reason: 'another Keel' })).toEqual({ epoch: 2, halted: true });
  await ledger.raiseFence({ portfolioId: 'sim', by: 'reconciliation', reason: 'another Keel' });
  await command({ kind: 'flat', emergency: 1, round: 1, positionsClosed: 0, at: 3 });
  await command({ kind: 'sealed', emergency: 1, round: 1, at: 4 });
  const stepped = await command({ kind: 'step', emergency: 1, from: 'emergency', to: 'protective', drawdownBps: 10, at: 5, marketAt: 5 });
  expect(stepped).toMatchObject({ change: 'recovered', fence: { halted: true }, state: { keepsFence: true } });
  expect(stepped.state.history.filter((it) => it.why === 'the fence stays: another Keel')).toMatchObject([{ by: 'reconciliation' }]);
  expect(await command({ kind: 'reset', by: 'ada', because: 'it is gone', at: 6 })).toMatchObject({ state: { mode: 'protective', keepsFence: false }, fence: { halted: false } });
});

it('the same stop told by another way, heard after a person resumed, changes nothing', async () => {
  const stop: GuardCommand = { ...TRIP, cause: { ...CAUSE, requestId: 'x' } };
  await command(stop);
  await command({ kind: 'reset', by: 'bob', because: 'looked at it', at: 2 });
  expect(await command({ ...stop, at: 9 })).toMatchObject({ change: 'none', state: { resetBy: 'bob', requests: ['x'] } });
  expect(await command({ ...stop, cause: { ...CAUSE, requestId: 'y' }, at: 9 })).toMatchObject({ state: { resetBy: null, requests: ['x', 'y'] } });
});

it('the stop of another person, and of the same with other words, stands in history and audit', async () => {
  await command({ ...TRIP, cause: { ...CAUSE, reason: 'enough', by: 'ada' } });
  await command({ ...TRIP, cause: { ...CAUSE, reason: 'enough', by: 'ada' } });
  await command({ ...TRIP, cause: { ...CAUSE, reason: 'enough', by: 'bob' }, at: 2 });
  const { state } = await command({ ...TRIP, cause: { ...CAUSE, reason: 'the house burns', by: 'bob' }, at: 2 }); // of the same moment
  expect(state.history.map((it) => `${it.why} (${it.by})`)).toEqual(['person: enough (ada)', 'again: enough (bob)', 'again: the house burns (bob)']);
  expect(await events()).toEqual(['fenceRaised', 'emergencyTriggered', 'emergencyCauseChanged', 'emergencyCauseChanged']);
});

it('a person resumes what was halted during recovery', async () => {
  await command(TRIP);
  await command({ kind: 'flat', emergency: 1, round: 1, positionsClosed: 0, at: 2 });
  await command({ kind: 'sealed', emergency: 1, round: 1, at: 3 });
  await command({ kind: 'reset', by: 'ada', because: 'looked at it', at: 4 });
  await command({ kind: 'step', emergency: 1, from: 'emergency', to: 'protective', drawdownBps: 10, at: 5, marketAt: 5 });
  await ledger.raiseFence({ portfolioId: 'sim', by: 'reconciliation', reason: 'another Keel' });
  expect(await command({ kind: 'reset', by: 'bob', because: 'it is gone', at: 6 })).toMatchObject({ fence: { halted: false } });
});

it('a person resumes what was halted without an emergency; nothing else lowers that fence', async () => {
  await ledger.raiseFence({ portfolioId: 'sim', by: 'reconciliation', reason: 'another Keel' });
  await command({ kind: 'flat', emergency: 1, round: 1, positionsClosed: 0, at: 1 });
  expect((await ledger.fence('sim')).halted).toBe(true);
  expect((await command({ kind: 'reset', by: 'ada', because: 'it is gone', at: 2 })).fence.halted).toBe(false);
});

it('a person who trips during an emergency takes the place of its cause, and that is told', async () => {
  await command({ ...TRIP, cause: { ...CAUSE, trigger: 'drawdown', by: 'keel' } });
  await command({ kind: 'flat', emergency: 1, round: 1, positionsClosed: 0, at: 2 });
  await command({ kind: 'sealed', emergency: 1, round: 1, at: 3 });
  await command({ ...TRIP, at: 4 });
  expect((await events()).at(-1)).toBe('emergencyCauseChanged');
});

describe('the sensors\' memory', () => {
  it('lies in the ledger: several sensors fold into one', async () => {
    await watch(account(0, '10000'));
    await watch(account(1, '10500'));
    expect((await watch(account(2, '10290'))).losses).toMatchObject({ drawdownBps: 200 });
    await Promise.all([watch(account(3, '10290')), watch(account(3, '10290')), watch(account(3, '10290'))]);
    expect((await ledger.guard('sim', { marketAt: 0, wallAt: 0 })).memory.equity.peak).toBe(10_500);
  });

  it('a crossing trips in the same transaction, once', async () => {
    await watch(account(0, '10000'));
    expect(await watch({ ...account(1, '8900'), money: { kind: 'balance', isTransfer: false, walletBalance: '8900', unrealized: {} } })).toMatchObject({ change: 'none', isDoubtful: true });
    expect(await watch(account(1, '8900', '8900'))).toMatchObject({ change: 'tripped', state: { mode: 'tripping', cause: { trigger: 'dailyLoss' } }, fence: { halted: true } });
    expect(await watch(account(2, '8900', '8900'))).toMatchObject({ change: 'none', state: { mode: 'tripping' } });
  });

  it('takes due steps of recovery by the market clock', async () => {
    await watch(account(0, '10000'), account(1, '8900'));
    await command({ kind: 'flat', emergency: 1, round: 1, positionsClosed: 0, at: 2 });
    await command({ kind: 'sealed', emergency: 1, round: 1, at: 3 });
    const modes: string[] = [];
    for (let minute = 2; minute <= 20; minute += 1) modes.push((await ledger.watchRisk('sim', [account(minute, '9950')], { trustsStream: true })).state.mode);
    expect([...new Set(modes)]).toEqual(['emergency', 'protective', 'cautious', 'armed']);
    expect((await ledger.fence('sim')).halted).toBe(false);
  });

  it('counts stop-outs by the market clock and execution errors by the wall clock', async () => {
    await ledger.claimSubmission({ intent: OPEN.entry, attempt: 1, timestamp: 1, marketTime: 1, nowMs: 1_000_000 });
    await ledger.applyOrderEvent(OPEN.entry.clientOrderId, { kind: 'rejected', attempt: 1, reason: '-2019' }, 1_000_000);
    await ledger.closePosition({ positionId: OPEN.positionId, handledSeq: 1, reason: 'stop', closedAt: 5_000_000 });
    const at = async (marketAt: number, wallAt: number) => {
      const { readings } = await ledger.guard('sim', { marketAt, wallAt });
      return [readings.stopOuts, readings.executionErrors];
    };
    expect(await at(5_000_000 + 14 * 60_000, 1_000_000 + 4 * 60_000)).toEqual([1, 1]);
    expect(await at(5_000_000 + 16 * 60_000, 1_000_000 + 6 * 60_000)).toEqual([0, 0]);
  });

  it('in lockstep counts the stop-outs before the moment of the look: those of the moment may not be written yet', async () => {
    await ledger.closePosition({ positionId: OPEN.positionId, handledSeq: 1, reason: 'stop', closedAt: 5_000_000 });
    const at = async (marketAt: number) => (await ledger.guard('sim', { marketAt, wallAt: 0 })).readings.stopOuts;
    expect([await at(5_000_000), await at(5_000_001)]).toEqual([1, 1]);
    await pool.query(`UPDATE portfolios SET mode = 'replay'`);
    expect([await at(5_000_000), await at(5_000_001)]).toEqual([0, 1]);
  });

  it('knows transfers and differences from the ledger', async () => {
    const income = (incomeId: string, type: string, amount: string) => ({ incomeId, type, amount, currency: 'USDT', instrumentId: null, tradeId: null, time: 1 });
    await ledger.recordIncome('sim', [income('1', 'TRANSFER', '10000'), income('2', 'REALIZED_PNL', '-50'), income('3', 'TRANSFER', '-0.5'), { ...income('4', 'TRANSFER', '7'), currency: 'BNB' }]);
    await ledger.setCursor('sim', 'income', 1);
    for (const nowMs of [1, 5_000]) await ledger.noteDifferences('sim', [{ key: 'gone/x', kind: 'ghostPosition', instrumentId: INSTRUMENT.id, evidence: {} }], nowMs);
    const { readings } = await ledger.guard('sim', { marketAt: 0, wallAt: 0 });
    expect(readings).toMatchObject({ transferred: '9999.5', ledgerDiffers: 'ghostPosition gone/x' });
    expect(readings.incomeReadAt).toBeGreaterThan(0);
  });
});

describe('a wallet that differs from what was booked', () => {
  const differs = async (mode: string, seenAt: number): Promise<string | null> => {
    await pool.query('UPDATE portfolios SET mode = $1', [mode]);
    for (const nowMs of [0, 5_000, 59_999]) await ledger.noteDifferences('sim', [{ key: 'walletMismatch/-12.5', kind: 'walletMismatch', instrumentId: null, evidence: {} }], 1_000_000 + nowMs);
    return (await ledger.guard('sim', { marketAt: 0, wallAt: 1_000_000 + seenAt })).readings.ledgerDiffers;
  };
  const SAID = 'walletMismatch walletMismatch/-12.5';

  it.each([['sim', 5_000, SAID], ['replay', 5_000, SAID], ['paper', 5_000, SAID], ['testnet', 299_999, null], ['testnet', 300_000, SAID], ['live', 299_999, null], ['live', 300_000, SAID]])('in %s trips from the second look on, and where the list of income lags behind no sooner than after five minutes: %i ms', async (mode, seenAt, expected) => {
    expect(await differs(mode, seenAt)).toBe(expected);
  });

  it('by another sum each time is a list that lags', async () => {
    await pool.query(`UPDATE portfolios SET mode = 'live'`);
    for (let nowMs = 0; nowMs <= 120_000; nowMs += 30_000) await ledger.noteDifferences('sim', [{ key: `walletMismatch/${nowMs}`, kind: 'walletMismatch', instrumentId: null, evidence: {} }], nowMs);
    expect((await ledger.guard('sim', { marketAt: 0, wallAt: 120_000 })).readings.ledgerDiffers).toBeNull();
  });
});

describe('what the stop closed', () => {
  it('is booked up to what the position held; the rest is another\'s', async () => {
    await ledger.applyFills('sim', [fillOf({})]);
    const closing = (tradeId: string, quantity: string) => fillOf({ tradeId, venueOrderId: `e${tradeId}`, side: 'sell', quantity, clientOrderId: emergencyOrderIdOf('abcde', tradeId) });
    const fills = [closing('11', '6'), closing('12', '4'), closing('13', '5')];
    await ledger.applyOutsideFills(OPEN.positionId, fills, { upToHeld: true });
    await ledger.applyOutsideFills(OPEN.positionId, fills, { upToHeld: true });
    expect((await ledger.positionSnapshot(OPEN.positionId)).position.quantity).toBe('0');
    expect((await pool.query(`SELECT trade_id FROM fills WHERE side = 'sell' ORDER BY 1`)).rows).toEqual([{ trade_id: '11' }, { trade_id: '12' }]);
  });

  it('what is held and what of its trades that counts come from one statement', async () => {
    await ledger.applyFills('sim', [fillOf({ filledAt: OPEN.decidedAt })]);
    expect(await ledger.openHoldings('sim')).toEqual({ [`${INSTRUMENT.id} both`]: {
      instrumentId: INSTRUMENT.id, positionSide: 'both', direction: 'long', quantity: fillOf({}).quantity, tradedSince: OPEN.decidedAt - 1_000, bookedTrades: [fillOf({}).tradeId],
    } });
  });

  it('is written once, and never changed', async () => {
    const order = { clientOrderId: emergencyOrderIdOf('abcde', 'x'), emergencyId: 'ess/sim/1', instrumentId: INSTRUMENT.id, side: 'sell', positionSide: 'both', quantity: '1', answer: 'accepted', detail: null, venueOrderId: '1', sentAt: 1 } as const;
    await ledger.recordEmergencyOrders('sim', [order]);
    await ledger.recordEmergencyOrders('sim', [order, { ...order, clientOrderId: emergencyOrderIdOf('abcde', 'y'), answer: 'unknown', venueOrderId: null }]);
    expect((await pool.query('SELECT answer FROM emergency_orders ORDER BY answer')).rows).toEqual([{ answer: 'accepted' }, { answer: 'unknown' }]);
    await expect(pool.query(`UPDATE emergency_orders SET answer = 'accepted'`)).rejects.toThrow(/append-only/);
  });
});
