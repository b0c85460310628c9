import { aucOf } from '../../domain/learning/metrics.ts';
import type { Dataset, Matrix } from '../../domain/learning/dataset.ts';
import type { Model } from '../../domain/learning/learner.ts';
import { anyLearnerOf, offeredLearners } from '../../models/learners.ts';
import { onnxOf } from '../../models/onnx/export.ts';
import { importOnnx } from '../../models/onnx/predictor.ts';
import { openPredictor } from '../../models/predictor.ts';
import type { Row } from '../support/measurement.ts';
import { plainRow } from '../support/measurement.ts';
import { median } from '../support/statistics.ts';

/** The learner `xgboost` with equal parameters, where its library is. */
export function libraryRow(parameters: Readonly<Record<string, unknown>>, training: Dataset, test: Dataset, inferenceUs: (model: Model) => number): Row {
  const missing = offeredLearners().find(({ name }) => name === 'xgboost')?.missing;
  if (typeof missing === 'string') return plainRow('the same, the learner xgboost', `not measured: ${missing}`);
  const startedMs = performance.now();
  const model = anyLearnerOf('xgboost', parameters).fit(training, { task: { kind: 'binary' }, seed: 'bench' });
  const fitMs = performance.now() - startedMs;
  return plainRow(`the same, the learner xgboost (${String(model.describe().result['version'])}), one seed`, `${Math.round(fitMs)} ms, AUC ${aucOf(test.labels, model.predict(test)).toFixed(4)}, a row in batches ${inferenceUs(model).toFixed(1)} µs`);
}

/** A model of ours in ONNX Runtime: its time, and how far it is from what it says here. */
export async function onnxRow(model: Model, batches: readonly Matrix[]): Promise<Row> {
  const predictor = await openPredictor(await importOnnx(onnxOf(model.save())));
  const times: number[] = [];
  let difference = 0;
  for (const batch of batches) {
    const startedMs = performance.now();
    const said = await predictor.predict(batch);
    times.push(((performance.now() - startedMs) * 1_000) / batch.rows);
    model.predict(batch).forEach((value, row) => { difference = Math.max(difference, Math.abs(value - (said[row] as number))); });
  }
  await predictor.close();
  return plainRow('the same model in ONNX Runtime', `a row in batches ${median(times).toFixed(1)} µs, largest difference ${difference.toExponential(1)}`);
}
