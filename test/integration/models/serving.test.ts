/** A fitted model in cycles over a real ledger and registry: its vote, its rows and their outcomes, and what happens without it. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createEvaluationActivities } from '../../../activities/outcomes.ts';
import { createMarketActivities } from '../../../activities/market.ts';
import { createModelStore } from '../../../db/model-store.ts';
import { createSizingStore } from '../../../db/sizing-store.ts';
import { createTrialStore } from '../../../db/trial-store.ts';
import { createPolicyStore } from '../../../db/policy-store.ts';
import type { Pool } from '../../../db/pool.ts';
import { readJudged } from '../../../db/performance.ts';
import { cycleIdOf } from '../../../domain/cycle/ids.ts';
import { planCycle } from '../../../domain/cycle/plan-cycle.ts';
import type { CyclePlan, Observation } from '../../../domain/cycle/types.ts';
import { STANDARD_FEATURES } from '../../../domain/features/standard/index.ts';
import { writeArtefact } from '../../../domain/learning/artefact.ts';
import type { CandleRef } from '../../../domain/market/candle.ts';
import { DEFAULT_ASSETS } from '../../../domain/market/seeded/assets.ts';
import { seededMarket } from '../../../domain/market/seeded/seeded-market.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import type { ModelStore, StoredModel } from '../../../domain/ports/model-store.ts';
import type { Venue } from '../../../domain/ports/venue.ts';
import { priced } from '../../../domain/predictions/outcome.ts';
import { afterGate, afterTrial } from '../../../domain/promotion/registry.ts';
import { trialAdvanced, trialBegun } from '../../../domain/promotion/standing.ts';
import { openPredictor } from '../../../models/predictor.ts';
import { loadStrategy } from '../../../strategies/load.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { fittedModel, seriesOf } from '../../support/fitted-model.ts';
import { portOf } from '../../support/ports.ts';
import { emptyLedger, PORTFOLIO } from '../db/cycle.fixture.ts';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2023, 0, 1);
const MARKET = seededMarket({ seed: 'a model acts', timeframe: '1h', startTime: START, assets: DEFAULT_ASSETS.slice(0, 2) });
const [BTC = ''] = MARKET.instruments.map((it) => it.id);
const LEARNED = 1_900;
const RETRAIN_INTERVAL_MS = 24 * HOUR_MS;
const SERIES = seriesOf(MARKET, LEARNED + 30);
const BOOSTED = fittedModel(MARKET, LEARNED, { learner: 'boosting', seed: 'a', parameters: { rounds: 15, depthMax: 3 } });
const OTHER = fittedModel(MARKET, LEARNED, { learner: 'boosting', seed: 'b', parameters: { rounds: 10, depthMax: 2 } });
const FOREIGN = writeArtefact({ kind: 'oracle', meta: {}, arrays: {} });
const closeOf = (n: number): number => START + n * HOUR_MS;

let databases: TestDatabases;
let pool: Pool;
let ledger: Ledger;
let models: ModelStore;

beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());
beforeEach(async () => {
  ({ pool, ledger } = await emptyLedger(databases));
  models = createModelStore(pool);
  await ledger.upsertInstruments(MARKET.instruments);
  await ledger.ensurePortfolio({ ...PORTFOLIO, instrumentIds: MARKET.instruments.map((it) => it.id) });
  await ledger.writeCandles(SERIES);
  await models.recordTrial({ trialId: 'trial', runId: 'run', portfolioId: 'sim', recipeId: 'r', recipe: {}, kind: 'challenger', outcome: 'passed', daily: { firstDay: 1, returns: Float64Array.of(0) }, rules: [], reason: null });
});

async function register({ modelId, artefact, description }: Pick<StoredModel, 'modelId' | 'artefact'> & { readonly description: object }, validatedAt = closeOf(LEARNED)): Promise<void> {
  await models.registerModel({ portfolioId: 'sim', modelId, trialId: 'trial', recipeId: modelId, validatedAt, dataHash: 'd', description: { ...description }, artefact });
  await models.step({ portfolioId: 'sim', stepId: `begin ${modelId}`, actor: 'test', decide: (registry) => afterGate(registry, { kind: 'challenger', model: { modelId, recipeId: modelId, validatedAt } }) });
}

async function promote(model: Parameters<typeof register>[0], validatedAt?: number): Promise<void> {
  await register(model, validatedAt);
  await models.step({ portfolioId: 'sim', stepId: `promote ${model.modelId}`, actor: 'test', decide: (registry) => afterTrial(registry, 'promoted', { why: 'better', at: closeOf(LEARNED) }) });
}

/** A worker: what it keeps in memory lasts as long. */
async function worker() {
  let now = START;
  const venue = portOf<Venue>({
    marketTime: () => Promise.resolve(now), conditions: () => Promise.resolve({}),
    account: () => Promise.resolve({ walletBalance: '10000', equity: '10000', availableMargin: '10000', positionMode: 'oneWay', positions: [] }),
  });
  const warned: object[] = [];
  const { observe } = createMarketActivities({
    ledger, venue, models, sizing: createSizingStore(pool), policies: createPolicyStore(pool), strategy: await loadStrategy('ensemble'), features: () => Promise.resolve(STANDARD_FEATURES), open: openPredictor, retrainIntervalMs: RETRAIN_INTERVAL_MS, engine: { wakeGuard: () => Promise.resolve() }, clock: () => now,
    warn: (fields) => { warned.push(fields); },
  });
  const candleOf = (n: number): CandleRef => ({ portfolioId: 'sim', strategy: 'ensemble', timeframe: '1h', closeTime: closeOf(n) });
  return {
    warned,
    observe: (n: number, lateMs = 0): Promise<Observation> => { now = closeOf(n) + lateMs; return observe(candleOf(n)); },
    cycle: async (n: number): Promise<{ observation: Observation; plan: CyclePlan; cycleId: string }> => {
      now = closeOf(n);
      const cycleId = cycleIdOf(candleOf(n));
      await ledger.claimCycle({ cycleId, workflowId: cycleId, candle: candleOf(n) });
      const observation = await observe(candleOf(n));
      const plan = planCycle({ cycleId, observation });
      await ledger.recordCycle({ cycleId, observation, plan });
      return { observation, plan, cycleId };
    },
  };
}

