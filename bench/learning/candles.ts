/** Our boosting beside XGBoost on what it is for: recorded candles, in rows as a retrain makes them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { warmupCandlesOf } from '../../domain/features/feature-set.ts';
import { STANDARD_FEATURES } from '../../domain/features/standard/index.ts';
import { BOOSTING, boostingParametersOf } from '../../domain/learning/boosting.ts';
import { pickRows } from '../../domain/learning/dataset.ts';
import { timeframeMs } from '../../domain/market/timeframe.ts';
import { RULE_LABEL } from '../../domain/predictions/label.ts';
import { PROFILES } from '../../domain/retraining/profile.ts';
import { CLASSES, datasetOf, fittedBand } from '../../domain/validation/classes.ts';
import { purged, spanOf } from '../../domain/validation/folds.ts';
import type { LabelledRows } from '../../domain/validation/rows.ts';
import { opened } from '../../models/shared-snapshot.ts';
import { makeSnapshot, sharedSnapshot } from '../../models/training.ts';
import { loadStrategy } from '../../strategies/load.ts';
import { seriesOf } from '../../test/support/fitted-model.ts';
import { recordedCandles } from '../../venues/recorded-candles.ts';
import type { Row } from '../support/measurement.ts';
import { plainRow } from '../support/measurement.ts';
import { median } from '../support/statistics.ts';
import type { EqualParameters, Parts } from './peer.ts';
import { duelOf, peerRows } from './peer.ts';

/** As `keel replay --data` takes it, hourly. */
const FOLDER = process.env['KEEL_BENCH_CANDLES'];
const TIMEFRAME = '1h';
const SPANS = 10;
const TRAINING = 20_000;
/** A test part with fewer tells the two libraries apart by luck alone. */
const TESTED_MIN = 5_000;

/** Those of the deepest trees that a retrain tries by itself. What it draws of rows and columns is left out: each library would draw its own. */
const PARAMETERS: EqualParameters = PROFILES.usual.learners.filter(({ learner }) => learner === BOOSTING).map(({ parameters }) => boostingParametersOf(BOOSTING, parameters))
  .map(({ rounds, learningRate, depthMax, lambda, childWeightMin }) => ({ rounds, learningRate, depthMax, lambda, childWeightMin }))
  .reduce((deepest, it) => (it.depthMax > deepest.depthMax ? it : deepest));

/**
 * Equal parameters leave nothing to a seed, and draws of the same rows would share one test and its luck: so there are ten
 * spans, one after the other, each with a test of its own.
 */
export async function candleRows({ isQuick }: { readonly isQuick: boolean }): Promise<readonly Row[]> {
  const named = `boosting on recorded candles, ${TRAINING} × ${STANDARD_FEATURES.features.length}, ${PARAMETERS.rounds} trees, depth ${PARAMETERS.depthMax}`;
  if (FOLDER === undefined) return [plainRow(named, 'not measured: KEEL_BENCH_CANDLES names no folder of candles')];
  const rows = await retrainRows(FOLDER);
  const tested = Math.floor((rows.rows - TRAINING - RULE_LABEL.horizonCandles * rows.instruments.length) / SPANS);
  if (tested < TESTED_MIN) return [plainRow(named, `not measured: the candles give ${rows.rows} rows, ${SPANS} spans need ${TRAINING + SPANS * TESTED_MIN}`)];
  const spans = Array.from({ length: SPANS }, (_, span) => rows.rows - (SPANS - span) * tested);
  const duels = (isQuick ? [0, SPANS - 1] : [...spans.keys()]).map((span) => duelOf(PARAMETERS, partsOf(rows, { from: spans[span] as number, tested }), `candles ${span}`));
  return [
    plainRow(named, `${Math.round(median(duels.map((it) => it.fitMs)))} ms, AUC ${median(duels.map((it) => it.auc)).toFixed(4)} of ${CLASSES[0]} or not, median of ${duels.length} spans, each tested on the ${tested} rows after it`),
    ...peerRows(duels, { named, same: 'the same candles' }),
  ];
}

/** Every candle of every symbol that is warmed up, labelled, as the data set of a retrain. */
async function retrainRows(candles: string): Promise<LabelledRows> {
  const source = await recordedCandles({ folder: candles, timeframe: TIMEFRAME });
  const length = source.length ?? 0;
  const at = (index: number): number => source.startTime + index * timeframeMs(TIMEFRAME);
  const folder = mkdtempSync(join(tmpdir(), 'keel-bench-'));
  try {
    const { dataHash } = await makeSnapshot(folder, {
      asOf: at(length), from: at(warmupCandlesOf(STANDARD_FEATURES, TIMEFRAME)), timeframe: TIMEFRAME, label: RULE_LABEL.version, halfLifeMs: PROFILES.usual.halfLifeMs,
      instruments: source.instruments, series: seriesOf(source, length), rules: null,
    }, { set: STANDARD_FEATURES, strategy: await loadStrategy('ensemble') });
    return opened(await sharedSnapshot(folder, dataHash)).rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The rows from one on are tested; the newest before them whose labels have ended by then are learned from, and the hold band is fitted on these. */
function partsOf(rows: LabelledRows, { from, tested }: { readonly from: number; readonly tested: number }): Parts {
  const test = Int32Array.from({ length: tested }, (_, index) => from + index);
  const training = purged(rows, Int32Array.from({ length: from }, (_, index) => index), spanOf(rows, test)).slice(-TRAINING);
  const { names, columns, labels } = datasetOf(rows, fittedBand(rows, training));
  const data = { names, columns, rows: rows.rows, labels: labels.map((place) => (place === CLASSES.indexOf('buy') ? 1 : 0)) };
  return { training: pickRows(data, training), test: pickRows(data, test) };
}
