import { KeelError } from '../domain/errors.ts';
import type { ChangedPolicy } from '../domain/policy/change.ts';
import { changePolicy } from '../domain/policy/change.ts';
import { policyInvalid, readPolicy } from '../domain/policy/schema.ts';
import type { PolicyChange, PolicyChangeOutcome, PolicyStore, PolicyVersion } from '../domain/ports/policy-store.ts';
import { writeEvents } from './events/outbox.ts';
import { heldPolicyOf } from './held-policy.ts';
import type { Client, Pool, Queryable } from './pool.ts';
import { inTransaction, run } from './pool.ts';
import { noPortfolio } from './rows.ts';

/** A cycle waits no longer for its policy: then the last good copy serves. */
const READ_TIMEOUT_MS = 2_000;

type VersionRecord = Omit<PolicyVersion, 'policy' | 'problems'> & { readonly policy: unknown };

/** As far as the column's INTEGER goes. */
const VERSION_MAX = 2 ** 31 - 1;
const VERSION_COLUMNS = 'version, kind, preset, changed_by AS by, reason AS because, written_at AS at, changes, policy';

/** Policies in PostgreSQL. */
export function createPolicyStore(pool: Pool): PolicyStore {
  return {
    active: async (portfolioId) => {
      const query = { name: 'active-policy', text: 'SELECT version, policy FROM active_policy WHERE portfolio_id = $1', values: [portfolioId], query_timeout: READ_TIMEOUT_MS };
      const [row] = await run<{ version: number; policy: unknown }>(pool, `policy of ${portfolioId}`, query);
      if (row === undefined) throw noPortfolio(portfolioId);
      return { version: row.version, ...(await heldPolicyOf(pool, portfolioId, row, { query_timeout: READ_TIMEOUT_MS })) };
    },

    version: (portfolioId, version) => readVersion(pool, portfolioId, version),

    history: (portfolioId, limit) => readVersions(pool, portfolioId, limit),

    change: (change) => inTransaction(pool, `change policy of ${change.portfolioId}`, (client) => makeVersion(client, change)),
  };
}

/** Changes of one portfolio come one after the other. */
async function makeVersion(client: Client, change: PolicyChange): Promise<PolicyChangeOutcome> {
  const { portfolioId, wish, by, because } = change;
  const { rowCount } = await client.query({ text: 'SELECT 1 FROM portfolios WHERE portfolio_id = $1 FOR NO KEY UPDATE', values: [portfolioId] });
  if (rowCount === 0) throw noPortfolio(portfolioId);
  const [current] = await readVersions(client, portfolioId, 1); // a statement after the lock: it sees what another change wrote meanwhile
  if (current === undefined) throw noPortfolio(portfolioId);
  const { policy: held } = await heldPolicyOf(client, portfolioId, current);
  const changed = changePolicy({ current: current.policy, held, seen: (await readVersion(client, portfolioId, change.seen)).policy, wish });
  if (changed.kind === 'unchanged') return { kind: 'unchanged', version: current };
  const { policy, changes } = accepted(changed, change, current);
  const version = current.version + 1;
  const preset = wish.kind === 'preset' ? wish.name : null;
  await client.query({
    text: 'INSERT INTO policy_versions (portfolio_id, version, policy, kind, preset, based_on, changes, changed_by, reason) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)',
    values: [portfolioId, version, JSON.stringify(policy), wish.kind, preset, change.seen, JSON.stringify(changes), by, because],
  });
  await writeEvents(client, [{
    id: `${portfolioId}/policy/${version}`, type: 'policyChanged', subject: portfolioId, portfolioId, traceId: portfolioId, actor: by,
    payload: { version, kind: wish.kind, preset, because, changes: [...changes] },
  }]);
  return { kind: 'changed', version: await readVersion(client, portfolioId, version) };
}

function accepted(changed: Exclude<ChangedPolicy, { kind: 'unchanged' }>, { portfolioId, seen }: PolicyChange, current: PolicyVersion): Extract<ChangedPolicy, { kind: 'changed' }> {
  if (changed.kind === 'refused') throw policyInvalid(changed.problems, current.problems.length === 0 ? undefined : `version ${current.version} is not valid as it is stored: set all of these at once, or take a preset with \`keel policy preset\``);
  if (changed.kind === 'conflict') throw new KeelError('POLICY_CONFLICT', `somebody else changed ${changed.keys.join(', ')} of ${portfolioId} since version ${seen}; look with \`keel policy show\` and repeat the change if it is still wanted`);
  return changed;
}

async function readVersions(client: Queryable, portfolioId: string, limit: number): Promise<readonly PolicyVersion[]> {
  const rows = await run<VersionRecord>(client, `policies of ${portfolioId}`, { text: `SELECT ${VERSION_COLUMNS} FROM policy_versions WHERE portfolio_id = $1 ORDER BY version DESC LIMIT $2`, values: [portfolioId, limit] });
  return rows.map(versionOf);
}

async function readVersion(client: Queryable, portfolioId: string, version: number): Promise<PolicyVersion> {
  const [row] = version > VERSION_MAX ? [] : await run<VersionRecord>(client, `policy ${version} of ${portfolioId}`, { text: `SELECT ${VERSION_COLUMNS} FROM policy_versions WHERE portfolio_id = $1 AND version = $2`, values: [portfolioId, version] });
  if (row !== undefined) return versionOf(row);
  const [newest] = await readVersions(client, portfolioId, 1);
  if (newest === undefined) throw noPortfolio(portfolioId);
  throw new KeelError('NOT_FOUND', `${portfolioId} has no policy version ${version} (there are 0 to ${newest.version})`);
}

function versionOf(row: VersionRecord): PolicyVersion {
  return { ...row, ...readPolicy(row.policy) };
}
