import { STANDARD_FEATURES } from '../../domain/features/standard/index.ts';
import { computeColumns } from '../../domain/features/feature-set.ts';
import { marketRowsOf } from '../../domain/features/rows.ts';
import { artefactHash } from '../../domain/learning/artefact.ts';
import { pickRows } from '../../domain/learning/dataset.ts';
import type { Model } from '../../domain/learning/learner.ts';
import { loadModel } from '../../domain/learning/load.ts';
import type { Candle, CandleSeries } from '../../domain/market/candle.ts';
import type { CandleSource } from '../../domain/market/candle-source.ts';
import { RULE_LABEL, withBand } from '../../domain/predictions/label.ts';
import { knownSpaceOf } from '../../domain/promotion/novelty.ts';
import type { ServedModel } from '../../domain/promotion/served-model.ts';
import { datasetOf } from '../../domain/validation/classes.ts';
import { wholeFold } from '../../domain/validation/folds.ts';
import { assembleRows } from '../../domain/validation/rows.ts';
import { fitFold, foldTermsOf } from '../../models/fold.ts';

export interface FittedModel {
  readonly modelId: string;
  readonly artefact: Uint8Array;
  readonly model: Model;
  readonly description: ServedModel;
}

const PLACE = { folds: 1, testShare: 0.1, stoppingShare: 0.1, calibrationShare: 0.25 };
const WARM_UP = 1_524;

/** Closed candles of a market as the ledger holds them. */
export function seriesOf(source: CandleSource, count: number): readonly CandleSeries[] {
  const plain = ({ openTime, open, high, low, close, volume }: Candle): Candle => ({ openTime, open, high, low, close, volume });
  return source.instruments.map(({ id }) => ({ instrumentId: id, timeframe: source.timeframe, candles: source.history(id, count, count).map(plain) }));
}

/** A calibrated model of a market's first hourly candles, made as retraining makes one, and small. @param count more than the warm-up. */
export function fittedModel(source: CandleSource, count: number, { learner, seed, parameters }: { readonly learner: 'boosting' | 'linear'; readonly seed: string; readonly parameters: Readonly<Record<string, unknown>> }): FittedModel {
  const series = seriesOf(source, count);
  const rows = marketRowsOf(series, '1h');
  const histories = source.instruments.map((instrument, index) => {
    const { candles } = series[index] as CandleSeries;
    return { instrumentId: instrument.id, listedFrom: source.startTime + WARM_UP * 3_600_000, listedUntil: null, candles, features: computeColumns(STANDARD_FEATURES, '1h', rows.get(instrument.id) ?? []), costBps: 12 };
  });
  const names = STANDARD_FEATURES.features.map((it) => it.name);
  const labelled = assembleRows(histories, { asOf: source.startTime + count * 3_600_000, timeframe: '1h', featureNames: names, label: RULE_LABEL, halfLifeMs: 90 * 86_400_000 }).rows;
  const fold = wholeFold(labelled, PLACE);
  const artefact = fitFold(labelled, fold, { learner, parameters }, seed);
  const model = loadModel(artefact);
  const importances = model.importances();
  const { holdBand } = foldTermsOf(labelled, fold);
  return {
    modelId: artefactHash(artefact), artefact, model,
    description: {
      learner, parameters: { ...parameters }, seed, featureSet: 'standard/2', timeframe: '1h', label: withBand(RULE_LABEL, holdBand).version, instruments: null, edges: Array.from({ length: 101 }, (_, percent) => percent / 250),
      known: knownSpaceOf(pickRows(datasetOf(labelled, holdBand), fold.fit), importances, seed), promised: null, metrics: {}, importances: importances.filter((it) => it.share > 0).map((it) => ({ ...it })),
    },
  };
}
