/** Predictions lie in the ledger with the plan that they led to, and what is due of them. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Pool } from '../../../db/pool.ts';
import { predictionsOf } from '../../../domain/predictions/prediction.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { CLOSE_TIME, HOUR_MS, INSTRUMENT, symbolWith, vote } from '../../unit/domain/cycle/plan.fixture.ts';
import { claimedLedger, CYCLE, OBSERVATION, PLAN } from './cycle.fixture.ts';

let databases: TestDatabases;
let pool: Pool;
let ledger: Ledger;
const rows = async (text: string): Promise<readonly Record<string, unknown>[]> => (await pool.query<Record<string, unknown>>(text)).rows;

beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());
beforeEach(async () => {
  ({ pool, ledger } = await claimedLedger(databases));
});

describe('a recorded cycle', () => {
  const observation = { ...OBSERVATION, symbols: [symbolWith({ sigma: 0.01, votes: [{ ...vote('buy', 0.7, 'one'), probabilities: null }, vote('abstain', 0, 'two')] })] };

  it('brings a prediction of what it went by and one of each voter, whole and once', async () => {
    await ledger.recordCycle({ cycleId: CYCLE, observation, plan: PLAN });
    await ledger.recordCycle({ cycleId: CYCLE, observation, plan: PLAN });
    const stored = await rows(`SELECT role, voter, voter_version AS version, instrument_id AS "instrumentId", feature_set AS "featureSet", feature_vector AS "featureVector", action, score, confidence, direction,
      magnitude_bps AS "magnitudeBps", horizon_candles AS "horizonCandles", due_at AS "dueAt", label_version AS "labelVersion", sigma, cost_bps AS "costBps", stop_bps AS "stopBps", target_bps AS "targetBps",
      regime, data_quality AS "dataQuality", votes, decision, reason, because, price::float8, trace_id AS "traceId", made_at AS "madeAt", probability_buy AS buy, probability_sell AS sell, probability_hold AS hold
      FROM predictions ORDER BY prediction_id`);
    expect(stored).toEqual(predictionsOf(observation, PLAN).map(({ probabilities, ...it }) => ({ ...it, traceId: CYCLE, madeAt: CLOSE_TIME, buy: probabilities?.buy ?? null, sell: probabilities?.sell ?? null, hold: probabilities?.hold ?? null })));
    expect(stored.map((it) => it['voter'])).toEqual(['strategy/ensemble', 'one', 'two']);
  });

  it('makes due what was foretold, not who abstained', async () => {
    await ledger.recordCycle({ cycleId: CYCLE, observation, plan: PLAN });
    expect(await rows('SELECT portfolio_id, due_at, cycle_id, timeframe, predictions FROM due_evaluations')).toEqual([{ portfolio_id: 'sim', due_at: CLOSE_TIME + 4 * HOUR_MS, cycle_id: CYCLE, timeframe: '1h', predictions: 2 }]);
  });

  it.each([
    ['a horizon without a label', `'member', 'hold', 4, ${CLOSE_TIME}, NULL, 1, 0, 0, 1`],
    ['probabilities that do not sum to one', `'member', 'hold', 4, ${CLOSE_TIME}, 'x/1', 1, 0, 0, 0.5`],
    ['an abstention that is due', `'member', 'abstain', 4, ${CLOSE_TIME}, 'x/1', 1, 0, 0, 1`],
    ['a strange role', `'boss', 'hold', 4, ${CLOSE_TIME}, 'x/1', 1, 0, 0, 1`],
  ])('the database refuses %s', async (_name, values) => {
    await expect(pool.query(`INSERT INTO predictions (cycle_id, instrument_id, voter, voter_version, portfolio_id, made_at, confidence, because, regime, price, role, action, horizon_candles, due_at, label_version, cost_bps, probability_buy, probability_sell, probability_hold)
      VALUES ('${CYCLE}', '${INSTRUMENT.id}', 'x', '1', 'sim', 1, 0.5, '', 'range', 1, ${values})`)).rejects.toMatchObject({ code: '23514' });
  });
});
