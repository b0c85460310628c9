/** What the database itself refuses, whoever holds a connection. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createLedger } from '../../../db/ledger.ts';
import type { Pool } from '../../../db/pool.ts';
import { cycleIdOf } from '../../../domain/cycle/ids.ts';
import { planCycle } from '../../../domain/cycle/plan-cycle.ts';
import type { OpenPlan } from '../../../domain/cycle/types.ts';
import type { Ledger, PortfolioSpec } from '../../../domain/ports/ledger.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { INSTRUMENT, observationWith } from '../../unit/domain/cycle/plan.fixture.ts';

const OBSERVATION = observationWith({ account: { fence: { epoch: 1, halted: false } } });
const CYCLE = cycleIdOf(OBSERVATION.candle);
const PLAN = planCycle({ cycleId: CYCLE, observation: OBSERVATION });
const [OPEN] = PLAN.opens as [OpenPlan];
const PORTFOLIO: PortfolioSpec = { portfolioId: 'sim', deploymentId: 'abcde', venueAccountId: 'account', mode: 'sim', strategy: 'ensemble', timeframe: '1h', instrumentIds: [INSTRUMENT.id] };
const FILL = {
  tradeId: '1', venueOrderId: '7', clientOrderId: OPEN.entry.clientOrderId, instrumentId: INSTRUMENT.id, side: 'buy', positionSide: 'both', price: '100', quantity: '4',
  fee: '0', feeCurrency: 'USDT', realizedPnl: '0', maker: false, filledAt: 2_000, filledAtWall: 2_000,
} as const;

let databases: TestDatabases;
let pool: Pool;
let ledger: Ledger;

beforeAll(async () => {
  databases = await startDatabases();
});
afterAll(() => databases.stop());
beforeEach(async () => {
  pool = await databases.create();
  ledger = createLedger(pool);
  await ledger.upsertInstruments([INSTRUMENT]);
  await ledger.ensurePortfolio(PORTFOLIO);
  await ledger.claimCycle({ cycleId: CYCLE, workflowId: 'w', candle: OBSERVATION.candle });
});

const record = () => ledger.recordCycle({ cycleId: CYCLE, observation: OBSERVATION, plan: PLAN });
const countOf = async (table: string): Promise<unknown> => (await pool.query<{ count: number }>(`SELECT count(*) FROM ${table}`)).rows[0]?.count;

describe('there is one', () => {
  it('order for a position, leg and revision', async () => {
    await record();
    const twin = { ...OPEN.entry, intentId: 'another', clientOrderId: 'klabcde-another' };
    await expect(ledger.claimSubmission({ intent: twin, attempt: 1, timestamp: 1, marketTime: 1, nowMs: 1 })).rejects.toMatchObject({ code: 'DATABASE_FAILED' });
    expect(await countOf('intents')).toBe(1);
  });

  it('booking of a fill, and one for each order of a trade between two of ours', async () => {
    await record();
    await ledger.applyOutsideFills(OPEN.positionId, [FILL, FILL, { ...FILL, venueOrderId: '8' }]);
    expect(await countOf('fills')).toBe(2);
    expect((await ledger.positionSnapshot(OPEN.positionId)).position.quantity).toBe('8');
  });

  it('cycle of a candle', async () => {
    expect(await ledger.claimCycle({ cycleId: 'another name', workflowId: 'x', candle: OBSERVATION.candle })).toBe('duplicate');
    expect(await countOf('cycles')).toBe(1);
  });

  it('portfolio of a venue account', async () => {
    await expect(ledger.ensurePortfolio({ ...PORTFOLIO, portfolioId: 'second' })).rejects.toMatchObject({ code: 'DATABASE_FAILED' });
  });

  it('deployment of a portfolio: another is told both ids and the file, and changes nothing', async () => {
    const other = { ...PORTFOLIO, deploymentId: 'fghij', timeframe: '1m' as const };
    const words = /abcde.*fghij.*sim\/deployment\.json/;
    await expect(ledger.ensurePortfolio(other)).rejects.toMatchObject({ code: 'TWO_MASTERS', message: expect.stringMatching(words) as string });
    expect(await ledger.portfolio('sim')).toEqual(PORTFOLIO);
  });

  it('line of the account\'s money, with an instrument or without', async () => {
    const transfer = { incomeId: '1', type: 'TRANSFER', amount: '5', currency: 'USDT', instrumentId: null, tradeId: null, time: 1 };
    const fee = { ...transfer, type: 'COMMISSION', instrumentId: INSTRUMENT.id };
    const inAnother = { ...fee, currency: 'BNB' }; // another line
    await ledger.recordIncome('sim', [transfer, fee, inAnother]);
    await ledger.recordIncome('sim', [transfer, fee, inAnother]);
    expect(await countOf('income')).toBe(3);
  });
});

describe('history', () => {
  const KEPT = ['policy_versions', 'predictions', 'outcomes', 'intents', 'order_events', 'fills', 'income', 'fence_history', 'domain_events', 'audit_records'];
  const COLUMN: Readonly<Record<string, string>> = { policy_versions: 'reason', predictions: 'because', outcomes: 'state', intents: 'leg', order_events: 'kind', fills: 'side', income: 'type', fence_history: 'reason', domain_events: 'actor', audit_records: 'hash' };

  it.each(KEPT)('of %s is neither changed nor taken out', async (table) => {
    const column = COLUMN[table] ?? '';
    await expect(pool.query(`UPDATE ${table} SET ${column} = ${column}`)).rejects.toThrow(/append-only: UPDATE/);
    await expect(pool.query(`DELETE FROM ${table}`)).rejects.toThrow(/append-only: DELETE/);
    await expect(pool.query(`TRUNCATE ${table} CASCADE`)).rejects.toThrow(/append-only: TRUNCATE/);
  });

  it.each(['cycles', 'positions', 'orders'])('of %s is not taken out', async (table) => {
    await expect(pool.query(`DELETE FROM ${table}`)).rejects.toThrow(/append-only: DELETE/);
  });

  it('a claimed cycle is recorded, and keeps its claim; a recorded one stays', async () => {
    await expect(pool.query(`UPDATE cycles SET workflow_id = 'thief'`)).rejects.toThrow(/append-only/);
    await record();
    await expect(pool.query(`UPDATE cycles SET plan = '{}'`)).rejects.toThrow(/append-only/);
  });

  it('a stored candle never changes', async () => {
    const candle = { openTime: 0, open: 1, high: 1, low: 1, close: 1, volume: 1 };
    await ledger.writeCandles([{ instrumentId: INSTRUMENT.id, timeframe: '1h', candles: [candle] }]);
    await ledger.writeCandles([{ instrumentId: INSTRUMENT.id, timeframe: '1h', candles: [{ ...candle, close: 2 }] }]);
    expect((await pool.query('SELECT close FROM candles')).rows).toEqual([{ close: 1 }]);
    await expect(pool.query('UPDATE candles SET close = 2')).rejects.toThrow(/append-only/);
  });
});
