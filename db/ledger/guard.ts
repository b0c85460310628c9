import type { GuardChange, GuardCommand, GuardState } from '../../domain/emergency/guard.ts';
import { applyGuard, guardStateOf, isHalting, isMeant } from '../../domain/emergency/guard.ts';
import { emergencyIdOf } from '../../domain/emergency/ids.ts';
import type { EmergencyLimits } from '../../domain/emergency/limits.ts';
import { emergencyLimitsOf, NORMAL_LIMITS } from '../../domain/emergency/limits.ts';
import type { WorkerCalls } from '../../domain/emergency/venue-calls.ts';
import { CALL_STRETCH_MS } from '../../domain/emergency/venue-calls.ts';
import { lookAtRisk, watchMemoryOf } from '../../domain/emergency/watch.ts';
import type { WatchMemory } from '../../domain/emergency/watch.ts';
import { KeelError } from '../../domain/errors.ts';
import { lowered, raised } from '../../domain/orders/fence.ts';
import type { Fence } from '../../domain/orders/protocol.ts';
import type { GuardResult, GuardView, Ledger } from '../../domain/ports/ledger.ts';
import { writeEvents } from '../events/outbox.ts';
import { heldPolicyOf } from '../held-policy.ts';
import { NOW_MS } from '../clock.ts';
import type { Client, Pool, Queryable } from '../pool.ts';
import { inTransaction, run, together } from '../pool.ts';
import { ofPortfolio } from '../rows.ts';
import { announceChange } from './announce.ts';
import { changeFence } from './fence.ts';
import { ACCOUNT_CURRENCY } from '../../domain/ports/venue.ts';
import { MODES_THAT_FORGET } from '../../domain/reconciliation/opening-balance.ts';
import { guardEvents } from './guard-events.ts';

type GuardMethods = Pick<Ledger, 'guard' | 'commandGuard' | 'raiseFence' | 'watchRisk' | 'tellEmergency' | 'recordEmergencyOrders'>;

/** Of each count no more is looked at: the policy's limits end there. */
const COUNTED_MAX = 501;
/** Differences that mean that the ledger is wrong, rather than that somebody else acted. */
const LEDGER_IS_WRONG = ['ghostPosition', 'ghostQuantity', 'walletMismatch'];
/** The list of income of a real venue may be this much behind its wallet: what differs for longer is no lag, for another sum differs under another key. Wall clock. */
const INCOME_LAG_MS = 5 * 60_000;
/** @source Binance USD-M, Get Income History, `incomeType`. */
export const TRANSFERS = ['TRANSFER', 'INTERNAL_TRANSFER', 'CROSS_COLLATERAL_TRANSFER', 'COIN_SWAP_DEPOSIT', 'COIN_SWAP_WITHDRAW', 'STRATEGY_UMFUTURES_TRANSFER'];

const MARKET_AT = `coalesce($2::bigint, (w.memory->'equity'->'last'->>'at')::float8, 0)`;
/**
 * The policy is read past the store's view: the stop must see while the store does not answer, and whatever is stored. So
 * the windows come as numbers, of the version that is known ($7): of another one the policy is told as well. In lockstep a
 * stop-out of the very moment may not be written yet: the next look counts it, so that each run trips at the same one.
 */
