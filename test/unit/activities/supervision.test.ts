/** What the supervisor's look leads to: what it records, which retrain it starts, and when a champion acts no more. */
import { describe, expect, it } from 'vitest';
import { createSupervisionActivities } from '../../../activities/supervision.ts';
import { learnedInputOf } from '../../../domain/drift/input.ts';
import { KeelError } from '../../../domain/errors.ts';
import type { FeatureSet } from '../../../domain/features/feature-set.ts';
import { normal, prngOf } from '../../../domain/market/seeded/prng.ts';
import type { Ledger, PortfolioSpec } from '../../../domain/ports/ledger.ts';
import type { JudgedRow, ModelRecord, ModelStore, Supervision } from '../../../domain/ports/model-store.ts';
import type { LiveVector } from '../../../domain/ports/trainer.ts';
import type { Venue } from '../../../domain/ports/venue.ts';
import type { Registry, RegistryStep } from '../../../domain/promotion/registry.ts';
import type { TrialStore } from '../../../domain/ports/trial-store.ts';
import type { WatchRecord } from '../../../domain/promotion/standing.ts';
import type { ServedModel } from '../../../domain/promotion/served-model.ts';
import { portOf } from '../../support/ports.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOW = 1_000 * DAY_MS;
const SYMBOLS = ['A/USDT:USDT', 'B/USDT:USDT', 'C/USDT:USDT', 'D/USDT:USDT', 'E/USDT:USDT', 'F/USDT:USDT'];
const MODEL = { modelId: 'c0ffee'.padEnd(64, '0'), recipeId: 'r', validatedAt: NOW - 40 * DAY_MS };
const SET: FeatureSet = { name: 'own', version: '1', features: ['steady', 'other'].map((name) => ({ name, family: 'own', about: name, warmupCandles: 1, create: () => () => 0 })) };

const random = prngOf('supervision');
const drawn = (rows: number): Float32Array => Float32Array.from({ length: rows }, () => normal(random));
const momentsOf = (hours: number, until: number): Float64Array => Float64Array.from({ length: hours * SYMBOLS.length }, (_, row) => until - (hours - 1 - Math.floor(row / SYMBOLS.length)) * HOUR_MS);
const TRAINED = 80 * 24;
const INPUT = learnedInputOf({ names: ['steady', 'other'], columns: [drawn(TRAINED * SYMBOLS.length), drawn(TRAINED * SYMBOLS.length)], decidedAt: momentsOf(TRAINED, NOW - 40 * DAY_MS), rows: TRAINED * SYMBOLS.length, candleMs: HOUR_MS, instruments: SYMBOLS }, ['steady', 'other']);

const DESCRIPTION: ServedModel = {
  learner: 'boosting', parameters: {}, seed: 's', featureSet: 'own/1', timeframe: '1h', label: 'horizon4/1@0.5', instruments: null, edges: Array.from({ length: 101 }, (_, percent) => percent / 100), known: null,
  input: INPUT, loss: { mean: 1, deviation: 0.2 }, promised: null, metrics: {}, importances: [],
};

const vectorsOf = (shift: number): LiveVector[] => Array.from(momentsOf(8 * 24, NOW), (decidedAt, row) => ({ instrumentId: SYMBOLS[row % SYMBOLS.length] ?? '', decidedAt, values: [normal(random), normal(random) + shift] }));

/** Episodes of one symbol whose probabilities give what comes a chance. */
const rowsOf = (chance: number): JudgedRow[] => Array.from({ length: 7 * 30 - 5 }, (_, index) => ({
  role: 'member', voter: `model/boosting@${MODEL.modelId.slice(0, 12)}`, instrumentId: 'A/USDT:USDT', regime: 'range', madeAt: NOW - 35 * DAY_MS + index * 4 * HOUR_MS, dueAt: NOW - 35 * DAY_MS + (index + 1) * 4 * HOUR_MS,
  action: 'buy', confidence: 0.5, score: 0.5, probabilities: { buy: chance, sell: 0.9 - chance, hold: 0.1 }, magnitudeBps: 1, actual: 'buy', moveBps: 1, returnBps: 1, isRight: true, decision: null, reason: null, exitsReturnBps: null,
}));

