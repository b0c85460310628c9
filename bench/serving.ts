import { createServing } from '../activities/serving.ts';
import { STANDARD_FEATURES } from '../domain/features/standard/index.ts';
import { matrixOf } from '../domain/learning/dataset.ts';
import type { Model } from '../domain/learning/learner.ts';
import { learnerOf } from '../domain/learning/learners.ts';
import type { CandleSeries } from '../domain/market/candle.ts';
import { seededMarket } from '../domain/market/seeded/seeded-market.ts';
import { openPredictor } from '../models/predictor.ts';
import { fittedModel, seriesOf } from '../test/support/fitted-model.ts';
import type { FittedModel } from '../test/support/fitted-model.ts';
import type { BenchOptions, Row } from './support/measurement.ts';
import { atMost, atMostMs, plainRow } from './support/measurement.ts';
import { median, quantile } from './support/statistics.ts';

const HOUR_MS = 3_600_000;
const LEARNED = 2_400;
const WINDOW = 2_160;
const ROUNDS = 320;

/** As large as a recipe allows: no early stopping. */
function largestModel(rounds: number): Model {
  const data = Array.from({ length: STANDARD_FEATURES.features.length }, (_, index) => Array.from({ length: 3_000 }, (_row, row) => Math.sin(row * (index + 2) * 0.37)));
  const matrix = matrixOf(STANDARD_FEATURES.features.map((it) => it.name), data);
  return learnerOf('boosting', { rounds, depthMax: 5, learningRate: 0.05 }).fit({ ...matrix, labels: Float64Array.from({ length: matrix.rows }, (_, row) => Math.abs(Math.round(1e6 * Math.sin(row * row))) % 3) }, { task: { kind: 'classes', count: 3 }, seed: 'bench' });
}

function inferenceUs(model: Model, rows: number): number {
  const matrix = { names: model.features, columns: model.features.map((_, index) => Float32Array.from({ length: rows }, (_row, row) => Math.sin(row * 7 + index))), rows };
  const times = Array.from({ length: 300 }, () => {
    const startedMs = performance.now();
    model.predict(matrix);
    return ((performance.now() - startedMs) * 1_000) / rows;
  });
  return median(times.slice(100));
}

/** A champion and a model on trial, eight symbols: what they add to a cycle whose candles and registry are there. */
export async function benchServing({ isQuick }: BenchOptions): Promise<readonly Row[]> {
  const market = seededMarket({ seed: 'bench', timeframe: '1h', startTime: 0 });
  const parameters = { rounds: isQuick ? 20 : 200, depthMax: 5, learningRate: 0.05, rowShare: 0.7, columnShare: 0.5 };
  const models = ['champion', 'trial'].map((seed) => fittedModel(market, LEARNED, { learner: 'boosting', seed, parameters }));
  const [champion, trial] = models as [FittedModel, FittedModel];
  const all = seriesOf(market, LEARNED + ROUNDS);
  const upTo = (n: number, most: number): readonly CandleSeries[] => all.map((it) => ({ ...it, candles: it.candles.slice(Math.max(0, n - most), n) }));
  const stored = (modelId: string): FittedModel => (modelId === champion.modelId ? champion : trial);
  const registered = ({ modelId }: FittedModel) => ({ modelId, recipeId: 'r', validatedAt: LEARNED * HOUR_MS });
  const serve = createServing({
    ledger: { candles: ({ until, limit }) => Promise.resolve(upTo(until / HOUR_MS, limit)) }, open: openPredictor, retrainIntervalMs: 24 * HOUR_MS, features: () => Promise.resolve(STANDARD_FEATURES), warn: () => undefined,
    models: { artefact: (_, modelId) => Promise.resolve(stored(modelId).artefact), model: (portfolioId, modelId) => Promise.resolve({ portfolioId, modelId, trialId: 't', recipeId: 'r', validatedAt: 0, dataHash: 'd', description: { ...stored(modelId).description } }) },
  });
  const times: number[] = [];
  for (let n = LEARNED + 1; n <= LEARNED + (isQuick ? ROUNDS / 10 : ROUNDS); n += 1) {
    const series = upTo(n, WINDOW);
    const startedMs = performance.now();
    await serve({ candle: { portfolioId: 'bench', strategy: 'ensemble', timeframe: '1h', closeTime: n * HOUR_MS }, registry: { champion: { ...registered(champion), validatedAt: n * HOUR_MS }, onTrial: registered(trial), hadChampion: true }, series });
    times.push(performance.now() - startedMs);
  }
  const [first = NaN, ...later] = times;
  const largest = largestModel(parameters.rounds);
  const symbols = market.instruments.length;
  return [
    plainRow(`models, the first cycle after a start: two loaded, ${symbols} symbols fed their history`, `${first.toFixed(0)} ms`),
    atMostMs(`models, a cycle of ${symbols} symbols with champion and trial, p50`, median(later), 5),
    atMostMs(`models, the same, p99`, quantile(later, 0.99), 20),
    atMost(`models, inference alone, ${3 * parameters.rounds} trees of depth 5, 8 rows at once, per row`, inferenceUs(largest, 8), { goal: 20, unit: 'µs' }),
    plainRow('models, the same, one row alone', `${inferenceUs(largest, 1).toFixed(1)} µs`),
  ];
}
