/** The label queue: what people are asked, what they said, and which rows are not to be learned from for that. */
import type { RegimeReading, Vote } from '../domain/cycle/types.ts';
import type { Candle } from '../domain/market/candle.ts';
import type { Timeframe } from '../domain/market/timeframe.ts';
import type { ExcludedRow } from '../domain/ports/trainer.ts';
import type { LabelAction } from '../domain/predictions/label.ts';
import type { Probabilities } from '../domain/predictions/prediction.ts';
import { QUEUE_DAYS } from '../domain/teaching/queue.ts';
import type { Evaluated } from '../domain/teaching/queue.ts';
import type { JudgedOpinion, Opinion } from '../domain/teaching/opinions.ts';
import { writeEvents } from './events/outbox.ts';
import { createMarketMethods } from './ledger/market.ts';
import { ROWS_MAX } from './performance.ts';
import type { Pool } from './pool.ts';
import { inTransaction, run } from './pool.ts';

const DAY_MS = 86_400_000;

/** Acting predictions with an outcome of which nobody has spoken; the newest ones. */
const WAITING = `
  SELECT p.prediction_id AS "predictionId", p.instrument_id AS "instrumentId", p.made_at AS "madeAt", p.confidence, ARRAY(SELECT it->>'action' FROM jsonb_array_elements(p.votes) it) AS votes
  FROM predictions p JOIN outcomes o USING (prediction_id)
  WHERE p.portfolio_id = $1 AND p.made_at > $2 AND p.role = 'acting' AND o.state = 'priced' AND NOT EXISTS (SELECT 1 FROM label_opinions l WHERE l.portfolio_id = $1 AND l.prediction_id = p.prediction_id)
  ORDER BY p.made_at DESC, p.prediction_id DESC LIMIT ${ROWS_MAX}`;

/** @param query.now market clock. */
export async function waitingRows(pool: Pool, { portfolioId, now }: { readonly portfolioId: string; readonly now: number }): Promise<readonly Evaluated[]> {
  return await run<Evaluated & Record<string, unknown>>(pool, `label queue of ${portfolioId}`, { text: WAITING, values: [portfolioId, now - QUEUE_DAYS * DAY_MS] });
}

/** A prediction as it stood at its decision: nothing of it was known only later. */
export interface Asked {
  readonly predictionId: number;
  readonly cycleId: string;
  readonly instrumentId: string;
  readonly timeframe: Timeframe;
  /** Market clock. */
  readonly madeAt: number;
  readonly horizonCandles: number;
  readonly action: LabelAction;
  readonly confidence: number;
  readonly probabilities: Probabilities;
  readonly regime: RegimeReading['regime'];
  /** 0..100. */
  readonly dataQuality: number;
  readonly votes: readonly Pick<Vote, 'voter' | 'version' | 'action' | 'confidence'>[];
  readonly because: string;
  readonly price: string;
  /** Whether somebody has spoken of it. */
  readonly hasOpinion: boolean;
}

const ASKED = `
  SELECT p.prediction_id AS "predictionId", p.cycle_id AS "cycleId", p.instrument_id AS "instrumentId", c.timeframe, p.made_at AS "madeAt", p.horizon_candles AS "horizonCandles", p.action, p.confidence,
    jsonb_build_object('buy', p.probability_buy, 'sell', p.probability_sell, 'hold', p.probability_hold) AS probabilities, p.regime, p.data_quality AS "dataQuality", coalesce(p.votes, '[]'::jsonb) AS votes, p.because, p.price,
    EXISTS (SELECT 1 FROM label_opinions l WHERE l.portfolio_id = $1 AND l.prediction_id = p.prediction_id) AS "hasOpinion"
  FROM predictions p JOIN cycles c USING (cycle_id) JOIN outcomes o USING (prediction_id)
  WHERE p.portfolio_id = $1 AND p.prediction_id = $2 AND p.role = 'acting' AND o.state = 'priced'`;

/** @returns null: it is no acting prediction of this portfolio with an outcome. */
export async function askedPrediction(pool: Pool, portfolioId: string, predictionId: number): Promise<Asked | null> {
  const [row] = await run<Asked & Record<string, unknown>>(pool, `prediction ${predictionId}`, { text: ASKED, values: [portfolioId, predictionId] });
  return row ?? null;
}

/** Candles that had closed by the decision, oldest first: no later one is read. @param limit ≥ 1 */
export async function candlesBefore(pool: Pool, { instrumentId, timeframe, madeAt }: Pick<Asked, 'instrumentId' | 'timeframe' | 'madeAt'>, limit: number): Promise<readonly Candle[]> {
  const [series] = await createMarketMethods(pool).candles({ instrumentIds: [instrumentId], timeframe, until: madeAt, limit });
  return series?.candles ?? [];
}

/** One transaction: the row, its event and with it the audit record. */
export async function recordOpinion(pool: Pool, { portfolioId, predictionId, instrumentId, opinion: { mark, regime, by, because } }: {
  readonly portfolioId: string; readonly predictionId: number; readonly instrumentId: string; readonly opinion: Opinion;
}): Promise<void> {
  await inTransaction(pool, `opinion on prediction ${predictionId}`, async (client) => {
    const { rows: [written] } = await client.query<{ seq: number }>({
      text: 'INSERT INTO label_opinions (portfolio_id, prediction_id, mark, regime, actor, because) VALUES ($1,$2,$3,$4,$5,$6) RETURNING seq', values: [portfolioId, predictionId, mark, regime, by, because],
    });
    await writeEvents(client, [{ id: `${portfolioId}/opinion/${written?.seq ?? 0}`, type: 'predictionMarked', subject: portfolioId, portfolioId, traceId: String(predictionId), actor: by, payload: { predictionId, instrumentId, mark, regime, because } }]);
  });
}

const OPINIONS = `
  SELECT DISTINCT ON (p.made_at, p.prediction_id, l.actor) l.mark, l.regime, l.actor AS by, l.because, p.prediction_id AS "predictionId", p.instrument_id AS "instrumentId", p.made_at AS "madeAt", p.due_at AS "dueAt", p.action, p.regime AS "seenRegime", o.return_bps AS "returnBps"
  FROM label_opinions l JOIN predictions p USING (prediction_id) JOIN outcomes o USING (prediction_id)
  WHERE l.portfolio_id = $1 ORDER BY p.made_at, p.prediction_id, l.actor, l.mark = 'skip', l.seq DESC`;

/** Of each person the last one on each prediction (a skip only where there is nothing else), in the order in which the predictions were made. */
export async function opinionsOf(pool: Pool, portfolioId: string): Promise<readonly JudgedOpinion[]> {
  return await run<JudgedOpinion & Record<string, unknown>>(pool, `opinions of ${portfolioId}`, { text: OPINIONS, values: [portfolioId] });
}

const EXCLUDED = `
  SELECT "instrumentId", "decidedAt" FROM (
    SELECT DISTINCT ON (l.prediction_id) l.mark, p.instrument_id AS "instrumentId", p.made_at AS "decidedAt" FROM label_opinions l JOIN predictions p USING (prediction_id)
    WHERE l.portfolio_id = $1 AND l.mark <> 'skip' ORDER BY l.prediction_id, l.seq DESC) last
  WHERE mark = 'badData' ORDER BY "decidedAt", "instrumentId"`;

/** Rows whose last mark is `badData`, whoever made it. */
export async function excludedRows(pool: Pool, portfolioId: string): Promise<readonly ExcludedRow[]> {
  return await run<ExcludedRow & Record<string, unknown>>(pool, `rows that ${portfolioId} must not learn from`, { text: EXCLUDED, values: [portfolioId] });
}
