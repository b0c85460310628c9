import { beforeEach, describe, expect, it } from 'vitest';
import type { Served, ServingDeps } from '../../../activities/serving.ts';
import { createServing } from '../../../activities/serving.ts';
import { KeelError } from '../../../domain/errors.ts';
import { STANDARD_FEATURES } from '../../../domain/features/standard/index.ts';
import type { CandleSeries } from '../../../domain/market/candle.ts';
import { DEFAULT_ASSETS } from '../../../domain/market/seeded/assets.ts';
import { seededMarket } from '../../../domain/market/seeded/seeded-market.ts';
import type { RegistrySight } from '../../../domain/ports/ledger.ts';
import type { Predictor } from '../../../domain/ports/predictor.ts';
import { canaryOf } from '../../../domain/promotion/shadow-trial.ts';
import { openPredictor } from '../../../models/predictor.ts';
import type { FittedModel } from '../../support/fitted-model.ts';
import { fittedModel, seriesOf } from '../../support/fitted-model.ts';
import { portOf } from '../../support/ports.ts';

const HOUR_MS = 3_600_000;
const MARKET = seededMarket({ seed: 'serving', timeframe: '1h', startTime: 0, assets: DEFAULT_ASSETS.slice(0, 2) });
const COUNT = 2_550;
const RETRAIN_INTERVAL_MS = 24 * HOUR_MS;
const ALL = seriesOf(MARKET, COUNT);
const [FIRST = ''] = MARKET.instruments.map((it) => it.id);
const CHAMPION = fittedModel(MARKET, 2_500, { learner: 'linear', seed: 'a', parameters: { lambda: 1 } });
const TRIAL = fittedModel(MARKET, 2_500, { learner: 'linear', seed: 'b', parameters: { lambda: 50 } });

/** What a cycle sees whose candle is the n-th, from 1. */
const upTo = (n: number): readonly CandleSeries[] => ALL.map((it) => ({ ...it, candles: it.candles.slice(0, n) }));
const registered = ({ modelId }: FittedModel, validatedAt = 2_500 * HOUR_MS) => ({ modelId, recipeId: 'r', validatedAt });

let warned: (readonly [object, string])[];
let asked: string[];
let stored: Map<string, FittedModel & { readonly problem?: Error }>;
beforeEach(() => {
  warned = [];
  asked = [];
  stored = new Map([CHAMPION, TRIAL].map((it) => [it.modelId, it]));
});

function serving(changes: Partial<ServingDeps> = {}) {
  const of = (modelId: string): FittedModel => {
    const found = stored.get(modelId);
    if (found?.problem !== undefined) throw found.problem;
    if (found === undefined) throw new KeelError('NOT_FOUND', modelId);
    return found;
  };
  const serve = createServing({
    ledger: portOf<ServingDeps['ledger']>({ candles: ({ until, limit }) => { asked.push('history'); return Promise.resolve(ALL.map((it) => ({ ...it, candles: it.candles.filter((candle) => candle.openTime < until).slice(-limit) }))); } }),
    models: {
      model: (portfolioId, modelId) => { asked.push(modelId.slice(0, 4)); return Promise.resolve({ portfolioId, modelId, trialId: 't', recipeId: 'r', validatedAt: 0, dataHash: 'd', description: { ...of(modelId).description } }); },
      artefact: (_, modelId) => Promise.resolve().then(() => of(modelId).artefact),
    },
    open: openPredictor, retrainIntervalMs: RETRAIN_INTERVAL_MS, features: () => { asked.push('features'); return Promise.resolve(STANDARD_FEATURES); }, warn: (fields, message) => { warned.push([fields, message]); }, ...changes,
  });
  return (n: number, registry: Partial<RegistrySight>, timeframe: '1h' | '4h' = '1h'): Promise<Served> => serve({ candle: { portfolioId: 'sim', strategy: 'ensemble', timeframe, closeTime: n * HOUR_MS }, registry: { champion: null, onTrial: null, hadChampion: false, ...registry }, series: upTo(n) });
}