interface World {
  readonly champion?: Registry['champion'];
  readonly description?: Partial<ServedModel>;
  readonly vectors?: readonly LiveVector[];
  readonly rows?: readonly JudgedRow[];
  readonly spoke?: number;
  readonly run?: { readonly asOf: number; readonly rows: number } | null;
  readonly features?: () => Promise<FeatureSet>;
  readonly retrainsItself?: boolean;
  readonly watch?: WatchRecord | null;
  readonly before?: { readonly at: number; readonly driftRetrainAt: number | null } | null;
  readonly mode?: PortfolioSpec['mode'];
}

async function supervise({ champion = MODEL, description = {}, vectors = vectorsOf(0), rows = rowsOf(0.4), spoke = 200, run = null, before = null, mode = 'paper', features = async () => SET, retrainsItself = true, watch = null }: World) {
  const [recorded, retrains, steps]: [Supervision[], string[], RegistryStep[]] = [[], [], []];
  const registry: Registry = { champion, predecessor: null, onTrial: null };
  await createSupervisionActivities({
    ledger: portOf<Ledger>({ portfolio: async () => ({ mode, timeframe: '1h', instrumentIds: SYMBOLS }) as unknown as PortfolioSpec }),
    venue: portOf<Venue>({ marketTime: async () => NOW }),
    models: portOf<ModelStore>({
      registry: async () => registry, model: async () => ({ description: { ...DESCRIPTION, ...description } }) as unknown as ModelRecord, latestDataset: async () => run,
      liveVectors: async () => vectors, judged: async () => rows, spoken: async () => ({ asked: 200, spoke }),
      latestSupervision: async () => (before === null ? null : { portfolioId: 'sim', scores: [], weights: {}, drift: [], findings: [], retrain: null, ...before }),
      recordSupervision: async (supervision) => void recorded.push(supervision),
      step: async ({ decide }) => { const step = decide(registry); if (step !== null) steps.push(step); return step?.change ?? null; },
    }),
    trials: portOf<TrialStore>({ standing: async () => ({ registry, trial: null, watch }) }),
    engine: { startRetrain: async (_portfolio, cause) => void retrains.push(cause) },
    features, retrainIntervalMs: DAY_MS, retrainsItself,
  }).superviseModels('sim');
  return { recorded, retrains, steps, drift: recorded[0]?.drift ?? [] };
}

describe('a day without news', () => {
  it('leaves scores and weights, and starts nothing', async () => {
    const { recorded: [record], retrains, steps } = await supervise({});
    expect(record).toMatchObject({ at: NOW, drift: [], findings: [], retrain: null, weights: { range: { 'model/boosting': 1 } } });
    expect(record?.scores.map((it) => it.days)).toEqual([7, 30]);
    expect([retrains, steps]).toEqual([[], []]);
  });
  it('is looked at once', async () => expect((await supervise({ before: { at: NOW, driftRetrainAt: null } })).recorded).toEqual([]));
  it('needs no champion', async () => expect((await supervise({ champion: null })).recorded).toMatchObject([{ drift: [], findings: [] }]));
});

