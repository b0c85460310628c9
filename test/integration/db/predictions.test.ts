/** Predictions lie in the ledger with the plan that they led to; what is due of them is found, priced and told once. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createModelStore } from '../../../db/model-store.ts';
import { readDecided, readEvaluationCounts, readJudged } from '../../../db/performance.ts';
import { DECISION_STEPS } from '../../../domain/cycle/types.ts';
import type { Pool } from '../../../db/pool.ts';
import { predictionsOf } from '../../../domain/predictions/prediction.ts';
import { createEvaluationActivities } from '../../../activities/outcomes.ts';
import { cycleIdOf } from '../../../domain/cycle/ids.ts';
import { planCycle } from '../../../domain/cycle/plan-cycle.ts';
import type { Candle } from '../../../domain/market/candle.ts';
import type { Venue } from '../../../domain/ports/venue.ts';
import { portOf } from '../../support/ports.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { CLOSE_TIME, HOUR_MS, INSTRUMENT, symbolWith, vote } from '../../unit/domain/cycle/plan.fixture.ts';
import { claimedLedger, CYCLE, OBSERVATION, OPEN, PLAN } from './cycle.fixture.ts';

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

/** The candle that opens so many hours after the first decision. */
function candle(hour: number): Candle {
  return { openTime: CLOSE_TIME + hour * HOUR_MS, open: 100 + hour, high: 102 + hour, low: 99 + hour, close: 101 + hour, volume: 1 };
}
const series = (candles: readonly Candle[]) => [{ instrumentId: INSTRUMENT.id, timeframe: '1h' as const, candles }];

/** Cycles one hour after the other, the first at `CLOSE_TIME`: three predictions each, of which one abstains. */
async function recordCycles(count: number): Promise<void> {
  for (let hour = 0; hour < count; hour += 1) {
    const observation = { ...OBSERVATION, candle: { ...OBSERVATION.candle, closeTime: CLOSE_TIME + hour * HOUR_MS }, symbols: [symbolWith({ sigma: 0.01, quality: { score: 100, tradable: true, issues: [] }, votes: [{ ...vote('sell', 0.1, 'one'), probabilities: null }, vote('abstain', 0, 'two')] })] };
    const cycleId = cycleIdOf(observation.candle);
    await ledger.claimCycle({ cycleId, workflowId: 'w', candle: observation.candle });
    await ledger.recordCycle({ cycleId, observation, plan: planCycle({ cycleId, observation }) });
  }
}

