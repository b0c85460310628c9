/**
 * The data set of one moment as a Parquet file that is named by the hash of its numbers: whatever wrote it, the same rows
 * have the same name. DuckDB is loaded only here and for candles in Parquet.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DuckDBConnection } from '@duckdb/node-api';
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { KeelError, messageOf } from '../domain/errors.ts';
import type { ExcludedRow } from '../domain/ports/trainer.ts';
import { labelDefinitionOf } from '../domain/predictions/label.ts';
import { GAPS } from '../domain/validation/rows.ts';
import type { LabelledRows } from '../domain/validation/rows.ts';

export interface Snapshot {
  readonly rows: LabelledRows;
  /** By row what the strategy's rules said, by class; null: they were not asked. */
  readonly rules: Uint8Array | null;
  /** Rows that people marked as bad data, in order: they are left out, and part of the name. Absent: none. */
  readonly excluded?: readonly ExcludedRow[];
}

type Column = { readonly name: string; readonly type: 'DOUBLE' | 'FLOAT' | 'INTEGER'; readonly values: Float64Array | Float32Array | Int32Array };

interface Meta {
  readonly format: 1;
  readonly label: string;
  readonly candleMs: number;
  readonly instruments: readonly string[];
  readonly features: readonly string[];
  readonly hasRules: boolean;
  /** Absent: none, as in files from before people could exclude any. */
  readonly excluded?: readonly ExcludedRow[];
}

const META_KEY = 'keel';
/** DuckDB's own: a chunk holds so many rows. */
const CHUNK_ROWS = 2_048;
const PREFIX = 'f_';

const metaOf = ({ rows, rules, excluded = [] }: Snapshot): Meta => ({
  format: 1, label: rows.label.version, candleMs: rows.candleMs, instruments: rows.instruments, features: rows.names, hasRules: rules !== null,
  ...(excluded.length === 0 ? {} : { excluded: excluded.map(({ instrumentId, decidedAt }) => ({ instrumentId, decidedAt })) }),
});

function columnsOf({ rows, rules }: Snapshot): readonly Column[] {
  const double = (name: string, values: Float64Array): Column => ({ name, type: 'DOUBLE', values });
  const integer = (name: string, values: Int32Array): Column => ({ name, type: 'INTEGER', values });
  return [
    integer('instrument', rows.instrument), double('decided_at', rows.decidedAt), double('sigma', rows.sigma), double('cost_bps', rows.costBps), double('last_move_bps', rows.lastMoveBps), double('move_bps', rows.moveBps),
    double('long_bps', rows.longBps), double('short_bps', rows.shortBps), integer('long_exit', rows.longExit), integer('short_exit', rows.shortExit), double('uniqueness', rows.uniqueness), double('weight', rows.weights),
    ...rows.gapMovesBps.map((values, index) => double(`gap_${GAPS[index] ?? index}_bps`, values)),
    ...(rules === null ? [] : [integer('rule', Int32Array.from(rules))]),
    ...rows.columns.map((values, index): Column => ({ name: `${PREFIX}${rows.names[index] ?? index}`, type: 'FLOAT', values })),
  ];
}

/** Of the numbers and what they are called, in the file's order. */
export function snapshotHash(snapshot: Snapshot): string {
  const hash = sha256.create().update(utf8ToBytes(JSON.stringify(metaOf(snapshot))));
  for (const { name, values } of columnsOf(snapshot)) hash.update(utf8ToBytes(`\n${name}\n`)).update(bytesOf(values));
  return bytesToHex(hash.digest());
}

/** NaN has many bit patterns, and which one 0 / 0 gives depends on whether the code was compiled yet: all of them are one here. */
function bytesOf(values: Column['values']): Uint8Array {
  const numbers = values instanceof Int32Array ? values : values.map((value) => (Number.isNaN(value) ? NaN : value));
  return new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
}

