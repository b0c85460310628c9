import { beforeAll, describe, expect, it } from 'vitest';
import { STANDARD_FEATURES } from '../../../../domain/features/standard/index.ts';
import { LiveFeatures } from '../../../../domain/features/live.ts';
import { matrixOf } from '../../../../domain/learning/dataset.ts';
import { DEFAULT_ASSETS } from '../../../../domain/market/seeded/assets.ts';
import { seededMarket } from '../../../../domain/market/seeded/seeded-market.ts';
import type { ServingModel } from '../../../../domain/promotion/model-votes.ts';
import { abstentionOf, modelVotesOf, servingModelOf, unfitFor } from '../../../../domain/promotion/model-votes.ts';
import { confidenceOf } from '../../../../domain/promotion/served-model.ts';
import { predictorOf } from '../../../../models/predictor.ts';
import type { FittedModel } from '../../../support/fitted-model.ts';
import { fittedModel, seriesOf } from '../../../support/fitted-model.ts';

const MARKET = seededMarket({ seed: 'votes', timeframe: '1h', startTime: 0, assets: DEFAULT_ASSETS.slice(0, 2) });
const [BTC = '', OTHER = ''] = MARKET.instruments.map((it) => it.id);
const COUNT = 2_400;
const NAMES = STANDARD_FEATURES.features.map((it) => it.name);

let fitted: FittedModel;
let asked: ServingModel;
let vectors: ReadonlyMap<string, Float32Array>;

beforeAll(() => {
  fitted = fittedModel(MARKET, COUNT - 100, { learner: 'linear', seed: 's', parameters: { lambda: 1 } });
  asked = servingModelOf(fitted.modelId, fitted.description, predictorOf(fitted.model));
  vectors = new LiveFeatures(STANDARD_FEATURES, '1h').at(seriesOf(MARKET, COUNT), COUNT * 3_600_000);
});

const voteOn = async (model: ServingModel, vector: Float32Array | undefined, id = BTC) => (await modelVotesOf(model, STANDARD_FEATURES, new Map([[id, vector]]))).get(id);
const described = (changes: Partial<FittedModel['description']>): ServingModel => ({ ...asked, described: { ...asked.described, ...changes } });

describe('a model votes', () => {
  it('what it holds most likely, with the probabilities that it gives the vector', async () => {
    const votes = await modelVotesOf(asked, STANDARD_FEATURES, vectors);
    expect([...votes.keys()]).toEqual([BTC, OTHER]);
    for (const [id, vote] of votes) {
      const vector = vectors.get(id) ?? new Float32Array();
      const [buy = 0, sell = 0, hold = 0] = fitted.model.predict(matrixOf(NAMES, NAMES.map((_, index) => [vector[index] ?? NaN])));
      expect(vote).toMatchObject({ voter: 'model/linear', version: fitted.modelId.slice(0, 12), probabilities: { buy, sell, hold }, model: { modelId: fitted.modelId, label: fitted.description.label } });
      expect(vote.action).toBe({ [buy]: 'buy', [sell]: 'sell', [hold]: 'hold' }[Math.max(buy, sell, hold)]);
      expect(vote.confidence).toBe(vote.action === 'hold' ? hold : confidenceOf(fitted.description, buy - sell));
    }
  });

  it.each([['buy', [0.6, 0.1, 0.3], 1], ['sell', [0.3, 0.4, 0.3], 0.25], ['hold', [0.2, 0.3, 0.5], 0.5], ['hold', [0.4, 0.4, 0.2], 0.2]] as const)('%s of %j', async (action, outputs, confidence) => {
    const model = { ...asked.model, predict: () => Promise.resolve(Float64Array.from(outputs)) };
    const vote = await voteOn({ ...asked, model }, vectors.get(BTC));
    expect([vote?.action, vote?.confidence]).toEqual([action, expect.closeTo(confidence, 9)]);
  });

  it('a hair beyond 0 and 1, as float32 rounds, is none', async () => {
    const model = { ...asked.model, predict: () => Promise.resolve(Float64Array.of(-5e-5, 0, 1.00005)) };
    expect(await voteOn({ ...asked, model }, vectors.get(BTC))).toMatchObject({ action: 'hold', confidence: 1, probabilities: { buy: 0, sell: 0, hold: 1 } });
  });

  it.each([[[NaN, NaN, NaN]], [[0.5, 0.5, 0.5]], [[-0.1, 0.5, 0.6]], [[2, -0.5, -0.5]]])('%j is no word: it fails, and says what it said', async (outputs) => {
    const model = { ...asked.model, predict: () => Promise.resolve(Float64Array.from(outputs)) };
    await expect(voteOn({ ...asked, model }, vectors.get(BTC))).rejects.toMatchObject({ code: 'MODEL_INVALID', message: expect.stringContaining(outputs.join(', ')) as string });
  });
});

