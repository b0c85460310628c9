import { lossesOf } from '../../domain/emergency/equity.ts';
import { guardStateOf } from '../../domain/emergency/guard.ts';
import { watchMemoryOf } from '../../domain/emergency/watch.ts';
import type { HealthCheck } from '../../domain/health/types.ts';
import type { PostureFacts, PostureState } from '../../domain/oversight/posture.ts';
import { heededHealth, isSameState, nextPosture } from '../../domain/oversight/posture.ts';
import type { Policy } from '../../domain/policy/policy.ts';
import type { Ledger, OversightSight } from '../../domain/ports/ledger.ts';
import { NOW_MS } from '../clock.ts';
import { writeEvents } from '../events/outbox.ts';
import { heldPolicyOf } from '../held-policy.ts';
import type { Client, Pool, Queryable } from '../pool.ts';
import { inTransaction, run, together } from '../pool.ts';
import { ofPortfolio } from '../rows.ts';

type OversightMethods = Pick<Ledger, 'oversee' | 'posture'>;

/** The policy is read past the store's view: oversight must see while the store does not answer, and whatever is stored. */
const VIEW = `
  SELECT g.state AS guard, w.memory, pv.policy, pv.version AS "policyVersion", pf.mode = 'replay' AS "isReplay",
    (SELECT jsonb_build_object('at', h.checked_at, 'level', h.level) FROM health_checks h WHERE h.portfolio_id = $1 ORDER BY h.seq DESC LIMIT 1) AS health
  FROM portfolios pf JOIN guard_state g USING (portfolio_id) LEFT JOIN guard_watch w USING (portfolio_id)
  JOIN LATERAL (SELECT policy, version FROM policy_versions v WHERE v.portfolio_id = pf.portfolio_id ORDER BY version DESC LIMIT 1) pv ON true
  WHERE pf.portfolio_id = $1`;

interface ViewRecord {
  readonly guard: Readonly<Record<string, unknown>>;
  readonly memory: Readonly<Record<string, unknown>> | null;
  readonly policy: unknown;
  readonly policyVersion: number;
  readonly isReplay: boolean;
  readonly health: Pick<HealthCheck, 'at' | 'level'> | null;
}

export function createOversightMethods(pool: Pool): OversightMethods {
  return {
    posture: async (portfolioId) => ofPortfolio((await readState(pool, portfolioId, ''))[0], portfolioId).state,

    oversee: (portfolioId, sight) => inTransaction(pool, `posture of ${portfolioId}`, async (client) => {
      const [locked, views] = await together(readState(client, portfolioId, ' FOR UPDATE'), run<ViewRecord & Record<string, unknown>>(client, `oversight of ${portfolioId}`, { name: 'oversight-view', text: VIEW, values: [portfolioId] }));
      const before = ofPortfolio(locked[0], portfolioId).state;
      const view = ofPortfolio(views[0], portfolioId);
      const { policy } = await heldPolicyOf(client, portfolioId, { version: view.policyVersion, policy: view.policy });
      const facts = factsOf(view, policy, before, sight);
      const { state, change } = nextPosture(before, facts, policy);
      if (isSameState(before, state)) return { state, change };
      await together(
        client.query({ name: 'write-posture', text: `UPDATE oversight SET state = $2, updated_at = ${NOW_MS} WHERE portfolio_id = $1`, values: [portfolioId, JSON.stringify(state)] }),
        change === null ? Promise.resolve() : writePostureEvent(client, portfolioId, { facts, state, from: change.from, sight }),
      );
      return { state, change };
    }),
  };
}

function readState(client: Queryable, portfolioId: string, lock: '' | ' FOR UPDATE'): Promise<{ state: PostureState }[]> {
  return run<{ state: PostureState }>(client, `posture of ${portfolioId}`, { name: `posture${lock}`, text: `SELECT state FROM oversight WHERE portfolio_id = $1${lock}`, values: [portfolioId] });
}

function factsOf(row: ViewRecord, policy: Policy, before: PostureState, { at, wallAt, room }: OversightSight): PostureFacts {
  const { equity } = watchMemoryOf(row.memory);
  const health = heededHealth({ isReplay: row.isReplay, newest: row.health, now: wallAt }, policy);
  return { at: at ?? equity.last?.at ?? 0, guard: guardStateOf(row.guard).mode, losses: lossesOf(equity), health, room: room ?? before.room };
}

async function writePostureEvent(client: Client, portfolioId: string, { facts, state, from, sight: { wallAt, by } }: { facts: PostureFacts; state: PostureState; from: PostureState['posture']; sight: OversightSight }): Promise<void> {
  const { at, health, guard, losses: { drawdownBps, recoveryDrawdownBps }, room } = facts;
  await writeEvents(client, [{
    id: `${portfolioId}/posture/${state.posture}/${at}/${wallAt}`, type: 'postureChanged', subject: portfolioId, portfolioId, traceId: portfolioId, actor: by,
    payload: { from, to: state.posture, why: state.why, at, health, guard, drawdownBps, recoveryDrawdownBps, room },
  }]);
}
