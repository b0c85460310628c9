/** Learned sizing over a real ledger: signals are priced once, what they teach is kept, and a cycle sees as much of it as policy allows. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createSizingActivities, createSizingReader } from '../../../activities/sizing.ts';
import { createPolicyStore } from '../../../db/policy-store.ts';
import type { Pool } from '../../../db/pool.ts';
import { createSizingStore } from '../../../db/sizing-store.ts';
import { cycleIdOf } from '../../../domain/cycle/ids.ts';
import { planCycle } from '../../../domain/cycle/plan-cycle.ts';
import type { Observation } from '../../../domain/cycle/types.ts';
import { PRICED } from '../../../domain/learned-sizing/multipliers.ts';
import type { SizingMode } from '../../../domain/learned-sizing/multipliers.ts';
import { REWARD_VERSION } from '../../../domain/learned-sizing/reward.ts';
import { artefactHash, writeArtefact } from '../../../domain/learning/artefact.ts';
import type { Candle } from '../../../domain/market/candle.ts';
import { normal, prngOf, uniform } from '../../../domain/market/seeded/prng.ts';
import type { PolicyValue } from '../../../domain/policy/policy.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import type { SizingStore } from '../../../domain/ports/sizing-store.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { HOUR_MS, INSTRUMENT, observationWith, PLAIN, symbolWith, vote } from '../../unit/domain/cycle/plan.fixture.ts';
import { PORTFOLIO } from '../db/cycle.fixture.ts';

const START = Date.UTC(2023, 0, 1);
const HOLD = 36;
const SIGNALS = 140;
const closeOf = (signal: number): number => START + signal * HOLD * HOUR_MS;
const END = closeOf(SIGNALS) + 40 * HOUR_MS; // beyond the longest hold of any regime for all but the last

let databases: TestDatabases;
let pool: Pool;
let ledger: Ledger;
let sizing: SizingStore;

beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());

/** What a cycle saw at one signal: long, with so much confidence. */
function observationOf(signal: number, confidence: number): Observation {
  const seen = observationWith({ account: { policy: { ...PLAIN, notionalMax: '1000000' }, fence: { epoch: 1, halted: false } }, symbols: [symbolWith({ votes: [vote('buy', confidence)] })] });
  return { ...seen, candle: { ...seen.candle, closeTime: closeOf(signal) } };
}

/** After each signal: with much confidence the price mostly rises to the target, with little it mostly falls to the stop. */
async function writeMarket(): Promise<readonly number[]> {
  const random = prngOf('sizes');
  const confidences = Array.from({ length: SIGNALS }, () => 0.5 + 0.45 * uniform(random));
  const candles = confidences.flatMap((confidence, signal) => {
    const wins = uniform(random) < (confidence > 0.725 ? 0.7 : 0.1);
    return Array.from({ length: HOLD }, (_, hour): Candle => {
      const move = hour === 0 ? 0 : (wins ? 7 : -4) + 0.01 * normal(random);
      return { openTime: closeOf(signal) + hour * HOUR_MS, open: 100 + move, high: Math.max(100, 100 + move), low: Math.min(100, 100 + move), close: 100 + move, volume: 1 };
    });
  });
  await ledger.writeCandles([{ instrumentId: INSTRUMENT.id, timeframe: '1h', candles }]);
  return confidences;
}

async function record(observation: Observation): Promise<void> {
  const cycleId = cycleIdOf(observation.candle);
  await ledger.claimCycle({ cycleId, workflowId: cycleId, candle: observation.candle });
  await ledger.recordCycle({ cycleId, observation, plan: planCycle({ cycleId, observation }) });
}

async function setPolicy(values: Readonly<Record<string, PolicyValue>>): Promise<void> {
  const policies = createPolicyStore(pool);
  await policies.change({ portfolioId: 'sim', seen: (await policies.active('sim')).version, wish: { kind: 'set', values }, by: 'ada', because: 'a test' });
}

