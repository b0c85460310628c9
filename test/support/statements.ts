/** Statements as they go to PostgreSQL, written down on their way. */
import type pg from 'pg';
import type { Pool } from '../../db/pool.ts';

export interface Statement {
  readonly text: string;
  readonly values: readonly unknown[];
}

/** @returns what was sent through the pool and through connections of it, each text once */
export function recordStatements(pool: Pool): ReadonlyMap<string, Statement> {
  const seen = new Map<string, Statement>();
  const patched = new WeakSet<object>();
  const record = (target: { query: unknown }): void => {
    if (patched.has(target)) return;
    patched.add(target);
    const original = (target.query as (...args: unknown[]) => unknown).bind(target);
    target.query = (...args: unknown[]) => {
      const [query] = args;
      if (typeof query === 'object' && query !== null && 'text' in query) {
        const { text, values } = query as pg.QueryConfig;
        if (!seen.has(text)) seen.set(text, { text, values: values ?? [] });
      }
      return original(...args);
    };
  };
  record(pool);
  pool.on('connect', (client) => record(client));
  return seen;
}

export interface Scan {
  readonly node: string;
  readonly table: string;
  /** Rows that were looked at, those that a filter threw away included; null where the statement was planned and not run. */
  readonly rows: number | null;
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly Plans?: readonly PlanNode[];
}

/** Every reading of a table by the statement, as a prepared plan for any values. */
export async function plannedScans(pool: Pool, { text }: Statement): Promise<readonly Scan[]> {
  const { rows } = await pool.query<Explained>(`EXPLAIN (FORMAT JSON, GENERIC_PLAN) ${text}`);
  return scansIn(rows);
}

/** Every reading of a table by the statement, run once more with its values and taken back. A write that may happen only once is planned alone. */
export async function actualScans(pool: Pool, { text, values }: Statement): Promise<readonly Scan[]> {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query('SAVEPOINT before');
    const explain = async (options: string): Promise<Explained[]> => (await client.query<Explained>({ text: `EXPLAIN (FORMAT JSON${options}) ${text}`, values: [...values] })).rows;
    const rows = await explain(', ANALYZE').catch(async () => {
      await client.query('ROLLBACK TO SAVEPOINT before');
      return await explain('');
    });
    return scansIn(rows);
  } finally {
    await client.query('ROLLBACK');
    client.release();
  }
}

type Explained = { 'QUERY PLAN': readonly { Plan: PlanNode }[] };

function scansIn(rows: readonly Explained[]): Scan[] {
  const scans: Scan[] = [];
  const walk = (node: PlanNode): void => {
    const { 'Node Type': name, 'Relation Name': table, 'Actual Rows': actual, 'Actual Loops': loops = 1, 'Rows Removed by Filter': removed = 0 } = node;
    if (table !== undefined && name !== 'ModifyTable') scans.push({ node: name, table, rows: actual === undefined ? null : (actual + removed) * loops });
    node.Plans?.forEach(walk);
  };
  rows.flatMap((row) => row['QUERY PLAN']).forEach(({ Plan }) => walk(Plan));
  return scans;
}
