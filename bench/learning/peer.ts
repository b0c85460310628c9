/** XGBoost beside our boosting: equal parameters, the same rows, one thread each, in turn. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BoostingParameters } from '../../domain/learning/boosting.ts';
import { boosting } from '../../domain/learning/boosting.ts';
import type { Dataset } from '../../domain/learning/dataset.ts';
import type { Model } from '../../domain/learning/learner.ts';
import { aucOf } from '../../domain/learning/metrics.ts';
import type { Row } from '../support/measurement.ts';
import { atLeast, plainRow } from '../support/measurement.ts';
import { median } from '../support/statistics.ts';

/** A Python that can import xgboost; without it there is nothing to compare with, and the rows say so. */
const PYTHON = process.env['KEEL_BENCH_PYTHON'];

/** What means the same in both; neither draws rows or columns. */
export type EqualParameters = Pick<BoostingParameters, 'rounds' | 'learningRate' | 'depthMax' | 'lambda' | 'childWeightMin'>;

/** Binary labels, no weights. */
export interface Parts {
  readonly training: Dataset;
  readonly test: Dataset;
}

interface Peer {
  readonly version: string;
  readonly fitMs: number;
  /** A row, in a batch of 1,000. */
  readonly predictUs: number;
  readonly scores: readonly number[];
}

/** One fit of each. */
export interface Duel {
  readonly model: Model;
  readonly fitMs: number;
  readonly auc: number;
  /** Null without a Python that has it. */
  readonly peer: (Omit<Peer, 'scores'> & { readonly auc: number }) | null;
}

export function duelOf(parameters: EqualParameters, parts: Parts, seed: string): Duel {
  const { training, test } = parts;
  const startedMs = performance.now();
  const model = boosting(parameters).fit(training, { task: { kind: 'binary' }, seed });
  const fitMs = performance.now() - startedMs;
  const peer = xgboostOn(parameters, parts);
  return { model, fitMs, auc: aucOf(test.labels, model.predict(test)), peer: peer === null ? null : { ...peer, auc: aucOf(test.labels, Float64Array.from(peer.scores)) } };
}

function xgboostOn({ rounds, learningRate, depthMax, lambda, childWeightMin }: EqualParameters, { training, test }: Parts): Peer | null {
  if (PYTHON === undefined) return null;
  const native = { objective: 'binary:logistic', tree_method: 'hist', max_depth: depthMax, eta: learningRate, reg_lambda: lambda, min_child_weight: childWeightMin, max_bin: 255, nthread: 1 };
  const folder = mkdtempSync(join(tmpdir(), 'keel-bench-'));
  try {
    const path = join(folder, 'data.f32');
    const columns = [...training.columns.flatMap((column, index) => [column, test.columns[index] as Float32Array]), Float32Array.from(training.labels), Float32Array.from(test.labels)];
    writeFileSync(path, Buffer.concat(columns.map((column) => Buffer.from(column.buffer, column.byteOffset, column.byteLength))));
    const script = new URL('xgboost_hist.py', import.meta.url).pathname;
    const sizes = [training.rows + test.rows, training.columns.length, training.rows].map(String);
    return JSON.parse(execFileSync(PYTHON, [script, path, ...sizes, JSON.stringify(native), String(rounds)], { maxBuffer: 1 << 26, encoding: 'utf8' })) as Peer;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param named the row of ours. @param same how the rows beside it call it. */
export function peerRows(duels: readonly Duel[], { named, same }: { readonly named: string; readonly same: string }): readonly Row[] {
  const peers = duels.flatMap(({ fitMs, auc, peer }) => (peer === null ? [] : [{ ...peer, difference: auc - peer.auc, ratio: fitMs / peer.fitMs }]));
  const [first] = peers;
  if (first === undefined) return [plainRow(`${same}, XGBoost`, 'not measured: KEEL_BENCH_PYTHON names no Python with xgboost')];
  const differences = peers.map(({ difference }) => difference);
  const ratio = median(peers.map((it) => it.ratio));
  const mean = atLeast(`${same}: AUC less XGBoost's, mean of ${peers.length}`, differences.reduce((a, b) => a + b) / differences.length, { goal: -0.003, unit: '' });
  return [
    plainRow(`${same}, XGBoost`, `${first.version} hist: ${Math.round(median(peers.map((it) => it.fitMs)))} ms, AUC ${median(peers.map((it) => it.auc)).toFixed(4)}, a row in batches ${median(peers.map((it) => it.predictUs)).toFixed(1)} µs`),
    { what: `${named}: time over XGBoost's`, measured: ratio.toFixed(2), goal: '≤ 2', isMet: ratio <= 2, ratio },
    { ...mean, measured: `${mean.measured.trim()} (least ${Math.min(...differences).toFixed(4)}, most ${Math.max(...differences).toFixed(4)})` },
  ];
}