describe('models in cycles', () => {
  it('without one nothing is loaded', async () => {
    expect(await serving()(2_510, { hadChampion: true })).toEqual({ sight: { hadChampion: true, read: [] }, symbols: new Map() });
    expect(asked).toEqual([]);
  });

  it('the champion votes, the trial is recorded beside; each is loaded once, and history is read once', async () => {
    const serve = serving();
    const both = { champion: registered(CHAMPION), onTrial: registered(TRIAL), hadChampion: true };
    const first = await serve(2_510, both);
    expect(first.sight).toEqual({ hadChampion: true, read: [{ modelId: CHAMPION.modelId, role: 'champion', state: 'used', why: null, tookMs: expect.any(Number) as number }, { modelId: TRIAL.modelId, role: 'onTrial', state: 'used', why: null, tookMs: expect.any(Number) as number }] });
    const { votes, served } = first.symbols.get(FIRST) ?? { votes: [], served: null };
    expect([votes.map((it) => it.model?.modelId), served?.shadows.map((it) => it.model?.modelId)]).toEqual([[CHAMPION.modelId], [TRIAL.modelId]]);
    expect([served?.featureSet, served?.vector?.length, served?.vector?.filter((value) => value === null).length]).toEqual(['standard/2', 91, 3]); // funding and open interest are not kept
    await serve(2_511, both);
    expect(asked.toSorted()).toEqual([CHAMPION.modelId.slice(0, 4), 'features', 'history', TRIAL.modelId.slice(0, 4)].toSorted());
    expect(warned).toEqual([]);
  });

  it('on symbols of the canary the trial votes, and the champion is recorded beside; the record says which', async () => {
    const serve = serving();
    const both = { champion: registered(CHAMPION), onTrial: registered(TRIAL), hadChampion: true };
    const symbols = MARKET.instruments.map((it) => it.id);
    for (const [canaryStage, count] of [[0, 1], [2, 2]] as const) {
      const canary = canaryOf(TRIAL.modelId, symbols, canaryStage);
      const { sight, symbols: said } = await serve(2_510, { ...both, canaryStage });
      expect(sight.read[1]).toMatchObject({ role: 'onTrial', canary });
      expect(canary).toHaveLength(count);
      for (const [id, { votes, served }] of said) {
        const [counts, beside] = canary.includes(id) ? [TRIAL, CHAMPION] : [CHAMPION, TRIAL];
        expect([votes.map((it) => it.model?.modelId), served.shadows.map((it) => it.model?.modelId)]).toEqual([[counts.modelId], [beside.modelId]]);
      }
    }
  });

  it('a trial that cannot be used has no canary: the champion votes everywhere', async () => {
    stored.set(TRIAL.modelId, { ...TRIAL, problem: new Error('away') });
    const { sight, symbols } = await serving()(2_510, { champion: registered(CHAMPION), onTrial: registered(TRIAL), hadChampion: true, canaryStage: 2 });
    expect(sight.read[1]).toEqual({ modelId: TRIAL.modelId, role: 'onTrial', state: 'failed', why: 'away' });
    expect([...symbols.values()].map(({ votes }) => votes.map((it) => it.model?.modelId))).toEqual(symbols.size === 2 ? [[CHAMPION.modelId], [CHAMPION.modelId]] : []);
  });

  it.each<[string, Predictor['predict']]>([
    ['fails', () => Promise.reject(new KeelError('MODEL_INVALID', 'it failed on 2 rows'))],
    ['says what is no probability', () => Promise.resolve(new Float64Array(6).fill(NaN))],
  ])('a trial that %s takes nothing from the champion', async (_name, predict) => {
    const open = async (artefact: Uint8Array): Promise<Predictor> => ({ ...await openPredictor(artefact), ...(artefact === TRIAL.artefact ? { predict } : {}) });
    const { sight, symbols } = await serving({ open })(2_510, { champion: registered(CHAMPION), onTrial: registered(TRIAL), hadChampion: true, canaryStage: 2 });
    expect(sight.read.map((it) => [it.role, it.state])).toEqual([['champion', 'used'], ['onTrial', 'failed']]);
    for (const { votes, served } of symbols.values()) {
      expect(votes.map((it) => [it.model?.modelId, it.action === 'abstain'])).toEqual([[CHAMPION.modelId, false]]);
      expect(served.shadows).toEqual([expect.objectContaining({ action: 'abstain', because: sight.read[1]?.why })]);
      expect(served.vector).not.toBeNull();
    }
  });

  it('a worker that starts in the middle says the same', async () => {
    const [going, started] = [serving(), serving()];
    const champion = { champion: registered(CHAMPION), hadChampion: true };
    for (let n = 2_505; n < 2_512; n += 1) await going(n, champion);
    const [a, b] = await Promise.all([going(2_512, champion), started(2_512, champion)]);
    for (const [id, { votes: [vote] }] of a.symbols) {
      const other = b.symbols.get(id)?.votes[0];
      expect([other?.action, other?.version]).toEqual([vote?.action, vote?.version]);
      for (const name of ['buy', 'sell', 'hold'] as const) expect(other?.probabilities?.[name]).toBeCloseTo(vote?.probabilities?.[name] ?? NaN, 6);
    }
  });
});

