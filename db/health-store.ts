/** Health checks in PostgreSQL. Apart from the ledger: nothing hangs on a single check, and the next one follows soon. */
import { KeelError } from '../domain/errors.ts';
import { hasFailed, nextCheck, toldChange, toldCheck } from '../domain/health/check.ts';
import type { Situation, WorkerWord } from '../domain/health/stops.ts';
import { withWords } from '../domain/health/stops.ts';
import type { HealthCheck, PartChange } from '../domain/health/types.ts';
import { storedProblem } from '../domain/policy/fallback.ts';
import type { Policy } from '../domain/policy/policy.ts';
import type { HealthHistory, HealthSigns, HealthStanding, HealthStore, HealthTrend, RecordedCheck, WorkerSaid } from '../domain/ports/health.ts';
import type { NewEvent } from './events/outbox.ts';
import { writeEvents } from './events/outbox.ts';
import type { PolicyRow } from './held-policy.ts';
import { heldPolicyOf } from './held-policy.ts';
import type { Client, Pool, Queryable } from './pool.ts';
import { inTransaction, run, together } from './pool.ts';
import { ofPortfolio } from './rows.ts';

/** Checks that are kept. @source risk.md, "Health" */
const KEPT = 100;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TREND_MS = DAY_MS;
/** A monitor waits no longer: no answer is an answer too. */
const READ_TIMEOUT_MS = 2_000;

/** Whoever looks has stopped in good order: the queue on which checks run. @source activities/registry.ts, `checkHealth` */
const IS_STOPPED = `parts @> '[{"part": "workers.trading", "state": "stopped"}]'::jsonb`;
const CHECK_COLUMNS = 'checked_at AS at, level, parts';
const NEWEST = `SELECT seq, ${CHECK_COLUMNS}, ${IS_STOPPED} AS "isStopped" FROM health_checks WHERE portfolio_id = $1 ORDER BY seq DESC LIMIT 1`;
const POLICY = 'SELECT version, policy FROM policy_versions WHERE portfolio_id = $1 ORDER BY version DESC LIMIT 1'; // past the store's view: health is looked at while the store does not answer, and whatever is stored

const SIGNS = `
  SELECT pf.mode = 'replay' AS "isReplay", (w.memory->>'machineryAt')::float8 - coalesce((w.memory->'machinery'->>'feedAgeMs')::float8, 0) AS "accountHeardAt",
    coalesce((w.memory->'machinery'->>'isFeedCorrupt')::boolean, false) AS "isAccountFeedCorrupt",
    (SELECT to_jsonb(v) FROM (${POLICY}) v) AS policy,
    (SELECT jsonb_build_object('closeTime', c.value, 'writtenAt', c.written_at) FROM venue_cursors c WHERE c.portfolio_id = $1 AND c.name = $2) AS "newestCandle",
    (SELECT jsonb_build_object('closeTime', c.close_time, 'writtenAt', c.recorded_at) FROM cycles c WHERE c.portfolio_id = $1 AND c.strategy = pf.strategy AND c.timeframe = pf.timeframe AND c.recorded_at IS NOT NULL ORDER BY c.close_time DESC LIMIT 1) AS "lastCycle",
    (SELECT jsonb_build_object('writtenAt', t."writtenAt", 'oldestDueAt', t."oldestDueAt") FROM (SELECT (SELECT min(e.due_at) FROM due_evaluations e WHERE e.portfolio_id = $1) AS "oldestDueAt",
      (SELECT o.written_at FROM outcomes o JOIN predictions p USING (prediction_id) WHERE p.portfolio_id = $1 ORDER BY o.prediction_id DESC LIMIT 1) AS "writtenAt") t WHERE t."writtenAt" IS NOT NULL OR t."oldestDueAt" IS NOT NULL) AS evaluation,
    (SELECT jsonb_build_object('asOf', r.as_of, 'writtenAt', r.ended_at) FROM retrain_runs r WHERE r.portfolio_id = $1 AND r.outcome <> 'failed' ORDER BY r.as_of DESC LIMIT 1) AS "lastRetrain"
  FROM portfolios pf LEFT JOIN guard_watch w USING (portfolio_id) WHERE pf.portfolio_id = $1`;

interface SignsRecord extends Omit<HealthSigns, 'policy' | 'isRecordOnly'>, Record<string, unknown> {
  readonly isReplay: boolean;
  readonly policy: PolicyRow;
}