describe('what is due', () => {
  const after = (hours: number) => ({ portfolioId: 'sim', marketTime: CLOSE_TIME + hours * HOUR_MS, after: null, limit: 1_000 });
  const evaluate = (marketTime: number, atVenue: readonly Candle[] = []) => createEvaluationActivities({
    ledger, models: { latestSupervision: () => Promise.resolve(null) }, trials: { awaited: () => Promise.resolve(null) }, venue: portOf<Venue>({ marketTime: async () => marketTime, candles: async ({ since }) => atVenue.filter((it) => it.openTime >= since) }),
  }).evaluateDue({ portfolioId: 'sim', after: null });

  it('is found from the moment on when its horizon ends, in order, a batch at a time', async () => {
    await recordCycles(3);
    expect(await ledger.nextDueAt('sim')).toBe(CLOSE_TIME + 4 * HOUR_MS);
    expect(await ledger.duePredictions({ ...after(4), marketTime: CLOSE_TIME + 4 * HOUR_MS - 1 })).toEqual([]);
    expect((await ledger.duePredictions(after(5))).map((it) => [it.role, it.action, (it.madeAt - CLOSE_TIME) / HOUR_MS, it.costBps, it.sigma])).toEqual([['acting', 'sell', 0, 11, 0.01], ['member', 'sell', 0, 11, 0.01], ['acting', 'sell', 1, 11, 0.01], ['member', 'sell', 1, 11, 0.01]]);
    const first = await ledger.duePredictions({ ...after(9), limit: 1 });
    expect(first).toHaveLength(2); // whole cycles
    const [{ dueAt, cycleId }] = first as [(typeof first)[number]];
    expect((await ledger.duePredictions({ ...after(9), after: { dueAt, cycleId } })).map((it) => (it.madeAt - CLOSE_TIME) / HOUR_MS)).toEqual([1, 1, 2, 2]);
  });

  it('is priced at its own candles, once, though two do it at the same time', async () => {
    await recordCycles(3);
    await ledger.writeCandles(series(Array.from({ length: 40 }, (_, hour) => candle(hour))));
    const steps = await Promise.all([evaluate(CLOSE_TIME + 40 * HOUR_MS), evaluate(CLOSE_TIME + 40 * HOUR_MS)]);
    expect(steps.every((it) => it.isLast && it.waiting === 0)).toBe(true);
    expect(await rows(`SELECT (entry_at - ${CLOSE_TIME}) / ${HOUR_MS} entry, (exit_at - ${CLOSE_TIME}) / ${HOUR_MS} exit, entry_price, exit_price, actual, is_right FROM outcomes ORDER BY prediction_id`)).toEqual(
      [0, 0, 1, 1, 2, 2].map((hour) => ({ entry: hour, exit: hour + 4, entry_price: 100 + hour, exit_price: 104 + hour, actual: 'buy', is_right: false })),
    );
    expect(await ledger.nextDueAt('sim')).toBeNull();
    expect((await ledger.accountContext(OBSERVATION.candle)).priors).toEqual({ 'horizon4/1': { buy: 3, sell: 0, hold: 0 } }); // acting ones alone
    await expect(pool.query(`INSERT INTO outcomes SELECT * FROM outcomes LIMIT 1`)).rejects.toMatchObject({ code: '23505' });
  });

  it('is told with what came of it: predictions, counts, and what was decided', async () => {
    await recordCycles(6);
    await ledger.writeCandles(series(Array.from({ length: 8 }, (_, hour) => candle(hour))));
    await evaluate(CLOSE_TIME + 8 * HOUR_MS);
    const query = { portfolioId: 'sim', days: 30 };
    const judged = await readJudged(pool, query);
    expect(judged.map((it) => [it.role, it.voter, (it.madeAt - CLOSE_TIME) / HOUR_MS])).toEqual([0, 1, 2, 3, 4].flatMap((hour) => [['acting', 'strategy/ensemble', hour], ['member', 'one', hour]]));
    expect(judged[0]).toMatchObject({ action: 'sell', actual: 'buy', isRight: false, decision: 'refused', reason: 'confidence', regime: 'trendUp', score: 0.1, probabilities: { buy: 1 / 3, sell: 1 / 3, hold: 1 / 3 } });
    expect(judged[0]?.exitsReturnBps).toBeLessThan(0);
    expect(await readEvaluationCounts(pool, query)).toEqual({ evaluated: 10, unpriceable: 0, overdue: 0, ahead: 2 });
    expect(await readDecided(pool, query, 7)).toEqual([]);
    expect(await readJudged(pool, { ...query, portfolioId: 'other' })).toEqual([]);
    const voter = { portfolioId: 'sim', versions: ['0', '1'] };
    const models = createModelStore(pool);
    expect(await models.spoken({ ...voter, voter: 'one', after: CLOSE_TIME })).toEqual({ asked: 5, spoke: 5 });
    expect(await models.spoken({ ...voter, voter: 'two', after: CLOSE_TIME - 1 })).toEqual({ asked: 6, spoke: 0 });
  });

  it('tells how a closed position was decided', async () => {
    await ledger.recordCycle({ cycleId: CYCLE, observation: OBSERVATION, plan: PLAN });
    await pool.query(`UPDATE positions SET state = 'closed', close_reason = 'target', closed_at = decided_at + 2 * ${HOUR_MS}, entry_quantity = (plan->'entry'->>'quantity')::numeric, entry_price = 100.1, first_fill_at = decided_at + ${HOUR_MS / 4}, realized_pnl = 9, fees = 1`);
    expect(await readDecided(pool, { portfolioId: 'sim', days: 30 }, DECISION_STEPS.length)).toEqual([{
      positionId: OPEN.positionId, hasWon: true,
      facts: {
        dataQuality: 100, agreement: 1, steps: DECISION_STEPS.length, stepsPassed: DECISION_STEPS.length, hasStop: true, isWithinPlan: true, slippageBps: expect.closeTo(10, 6) as number, driftBpsMax: OPEN.entry.maxDriftBps, delayCandles: 0.25,
        documented: [true, true, true, true],
      },
    }]);
  });

  it('stays due while a candle is missing, is back-filled from the venue, and ends with proof where the venue has none', async () => {
    await recordCycles(6);
    const atVenue = [0, 1, 2, 3, 5, 6, 7, 8, 9, 10].map(candle); // no candle opens at hour 4
    expect(await evaluate(CLOSE_TIME + 11 * HOUR_MS, atVenue.slice(0, 4))).toMatchObject({ evaluated: 2, waiting: 10, problem: 'the venue does not show their candles yet' });
    expect(await ledger.nextDueAt('sim')).toBe(CLOSE_TIME + 5 * HOUR_MS);
    expect(await evaluate(CLOSE_TIME + 11 * HOUR_MS, atVenue)).toMatchObject({ evaluated: 2, unpriceable: 8, waiting: 0, problem: null });
    expect(await rows(`SELECT state, evidence->'missing' AS missing, (evidence->>'venueShows')::bigint AS shows, count(*)::int n FROM outcomes GROUP BY 1, 2, 3 ORDER BY 4`)).toEqual([
      { state: 'priced', missing: null, shows: null, n: 4 },
      { state: 'unpriceable', missing: [CLOSE_TIME + 4 * HOUR_MS], shows: CLOSE_TIME + 5 * HOUR_MS, n: 8 },
    ]);
    expect((await rows('SELECT count(*)::int n FROM candles'))[0]).toEqual({ n: 10 });
  });
});
