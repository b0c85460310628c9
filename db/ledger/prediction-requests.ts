/** Predictions on demand: a request, its rows and what is due of them, in one transaction and once per id. */
import type { Ledger } from '../../domain/ports/ledger.ts';
import type { Foreseen } from '../../domain/predictions/prediction.ts';
import type { PredictionAnswer, Requested } from '../../domain/predictions/request.ts';
import { requestedPredictionsOf, silentIn } from '../../domain/predictions/request.ts';
import type { Client, Pool } from '../pool.ts';
import { inTransaction, run, together } from '../pool.ts';
import { announceChange } from './announce.ts';
import { columnsOf, PREDICTION_COLUMNS, PREDICTION_NAMES } from './prediction-rows.ts';

type RequestMethods = Pick<Ledger, 'recordPredictionRequest' | 'predictionRequest'>;

export function createPredictionRequestMethods(pool: Pool): RequestMethods {
  return {
    predictionRequest: async (requestId) => {
      const [request] = await run<{ closeTime: number; observation: Foreseen }>(pool, `read ${requestId}`, {
        text: 'SELECT close_time AS "closeTime", observation FROM prediction_requests WHERE request_id = $1', values: [requestId],
      });
      if (request === undefined) return null;
      const predictions = await run<Requested & Record<string, unknown>>(pool, `predictions of ${requestId}`, { text: ROWS, values: [requestId] });
      return { requestId, closeTime: request.closeTime, predictions, silent: silentIn(request.observation) } satisfies PredictionAnswer;
    },

    recordPredictionRequest: (requestId, seen) => inTransaction(pool, `record ${requestId}`, (client) => record(client, requestId, seen)),
  };
}

const ROWS = `
  SELECT prediction_id AS "predictionId", instrument_id AS "instrumentId", voter, voter_version AS version, action, confidence,
    CASE WHEN probability_buy IS NOT NULL THEN jsonb_build_object('buy', probability_buy, 'sell', probability_sell, 'hold', probability_hold) END AS probabilities,
    magnitude_bps AS "magnitudeBps", horizon_candles AS "horizonCandles", due_at AS "dueAt", regime, because, price::float8 AS price
  FROM predictions WHERE request_id = $1 ORDER BY prediction_id`;

/** Whoever records the same id at once waits at the first statement, and finds it done. */
async function record(client: Client, requestId: string, seen: Foreseen): Promise<void> {
  const { portfolioId, timeframe, closeTime } = seen.candle;
  const { rowCount } = await client.query({
    text: 'INSERT INTO prediction_requests (request_id, portfolio_id, timeframe, close_time, observation) VALUES ($1,$2,$3,$4,$5) ON CONFLICT DO NOTHING',
    values: [requestId, portfolioId, timeframe, closeTime, JSON.stringify(seen)],
  });
  const predictions = requestedPredictionsOf(seen);
  if (rowCount === 0 || predictions.length === 0) return;
  await together(
    client.query({
      text: `INSERT INTO predictions (request_id, trace_id, portfolio_id, made_at, ${PREDICTION_NAMES})
             SELECT $1, $1, $2, $3, r.* FROM jsonb_to_recordset($4::jsonb) AS r(${PREDICTION_COLUMNS})`,
      values: [requestId, portfolioId, closeTime, JSON.stringify(predictions.map(columnsOf))],
    }),
    client.query({
      text: `INSERT INTO due_evaluations (portfolio_id, due_at, request_id, timeframe, predictions)
             SELECT $2, due_at, $1, $3, count(*) FROM predictions WHERE request_id = $1 AND due_at IS NOT NULL GROUP BY due_at`,
      values: [requestId, portfolioId, timeframe],
    }),
    announceChange(client),
  );
}