export function createHealthStore(pool: Pool): HealthStore {
  const standing = async (portfolioId: string): Promise<HealthStanding> => {
    const query = { name: 'health-standing', text: `SELECT h.at, h.level, h."isStopped", p.version, p.policy FROM (${POLICY}) p LEFT JOIN (${NEWEST}) h ON true`, values: [portfolioId], query_timeout: READ_TIMEOUT_MS };
    const rows = await run<{ at: number | null; level: HealthCheck['level'] | null; isStopped: boolean | null } & PolicyRow>(pool, `health of ${portfolioId}`, query);
    const { at, level, isStopped, ...row } = ofPortfolio(rows[0], portfolioId);
    const { policy } = await heldPolicyOf(pool, portfolioId, row, { query_timeout: READ_TIMEOUT_MS });
    return { newest: at === null || level === null ? null : { at, level, isStopped: isStopped === true }, staleMs: policy.healthStaleS * 1_000 };
  };

  return {
    standing,

    signs: async ({ portfolioId, feedCursor }) => {
      const query = { name: 'health-signs', text: SIGNS, values: [portfolioId, feedCursor], query_timeout: READ_TIMEOUT_MS };
      const rows = await run<SignsRecord>(pool, `signs of ${portfolioId}`, query);
      const { policy: newest, isReplay, ...signs } = ofPortfolio(rows[0], portfolioId);
      const { policy, problems } = await heldPolicyOf(pool, portfolioId, newest, { query_timeout: READ_TIMEOUT_MS });
      return { ...signs, isRecordOnly: isReplay && !policy.machineryInReplay, policy: { refused: problems.length, problem: storedProblem({ version: newest.version, problems }) } };
    },

    record: (portfolioId, readings, at) => inTransaction(pool, `health of ${portfolioId}`, async (client) => {
      await lockPortfolio(client, portfolioId);
      const { policy, before, situation } = await readBefore(client, portfolioId, at);
      const unhealthyParts = policy.criticalUnhealthyParts;
      const { check, changes } = nextCheck(before, withWords(readings, situation), { at, unhealthyParts });
      const seq = await writeCheck(client, portfolioId, check);
      await together(writeTrend(client, portfolioId, check), writeEvents(client, changes.map((change) => eventOf(portfolioId, seq, check, change))));
      return { check, nextMs: (hasFailed(check) ? policy.healthRecheckS : policy.healthCheckS) * 1_000, unhealthyParts } satisfies RecordedCheck;
    }),

    tell: async (portfolioId, said) => {
      if (said.state === 'running') return await writeWord(pool, portfolioId, said);
      await inTransaction(pool, `the word of ${said.workerId}`, async (client) => {
        await lockPortfolio(client, portfolioId);
        await client.query({ name: 'write-word', text: WRITE_WORD, values: wordValues(portfolioId, said) });
        const { policy, before, situation } = await readBefore(client, portfolioId, said.at);
        const told = before === null ? null : toldCheck(before, situation, { unhealthyParts: policy.criticalUnhealthyParts, staleMs: policy.healthStaleS * 1_000 });
        if (told === null) return;
        const seq = await writeCheck(client, portfolioId, told.check);
        await writeEvents(client, told.changes.map((change) => eventOf(portfolioId, seq, told.check, change)));
      });
    },

    history: async (portfolioId): Promise<HealthHistory> => {
      const stands = await standing(portfolioId);
      const checks = await run<HealthCheck & Record<string, unknown>>(pool, `checks of ${portfolioId}`, { text: `SELECT ${CHECK_COLUMNS} FROM health_checks WHERE portfolio_id = $1 ORDER BY seq DESC LIMIT ${KEPT}`, values: [portfolioId] });
      const trend = await run<HealthTrend & Record<string, unknown>>(pool, `health trend of ${portfolioId}`, { text: 'SELECT part, hour_at AS "hourAt", checks, degraded, unhealthy FROM health_trend WHERE portfolio_id = $1 ORDER BY hour_at, part', values: [portfolioId] });
      return { ...stands, checks, trend };
    },
  };
}

async function lockPortfolio(client: Queryable, portfolioId: string): Promise<void> {
  await client.query({ name: 'lock-portfolio', text: 'SELECT 1 FROM portfolios WHERE portfolio_id = $1 FOR NO KEY UPDATE', values: [portfolioId] });
}

const WRITE_WORD = `INSERT INTO worker_words (portfolio_id, part, worker_id, state, at) SELECT $1, part, $2, $3, $4 FROM unnest($5::text[]) AS p(part)
  ON CONFLICT (portfolio_id, part, worker_id) DO UPDATE SET state = excluded.state, at = excluded.at`;
const wordValues = (portfolioId: string, { workerId, parts, state, at }: WorkerSaid): unknown[] => [portfolioId, workerId, state, at, parts];