const VIEW = `
  SELECT g.state, f.epoch, f.halted, w.memory, CASE WHEN pv.version <> $7 THEN pv.policy END AS policy, pv.version AS "policyVersion", pf.mode = 'replay' AS "isReplay",
    (SELECT count(*) FROM (SELECT 1 FROM positions p WHERE p.portfolio_id = $1 AND p.state = 'closed' AND p.closed_at > (${MARKET_AT} - $8::float8)::bigint
       AND (pf.mode <> 'replay' OR p.closed_at < ${MARKET_AT}) AND p.close_reason IN ('stop', 'liquidation') LIMIT ${COUNTED_MAX}) s) AS "stopOuts",
    (SELECT count(*) FROM (SELECT 1 FROM order_events e JOIN orders o USING (client_order_id) WHERE o.portfolio_id = $1 AND e.kind IN ('rejected', 'answerLost')
       AND e.at > ($3 - $9::float8)::bigint LIMIT ${COUNTED_MAX}) s) AS "executionErrors",
    (SELECT string_agg(x.kind || ' ' || x.key, ', ' ORDER BY x.key) FROM differences x WHERE x.portfolio_id = $1 AND x.kind = ANY($4) AND x.looks >= $10
       AND NOT (x.kind = 'walletMismatch' AND pf.mode = ANY($12) AND x.first_seen_at > $3 - ${INCOME_LAG_MS}::float8)) AS "ledgerDiffers",
    (SELECT coalesce(sum(i.amount), 0)::text FROM income i WHERE i.portfolio_id = $1 AND i.instrument_id IS NULL AND i.type = ANY($5) AND i.currency = $6) AS transferred,
    (SELECT c.written_at FROM venue_cursors c WHERE c.portfolio_id = $1 AND c.name = 'income') AS "incomeReadAt",
    (SELECT coalesce(jsonb_agg(c), '[]') FROM (SELECT worker, sum(calls) AS "venueCalls", sum(failures) AS "venueFailures" FROM venue_calls WHERE portfolio_id = $1
       AND stretch_at > ($3 - ${CALL_STRETCH_MS} - $11::float8)::bigint GROUP BY worker) c) AS "callsTold"
  FROM portfolios pf JOIN guard_state g USING (portfolio_id) JOIN fence f USING (portfolio_id) LEFT JOIN guard_watch w USING (portfolio_id)
  JOIN LATERAL (SELECT policy, version FROM policy_versions v WHERE v.portfolio_id = pf.portfolio_id ORDER BY version DESC LIMIT 1) pv ON true
  WHERE pf.portfolio_id = $1`;

interface ViewRecord {
  readonly state: Readonly<Record<string, unknown>>;
  readonly epoch: number;
  readonly halted: boolean;
  readonly memory: Readonly<Record<string, unknown>> | null;
  readonly policy: unknown;
  readonly policyVersion: number;
  readonly isReplay: boolean;
  readonly stopOuts: number;
  readonly executionErrors: number;
  readonly ledgerDiffers: string | null;
  readonly transferred: string;
  readonly incomeReadAt: number | null;
  readonly callsTold: readonly WorkerCalls[];
}

/** A version never changes, so each is read and checked once. */
interface KnownLimits {
  readonly version: number;
  readonly limits: EmergencyLimits;
}

const UNKNOWN: KnownLimits = { version: -1, limits: NORMAL_LIMITS };

