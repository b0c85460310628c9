import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { boosting } from '../domain/learning/boosting.ts';
import type { Dataset } from '../domain/learning/dataset.ts';
import { aucOf } from '../domain/learning/metrics.ts';
import type { Model } from '../domain/learning/learner.ts';
import { libraryRow, onnxRow } from './learning/foreign.ts';
import { FEATURES, plantedData } from './learning/planted.ts';
import type { BenchOptions, Row } from './support/measurement.ts';
import { atLeast, atMost, plainRow } from './support/measurement.ts';
import { median } from './support/statistics.ts';

const TRAINING = 20_000;
const TESTED = 20_000;
const ROUNDS = 300;
const PARAMETERS = { rounds: ROUNDS, learningRate: 0.1, depthMax: 6, lambda: 1, childWeightMin: 1 } as const;
const XGBOOST_PARAMETERS = { objective: 'binary:logistic', tree_method: 'hist', max_depth: 6, eta: 0.1, reg_lambda: 1, min_child_weight: 1, max_bin: 256, nthread: 1 } as const;
/** A Python that can import xgboost; without it there is nothing to compare with, and the rows say so. */
const PYTHON = process.env['KEEL_BENCH_PYTHON'];

interface Peer {
  readonly version: string;
  readonly fitMs: number;
  /** A row, in a batch of 1,000. */
  readonly predictUs: number;
  readonly scores: readonly number[];
}

function partOf({ names, columns, labels }: Dataset, from: number, to: number): Dataset {
  return { names, columns: columns.map((column) => column.subarray(from, to)), labels: labels.subarray(from, to), rows: to - from };
}

function xgboostOn(data: Dataset): Peer | null {
  if (PYTHON === undefined) return null;
  const folder = mkdtempSync(join(tmpdir(), 'keel-bench-'));
  try {
    const path = join(folder, 'data.f32');
    writeFileSync(path, Buffer.concat([...data.columns, Float32Array.from(data.labels)].map((column) => Buffer.from(column.buffer, column.byteOffset, column.byteLength))));
    const script = new URL('learning/xgboost_hist.py', import.meta.url).pathname;
    return JSON.parse(execFileSync(PYTHON, [script, path, String(data.rows), String(FEATURES), String(TRAINING), JSON.stringify(XGBOOST_PARAMETERS), String(ROUNDS)], { maxBuffer: 1 << 26, encoding: 'utf8' })) as Peer;
  } finally {
    rmSync(folder, { recursive: true });
  }
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

/** Boosting against XGBoost with equal parameters, on sets with something planted; one thread each, in turn. */
export async function benchLearning({ isQuick }: BenchOptions): Promise<readonly Row[]> {
  const runs = Array.from({ length: isQuick ? 2 : 10 }, (_, seed) => {
    const data = plantedData(TRAINING + TESTED, `planted ${seed}`);
    const test = partOf(data, TRAINING, data.rows);
    const startedMs = performance.now();
    const model = boosting(PARAMETERS).fit(partOf(data, 0, TRAINING), { task: { kind: 'binary' }, seed: String(seed) });
    const fitMs = performance.now() - startedMs;
    const peer = xgboostOn(data);
    return { fitMs, model, data, test, auc: aucOf(test.labels, model.predict(test)), peer, peerAuc: peer === null ? NaN : aucOf(test.labels, Float64Array.from(peer.scores)) };
  });
  const [last] = runs.slice(-1);
  if (last === undefined) throw new Error('no runs');
  const fitMs = median(runs.map((run) => run.fitMs));
  const named = `boosting, ${TRAINING} × ${FEATURES}, ${ROUNDS} trees, depth 6`;
  return [
    plainRow(`${named}, median of ${runs.length}`, `${Math.round(fitMs)} ms, AUC ${median(runs.map((run) => run.auc)).toFixed(4)}`),
    ...peerRows(runs.flatMap(({ peer, peerAuc, auc, fitMs: ms }) => (peer === null ? [] : [{ peer, peerAuc, auc, ms }])), named),
    atMost('inference, a row alone, p50', inferenceUs(last.model, last.test, { batch: 1, batches: 4_000 }), { goal: 20, unit: 'µs' }),
    atMost('inference, a row in batches of 1,000, p50', inferenceUs(last.model, last.test, { batch: 1_000, batches: 20 }), { goal: 3, unit: 'µs' }),
    libraryRow(PARAMETERS, partOf(last.data, 0, TRAINING), last.test, (model) => inferenceUs(model, last.test, { batch: 1_000, batches: 20 })),
    await onnxRow(last.model, Array.from({ length: 20 }, (_, batch) => partOf(last.test, batch * 1_000, (batch + 1) * 1_000))),
  ];
}

function peerRows(runs: readonly { readonly peer: Peer; readonly peerAuc: number; readonly auc: number; readonly ms: number }[], named: string): readonly Row[] {
  const [first] = runs;
  if (first === undefined) return [plainRow('the same, XGBoost', 'not measured: KEEL_BENCH_PYTHON names no Python with xgboost')];
  const differences = runs.map(({ auc, peerAuc }) => auc - peerAuc);
  const ratio = median(runs.map(({ ms, peer }) => ms / peer.fitMs));
  return [
    plainRow(`the same, XGBoost ${first.peer.version} hist`, `${Math.round(median(runs.map(({ peer }) => peer.fitMs)))} ms, AUC ${median(runs.map((run) => run.peerAuc)).toFixed(4)}, a row in batches ${median(runs.map(({ peer }) => peer.predictUs)).toFixed(1)} µs`),
    { what: `${named}: time over XGBoost's`, measured: ratio.toFixed(2), goal: '≤ 2', isMet: ratio <= 2, ratio },
    atLeast(`the same: AUC less XGBoost's, mean of the seeds (least ${Math.min(...differences).toFixed(4)}, most ${Math.max(...differences).toFixed(4)})`, differences.reduce((a, b) => a + b) / differences.length, { goal: -0.003, unit: '' }),
  ];
}