describe('a champion that cannot be used has no vote, and says why', () => {
  const champion = { champion: registered(CHAMPION), hadChampion: true };
  const flipped = (): Uint8Array => { const bytes = Uint8Array.from(CHAMPION.artefact); bytes[bytes.length - 40] = (bytes.at(-40) ?? 0) ^ 1; return bytes; };
  const keep = (changes: Partial<FittedModel> & { readonly problem?: Error }): void => { stored.set(CHAMPION.modelId, { ...CHAMPION, ...changes }); };
  it.each<[string, () => void, string, RegExp]>([
    ['altered bytes', () => { keep({ artefact: flipped() }); }, 'refused', /its bytes have the hash/],
    ['a description that does not fit', () => { keep({ description: { ...CHAMPION.description, edges: [] } }); }, 'refused', /cannot be read/],
    ['the database is away', () => { keep({ problem: new KeelError('DATABASE_UNREACHABLE', 'away') }); }, 'failed', /DATABASE_UNREACHABLE|away/],
  ])('%s', async (_name, change, state, why) => {
    change();
    const serve = serving();
    const { sight, symbols } = await serve(2_510, champion);
    expect(sight.read).toEqual([{ modelId: CHAMPION.modelId, role: 'champion', state, why: expect.stringMatching(why) as string }]);
    expect(symbols.size).toBe(0);
    await serve(2_511, champion);
    expect(warned).toEqual([[{ portfolioId: 'sim', modelId: CHAMPION.modelId, role: 'champion', state, why: expect.stringMatching(why) as string }, 'a model cannot be used: trading goes on without it']]);
  });

  it('older than three retrain intervals: from the next moment on', async () => {
    const serve = serving();
    const validatedAt = 2_510 * HOUR_MS - 3 * RETRAIN_INTERVAL_MS;
    const aged = { champion: registered(CHAMPION, validatedAt), hadChampion: true };
    expect((await serve(2_510, aged)).symbols.get(FIRST)?.votes).toHaveLength(1);
    const { sight, symbols } = await serve(2_511, aged);
    expect([sight.read[0]?.state, sight.read[0]?.why, symbols.size]).toEqual(['expired', 'it passed the gate 3.0 days ago, and not again within three retrain intervals', 0]);
    expect((await serve(2_511, { onTrial: aged.champion })).symbols.get(FIRST)?.served.shadows[0]?.action).not.toBe('abstain'); // a trial takes longer
  });

  it('what could not be read is asked for again, and its return is told', async () => {
    keep({ problem: new KeelError('DATABASE_UNREACHABLE', 'away') });
    const serve = serving();
    await serve(2_510, champion);
    stored.set(CHAMPION.modelId, CHAMPION);
    expect((await serve(2_511, champion)).sight.read[0]?.state).toBe('used');
    expect(warned.map(([, message]) => message)).toEqual(['a model cannot be used: trading goes on without it', 'a model is used']);
  });

  it.each<[string, Partial<ServingDeps>, '1h' | '4h', string, RegExp]>([
    ['other candles', {}, '4h', 'unfit', /1h candles, and 4h ones run/],
    ['another feature set', { features: () => Promise.resolve({ ...STANDARD_FEATURES, version: '3' }) }, '1h', 'unfit', /standard\/3 runs/],
    ['features that throw', { features: () => Promise.resolve({ ...STANDARD_FEATURES, features: STANDARD_FEATURES.features.map((it) => ({ ...it, create: () => () => { throw new Error('broken'); } })) }) }, '1h', 'failed', /cannot be asked: broken/],
  ])('%s: it abstains', async (_name, changes, timeframe, state, why) => {
    const { sight, symbols } = await serving(changes)(2_512, champion, timeframe);
    expect(sight.read[0]).toMatchObject({ state, why: expect.stringMatching(why) as string });
    const said = symbols.get(FIRST);
    expect(said?.votes).toEqual([expect.objectContaining({ action: 'abstain', because: sight.read[0]?.why })]);
    expect(said?.served.vector).toBeNull();
  });

  it('a set of features that cannot be loaded', async () => {
    const { sight, symbols } = await serving({ features: () => Promise.reject(new KeelError('FEATURES_INVALID', 'it looks ahead')) })(2_510, champion);
    expect([sight.read[0]?.state, sight.read[0]?.why, symbols.size]).toEqual(['failed', expect.stringContaining('it looks ahead'), 0]);
  });
});