describe('drift', () => {
  it('of an input names the feature and starts a retrain; the champion stays', async () => {
    const { drift, retrains, steps } = await supervise({ vectors: vectorsOf(2) });
    expect(drift).toMatchObject([{ modelId: MODEL.modelId, of: 'input', features: [{ feature: 'other' }], loss: null }]);
    expect([retrains, steps]).toEqual([['drift'], []]);
  });
  it('of losses tells since when', async () => {
    const { drift, retrains, steps } = await supervise({ rows: rowsOf(0.2) }); // 1.61 nats where 1 ± 0.2 is usual
    expect(drift).toEqual([{ modelId: MODEL.modelId, of: 'loss', features: [], loss: { sum: expect.any(Number) as number, limit: 9, since: NOW - 30 * DAY_MS } }]);
    expect([retrains, steps]).toEqual([['drift'], []]);
  });
  it.each([
    ['a day after the last one', NOW - DAY_MS, ['drift']],
    ['sooner', NOW - DAY_MS + 1, []],
  ])('starts a retrain once in 24 hours: %s', async (_name, driftRetrainAt, expected) => {
    expect((await supervise({ vectors: vectorsOf(2), before: { at: NOW - 1, driftRetrainAt } })).retrains).toEqual(expected);
  });
  it('starts nothing where models are trained by people alone; nor do new labels', async () => {
    expect((await supervise({ vectors: vectorsOf(2), retrainsItself: false })).retrains).toEqual([]);
    expect((await supervise({ run: { asOf: NOW - DAY_MS, rows: 10 }, retrainsItself: false })).retrains).toEqual([]);
  });
  it('is told in a replay too, and starts nothing there', async () => {
    const { drift, retrains } = await supervise({ vectors: vectorsOf(2), mode: 'replay' });
    expect(drift).toHaveLength(1);
    expect(retrains).toEqual([]);
  });
  it.each<[string, World]>([
    ['with few live vectors', { vectors: vectorsOf(2).slice(0, 900) }],
    ['of a model from before its inputs were kept', { vectors: vectorsOf(2), description: { input: null, loss: null } }],
    ['of losses by a label that is not loaded', { rows: rowsOf(0.2), description: { label: 'gone/1@0.5' } }],
    ['where the features cannot be loaded', { vectors: vectorsOf(2), features: () => Promise.reject(new KeelError('FEATURES_INVALID', 'the file is gone')) }],
    ['of a model whose description does not fit', { vectors: vectorsOf(2), description: { timeframe: 7 as unknown as string } }],
    ['of another feature set', { vectors: vectorsOf(2), description: { featureSet: 'own/0' } }],
  ])('cannot be told %s', async (_name, world) => expect((await supervise(world)).drift).toEqual([]));
});

describe('new labels', () => {
  // Six symbols, hourly: 144 rows a day.
  it.each<[string, NonNullable<World['run']> | null, readonly string[]]>([
    ['a tenth of the rows', { asOf: NOW - DAY_MS, rows: 1_440 }, ['labels']],
    ['fewer', { asOf: NOW - DAY_MS, rows: 1_441 }, []],
    ['within six hours', { asOf: NOW - 5 * HOUR_MS, rows: 10 }, []],
    ['where nothing was ever trained', null, []],
  ])('%s', async (_name, run, expected) => expect((await supervise({ run })).retrains).toEqual(expected));
});

describe('two critical findings', () => {
  const UNFIT: World = { rows: rowsOf(0.2), spoke: 100 };
  it('take the champion back to the shadows, and say why', async () => {
    const { recorded: [record], steps } = await supervise(UNFIT);
    expect(record?.findings.map((it) => it.code)).toEqual(['loss', 'coverage']);
    expect(steps).toMatchObject([{ registry: { champion: null, onTrial: MODEL }, change: { kind: 'rolledBack' } }]);
    expect(steps[0]?.change.why).toMatch(/log losses .*; it spoke 100 of the 200 times/);
  });
  it('are of the whole line of those that were refreshed, since the first of it came to act', async () => {
    const before = 'decade'.padEnd(64, '0');
    const champion = { ...MODEL, validatedAt: NOW - DAY_MS };
    const rows = rowsOf(0.2).map((it, index) => (index < 190 ? { ...it, voter: `model/boosting@${before.slice(0, 12)}` } : it));
    const watch: WatchRecord = { id: 'w', modelIds: [before, MODEL.modelId], since: NOW - 30 * DAY_MS, status: 'watching' };
    const seen = await supervise({ ...UNFIT, champion, rows, watch });
    expect(seen.steps).toMatchObject([{ change: { kind: 'rolledBack' } }]);
    expect(seen.recorded[0]?.weights).toEqual({ range: { 'model/boosting': expect.any(Number) as number } }); // one voter, whoever of them spoke
    expect((await supervise({ ...UNFIT, champion, rows, watch: { ...watch, since: NOW - DAY_MS } })).recorded[0]?.findings.map((it) => it.code)).toEqual(['coverage']);
    expect((await supervise({ ...UNFIT, champion, rows, watch: { ...watch, modelIds: [before] } })).steps).toEqual([]); // another one's watch
  });
  it('one does not', async () => expect((await supervise({ ...UNFIT, spoke: 200 })).steps).toEqual([]));
  it('nor do they in a replay', async () => expect((await supervise({ ...UNFIT, mode: 'replay' })).steps).toEqual([]));
});