const withMode = (observation: Observation, rlSizing: SizingMode): Observation => ({ ...observation, account: { ...observation.account, policy: { ...observation.account.policy, rlSizing } } });
const counted = async (table: string): Promise<number> => (await pool.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${table}`)).rows[0]?.count ?? NaN;
const activities = () => createSizingActivities({ ledger, sizing, policies: createPolicyStore(pool), clock: Date.now, warn: () => {} });

describe('learning', () => {
  beforeAll(async () => {
    pool = await databases.create();
    ({ ledger, sizing } = await prepared(pool));
    const confidences = await writeMarket();
    const read = createSizingReader({ sizing });
    for (const [signal, confidence] of confidences.entries()) await record(await read(observationOf(signal, confidence)));
  });

  it('waits until there is enough, and prices each signal once its longest hold is over', async () => {
    expect(await activities().trainSizing({ portfolioId: 'sim', asOf: closeOf(50) })).toMatchObject({ outcome: 'untrained', modelId: null, reason: expect.stringContaining('of 100 signals') as string });
    expect(await counted('sizing_samples')).toBe(49); // 36 hours apart, the longest hold is 72
  });

  it('learns that size pays at high confidence, and the same again from the same signals', async () => {
    const trained = await activities().trainSizing({ portfolioId: 'sim', asOf: END });
    expect(trained).toMatchObject({ outcome: 'trained', reason: null });
    expect(trained.samples).toBeGreaterThanOrEqual(SIGNALS - 2);
    expect((await sizing.newest('sim', REWARD_VERSION))?.comparison).toMatchObject({ tested: expect.any(Number) as number });
    const rows = await counted('sizing_samples');
    expect(await activities().trainSizing({ portfolioId: 'sim', asOf: END })).toEqual(trained);
    expect([await counted('sizing_samples'), await counted('sizing_models')]).toEqual([rows, 1]);
    const [sample] = await sizing.samples({ portfolioId: 'sim', version: REWARD_VERSION, asOf: END, limit: 1 });
    expect(sample?.rewards).toHaveLength(PRICED.length);
  });

  it('what a cycle sees: more at high confidence, less at low; advice only reduces, and primary is advice while something is missing', async () => {
    const read = createSizingReader({ sizing });
    const seen = async (confidence: number, mode: SizingMode) => (await read(withMode(observationOf(SIGNALS + 2, confidence), mode))).sizing;
    const high = await seen(0.94, 'shadow');
    expect(high?.symbols[INSTRUMENT.id]?.multiplier).toBeGreaterThan(1);
    expect((await seen(0.51, 'shadow'))?.symbols[INSTRUMENT.id]?.multiplier).toBeLessThan(1);
    expect(high).toMatchObject({ mode: 'shadow', acts: 'shadow', modelId: expect.stringMatching(/^[0-9a-f]{64}$/) as string });
    expect(await seen(0.94, 'primary')).toMatchObject({ mode: 'primary', acts: 'advise', missing: '0 of 300 closed trades' });
    expect(await seen(0.94, 'off')).toBeUndefined();
    const hold = observationOf(SIGNALS + 2, 0.94);
    expect((await read({ ...hold, symbols: [symbolWith({ votes: [vote('hold')] })] })).sizing).toBeUndefined();
  });

  it('planning again from the record gives the same, in every mode', async () => {
    const read = createSizingReader({ sizing });
    for (const mode of ['shadow', 'advise', 'primary'] as const) {
      const observation = await read(withMode(observationOf(SIGNALS + 2, 0.51), mode));
      const stored = JSON.parse(JSON.stringify(observation)) as Observation;
      const cycleId = cycleIdOf(observation.candle);
      expect(planCycle({ cycleId, observation: stored })).toEqual(planCycle({ cycleId, observation }));
    }
  });

  it('an acknowledgement is told as an event, once each', async () => {
    const model = await sizing.newest('sim', REWARD_VERSION);
    await sizing.acknowledge({ portfolioId: 'sim', modelId: model?.modelId ?? '', boundBps: 1, by: 'ada', because: 'looked at it' });
    expect(await sizing.acknowledgement('sim')).toMatchObject({ modelId: model?.modelId, by: 'ada', because: 'looked at it' });
    expect((await sizing.facts({ portfolioId: 'sim', version: REWARD_VERSION, closeTime: END })).isAcknowledged).toBe(true);
    const { rows } = await pool.query(`SELECT actor, payload FROM domain_events WHERE type = 'sizingAcknowledged'`);
    expect(rows).toEqual([{ actor: 'ada', payload: { modelId: model?.modelId, boundBps: 1, because: 'looked at it' } }]);
  });

  it('learns nothing where the policy has it off', async () => {
    await setPolicy({ rlSizing: 'off' });
    expect(await activities().trainSizing({ portfolioId: 'sim', asOf: END })).toMatchObject({ outcome: 'off', reason: expect.stringContaining('rlSizing') as string });
    await setPolicy({ rlSizing: 'shadow', retraining: false });
    expect(await activities().trainSizing({ portfolioId: 'sim', asOf: END })).toMatchObject({ outcome: 'off', reason: expect.stringContaining('retraining') as string });
  });
});

async function prepared(made: Pool): Promise<{ ledger: Ledger; sizing: SizingStore }> {
  const { createLedger } = await import('../../../db/ledger.ts');
  const fresh = createLedger(made);
  await fresh.upsertInstruments([INSTRUMENT]);
  await fresh.ensurePortfolio({ ...PORTFOLIO, instrumentIds: [INSTRUMENT.id] });
  return { ledger: fresh, sizing: createSizingStore(made) };
}

describe('signals whose candles are not all there', () => {
  const GAP = closeOf(1) + 5 * HOUR_MS;
  const LATE = 72 * HOUR_MS + 7 * 24 * HOUR_MS; // the longest hold, and a week
  const warnings: object[] = [];
  const candle = (openTime: number): Candle => ({ openTime, open: 100, high: 101, low: 99, close: 100, volume: 1 });
  const candles = Array.from({ length: 10 * HOLD }, (_, hour) => candle(START + hour * HOUR_MS));

  beforeEach(async () => {
    pool = await databases.create();
    ({ ledger, sizing } = await prepared(pool));
    warnings.length = 0;
    await ledger.writeCandles([{ instrumentId: INSTRUMENT.id, timeframe: '1h', candles: candles.filter((it) => it.openTime !== GAP) }]);
  });

  async function pricedBy(asOf: number): Promise<readonly number[]> {
    await createSizingActivities({ ledger, sizing, policies: createPolicyStore(pool), clock: Date.now, warn: (fields) => warnings.push(fields) }).trainSizing({ portfolioId: 'sim', asOf });
    return (await pool.query<{ signal: number }>('SELECT ((decided_at - $1) / $2)::int AS signal FROM sizing_samples ORDER BY 1', [START, HOLD * HOUR_MS])).rows.map((it) => it.signal);
  }

  it('wait, and those after them, until the candles are filled in', async () => {
    const read = createSizingReader({ sizing });
    for (const signal of [0, 1, 2]) await record(await read(observationOf(signal, 0.9)));
    expect(await pricedBy(closeOf(1) + LATE - HOUR_MS)).toEqual([0]);
    await ledger.writeCandles([{ instrumentId: INSTRUMENT.id, timeframe: '1h', candles: [candle(GAP)] }]);
    expect(await pricedBy(closeOf(1) + LATE - HOUR_MS)).toEqual([0, 1, 2]);
    expect(warnings).toEqual([]);
  });

  it('are left out a week after their longest hold, and it is said', async () => {
    const read = createSizingReader({ sizing });
    for (const signal of [0, 1, 2]) await record(await read(observationOf(signal, 0.9)));
    expect(await pricedBy(closeOf(1) + LATE)).toEqual([0, 2]);
    expect(warnings).toEqual([{ cycleId: cycleIdOf(observationOf(1, 0.9).candle), instrumentIds: [INSTRUMENT.id] }]);
  });

  it('wait for the hold of the policy that they were decided by, whatever it is now', async () => {
    const read = createSizingReader({ sizing });
    const held = observationOf(2, 0.9);
    const longer = { ...held, account: { ...held.account, policy: { ...held.account.policy, lowVolMaxHoldHours: 168 } } };
    await record(await read(longer));
    expect(await pricedBy(closeOf(2) + 167 * HOUR_MS)).toEqual([]);
    expect(await pricedBy(closeOf(2) + 168 * HOUR_MS)).toEqual([2]);
  });
});

describe('the ledger', () => {
  beforeEach(async () => {
    pool = await databases.create();
    ({ ledger, sizing } = await prepared(pool));
  });

  const model = (artefact: Uint8Array, modelId = artefactHash(artefact)) => ({ portfolioId: 'sim', modelId, version: REWARD_VERSION, asOf: START, samples: 100, comparison: null, artefact });

  it('refuses bytes under another name, and a change of what was written', async () => {
    const bytes = writeArtefact({ kind: 'sizing', meta: {}, arrays: {} });
    await expect(sizing.recordModel(model(bytes, 'f'.repeat(64)))).rejects.toThrow('sizing_models_hash');
    await sizing.recordModel(model(bytes));
    await expect(pool.query('UPDATE sizing_models SET samples = 5')).rejects.toThrow();
    await expect(pool.query('DELETE FROM sizing_models')).rejects.toThrow();
  });

  it('a model of another version sizes nothing: neutral, and the record says why', async () => {
    await sizing.recordModel(model(writeArtefact({ kind: 'oracle', meta: {}, arrays: {} })));
    const { sizing: sight } = await createSizingReader({ sizing })(withMode(observationOf(0, 0.9), 'advise'));
    expect(sight).toMatchObject({ modelId: null, acts: 'advise', missing: expect.stringContaining('no sizing model') as string, symbols: { [INSTRUMENT.id]: { multiplier: 1 } } });
  });

  it('tells what was closed before a moment: how many, the newest twenty\'s wins, the profit of seven days', async () => {
    const closed = (closedAt: number, net: number) => pool.query(
      `INSERT INTO positions (position_id, portfolio_id, instrument_id, cycle_id, direction, plan, state, entry_quantity, stop_price, realized_pnl, fees, close_reason, inbox_seq, handled_seq, decided_at, closed_at)
       VALUES (gen_random_uuid()::text, 'sim', $1, $2, 'long', '{}', 'closed', 10, 97, $3, 1, 'stop', 1, 1, 0, $4)`, [INSTRUMENT.id, cycleIdOf(observationOf(0, 0.9).candle), net + 1, closedAt],
    );
    await ledger.claimCycle({ cycleId: cycleIdOf(observationOf(0, 0.9).candle), workflowId: 'w', candle: observationOf(0, 0.9).candle });
    const at = START + 30 * 24 * HOUR_MS;
    expect(await sizing.facts({ portfolioId: 'sim', version: REWARD_VERSION, closeTime: at })).toEqual({ modelId: null, boundBps: null, notCompared: null, isAcknowledged: false, closedTrades: 0, winRate: null, profit7d: 0 });
    for (let index = 0; index < 20; index += 1) await closed(at - (20 - index) * HOUR_MS, index < 5 ? 3 : -1); // five of twenty won
    await closed(at - 8 * 24 * HOUR_MS, 100); // older than the newest twenty, and than seven days
    await closed(at + HOUR_MS, 100); // not yet
    expect(await sizing.facts({ portfolioId: 'sim', version: REWARD_VERSION, closeTime: at })).toMatchObject({ closedTrades: 21, winRate: 0.25, profit7d: 0 });
  });
});