describe('it abstains', () => {
  const half = (): Float32Array => {
    const order = asked.model.features.map((name, index) => ({ place: NAMES.indexOf(name), share: asked.shares[index] ?? 0 })).sort((a, b) => b.share - a.share);
    const vector = Float32Array.from(vectors.get(BTC) ?? []);
    let sum = 0;
    for (const { place, share } of order) if (sum <= 0.5) { vector[place] = NaN; sum += share; }
    return vector;
  };
  it.each<[string, () => ServingModel, () => Float32Array | undefined, RegExp]>([
    ['of another symbol than its own', () => described({ instruments: ['ETH-X', OTHER] }), () => vectors.get(BTC), /it learned from ETH-X, .* alone/],
    ['without the candle', () => asked, () => undefined, /the candle is missing/],
    ['where more than half of its importance is missing', () => asked, half, /^5\d % of what it goes by is missing/],
    ['of what is like nothing it learned from', () => asked, () => Float32Array.from(vectors.get(BTC) ?? [], (value) => value * 1_000 + 1_000), /^novel: dissimilarity [\d.]+, learned up to/],
  ])('%s', async (_name, model, vector, because) => {
    const vote = await voteOn(model(), vector());
    expect(vote).toMatchObject({ action: 'abstain', confidence: 0, probabilities: null });
    expect(vote?.because).toMatch(because);
  });
  it('no longer where novelty cannot be told', async () => expect(await voteOn(described({ known: null }), Float32Array.from(vectors.get(BTC) ?? [], (value) => value * 1_000 + 1_000))).not.toMatchObject({ action: 'abstain' }));
  it('with a few features missing it speaks', async () => {
    const vector = Float32Array.from(vectors.get(BTC) ?? []);
    vector[NAMES.indexOf(fitted.model.features[0] ?? '')] = NaN;
    expect(await voteOn(asked, vector)).not.toMatchObject({ action: 'abstain' });
  });
});

describe('what runs', () => {
  const set = (changes: object) => ({ set: { ...STANDARD_FEATURES, ...changes }, timeframe: '1h' as const });
  it.each([
    ['fits', set({}), null],
    ['is another set', set({ name: 'own' }), /feature set standard\/2, and own\/2 runs/],
    ['is another version of it', set({ version: '3' }), /standard\/3 runs/],
    ['has other candles', { ...set({}), timeframe: '4h' as const }, /1h candles, and 4h ones/],
    ['lacks a feature', set({ features: STANDARD_FEATURES.features.slice(1) }), /is not in the set that runs/],
  ])('%s', (_name, running, expected) => {
    const why = unfitFor(asked, running);
    if (expected === null) expect(why).toBeNull();
    else expect(why).toMatch(expected);
    expect(abstentionOf(asked, 'why')).toMatchObject({ action: 'abstain', because: 'why', voter: 'model/linear' });
  });

  it.each<[string, () => unknown, RegExp]>([
    ['a model of other classes', () => servingModelOf('m', fitted.description, { ...predictorOf(fitted.model), task: { kind: 'binary' } }), /not the classes buy, sell, hold/],
    ['a label that is not known', () => servingModelOf('m', { ...fitted.description, label: 'later/9' }, predictorOf(fitted.model)), /label later\/9 is not known/],
    ['a description that lacks something', () => servingModelOf('m', {}, predictorOf(fitted.model)), /cannot be read/],
  ])('refuses %s', (_name, make, message) => { expect(make).toThrow(message); });
});
