/** Versions, who made them, and what happens when two do at once. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sealEvents, verifyAuditChain } from '../../../db/events/audit.ts';
import { createLedger } from '../../../db/ledger.ts';
import { knownMigrations, migrate } from '../../../db/migrate.ts';
import type { Pool } from '../../../db/pool.ts';
import { createPool } from '../../../db/pool.ts';
import { createPolicyStore } from '../../../db/policy-store.ts';
import type { PolicyWish } from '../../../domain/policy/change.ts';
import { PRESETS } from '../../../domain/policy/policy.ts';
import type { PolicyStore } from '../../../domain/ports/policy-store.ts';
import { createDatabase, dropDatabase } from '../../../stack/postgres/database.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { emptyLedger, PORTFOLIO } from './cycle.fixture.ts';


let databases: TestDatabases;
let pool: Pool;
let store: PolicyStore;

beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());
beforeEach(async () => {
  ({ pool } = await emptyLedger(databases));
  store = createPolicyStore(pool);
});

const asked = (wish: PolicyWish, seen = 1, by = 'ada') => ({ portfolioId: 'sim', seen, wish, by, because: 'a test' });
const set = (values: Extract<PolicyWish, { kind: 'set' }>['values'], seen = 1, by = 'ada') => store.change(asked({ kind: 'set', values }, seen, by));
const countOf = async (query: string): Promise<unknown> => (await pool.query<{ n: number }>(`SELECT count(*)::int AS n FROM ${query}`)).rows[0]?.n;

it('a new portfolio has the built-in policy as version 0 and preset normal as version 1; making it again adds none', async () => {
  await createLedger(pool).ensurePortfolio(PORTFOLIO);
  expect(await store.active('sim')).toEqual({ version: 1, policy: PRESETS.normal, problems: [] });
  expect(await store.history('sim', 9)).toMatchObject([
    { version: 1, kind: 'initial', preset: 'normal', policy: PRESETS.normal, changes: [] }, { version: 0, kind: 'builtIn', preset: 'defensive', policy: PRESETS.defensive, changes: [] },
  ]);
});

describe('a change', () => {
  it('is a version with who, why, when, before and after; an event and an audit record of the same transaction', async () => {
    const before = Date.now() - 1_000;
    const { kind, version } = await set({ leverageMax: 3, notionalMax: '250.5', allowNewTrades: false });
    expect(kind).toBe('changed');
    expect(version).toMatchObject({
      version: 2, kind: 'set', preset: null, by: 'ada', because: 'a test',
      changes: [{ key: 'leverageMax', before: 5, after: 3 }, { key: 'notionalMax', before: '1000', after: '250.5' }, { key: 'allowNewTrades', before: true, after: false }],
    });
    expect(version.at).toBeGreaterThan(before);
    expect(await store.active('sim')).toEqual({ version: 2, policy: { ...PRESETS.normal, leverageMax: 3, notionalMax: '250.5', allowNewTrades: false }, problems: [] });
    const { rows } = await pool.query(`SELECT event_id, actor, subject, payload FROM domain_events WHERE type = 'policyChanged'`);
    expect(rows).toEqual([{ event_id: 'sim/policy/2', actor: 'ada', subject: 'sim', payload: { version: 2, kind: 'set', preset: null, because: 'a test', changes: version.changes } }]);
    await sealEvents(pool);
    expect((await pool.query(`SELECT type, retention_days FROM audit_records`)).rows).toEqual([{ type: 'policy.changed', retention_days: 365 }]);
    expect((await verifyAuditChain(pool)).brokenAt).toBeNull();
  });

  it('to a preset names it', async () => {
    expect((await store.change(asked({ kind: 'preset', name: 'defensive' }))).version).toMatchObject({ version: 2, kind: 'preset', preset: 'defensive', policy: PRESETS.defensive });
  });

  it('to what holds already makes no version', async () => {
    expect(await set({ leverageMax: 5 })).toMatchObject({ kind: 'unchanged', version: { version: 1 } });
    expect(await countOf('policy_versions')).toBe(2);
    expect(await countOf('domain_events')).toBe(0);
  });

  it('that is refused leaves nothing behind', async () => {
    await expect(set({ leverageMax: 126, positionsMax: 3 })).rejects.toMatchObject({ code: 'POLICY_INVALID', message: 'leverageMax = 126 is refused: 1 to 125 ×' });
    expect(await countOf('policy_versions')).toBe(2);
    expect(await countOf('domain_events')).toBe(0);
  });

  it('of an unknown portfolio, or on a version that there is not, is not found', async () => {
    await expect(store.change({ ...asked({ kind: 'preset', name: 'normal' }), portfolioId: 'nobody' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    await expect(store.version('sim', 99_999_999_999)).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'sim has no policy version 99999999999 (there are 0 to 1)' });
    await expect(set({ leverageMax: 3 }, 7)).rejects.toMatchObject({ code: 'NOT_FOUND', message: 'sim has no policy version 7 (there are 0 to 1)' });
  });

  it('on an older version is carried over unless somebody changed the same key', async () => {
    await set({ leverageMax: 3 });
    expect((await set({ positionsMax: 5 }, 1)).version).toMatchObject({ version: 3, policy: { leverageMax: 3, positionsMax: 5 } });
    await expect(set({ leverageMax: 4 }, 1)).rejects.toMatchObject({ code: 'POLICY_CONFLICT' });
  });
});

describe('two changes at once', () => {
  it('of one key: one is made, the other is told to repeat', async () => {
    for (let round = 1; round <= 8; round += 1) {
      const { version } = await store.active('sim');
      const answers = await Promise.allSettled([set({ leverageMax: 10 + round }, version, 'ada'), set({ leverageMax: 50 + round }, version, 'bob')]);
      expect(answers.map((it) => it.status).sort()).toEqual(['fulfilled', 'rejected']);
      expect(answers.find((it) => it.status === 'rejected')?.reason).toMatchObject({ code: 'POLICY_CONFLICT' });
      expect((await store.active('sim')).version).toBe(version + 1);
    }
  });

  it('of different keys: both are made, one after the other', async () => {
    const answers = await Promise.all([set({ leverageMax: 2 }), set({ positionsMax: 7 }), set({ sizeFactor: 0.5 })]);
    expect(answers.map((it) => it.version.version).sort()).toEqual([2, 3, 4]);
    expect(await store.active('sim')).toMatchObject({ version: 4, policy: { leverageMax: 2, positionsMax: 7, sizeFactor: 0.5 } });
    expect(await countOf(`domain_events WHERE type = 'policyChanged'`)).toBe(3);
  });
});

it('the database keeps versions in one line, whoever writes', async () => {
  const insert = (columns: string, values: string): Promise<unknown> => pool.query(`INSERT INTO policy_versions (portfolio_id, policy, changed_by, reason, changes, ${columns}) VALUES ('sim', '{}', 'x', 'y', '[]', ${values})`);
  await expect(insert('version, kind, based_on', `1, 'set', 0`)).rejects.toThrow(/policy_versions_pk/);
  await expect(insert('version, kind', `2, 'set'`)).rejects.toThrow(/policy_versions_based/);
  await expect(insert('version, kind, based_on', `2, 'set', 2`)).rejects.toThrow(/policy_versions_based/);
  await expect(insert('version, kind, preset', `-1, 'builtIn', 'defensive'`)).rejects.toThrow(/policy_versions_version/);
  await expect(insert('version, kind, based_on', `2, 'preset', 1`)).rejects.toThrow(/policy_versions_preset/);
});

it('a ledger from before has its version carried over, and goes on from there', async () => {
  const name = `keel_before_${process.pid}`;
  const url = await createDatabase(databases.url, name);
  const older = (await knownMigrations()).filter(({ number }) => number < 16);
  await migrate(url, older);
  const old = createPool(url);
  try {
    await old.query(`INSERT INTO portfolios (portfolio_id, deployment_id, venue_account_id, mode, strategy, timeframe, instrument_ids) VALUES ('sim', 'abcde', 'account', 'sim', 'ensemble', '1h', '{}')`);
    await old.query({ text: `INSERT INTO policy_versions (portfolio_id, version, policy, changed_by, reason) VALUES ('sim', 1, $1, 'keel', 'preset normal')`, values: [JSON.stringify({ ...PRESETS.normal, leverageMax: 4 })] });
    await migrate(url);
    await createLedger(old).ensurePortfolio(PORTFOLIO);
    const store16 = createPolicyStore(old);
    expect(await store16.active('sim')).toEqual({ version: 1, policy: { ...PRESETS.normal, leverageMax: 4 }, problems: [] });
    expect(await store16.version('sim', 1)).toMatchObject({ kind: 'initial', preset: 'normal', by: 'keel', because: 'preset normal', changes: [] });
    expect((await store16.change(asked({ kind: 'set', values: { leverageMax: 3 } }))).version).toMatchObject({ version: 2, changes: [{ key: 'leverageMax', before: 4, after: 3 }] });
  } finally {
    await old.end();
    await dropDatabase(databases.url, name);
  }
});

it('the hot read goes by the key, however many versions there are', async () => {
  const text = readFileSync(new URL('../../../db/policy-store.ts', import.meta.url), 'utf8');
  expect(text).toContain('FROM active_policy WHERE portfolio_id = $1');
  await pool.query(`INSERT INTO policy_versions (portfolio_id, version, policy, kind, based_on, changes, changed_by, reason) SELECT 'sim', n, '{}', 'set', n - 1, '[]', 'x', 'y' FROM generate_series(2, 5000) n`);
  await pool.query('ANALYZE policy_versions');
  const { rows } = await pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN SELECT version, policy FROM active_policy WHERE portfolio_id = 'sim'`);
  expect(rows.map((row) => row['QUERY PLAN']).join('\n')).not.toContain('Seq Scan');
});
