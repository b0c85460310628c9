import type pg from 'pg';
import type { Client, Pool } from '../../db/pool.ts';

/** Milliseconds that PostgreSQL itself needed, by the statement's name. */
export type Timings = Map<string, number[]>;

type Query = string | pg.QueryConfig;
type Run = (query: Query, values?: readonly unknown[]) => Promise<pg.QueryResult>;

/** Beginnings of what is not explained: transactions, LISTEN. */
const PLAIN = /^\s*(BEGIN|COMMIT|ROLLBACK|LISTEN|SAVEPOINT)/i;

/**
 * The same pool; each statement is first run under EXPLAIN ANALYZE, rolled back, timed, and then run as it is. So the
 * ledger's own statements are measured with the values that it really gives them.
 */
export function explainingPool(pool: Pool, timings: Timings): Pool {
  return new Proxy(pool, {
    get: (target, key) => {
      if (key === 'connect') return async () => explainingClient(await target.connect(), timings);
      if (key === 'query') return (query: Query, values?: readonly unknown[]) => alone(target, query, values, timings);
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

/** A statement outside of any transaction is explained in one of its own. */
async function alone(pool: Pool, query: Query, values: readonly unknown[] | undefined, timings: Timings): Promise<pg.QueryResult> {
  const client = await pool.connect();
  try {
    const run = plain(client);
    if (isExplained(query)) {
      await run('BEGIN');
      await explain(run, query, values, timings);
      await run('ROLLBACK');
    }
    return await run(query, values);
  } finally {
    client.release();
  }
}

function explainingClient(client: Client, timings: Timings): Client {
  const run = plain(client);
  const explained: Run = async (statement, values) => {
    if (isExplained(statement)) {
      await run('SAVEPOINT explained');
      await explain(run, statement, values, timings);
      await run('ROLLBACK TO SAVEPOINT explained');
    }
    return await run(statement, values);
  };
  let last: Promise<unknown> = Promise.resolve();
  const query: Run = (statement, values) => { // one after the other: what is sent together must not mix with the explaining
    const result = last.then(() => explained(statement, values));
    last = result.catch(() => undefined);
    return result;
  };
  return new Proxy(client, {
    get: (target, key) => {
      if (key === 'query') return query;
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

function plain(client: Client): Run {
  return (query, values) => (typeof query === 'string' ? client.query(query, values === undefined ? undefined : [...values]) : client.query(query));
}

async function explain(run: Run, query: Query, values: readonly unknown[] | undefined, timings: Timings): Promise<void> {
  const { rows } = await run({ text: `EXPLAIN (ANALYZE, FORMAT JSON) ${textOf(query)}`, values: [...(valuesOf(query) ?? values ?? [])] });
  const plan = (rows[0] as { 'QUERY PLAN': readonly { 'Execution Time': number }[] })['QUERY PLAN'][0];
  const name = nameOf(query);
  timings.set(name, [...(timings.get(name) ?? []), plan?.['Execution Time'] ?? Number.NaN]);
}

function isExplained(query: Query): boolean {
  return !PLAIN.test(textOf(query));
}

function textOf(query: Query): string {
  return typeof query === 'string' ? query : query.text;
}

function valuesOf(query: Query): readonly unknown[] | undefined {
  return typeof query === 'string' ? undefined : query.values;
}

/** Statements without a name of their own are called by how they begin and what they select by. */
function nameOf(query: Query): string {
  if (typeof query !== 'string' && query.name !== undefined) return query.name;
  const text = textOf(query).replaceAll(/\s+/g, ' ').trim();
  const where = text.indexOf('WHERE');
  return `${text.slice(0, 20)} … ${where === -1 ? '' : text.slice(where, where + 70)}`;
}
