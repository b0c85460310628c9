import type { Dataset } from '../domain/learning/dataset.ts';
import type { Model } from '../domain/learning/learner.ts';
import { candleRows } from './learning/candles.ts';
import { libraryRow, onnxRow } from './learning/foreign.ts';
import { duelOf, peerRows } from './learning/peer.ts';
import { FEATURES, plantedData } from './learning/planted.ts';
import type { BenchOptions, Row } from './support/measurement.ts';
import { atMost, plainRow } from './support/measurement.ts';
import { median } from './support/statistics.ts';

const TRAINING = 20_000;
const TESTED = 20_000;
const ROUNDS = 300;
const PARAMETERS = { rounds: ROUNDS, learningRate: 0.1, depthMax: 6, lambda: 1, childWeightMin: 1 } as const;

function partOf({ names, columns, labels }: Dataset, from: number, to: number): Dataset {
  return { names, columns: columns.map((column) => column.subarray(from, to)), labels: labels.subarray(from, to), rows: to - from };
}

/** Microseconds a row, median of so many batches. */
function inferenceUs(model: Model, data: Dataset, { batch, batches }: { readonly batch: number; readonly batches: number }): number {
  const parts = Array.from({ length: batches }, (_, index) => partOf(data, index * batch, (index + 1) * batch));
  return median(parts.map((part) => {
    const startedMs = performance.now();
    model.predict(part);
    return ((performance.now() - startedMs) * 1_000) / batch;
  }));
}

/** Boosting against XGBoost with equal parameters, on sets with something planted and on recorded candles. */
export async function benchLearning({ isQuick }: BenchOptions): Promise<readonly Row[]> {
  const runs = Array.from({ length: isQuick ? 2 : 10 }, (_, seed) => {
    const data = plantedData(TRAINING + TESTED, `planted ${seed}`);
    const parts = { training: partOf(data, 0, TRAINING), test: partOf(data, TRAINING, data.rows) };
    return { ...parts, ...duelOf(PARAMETERS, parts, String(seed)) };
  });
  const [last] = runs.slice(-1);
  if (last === undefined) throw new Error('no runs');
  const named = `boosting, ${TRAINING} × ${FEATURES}, ${ROUNDS} trees, depth 6`;
  return [
    plainRow(`${named}, median of ${runs.length}`, `${Math.round(median(runs.map((run) => run.fitMs)))} ms, AUC ${median(runs.map((run) => run.auc)).toFixed(4)}`),
    ...peerRows(runs, { named, same: 'the same' }),
    atMost('inference, a row alone, p50', inferenceUs(last.model, last.test, { batch: 1, batches: 4_000 }), { goal: 20, unit: 'µs' }),
    atMost('inference, a row in batches of 1,000, p50', inferenceUs(last.model, last.test, { batch: 1_000, batches: 20 }), { goal: 3, unit: 'µs' }),
    libraryRow(PARAMETERS, last.training, last.test, (model) => inferenceUs(model, last.test, { batch: 1_000, batches: 20 })),
    await onnxRow(last.model, Array.from({ length: 20 }, (_, batch) => partOf(last.test, batch * 1_000, (batch + 1) * 1_000))),
    ...await candleRows({ isQuick }), // last, so that what is timed above does not depend on it
  ];
}
