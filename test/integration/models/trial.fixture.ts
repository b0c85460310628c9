/** A portfolio whose models foretold what a test says they did: cycles, predictions and outcomes as the ledger keeps them. */
import { createHash } from 'node:crypto';
import { expect } from 'vitest';
import type { TrialDeps } from '../../../activities/trials.ts';
import { createTrialActivities } from '../../../activities/trials.ts';
import type { TrialLook } from '../../../activities/types.ts';
import { createModelStore } from '../../../db/model-store.ts';
import type { Pool } from '../../../db/pool.ts';
import { createTrialStore } from '../../../db/trial-store.ts';
import type { Instrument } from '../../../domain/market/instrument.ts';
import { PRESETS } from '../../../domain/policy/policy.ts';
import type { Policy } from '../../../domain/policy/policy.ts';
import type { Ledger, PortfolioSpec } from '../../../domain/ports/ledger.ts';
import type { ModelStore } from '../../../domain/ports/model-store.ts';
import type { TrialStore } from '../../../domain/ports/trial-store.ts';
import type { Venue } from '../../../domain/ports/venue.ts';
import { afterGate } from '../../../domain/promotion/registry.ts';
import type { Promised } from '../../../domain/promotion/watch.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { plantPredictions } from '../../support/planted-predictions.ts';
import { portOf } from '../../support/ports.ts';
import { INSTRUMENT } from '../../unit/domain/cycle/plan.fixture.ts';
import { emptyLedger, PORTFOLIO } from '../db/cycle.fixture.ts';

const HOUR_MS = 3_600_000;
const START = Date.UTC(2024, 0, 1);
export const closeOf = (hour: number): number => START + hour * HOUR_MS;
const PROMISED: Promised = { winRate: 0.6, meanR: 0.2, deviationR: 1, worseR: -0.1 };

export interface Planted {
  /** Hours, from and to included. */
  readonly from: number;
  readonly to: number;
  readonly role: 'acting' | 'member' | 'shadow';
  /** Null: all voices together. */
  readonly modelId: string | null;
  /** 0..1: what the class that came was given. */
  readonly right: number;
  /** Of a buy, after costs; the default is a win. */
  readonly returnBps?: number;
}

export interface TrialWorld {
  readonly pool: Pool;
  readonly ledger: Ledger;
  readonly models: ModelStore;
  readonly trials: TrialStore;
  /** Registers a model that passed the gate (or not), and puts it on trial. @returns its id */
  challenger(name: string, how?: { readonly gate?: 'passed' | 'failed'; readonly description?: object }): Promise<string>;
  plant(rows: Planted): Promise<void>;
  /** Looks at these closes until there is nothing more to do then. @returns the steps that were taken, in order */
  walk(...hours: readonly number[]): Promise<readonly (TrialLook['step'] & object)[]>;
  look(hour: number): Promise<TrialLook>;
  setPolicy(change: Partial<Policy>): void;
}

export async function trialWorld(databases: TestDatabases, { mode = 'paper' as PortfolioSpec['mode'], seen = (_trials: TrialStore): Partial<TrialDeps> => ({}) } = {}): Promise<TrialWorld> {
  const { pool, ledger } = await emptyLedger(databases);
  const instrument: Instrument = INSTRUMENT;
  await ledger.upsertInstruments([instrument]);
  await ledger.ensurePortfolio({ ...PORTFOLIO, instrumentIds: [instrument.id] });
  const [models, trials] = [createModelStore(pool), createTrialStore(pool)];
  let [now, policy] = [START, PRESETS.normal as Policy];
  const deps: TrialDeps = {
    ledger: { portfolio: async (id) => ({ ...(await ledger.portfolio(id)), mode }), candlesBetween: (query) => ledger.candlesBetween(query) }, venue: portOf<Venue>({ marketTime: async () => now }), models, trials, retrainIntervalMs: 24 * HOUR_MS,
    policies: { active: async () => ({ version: 1, policy, problems: [] }) as never }, clock: () => now, warn: () => undefined, engine: { wakeTrial: async () => undefined }, features: async () => ({ name: 'none', version: '0', features: [] }), ...seen(trials),
  };
  const { advanceTrial } = createTrialActivities(deps);
  const look = async (hour: number): Promise<TrialLook> => { now = closeOf(hour); return await advanceTrial('sim'); };
  return {
    pool, ledger, models, trials, look,
    setPolicy: (change) => { policy = { ...policy, ...change }; },
    challenger: async (name, { gate = 'passed', description = {} } = {}) => {
      const artefact = new TextEncoder().encode(name);
      const modelId = createHash('sha256').update(artefact).digest('hex');
      const passed = gate === 'passed';
      await models.recordTrial({ trialId: name, runId: 'run', portfolioId: 'sim', recipeId: name, recipe: {}, kind: 'challenger', outcome: gate, daily: passed ? { firstDay: 1, returns: Float64Array.of(0) } : null, rules: passed ? [] : null, reason: passed ? null : 'imported' });
      await models.registerModel({
        portfolioId: 'sim', modelId, trialId: name, recipeId: name, validatedAt: START, dataHash: 'd', artefact,
        description: { learner: 'boosting', parameters: {}, seed: name, featureSet: 'standard/2', timeframe: '1h', label: 'horizon4/1@0.5', instruments: null, edges: Array.from({ length: 101 }, (_, percent) => percent / 100), known: null, promised: PROMISED, metrics: {}, importances: [], ...description },
      });
      await models.step({ portfolioId: 'sim', stepId: `begin ${name}`, actor: 'dailyRetrain', decide: (registry) => afterGate(registry, { kind: 'challenger', model: { modelId, recipeId: name, validatedAt: START } }) });
      return modelId;
    },
    plant: ({ from, to, role, modelId, right, returnBps = 100 }) => plantPredictions(pool, {
      portfolioId: 'sim', strategy: 'ensemble', timeframe: '1h', instrumentId: instrument.id, firstAt: closeOf(from), candleMs: HOUR_MS, count: to - from + 1, role, voter: modelId === null ? 'ensemble' : 'model/boosting', version: modelId?.slice(0, 12) ?? '1', right, returnBps,
    }),
    walk: async (...hours) => {
      const steps: (TrialLook['step'] & object)[] = [];
      for (const hour of hours) {
        for (let { step } = await look(hour); step !== null; { step } = await look(hour)) {
          steps.push(step);
          expect(steps.length, 'a step that is taken again and again').toBeLessThan(50);
        }
      }
      return steps;
    },
  };
}
