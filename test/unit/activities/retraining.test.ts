/** What a retrain is about, as things stand when it begins. */
import { describe, expect, it } from 'vitest';
import { createRetrainingActivities } from '../../../activities/retraining.ts';
import { KeelError } from '../../../domain/errors.ts';
import { PRESETS } from '../../../domain/policy/policy.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import type { ModelStore } from '../../../domain/ports/model-store.ts';
import type { PolicyStore } from '../../../domain/ports/policy-store.ts';
import type { FeatureSetView, Trainer } from '../../../domain/ports/trainer.ts';
import type { Venue } from '../../../domain/ports/venue.ts';
import { importedModelOf } from '../../../domain/promotion/imported.ts';
import { EMPTY_REGISTRY } from '../../../domain/promotion/registry.ts';
import type { ServedModel } from '../../../domain/promotion/served-model.ts';
import type { Recipe } from '../../../domain/retraining/recipe.ts';
import { recipeIdOf } from '../../../domain/retraining/recipe.ts';
import { portOf } from '../../support/ports.ts';

const DAY_MS = 86_400_000;
const NOW = 1_000 * DAY_MS;
const VIEW: FeatureSetView = { id: 'standard/2', names: ['x'], warmupCandles: 10, label: 'horizon4/1', learner: null };
const IMPORTED = importedModelOf({ learner: 'onnx', fileHash: 'f', featureSet: 'standard/2', timeframe: '1h', label: null, importances: [], said: new Float64Array(0) });
const LINEAR: ServedModel = { ...IMPORTED, learner: 'linear', parameters: { lambda: 3 }, label: 'horizon4/1@0.5' };

interface World {
  readonly defined?: FeatureSetView | KeelError;
  readonly champion?: ServedModel;
  readonly excluded?: readonly { readonly instrumentId: string; readonly decidedAt: number }[];
  /** Symbols beside BTC that the venue does not know any more. */
  readonly gone?: readonly string[];
}

async function planOf({ defined = VIEW, champion, excluded = [], gone = [] }: World) {
  const activities = createRetrainingActivities({
    policies: portOf<PolicyStore>({ active: async () => ({ policy: PRESETS.normal, version: 1, problems: [] }) as unknown as Awaited<ReturnType<PolicyStore['active']>> }), clock: () => 0, warn: () => undefined, profile: 'usual', retrainIntervalMs: DAY_MS,
    ledger: portOf<Ledger>({
      portfolio: async () => ({ timeframe: '1h', instrumentIds: [...gone, 'BTC'] }) as unknown as Awaited<ReturnType<Ledger['portfolio']>>,
      instruments: async () => [{ id: 'BTC', takerFeeRate: '0.0005' }] as unknown as Awaited<ReturnType<Ledger['instruments']>>,
    }),
    venue: portOf<Venue>({ marketTime: async () => NOW, candles: async ({ instrumentId, since }) => { if (gone.includes(instrumentId)) throw new KeelError('VENUE_REFUSED', 'Invalid symbol.'); return [{ openTime: since, open: 1, high: 1, low: 1, close: 1, volume: 1 }]; } }),
    trainer: portOf<Trainer>({ featureSet: async () => { if (defined instanceof KeelError) throw defined; return defined; } }),
    models: portOf<ModelStore>({
      registry: async () => (champion === undefined ? EMPTY_REGISTRY : { ...EMPTY_REGISTRY, champion: { modelId: 'm', recipeId: 'r', validatedAt: 0 } }), excludedRows: async () => excluded,
      model: async () => ({ portfolioId: 'sim', modelId: 'm', trialId: 't', recipeId: 'r', validatedAt: 0, dataHash: 'd', description: { ...champion } }),
    }),
  });
  const plan = await activities.planRetrain({ portfolioId: 'sim', cause: 'manual', runId: 'run', startedAt: 1 });
  if ('skipped' in plan) return { skipped: plan.skipped };
  return { plan, said: plan.candidates.map(({ recipe, kind }) => `${kind} ${recipe.learner} by ${recipe.label}`) };
}