const modelVotes = ({ symbols }: Observation) => symbols.map(({ votes }) => votes.filter((it) => it.voter.startsWith('model/')));
const rows = async (text: string): Promise<readonly Record<string, unknown>[]> => (await pool.query<Record<string, unknown>>(text)).rows;

describe('a champion and a model on trial', () => {
  it('foretell in the cycle\'s record, each in rows of its own; the record alone gives the plan again', async () => {
    await promote(BOOSTED);
    await register(OTHER);
    const { cycle } = await worker();
    const { observation, plan, cycleId } = await cycle(LEARNED + 1);
    expect(observation.models).toEqual({ hadChampion: true, read: [{ modelId: BOOSTED.modelId, role: 'champion', state: 'used', why: null, tookMs: expect.any(Number) as number }, { modelId: OTHER.modelId, role: 'onTrial', state: 'used', why: null, tookMs: expect.any(Number) as number }] });
    expect(modelVotes(observation).map(([vote]) => [vote?.voter, vote?.version])).toEqual(MARKET.instruments.map(() => ['model/boosting', BOOSTED.modelId.slice(0, 12)]));

    const stored = await rows(`SELECT role, voter_version AS version, action, label_version AS label, due_at AS due, horizon_candles AS horizon, cardinality(feature_vector) AS features, feature_set AS "featureSet", probability_buy + probability_sell + probability_hold AS sum FROM predictions WHERE voter = 'model/boosting' AND instrument_id = '${BTC}' ORDER BY role`);
    const shared = { due: closeOf(LEARNED + 5), horizon: 4, features: 91, featureSet: 'standard/2', sum: expect.closeTo(1, 9) as number };
    expect(stored).toMatchObject([{ ...shared, role: 'member', version: BOOSTED.modelId.slice(0, 12), label: BOOSTED.description.label }, { ...shared, role: 'shadow', version: OTHER.modelId.slice(0, 12), label: OTHER.description.label }]);
    const [acting] = await rows(`SELECT votes FROM predictions WHERE role = 'acting' AND instrument_id = '${BTC}'`);
    expect((acting?.['votes'] as { version: string }[]).filter((it) => it.version.length === 12)).toMatchObject([{ voter: 'model/boosting', version: BOOSTED.modelId.slice(0, 12) }]);

    const recorded = await ledger.recordedCycle(cycleId);
    expect(JSON.parse(JSON.stringify(planCycle({ cycleId, observation: recorded?.observation ?? observation })))).toEqual(JSON.parse(JSON.stringify(plan)));
  });

  it('on a canary the one on trial is the member, and the plan comes out of the record again', async () => {
    await promote(BOOSTED);
    await register(OTHER);
    const trials = createTrialStore(pool);
    const at = closeOf(LEARNED);
    await trials.take({ portfolioId: 'sim', stepId: 'begun', actor: 'test', at, decide: (standing) => trialBegun(standing, { id: 't', at, number: 1 }) });
    await trials.take({ portfolioId: 'sim', stepId: 'canary', actor: 'test', at, decide: (standing) => trialAdvanced(standing, { state: { phase: 'canary', stage: 0, since: at }, why: 'better' }, at) });
    const { cycle } = await worker();
    const { observation, plan, cycleId } = await cycle(LEARNED + 1);
    const canary = observation.models?.read[1]?.canary ?? [];
    expect(canary).toHaveLength(1);
    const stored = await rows(`SELECT instrument_id, role, voter_version FROM predictions WHERE voter = 'model/boosting' AND role = 'member'`);
    expect(stored).toHaveLength(2);
    for (const row of stored) expect(row['voter_version']).toBe((canary.includes(String(row['instrument_id'])) ? OTHER : BOOSTED).modelId.slice(0, 12));
    const recorded = await ledger.recordedCycle(cycleId);
    expect(JSON.parse(JSON.stringify(planCycle({ cycleId, observation: recorded?.observation ?? observation })))).toEqual(JSON.parse(JSON.stringify(plan)));
  });

  it('weeks on trial did not make old who won it: its age counts from the promotion', async () => {
    await promote(BOOSTED, START); // eleven weeks
    const { observe } = await worker();
    const observation = await observe(LEARNED + 1);
    expect(observation.models?.read).toMatchObject([{ modelId: BOOSTED.modelId, role: 'champion', state: 'used', why: null }]);
    expect(modelVotes(observation).flat()).toHaveLength(2);
  });

  it('are priced by their own labels, and only what acted counts into the priors', async () => {
    await promote(BOOSTED);
    await register(OTHER);
    const { cycle } = await worker();
    await cycle(LEARNED + 1);
    const { evaluateDue } = createEvaluationActivities({ ledger, models: { latestSupervision: () => Promise.resolve(null) }, trials: { awaited: () => Promise.resolve(null) }, venue: portOf<Venue>({ marketTime: () => Promise.resolve(closeOf(LEARNED + 5)) }) });
    expect(await evaluateDue({ portfolioId: 'sim', after: null })).toMatchObject({ waiting: 0, unpriceable: 0, isLast: true });
    for (const { description: { label }, modelId } of [BOOSTED, OTHER]) {
      const judged = await rows(`SELECT p.*, o.actual, o.move_bps FROM predictions p JOIN outcomes o USING (prediction_id) WHERE p.voter_version = '${modelId.slice(0, 12)}' AND o.label_version = '${label}' ORDER BY instrument_id`);
      expect(judged).toHaveLength(2);
      for (const row of judged) {
        const candles = SERIES.find((it) => it.instrumentId === row['instrument_id'])?.candles.slice(LEARNED + 1, LEARNED + 5) ?? [];
        const again = priced({ predictionId: 0, cycleId: '', instrumentId: BTC, timeframe: '1h', madeAt: 0, dueAt: 0, horizonCandles: 4, labelVersion: label, role: 'member', action: 'hold', sigma: row['sigma'] as number, costBps: row['cost_bps'] as number, stopBps: null, targetBps: null }, candles);
        expect([row['actual'], row['move_bps']]).toEqual([again.actual, again.moveBps]);
      }
    }
    expect(await rows('SELECT label_version, (buys + sells + holds)::int AS count FROM outcome_counts')).toEqual([{ label_version: 'horizon4/1', count: (await rows(`SELECT 1 FROM predictions WHERE role = 'acting' AND due_at IS NOT NULL`)).length }]);
    const voters = new Set((await readJudged(pool, { portfolioId: 'sim', days: 30 })).map((it) => it.voter));
    expect([...voters].filter((it) => it.startsWith('model/')).toSorted()).toEqual([`model/boosting@${BOOSTED.modelId.slice(0, 12)}`, `model/boosting@${OTHER.modelId.slice(0, 12)} on trial`].toSorted());
  });

  it('a worker that starts in the middle sees the same vectors as one that went along', async () => {
    await promote(BOOSTED);
    const [going, started] = [await worker(), await worker()];
    for (let n = LEARNED + 1; n <= LEARNED + 6; n += 1) await going.observe(n);
    const [a, b] = [await going.observe(LEARNED + 7), await started.observe(LEARNED + 7)];
    a.symbols.forEach(({ served }, index) => served?.vector?.forEach((value, place) => {
      const other = b.symbols[index]?.served?.vector?.[place];
      if (value === null) expect(other).toBeNull();
      else expect(Math.abs((other ?? Infinity) - value)).toBeLessThanOrEqual(1e-9 + 2 ** -23 * Math.abs(value));
    }));
  });
});

