/** What `keel performance` reads: predictions with their outcomes, and closed positions with how they came about. */
import type { Vote } from '../domain/cycle/types.ts';
import { timeframeMs } from '../domain/market/timeframe.ts';
import type { Timeframe } from '../domain/market/timeframe.ts';
import type { DecisionFacts } from '../domain/predictions/decision-quality.ts';
import type { JudgedRow } from '../domain/ports/model-store.ts';
import type { Pool } from './pool.ts';
import { run } from './pool.ts';

export interface PerformanceQuery {
  readonly portfolioId: string;
  readonly days: number;
}

/** More rows than this are not read: the newest ones count. */
export const ROWS_MAX = 400_000;

/** The window ends at the newest cycle: the market's own time. */
const SINCE = `(SELECT coalesce(max(close_time), 0) - $2::bigint FROM cycles WHERE portfolio_id = $1)`;
const DAY_MS = 86_400_000;

/** Each model by itself, apart from what it was before it acted. */
const VOTER = `p.voter || CASE WHEN p.voter LIKE 'model/%' THEN '@' || p.voter_version ELSE '' END || CASE p.role WHEN 'shadow' THEN ' on trial' ELSE '' END`;

/** @param whose a condition on the prediction `p` */
const judged = (whose: string): string => `
  SELECT * FROM (
    SELECT p.prediction_id, p.role, ${VOTER} AS voter, p.instrument_id AS "instrumentId", p.regime, p.made_at AS "madeAt", p.due_at AS "dueAt", p.action, p.confidence, p.score,
      jsonb_build_object('buy', p.probability_buy, 'sell', p.probability_sell, 'hold', p.probability_hold) AS probabilities, p.magnitude_bps AS "magnitudeBps", p.decision, p.reason,
      o.actual, o.move_bps AS "moveBps", o.return_bps AS "returnBps", o.is_right AS "isRight", o.exits_return_bps AS "exitsReturnBps"
    FROM predictions p JOIN outcomes o USING (prediction_id)
    WHERE p.portfolio_id = $1 AND p.made_at > ${SINCE} AND o.state = 'priced' AND ${whose} ORDER BY p.made_at DESC, p.prediction_id DESC LIMIT ${ROWS_MAX}) newest
  ORDER BY "madeAt", prediction_id`;

/** Of cycles, in the order in which they were made: what voters are weighed by. */
export async function readJudged(pool: Pool, { portfolioId, days }: PerformanceQuery): Promise<readonly JudgedRow[]> {
  return await run<JudgedRow & Record<string, unknown>>(pool, `outcomes of ${portfolioId}`, { text: judged("p.role <> 'requested'"), values: [portfolioId, days * DAY_MS] });
}

/** Of cycles, what the plans went by. */
export async function readActing(pool: Pool, { portfolioId, days }: PerformanceQuery): Promise<readonly JudgedRow[]> {
  return await run<JudgedRow & Record<string, unknown>>(pool, `acting outcomes of ${portfolioId}`, { text: judged("p.role = 'acting'"), values: [portfolioId, days * DAY_MS] });
}

/** Of requests, each as all voices together foretold. */
export async function readRequested(pool: Pool, { portfolioId, days }: PerformanceQuery): Promise<readonly JudgedRow[]> {
  return await run<JudgedRow & Record<string, unknown>>(pool, `requested outcomes of ${portfolioId}`, { text: judged("p.role = 'requested' AND p.votes IS NOT NULL"), values: [portfolioId, days * DAY_MS] });
}

export interface EvaluationCounts {
  readonly evaluated: number;
  readonly unpriceable: number;
  /** Due by the newest cycle, and without an outcome. */
  readonly overdue: number;
  /** Their horizon has not ended. */
  readonly ahead: number;
}

const COUNTS = `
  SELECT count(*) FILTER (WHERE o.state = 'priced')::int AS evaluated, count(*) FILTER (WHERE o.state = 'unpriceable')::int AS unpriceable,
    count(*) FILTER (WHERE o.state IS NULL AND p.due_at <= newest.at)::int AS overdue, count(*) FILTER (WHERE o.state IS NULL AND p.due_at > newest.at)::int AS ahead
  FROM (SELECT coalesce(max(close_time), 0) AS at FROM cycles WHERE portfolio_id = $1) newest, predictions p LEFT JOIN outcomes o USING (prediction_id)
  WHERE p.portfolio_id = $1 AND p.made_at > newest.at - $2::bigint AND p.due_at IS NOT NULL AND p.role <> 'requested'`;

