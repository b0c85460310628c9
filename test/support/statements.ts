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
  readonly rows: number;
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Plan Rows': number;
  readonly Plans?: readonly PlanNode[];
}

/** Every reading of a table in the statement's plan. @param generic as a prepared statement's plan for any values */
export async function scansOf(pool: Pool, { text, values }: Statement, generic: boolean): Promise<readonly Scan[]> {
  const explain = `EXPLAIN (FORMAT JSON${generic ? ', GENERIC_PLAN' : ''}) ${text}`;
  const { rows } = await pool.query<{ 'QUERY PLAN': readonly { Plan: PlanNode }[] }>(generic ? explain : { text: explain, values: [...values] });
  const scans: Scan[] = [];
  const walk = (node: PlanNode): void => {
    if (node['Relation Name'] !== undefined && node['Node Type'] !== 'ModifyTable') scans.push({ node: node['Node Type'], table: node['Relation Name'], rows: node['Plan Rows'] });
    node.Plans?.forEach(walk);
  };
  rows.flatMap((row) => row['QUERY PLAN']).forEach(({ Plan }) => walk(Plan));
  return scans;
}