/** Whole or not at all. One that is there already stays: it holds the same. */
export async function writeSnapshot(path: string, snapshot: Snapshot): Promise<void> {
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  const fresh = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`; // two threads may write the same
  const columns = columnsOf(snapshot);
  try {
    await withDuckDb(async (connection) => {
      await connection.run(`CREATE TABLE rows (${columns.map(({ name, type }) => `${quoted(name)} ${type}`).join(', ')})`);
      await append(connection, columns, snapshot.rows.rows);
      await connection.run(`COPY rows TO ${literal(fresh)} (FORMAT parquet, COMPRESSION zstd, KV_METADATA { ${META_KEY}: ${literal(JSON.stringify(metaOf(snapshot)))} })`);
    });
    renameSync(fresh, path);
  } finally {
    rmSync(fresh, { force: true });
  }
}

async function append(connection: DuckDBConnection, columns: readonly Column[], rows: number): Promise<void> {
  const { DuckDBDataChunk, DOUBLE, FLOAT, INTEGER } = await import('@duckdb/node-api');
  const types = { DOUBLE, FLOAT, INTEGER };
  const appender = await connection.createAppender('rows');
  for (let from = 0; from < rows; from += CHUNK_ROWS) {
    const chunk = DuckDBDataChunk.create(columns.map(({ type }) => types[type]), Math.min(CHUNK_ROWS, rows - from));
    columns.forEach(({ values }, index) => { chunk.setColumnValues(index, [...values.subarray(from, from + CHUNK_ROWS)]); });
    appender.appendDataChunk(chunk);
  }
  appender.closeSync();
}

/**
 * @param hash its name: another content is refused.
 * @throws {KeelError} SNAPSHOT_INVALID, not retried: not there, not readable, or not what its name says. It can be made anew from the candles.
 */
export async function readSnapshot(path: string, hash: string): Promise<Snapshot> {
  let snapshot: Snapshot;
  try {
    snapshot = await withDuckDb(async (connection) => await readRows(connection, path));
  } catch (error) {
    throw new KeelError('SNAPSHOT_INVALID', `the data set ${hash.slice(0, 12)} cannot be read: ${messageOf(error)}`, { cause: error });
  }
  const found = snapshotHash(snapshot);
  if (found !== hash) throw new KeelError('SNAPSHOT_INVALID', `the data set ${hash.slice(0, 12)} was altered: its numbers have the hash ${found.slice(0, 12)}`);
  return snapshot;
}

async function readRows(connection: DuckDBConnection, path: string): Promise<Snapshot> {
  const described = await connection.runAndReadAll(`SELECT decode(value) FROM parquet_kv_metadata(${literal(path)}) WHERE decode(key) = '${META_KEY}'`);
  const meta = JSON.parse(String(described.getRows()[0]?.[0])) as Meta;
  const read = await connection.runAndReadAll(`SELECT * FROM read_parquet(${literal(path)})`);
  const [names, count] = [read.columnNames(), read.currentRowCount];
  const columns = read.getColumns() as readonly (readonly number[])[];
  const of = (name: string): readonly number[] => columns[names.indexOf(name)] ?? absent(name);
  const double = (name: string): Float64Array => Float64Array.from(of(name));
  const integer = (name: string): Int32Array => Int32Array.from(of(name));
  const decidedAt = double('decided_at');
  const label = labelDefinitionOf(meta.label);
  return {
    ...(meta.excluded === undefined ? {} : { excluded: meta.excluded }),
    rules: meta.hasRules ? Uint8Array.from(of('rule')) : null,
    rows: {
      names: meta.features, columns: meta.features.map((name) => Float32Array.from(of(`${PREFIX}${name}`))), rows: count, label, candleMs: meta.candleMs, instruments: meta.instruments,
      instrument: integer('instrument'), decidedAt, labelUntil: decidedAt.map((at) => at + label.horizonCandles * meta.candleMs), sigma: double('sigma'), costBps: double('cost_bps'),
      lastMoveBps: double('last_move_bps'), moveBps: double('move_bps'), longBps: double('long_bps'), shortBps: double('short_bps'), longExit: integer('long_exit'), shortExit: integer('short_exit'),
      gapMovesBps: GAPS.map((gap) => double(`gap_${gap}_bps`)), uniqueness: double('uniqueness'), weights: double('weight'),
    },
  };
}

const absent = (name: string): never => { throw new RangeError(`it has no column ${name}`); };
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** One thread, so that the order of rows is that in which they came. */
async function withDuckDb<T>(work: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
  const { DuckDBInstance } = await import('@duckdb/node-api');
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection = await instance.connect();
  try {
    return await work(connection);
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