/** Locks are always taken in this order: the guard's row, the fence's, then positions'. */
export function createGuardMethods(pool: Pool): GuardMethods {
  const known = new Map<string, KnownLimits>();

  async function view(client: Queryable, portfolioId: string, { marketAt, wallAt }: { marketAt: number | null; wallAt: number }): Promise<GuardView> {
    const { version, limits } = known.get(portfolioId) ?? UNKNOWN;
    const values = [portfolioId, marketAt, wallAt, LEDGER_IS_WRONG, TRANSFERS, ACCOUNT_CURRENCY, version, limits.stopOutsWindowMs, limits.executionErrorsWindowMs, limits.differenceLooks, limits.venueCallsWindowMs, MODES_THAT_FORGET];
    const rows = await run<ViewRecord & Record<string, unknown>>(client, `guard of ${portfolioId}`, { name: 'guard-view', text: VIEW, values });
    const row = ofPortfolio(rows[0], portfolioId);
    if (row.policyVersion !== version) {
      const { policy } = await heldPolicyOf(client, portfolioId, { version: row.policyVersion, policy: row.policy });
      known.set(portfolioId, { version: row.policyVersion, limits: emergencyLimitsOf(policy) });
      return await view(client, portfolioId, { marketAt, wallAt }); // by its windows; versions change by hand, now and then
    }
    const { stopOuts, executionErrors, ledgerDiffers, transferred, incomeReadAt, callsTold } = row;
    return {
      state: guardStateOf(row.state), fence: { epoch: row.epoch, halted: row.halted }, memory: watchMemoryOf(row.memory), isReplay: row.isReplay, limits,
      readings: { stopOuts, executionErrors, ledgerDiffers, transferred, incomeReadAt, callsTold },
    };
  }

  return {
    guard: (portfolioId, now) => view(pool, portfolioId, now),

    commandGuard: (portfolioId, command) => inTransaction(pool, `guard of ${portfolioId}: ${command.kind}`, async (client) => commanded(client, portfolioId, await lockGuard(client, portfolioId), command)),

    raiseFence: ({ portfolioId, by, reason }) => inTransaction(pool, `fence of ${portfolioId}`, async (client) => {
      const state = await lockGuard(client, portfolioId);
      const { rows } = await client.query<{ at: number }>(`SELECT ${NOW_MS} AS at`);
      return (await commanded(client, portfolioId, state, { kind: 'halt', by, because: reason, at: rows[0]?.at ?? 0 })).fence;
    }),

    watchRisk: (portfolioId, sights, { trustsStream }) => inTransaction(pool, `watch ${portfolioId}`, async (client) => {
      const last = sights.at(-1);
      if (last === undefined) throw new KeelError('INVARIANT', 'watchRisk needs at least one sight');
      // The look is a statement of its own, after the lock: it sees what another sensor wrote meanwhile.
      const [, seen] = await together(lockGuard(client, portfolioId), view(client, portfolioId, { marketAt: last.at, wallAt: last.seenAt }));
      const look = lookAtRisk(seen.memory, sights, { guard: seen.state, ledger: seen.readings, limits: seen.limits, isReplay: seen.isReplay, trustsStream });
      const result = look.command === null ? { state: seen.state, change: 'none' as const, fence: seen.fence } : await commanded(client, portfolioId, seen.state, look.command);
      await writeMemory(client, portfolioId, look.memory);
      return { ...result, isDoubtful: look.isDoubtful, losses: look.losses, view: { ...seen, state: result.state, fence: result.fence, memory: look.memory } };
    }),

    tellEmergency: (portfolioId) => inTransaction(pool, `tell positions of ${portfolioId}`, async (client) => {
      const state = await lockGuard(client, portfolioId);
      if (state.mode === 'tripping') await instructPositions(client, portfolioId, state);
      const { rows } = await client.query<{ positionId: string }>({
        name: 'positions-in-emergency',
        text: `SELECT p.position_id AS "positionId" FROM positions p WHERE p.portfolio_id = $1 AND p.state <> 'closed' AND EXISTS (SELECT 1 FROM instructions n WHERE n.position_id = p.position_id AND n.kind = 'emergency' AND n.handled_at IS NULL)`,
        values: [portfolioId],
      });
      return rows.map((row) => row.positionId);
    }),

    recordEmergencyOrders: (portfolioId, orders) => inTransaction(pool, `closing orders of ${portfolioId}`, async (client) => {
      if (orders.length === 0) return;
      await client.query({
        name: 'emergency-orders',
        text: `INSERT INTO emergency_orders (client_order_id, portfolio_id, emergency_id, instrument_id, side, position_side, quantity, answer, detail, venue_order_id, sent_at)
               SELECT r."clientOrderId", $1, r."emergencyId", r."instrumentId", r.side, r."positionSide", r.quantity, r.answer, r.detail, r."venueOrderId", r."sentAt"
               FROM jsonb_to_recordset($2::jsonb) AS r("clientOrderId" text, "emergencyId" text, "instrumentId" text, side text, "positionSide" text, quantity numeric, answer text, detail text, "venueOrderId" text, "sentAt" bigint)
               ON CONFLICT DO NOTHING`,
        values: [portfolioId, JSON.stringify(orders)],
      });
    }),
  };
}

async function lockGuard(client: Client, portfolioId: string): Promise<GuardState> {
  const { rows } = await client.query<{ state: Readonly<Record<string, unknown>> }>({ name: 'lock-guard', text: 'SELECT state FROM guard_state WHERE portfolio_id = $1 FOR UPDATE', values: [portfolioId] });
  return guardStateOf(ofPortfolio(rows[0], portfolioId).state);
}

