/** Predictions whose horizon has ended, and what came of them. Set by set: no statement per prediction. */
import type { Candle, CandleSeries } from '../../domain/market/candle.ts';
import type { Ledger } from '../../domain/ports/ledger.ts';
import type { DuePrediction, Outcome } from '../../domain/predictions/outcome.ts';
import { openTimesOf } from '../../domain/predictions/outcome.ts';
import { timeframeMs } from '../../domain/market/timeframe.ts';
import type { Client, Pool } from '../pool.ts';
import { inTransaction, run, together } from '../pool.ts';
import { announceChange } from './announce.ts';

type OutcomeMethods = Pick<Ledger, 'duePredictions' | 'nextDueAt' | 'candlesBetween' | 'recordOutcomes'>;

/** So many cycles are looked at for a batch at most. */
const CYCLES_MAX = 500;

/** Cycles and requests in the order in which they fall due, while their predictions fit; one always does. */
const DUE = `
  WITH ahead AS (
    SELECT due_at, cycle_id, request_id, coalesce(cycle_id, request_id) AS source, timeframe, predictions FROM due_evaluations
    WHERE portfolio_id = $1 AND due_at <= $2 AND (due_at, coalesce(cycle_id, request_id)) > ($3, $4) ORDER BY due_at, coalesce(cycle_id, request_id) LIMIT ${CYCLES_MAX}
  ), summed AS (SELECT *, sum(predictions) OVER (ORDER BY due_at, source) - predictions AS before FROM ahead)
  SELECT p.prediction_id AS "predictionId", s.source AS "cycleId", p.instrument_id AS "instrumentId", s.timeframe, p.made_at AS "madeAt", p.due_at AS "dueAt", p.horizon_candles AS "horizonCandles",
    p.label_version AS "labelVersion", p.role, p.action, p.sigma, p.cost_bps AS "costBps", p.stop_bps AS "stopBps", p.target_bps AS "targetBps"
  FROM summed s CROSS JOIN LATERAL (
    SELECT * FROM predictions x WHERE x.cycle_id = s.cycle_id AND x.due_at = s.due_at
    UNION ALL SELECT * FROM predictions x WHERE x.request_id = s.request_id AND x.due_at = s.due_at) p
  WHERE s.before < $5 AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.prediction_id = p.prediction_id)
  ORDER BY p.due_at, s.source, p.prediction_id`;

export function createOutcomeMethods(pool: Pool): OutcomeMethods {
  return {
    duePredictions: ({ portfolioId, marketTime, after, limit }) => run<DuePrediction & Record<string, unknown>>(pool, `due predictions of ${portfolioId}`, {
      name: 'due-predictions', text: DUE, values: [portfolioId, marketTime, after?.dueAt ?? -1, after?.cycleId ?? '', limit],
    }),

    nextDueAt: async (portfolioId) => {
      const rows = await run<{ dueAt: number }>(pool, `what is due next of ${portfolioId}`, {
        name: 'next-due', text: 'SELECT due_at AS "dueAt" FROM due_evaluations WHERE portfolio_id = $1 ORDER BY due_at LIMIT 1', values: [portfolioId],
      });
      return rows[0]?.dueAt ?? null;
    },

    candlesBetween: async ({ instrumentIds, timeframe, from, to }) => {
      const rows = await run<Candle & { instrumentId: string }>(pool, 'read candles of a span', {
        name: 'candles-between',
        text: `SELECT instrument_id AS "instrumentId", open_time AS "openTime", open, high, low, close, volume FROM candles
               WHERE instrument_id = ANY($1) AND timeframe = $2 AND open_time >= $3 AND open_time < $4 ORDER BY instrument_id, open_time`,
        values: [instrumentIds, timeframe, from, to],
      });
      const byId = new Map<string, Candle[]>(instrumentIds.map((id) => [id, []]));
      for (const { instrumentId, ...candle } of rows) byId.get(instrumentId)?.push(candle);
      return [...byId].map(([instrumentId, candles]): CandleSeries => ({ instrumentId, timeframe, candles }));
    },

    recordOutcomes: (portfolioId, outcomes) => (outcomes.length === 0 ? Promise.resolve(0) : inTransaction(pool, `record ${outcomes.length} outcomes`, (client) => recordOutcomes(client, portfolioId, outcomes))),
  };
}

