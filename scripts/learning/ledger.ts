/** What the ledger says of a replay that retrained. */
import type { Pool } from '../../db/pool.ts';
import { run } from '../../db/pool.ts';
import { readActing } from '../../db/performance.ts';
import type { JudgedRow } from '../../domain/ports/model-store.ts';
import type { RuleResult } from '../../domain/validation/gate.ts';
import type { Account } from '../account.ts';
import { readAccount } from '../account.ts';

export interface Retrain {
  readonly outcome: string;
  /** Market clock. */
  readonly asOf: number;
  /** Wall seconds. */
  readonly seconds: number;
}

export interface Tried {
  readonly learner: string;
  readonly outcome: string;
  /** Market clock: of its retrain. */
  readonly asOf: number;
  readonly rules: readonly RuleResult[];
  /** UTC day of the first of `returns`, from 1970-01-01. */
  readonly firstDay: number | null;
  /** Share of the capital per day of the test parts, after costs. */
  readonly returns: readonly number[];
}

export interface LearningFacts extends Account {
  /** Market clock and closes by symbol, as each day's last cycle saw them. */
  readonly closes: readonly { readonly time: number; readonly closes: Readonly<Record<string, number>> }[];
  readonly retrains: readonly Retrain[];
  readonly tried: readonly Tried[];
  readonly acting: readonly JudgedRow[];
  /** Due by the newest cycle, and those of them with an outcome. */
  readonly due: number;
  readonly evaluated: number;
  /** Models that acted or stood trial. */
  readonly moves: Readonly<Record<string, number>>;
}

/** A hundred years: all of it. */
const WHOLE_DAYS = 36_525;

const CLOSES = `
  SELECT close_time::float8 AS time, (SELECT jsonb_object_agg(it->'instrument'->>'id', (it->'candle'->>'close')::float8) FROM jsonb_array_elements(observation->'symbols') it) AS closes
  FROM cycles WHERE recorded_at IS NOT NULL AND close_time % 86400000 = 0 ORDER BY close_time`;
const RETRAINS = `SELECT outcome, as_of::float8 AS "asOf", (ended_at - started_at)::float8 / 1000 AS seconds FROM retrain_runs ORDER BY as_of`;
const TRIED = `
  SELECT t.recipe->>'learner' AS learner, t.outcome, r.as_of::float8 AS "asOf", coalesce(t.rules, '[]') AS rules, t.first_day AS "firstDay", coalesce(t.returns, '{}') AS returns
  FROM validation_trials t JOIN retrain_runs r USING (run_id) ORDER BY t.seq`;
const DUE = `
  SELECT count(*)::int AS due, count(o.prediction_id)::int AS evaluated FROM predictions p LEFT JOIN outcomes o USING (prediction_id)
  WHERE p.due_at <= (SELECT max(close_time) FROM cycles)`;
const MOVES = `SELECT type, count(*)::int AS count FROM domain_events WHERE type LIKE 'model%' GROUP BY 1 ORDER BY 1`;

/** @param pool of the replay's own database, which holds one portfolio */
export async function readLearning(pool: Pool, portfolioId: string): Promise<LearningFacts> {
  const read = async <Row extends object>(what: string, text: string): Promise<readonly Row[]> => await run<Row & Record<string, unknown>>(pool, what, { text });
  const [account, closes, retrains, tried, acting, [due], moves] = await Promise.all([
    readAccount(pool), read<LearningFacts['closes'][number]>('closes', CLOSES), read<Retrain>('retrains', RETRAINS), read<Tried>('trials', TRIED),
    readActing(pool, { portfolioId, days: WHOLE_DAYS }), read<{ due: number; evaluated: number }>('outcomes', DUE), read<{ type: string; count: number }>('moves of models', MOVES),
  ]);
  return {
    ...account, closes, retrains, tried, acting, due: due?.due ?? 0, evaluated: due?.evaluated ?? 0,
    moves: Object.fromEntries(moves.map((it) => [it.type, it.count])),
  };
}