/** What others of the same queues said long ago is over, now that one runs. */
async function writeWord(pool: Pool, portfolioId: string, said: WorkerSaid): Promise<void> {
  const query = {
    name: 'write-running', text: `WITH forgotten AS (DELETE FROM worker_words WHERE portfolio_id = $1 AND part = ANY($5::text[]) AND worker_id <> $2 AND at < $4::bigint - ${DAY_MS}) ${WRITE_WORD}`,
    values: wordValues(portfolioId, said), query_timeout: READ_TIMEOUT_MS,
  };
  await run(pool, `the word of ${said.workerId}`, query);
}

/** What must be watched: nothing that matters is open in a replay. */
const IS_OPEN = `
  SELECT pf.mode <> 'replay' AND (EXISTS (SELECT 1 FROM positions p WHERE p.portfolio_id = $1 AND p.state <> 'closed')
    OR EXISTS (SELECT 1 FROM orders o WHERE o.portfolio_id = $1 AND o.state NOT IN ('filled', 'canceled', 'rejected', 'halted', 'expired'))) AS "isOpen" FROM portfolios pf WHERE pf.portfolio_id = $1`;

interface Before {
  readonly policy: Policy;
  readonly before: HealthCheck | null;
  readonly situation: Situation;
}

/** Statements after the lock: they see what another check wrote meanwhile. */
async function readBefore(client: Queryable, portfolioId: string, at: number): Promise<Before> {
  const [policies, checks, words, open] = await together(
    client.query<PolicyRow & Record<string, unknown>>({ name: 'health-policy', text: POLICY, values: [portfolioId] }),
    client.query<HealthCheck & Record<string, unknown>>({ name: 'health-newest', text: NEWEST, values: [portfolioId] }),
    client.query<WorkerWord & Record<string, unknown>>({ name: 'health-words', text: 'SELECT part, state, at FROM worker_words WHERE portfolio_id = $1', values: [portfolioId] }),
    client.query<{ isOpen: boolean }>({ name: 'health-open', text: IS_OPEN, values: [portfolioId] }),
  );
  const { policy } = await heldPolicyOf(client, portfolioId, ofPortfolio(policies.rows[0], portfolioId));
  return { policy, before: checks.rows[0] ?? null, situation: { words: words.rows, isOpen: ofPortfolio(open.rows[0], portfolioId).isOpen, at } };
}

async function writeCheck(client: Client, portfolioId: string, { at, level, parts }: HealthCheck): Promise<number> {
  const { rows } = await client.query<{ seq: number }>({ name: 'write-health', text: 'INSERT INTO health_checks (portfolio_id, checked_at, level, parts) VALUES ($1,$2,$3,$4) RETURNING seq', values: [portfolioId, at, level, JSON.stringify(parts)] });
  const seq = rows[0]?.seq;
  if (seq === undefined) throw new KeelError('INVARIANT', `a health check of ${portfolioId} was written without a number`);
  await client.query({ name: 'forget-health', text: `DELETE FROM health_checks WHERE portfolio_id = $1 AND seq < (SELECT seq FROM health_checks WHERE portfolio_id = $1 ORDER BY seq DESC OFFSET ${KEPT - 1} LIMIT 1)`, values: [portfolioId] });
  return seq;
}

async function writeTrend(client: Client, portfolioId: string, { at, parts }: HealthCheck): Promise<void> {
  const hourAt = Math.floor(at / HOUR_MS) * HOUR_MS;
  await together(
    client.query({
      name: 'write-health-trend',
      text: `INSERT INTO health_trend AS t (portfolio_id, part, hour_at, checks, degraded, unhealthy)
             SELECT $1, p.part, $2, 1, (p.state = 'degraded')::int, (p.state = 'unhealthy')::int FROM jsonb_to_recordset($3::jsonb) AS p(part text, state text) WHERE p.state NOT IN ('starting', 'stopping', 'stopped')
             ON CONFLICT (portfolio_id, part, hour_at) DO UPDATE SET checks = t.checks + 1, degraded = t.degraded + excluded.degraded, unhealthy = t.unhealthy + excluded.unhealthy`,
      values: [portfolioId, hourAt, JSON.stringify(parts)],
    }),
    client.query({ name: 'forget-health-trend', text: 'DELETE FROM health_trend WHERE portfolio_id = $1 AND hour_at <= $2', values: [portfolioId, hourAt - TREND_MS] }),
  );
}

function eventOf(portfolioId: string, seq: number, check: HealthCheck, change: PartChange): NewEvent {
  return { id: `${portfolioId}/health/${seq}/${change.part}`, type: 'serviceHealthChanged', subject: portfolioId, portfolioId, traceId: portfolioId, actor: 'keel', payload: toldChange(check, change) };
}