/** Whoever records the same at once waits here, and finds it done. The counts are of what was new. */
const INSERT = `
  WITH added AS (
    INSERT INTO outcomes (prediction_id, label_version, state, entry_at, exit_at, entry_price, exit_price, actual, move_bps, return_bps, is_right, exits_return_bps, evidence, evaluated_at)
    SELECT * FROM unnest($2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::float8[], $8::float8[], $9::text[], $10::float8[], $11::float8[], $12::boolean[], $13::float8[], $14::jsonb[], $15::bigint[])
    ON CONFLICT DO NOTHING RETURNING prediction_id, label_version, actual
  ), counted AS (
    INSERT INTO outcome_counts (portfolio_id, label_version, buys, sells, holds)
    SELECT $1, label_version, count(*) FILTER (WHERE actual = 'buy'), count(*) FILTER (WHERE actual = 'sell'), count(*) FILTER (WHERE actual = 'hold')
    FROM added JOIN unnest($16::bigint[]) AS acting(prediction_id) USING (prediction_id) WHERE actual IS NOT NULL GROUP BY label_version
    ON CONFLICT (portfolio_id, label_version) DO UPDATE SET buys = outcome_counts.buys + excluded.buys, sells = outcome_counts.sells + excluded.sells, holds = outcome_counts.holds + excluded.holds
  )
  SELECT count(*)::int AS added FROM added`;

/** A statement of its own: it has to see what was added. */
const FORGET_DONE = `
  DELETE FROM due_evaluations d USING unnest($2::bigint[], $3::text[]) AS touched(due_at, source)
  WHERE d.portfolio_id = $1 AND d.due_at = touched.due_at AND coalesce(d.cycle_id, d.request_id) = touched.source
    AND NOT EXISTS (SELECT 1 FROM predictions p WHERE p.cycle_id = d.cycle_id AND p.due_at = d.due_at AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.prediction_id = p.prediction_id))
    AND NOT EXISTS (SELECT 1 FROM predictions p WHERE p.request_id = d.request_id AND p.due_at = d.due_at AND NOT EXISTS (SELECT 1 FROM outcomes o WHERE o.prediction_id = p.prediction_id))`;

async function recordOutcomes(client: Client, portfolioId: string, outcomes: readonly Outcome[]): Promise<number> {
  const of = <T>(read: (outcome: Outcome) => T): T[] => outcomes.map(read);
  const priced = <T>(read: (outcome: Outcome & { state: 'priced' }) => T): (T | null)[] => outcomes.map((it) => (it.state === 'priced' ? read(it) : null));
  const cycles = new Map(outcomes.map(({ prediction: { dueAt, cycleId } }) => [`${dueAt} ${cycleId}`, { dueAt, cycleId }]));
  const [inserted] = await together(
    client.query<{ added: number }>({
      name: 'insert-outcomes', text: INSERT,
      values: [
        portfolioId, of((it) => it.prediction.predictionId), of((it) => it.prediction.labelVersion), of((it) => it.state), of((it) => it.prediction.madeAt), of(exitAtOf),
        priced((it) => it.entryPrice), priced((it) => it.exitPrice), priced((it) => it.actual), priced((it) => it.moveBps), priced((it) => it.returnBps), priced((it) => it.isRight), priced((it) => it.exitsReturnBps),
        of((it) => (it.state === 'unpriceable' ? JSON.stringify(it.evidence) : null)), of((it) => it.evaluatedAt),
        outcomes.filter((it) => it.prediction.role === 'acting').map((it) => it.prediction.predictionId),
      ],
    }),
    client.query({ name: 'forget-done-evaluations', text: FORGET_DONE, values: [portfolioId, [...cycles.values()].map((it) => it.dueAt), [...cycles.values()].map((it) => it.cycleId)] }),
    announceChange(client),
  );
  return inserted.rows[0]?.added ?? 0;
}

function exitAtOf({ prediction }: Outcome): number {
  return (openTimesOf(prediction).at(-1) ?? prediction.madeAt) + timeframeMs(prediction.timeframe);
}