describe('without a usable champion', () => {
  const governed = ({ observation, plan }: { observation: Observation; plan: CyclePlan }) => ({ read: observation.models?.read, steps: plan.decisions.flatMap((it) => it.steps.filter((step) => step.step === 'governor')) });

  it('a portfolio that never had one goes by its rules alone', async () => {
    await register(OTHER);
    const { observe } = await worker();
    const observation = await observe(LEARNED + 1);
    expect([observation.models?.hadChampion, modelVotes(observation).flat(), observation.symbols[0]?.served?.shadows.length]).toEqual([false, [], 1]);
  });

  it('a foreign artefact is refused with its reason; the rules go on', async () => {
    const modelId = createHash('sha256').update(FOREIGN).digest('hex');
    await promote({ modelId, artefact: FOREIGN, description: BOOSTED.description });
    const { cycle, warned } = await worker();
    const done = await cycle(LEARNED + 1);
    expect(governed(done).read).toEqual([{ modelId, role: 'champion', state: 'refused', why: expect.stringContaining('its kind is "oracle"') as string }]);
    expect(warned).toHaveLength(1);
    expect(modelVotes(done.observation).flat()).toEqual([]);
    expect(done.observation.symbols.every((it) => it.votes.length > 0)).toBe(true);
  });

  it('a cycle tells when it looked, by the market clock', async () => {
    const { observe } = await worker();
    expect(await observe(LEARNED + 1, HOUR_MS)).toMatchObject({ late: false, marketTime: closeOf(LEARNED + 2) });
  });

  it('one that expired votes no more', async () => {
    await promote(BOOSTED);
    const { observe } = await worker();
    await pool.query('UPDATE model_registry SET champion = NULL'); // the rules act, as after an ageing step
    expect((await observe(LEARNED + 1)).models).toEqual({ hadChampion: true, read: [] });
    await pool.query(`UPDATE model_registry SET champion = '${BOOSTED.modelId}'`);
    expect(modelVotes(await observe(LEARNED + 2)).flat()).toHaveLength(2);
    const later = LEARNED + 3 * (RETRAIN_INTERVAL_MS / HOUR_MS) + 1;
    await ledger.writeCandles(seriesOf(MARKET, later));
    const aged = await observe(later);
    expect(aged.models?.read).toMatchObject([{ state: 'expired', role: 'champion' }]);
    expect(modelVotes(aged).flat()).toEqual([]);
  });
});