describe('a plan', () => {
  it('is priced with the fees of now, and has the rules of the policy of now', async () => {
    expect((await planOf({})).plan).toMatchObject({ takerFeeRates: { BTC: '0.0005' }, policyVersion: 1 });
  });

  it('tries the built-in learners by the built-in label', async () => {
    const { plan, said } = await planOf({});
    expect(said).toEqual(['challenger linear by horizon4/1', 'challenger boosting by horizon4/1', 'challenger boosting by horizon4/1']);
    expect(plan).not.toHaveProperty('excluded');
    expect(plan?.champion).toBeNull();
  });

  it('tries a user\'s learner beside them, all by the user\'s label', async () => {
    const { plan, said } = await planOf({ defined: { ...VIEW, label: 'mine/1', learner: { learner: 'own/x/1', parameters: { a: 1 } } } });
    expect(said?.slice(2)).toEqual(['challenger boosting by mine/1', 'challenger own/x/1 by mine/1']);
    expect(plan?.label).toBe('mine/1');
    expect(plan?.candidates.at(-1)?.recipe.parameters).toEqual({ a: 1 });
  });

  it('names the rows that people excluded: what it learns from is decided once', async () => {
    const excluded = [{ instrumentId: 'BTC', decidedAt: NOW - DAY_MS }];
    expect((await planOf({ excluded })).plan?.excluded).toEqual(excluded);
  });

  it('refreshes a champion that it can fit, and compares with the rules where the champion was imported', async () => {
    expect(await planOf({ champion: LINEAR })).toMatchObject({ said: ['refresh linear by horizon4/1', 'challenger linear by horizon4/1', 'challenger boosting by horizon4/1', 'challenger boosting by horizon4/1'], plan: { champion: { learner: 'linear' } } });
    const imported = await planOf({ champion: IMPORTED });
    expect(imported.plan?.champion).toBeNull();
    expect(imported.said?.some((it) => it.startsWith('refresh'))).toBe(false);
  });

  it('cannot refresh a champion of a user\'s learner whose file is not loaded: who follows is compared with the rules', async () => {
    const own: ServedModel = { ...LINEAR, learner: 'own/x/1', parameters: { a: 1 } };
    const [loaded, gone] = await Promise.all([planOf({ champion: own, defined: { ...VIEW, learner: { learner: 'own/x/1', parameters: { a: 1 } } } }), planOf({ champion: own, defined: { ...VIEW, learner: { learner: 'own/x/2', parameters: {} } } })]);
    expect([loaded.plan?.champion?.learner, loaded.said?.[0]]).toEqual(['own/x/1', 'refresh own/x/1 by horizon4/1']);
    expect([gone.plan?.champion, gone.said?.some((it) => it.startsWith('refresh'))]).toEqual([null, false]);
  });

  it('does not wait for a symbol that the venue does not list any more', async () => {
    expect((await planOf({ gone: ['OLD'] })).plan).toMatchObject({ universe: ['OLD', 'BTC'], from: (await planOf({})).plan?.from });
  });

  it('ends before it begins where what users define is not valid, with why', async () => {
    expect((await planOf({ defined: new KeelError('LABEL_INVALID', 'it reads the candle at place -1') })).skipped).toContain('it reads the candle at place -1');
  });
});

it('a challenger is compared with the champion\'s recipe as a refresh fits it: in the same folds, by the same seed', async () => {
  const { plan } = await planOf({ champion: LINEAR });
  const asked: Recipe[] = [];
  const activities = createRetrainingActivities({
    policies: portOf<PolicyStore>({}), clock: () => 0, warn: () => undefined, profile: 'usual', retrainIntervalMs: DAY_MS, ledger: portOf<Ledger>({}), venue: portOf<Venue>({}),
    trainer: portOf<Trainer>({
      hasSnapshot: () => true,
      judge: async ({ recipe, predecessor }) => {
        asked.push({ ...recipe, ...(predecessor === 'rules' ? {} : predecessor) });
        return { verdict: { isPassed: false, rules: [], refusedBy: [] }, daily: { firstDay: 0, returns: new Float64Array(0) }, promised: null, loss: null, edges: [], metrics: {} };
      },
    }),
    models: portOf<ModelStore>({ trials: async () => [], liveVectors: async () => [], recordTrial: async () => undefined }),
  });
  if (plan === undefined) expect.fail('no plan');
  const [refresh, , challenger] = plan.candidates;
  if (refresh === undefined || challenger === undefined) expect.fail('no candidates');
  await activities.judgeCandidate({ plan, dataHash: 'd', candidate: challenger, featureFaults: [] });
  expect(asked.map(recipeIdOf)).toEqual([refresh.recipeId]);
});