export async function readEvaluationCounts(pool: Pool, { portfolioId, days }: PerformanceQuery): Promise<EvaluationCounts> {
  const rows = await run<EvaluationCounts & Record<string, unknown>>(pool, `evaluations of ${portfolioId}`, { text: COUNTS, values: [portfolioId, days * DAY_MS] });
  return rows[0] ?? { evaluated: 0, unpriceable: 0, overdue: 0, ahead: 0 };
}

interface PositionRow {
  readonly positionId: string;
  readonly timeframe: Timeframe;
  readonly direction: 'long' | 'short';
  readonly dataQuality: number | null;
  readonly votes: readonly Pick<Vote, 'action'>[] | null;
  readonly regime: string | null;
  readonly steps: readonly { readonly verdict: string }[] | null;
  readonly hasStop: boolean;
  readonly isWithinPlan: boolean;
  readonly worseBps: number | null;
  readonly driftBpsMax: number | null;
  readonly delayMs: number | null;
  readonly policyVersion: number | null;
  readonly netPnl: number;
}

const POSITIONS = `
  SELECT x.position_id AS "positionId", c.timeframe, x.direction, p.data_quality AS "dataQuality", p.votes, p.regime, d.decision->'steps' AS steps, (x.plan->>'stopPrice')::numeric > 0 AS "hasStop",
    x.entry_quantity <= (x.plan->'entry'->>'quantity')::numeric AS "isWithinPlan",
    ((x.entry_price / i.decision_price - 1) * 10000 * CASE x.direction WHEN 'long' THEN 1 ELSE -1 END)::float8 AS "worseBps", i.max_drift_bps AS "driftBpsMax",
    (x.first_fill_at - x.decided_at)::float8 AS "delayMs", c.policy_version AS "policyVersion", (x.realized_pnl - x.fees)::float8 AS "netPnl"
  FROM positions x JOIN cycles c USING (cycle_id)
  LEFT JOIN predictions p ON p.cycle_id = x.cycle_id AND p.instrument_id = x.instrument_id AND p.role = 'acting'
  LEFT JOIN intents i ON i.position_id = x.position_id AND i.leg = 'entry' AND i.revision = 1
  LEFT JOIN LATERAL (SELECT it AS decision FROM jsonb_array_elements(c.plan->'decisions') it WHERE it->>'instrumentId' = x.instrument_id LIMIT 1) d ON true
  WHERE x.portfolio_id = $1 AND x.state = 'closed' AND x.entry_quantity > 0 AND x.decided_at > ${SINCE} ORDER BY x.closed_at DESC LIMIT 10000`;

export interface DecidedPosition {
  readonly positionId: string;
  readonly facts: DecisionFacts;
  /** After fees; before funding. */
  readonly hasWon: boolean;
}

/** Closed positions of the window, newest first. @param stepCount of the chain */
export async function readDecided(pool: Pool, { portfolioId, days }: PerformanceQuery, stepCount: number): Promise<readonly DecidedPosition[]> {
  const rows = await run<PositionRow & Record<string, unknown>>(pool, `positions of ${portfolioId}`, { text: POSITIONS, values: [portfolioId, days * DAY_MS] });
  return rows.map((row) => ({ positionId: row.positionId, hasWon: row.netPnl > 0, facts: factsOf(row, stepCount) }));
}

function factsOf(row: PositionRow, steps: number): DecisionFacts {
  const spoken = (row.votes ?? []).filter((it) => it.action !== 'abstain');
  const said = spoken.filter((it) => it.action === (row.direction === 'long' ? 'buy' : 'sell'));
  return {
    dataQuality: row.dataQuality ?? 0, agreement: said.length / Math.max(1, spoken.length), steps, stepsPassed: (row.steps ?? []).filter((it) => it.verdict === 'passed').length,
    hasStop: row.hasStop, isWithinPlan: row.isWithinPlan, slippageBps: row.worseBps, driftBpsMax: row.driftBpsMax, delayCandles: row.delayMs === null ? null : row.delayMs / timeframeMs(row.timeframe),
    documented: [row.votes !== null, row.regime !== null, row.steps !== null, row.policyVersion !== null],
  };
}