/** The domain decides; guard, fence, events and positions' inboxes are written together or not at all. */
async function commanded(client: Client, portfolioId: string, before: GuardState, command: GuardCommand): Promise<GuardResult> {
  let result = applyGuard(before, command);
  const fence = await changeFence(client, fenceChangeOf(portfolioId, before, result, command), (now) => {
    result = { ...result, state: withKeptFence(now, before, result, command) };
    return fenceAfter(now, before, result, command);
  });
  const { state } = result;
  if (state === before) return { ...result, fence };
  const told = result.change === 'tripped' ? await instructPositions(client, portfolioId, state) : 0;
  await together(
    client.query({ name: 'write-guard', text: `UPDATE guard_state SET state = $2, updated_at = ${NOW_MS} WHERE portfolio_id = $1`, values: [portfolioId, JSON.stringify(state)] }),
    writeEvents(client, guardEvents({ portfolioId, before, result, command, positionsClosed: told })),
    announceChange(client),
  );
  return { ...result, fence };
}

/** Up while it is stopped, whoever lowered it; down when recovery begins, unless it was up before, and when a person resumes. */
function fenceAfter(fence: Fence, before: GuardState, { state }: GuardChange, command: GuardCommand): Fence {
  if (isHalting(state.mode) || command.kind === 'halt') return raised(fence);
  const isRecovering = isHalting(before.mode) && !state.keepsFence;
  return isRecovering || (command.kind === 'reset' && isMeant(before, command)) ? lowered(fence) : fence;
}

/** Who halted before it tripped, or while it is stopped, wants a person's word as well. */
function withKeptFence(fence: Fence, before: GuardState, { state, change }: GuardChange, command: GuardCommand): GuardState {
  const keepsFence = change === 'tripped' ? fence.halted : state.keepsFence && !(command.kind === 'reset' && isMeant(before, command));
  return keepsFence === state.keepsFence ? state : { ...state, keepsFence };
}

function fenceChangeOf(portfolioId: string, before: GuardState, { state }: GuardChange, command: GuardCommand): { portfolioId: string; by: string; reason: string } {
  switch (command.kind) {
    case 'trip': return { portfolioId, by: command.cause.by, reason: `${command.cause.trigger}: ${command.cause.reason}` };
    case 'halt':
    case 'reset': return { portfolioId, by: command.by, reason: command.because };
    default: return { portfolioId, by: 'keel', reason: `${before.mode} > ${state.mode}` };
  }
}

/** Once per position and round. @returns how many of them hold something. */
async function instructPositions(client: Client, portfolioId: string, { emergency, round }: GuardState): Promise<number> {
  const emergencyId = emergencyIdOf(portfolioId, emergency);
  const { rows } = await client.query<{ held: number }>({
    name: 'instruct-emergency',
    text: `WITH told AS (
             INSERT INTO instructions (instruction_id, position_id, kind, instruction)
             SELECT p.position_id || '/' || $2 || '/' || $3, p.position_id, 'emergency', jsonb_build_object('kind', 'emergency', 'instructionId', p.position_id || '/' || $2 || '/' || $3,
               'positionId', p.position_id, 'reason', 'emergency', 'emergencyId', $2::text) FROM positions p WHERE p.portfolio_id = $1 AND p.state <> 'closed' ON CONFLICT DO NOTHING RETURNING position_id),
           raised AS (UPDATE positions SET inbox_seq = inbox_seq + 1 WHERE position_id IN (SELECT position_id FROM told) AND state <> 'closed' RETURNING quantity)
           SELECT count(*) FILTER (WHERE quantity > 0) AS held FROM raised`,
    values: [portfolioId, emergencyId, String(round)],
  });
  return rows[0]?.held ?? 0;
}

async function writeMemory(client: Client, portfolioId: string, memory: WatchMemory): Promise<void> {
  await client.query({
    name: 'write-watch',
    text: `INSERT INTO guard_watch (portfolio_id, memory, updated_at) VALUES ($1, $2, ${NOW_MS}) ON CONFLICT (portfolio_id) DO UPDATE SET memory = $2, updated_at = ${NOW_MS}`,
    values: [portfolioId, JSON.stringify(memory)],
  });
}
