import { exact, ofPortfolio } from '../../db/rows.ts';
import { guardStateOf } from '../../domain/emergency/guard.ts';
import type { EmergencyFact, EmergencyFacts, FenceFact, OpeningFact, PolicyFact } from '../../domain/verify/emergency-facts.ts';

const GUARD = `SELECT f.epoch, f.halted, g.state, g.updated_at AS "changedAt" FROM fence f JOIN guard_state g USING (portfolio_id) WHERE f.portfolio_id = $1`;

const FENCE_HISTORY = `SELECT epoch, halted, changed_at AS "changedAt" FROM fence_history WHERE portfolio_id = $1 ORDER BY seq`;

const STEPS = `SELECT type, payload->>'emergencyId' AS "emergencyId", (payload->>'round')::int AS round, payload->>'from' AS "from", payload->>'to' AS "to", time AS at
  FROM domain_events WHERE portfolio_id = $1 AND type IN ('emergencyTriggered', 'emergencySealed', 'emergencyRecovered') ORDER BY seq`;

const CLAIMS = `SELECT e.client_order_id AS "clientOrderId", max(e.at) AS at FROM order_events e JOIN intents i USING (client_order_id)
  WHERE i.portfolio_id = $1 AND i.leg = 'entry' AND e.kind = 'claimed' GROUP BY 1`;

/** Numbers that cycles from before they were told do not hold bind nothing. */
const OPENINGS = `
  SELECT c.cycle_id AS "cycleId", o->>'positionId' AS "positionId", (o->>'leverage')::float8 AS leverage, coalesce((a.account->'policy'->>'leverageMax')::float8, 'Infinity') AS "leverageMax",
    n.notional::text, coalesce((a.account->'policy'->>'notionalMax')::numeric, n.notional)::text AS "notionalMax",
    array_remove(ARRAY[CASE WHEN (a.account->'fence'->>'halted')::boolean THEN 'fence' END, CASE WHEN (a.account->'overlay'->>'emergencyMode')::boolean THEN 'emergency' END,
      CASE WHEN NOT (a.account->'policy'->>'allowNewTrades')::boolean THEN 'allowNewTrades' END], NULL) AS "forbiddenBy"
  FROM cycles c CROSS JOIN LATERAL (SELECT c.observation->'account' AS account OFFSET 0) a CROSS JOIN LATERAL jsonb_array_elements(c.plan->'opens') o
    CROSS JOIN LATERAL (SELECT (o->'entry'->>'quantity')::numeric * (o->'entry'->>'decisionPrice')::numeric AS notional) n
  WHERE c.portfolio_id = $1 AND c.opens > 0 AND c.recorded_at IS NOT NULL ORDER BY c.close_time`;

const NEWEST_CYCLE = `
  SELECT c.cycle_id AS "cycleId", (a.account->>'observedAt')::float8 AS "observedAt", (a.account->'overlay'->>'emergencyMode')::boolean AS "emergencyMode", a.account->'policy' AS policy
  FROM (SELECT cycle_id, observation FROM cycles WHERE portfolio_id = $1 AND recorded_at IS NOT NULL ORDER BY close_time DESC LIMIT 1) c CROSS JOIN LATERAL (SELECT c.observation->'account' AS account OFFSET 0) a
  WHERE a.account->'overlay' IS NOT NULL`;

const UNAUDITED = `SELECT e.event_id AS id FROM domain_events e WHERE e.portfolio_id = $1 AND NOT EXISTS (SELECT 1 FROM audit_records r WHERE r.event_seq = e.seq) AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.seq = e.seq)`;

/** One statement about one portfolio. */
export type Read = <Row extends object>(text: string) => Promise<Row[]>;

/** All of one moment, within the transaction that `read` asks in. */
export async function readEmergency(read: Read, portfolioId: string): Promise<EmergencyFacts> {
  const guard = ofPortfolio((await read<{ epoch: number; halted: boolean; state: Readonly<Record<string, unknown>>; changedAt: number }>(GUARD))[0], portfolioId);
  const claims = await read<{ clientOrderId: string; at: number }>(CLAIMS);
  const unaudited = await read<{ id: string }>(UNAUDITED);
  return {
    guard: guardStateOf(guard.state), guardChangedAt: guard.changedAt, fence: { epoch: guard.epoch, halted: guard.halted },
    fenceHistory: await read<FenceFact>(FENCE_HISTORY), steps: await read<EmergencyFact>(STEPS),
    claimedAt: Object.fromEntries(claims.map(({ clientOrderId, at }) => [clientOrderId, at])),
    openings: (await read<OpeningFact>(OPENINGS)).map((it) => ({ ...it, notional: exact(it.notional), notionalMax: exact(it.notionalMax) })),
    newestCycle: (await read<PolicyFact>(NEWEST_CYCLE))[0] ?? null, unaudited: unaudited.map(({ id }) => id),
  };
}
