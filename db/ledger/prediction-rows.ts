/** Predictions as rows: of a cycle, and of a request. */
import type { Prediction } from '../../domain/predictions/prediction.ts';

/** As `jsonb_to_recordset` reads them. */
export const PREDICTION_COLUMNS = `instrument_id text, voter text, voter_version text, role text, action text, score float8, confidence float8, probability_buy float8, probability_sell float8, probability_hold float8,
  because text, regime text, price numeric, feature_set text, feature_vector float8[], direction text, magnitude_bps float8, horizon_candles int, due_at bigint, label_version text, sigma float8, cost_bps float8,
  stop_bps float8, target_bps float8, data_quality float8, votes jsonb, decision text, reason text`;
export const PREDICTION_NAMES = PREDICTION_COLUMNS.split(',').map((column) => column.trim().split(' ')[0]).join(', ');

export function columnsOf(it: Prediction): Readonly<Record<string, unknown>> {
  return {
    instrument_id: it.instrumentId, voter: it.voter, voter_version: it.version, role: it.role, action: it.action, score: it.score, confidence: it.confidence,
    probability_buy: it.probabilities?.buy, probability_sell: it.probabilities?.sell, probability_hold: it.probabilities?.hold, because: it.because, regime: it.regime, price: String(it.price),
    feature_set: it.featureSet, feature_vector: it.featureVector, direction: it.direction, magnitude_bps: it.magnitudeBps, horizon_candles: it.horizonCandles, due_at: it.dueAt, label_version: it.labelVersion,
    sigma: it.sigma, cost_bps: it.costBps, stop_bps: it.stopBps, target_bps: it.targetBps, data_quality: it.dataQuality, votes: it.votes, decision: it.decision, reason: it.reason,
  };
}
