/** The few column types that the ledger uses, and how each is written. */
import { bigint, customType, numeric, text } from 'drizzle-orm/pg-core';
import { sql, type SQL } from 'drizzle-orm';

/** Money, price or quantity: exact, of any scale, read as text. */
export const decimal = (name: string) => numeric(name);

/** Epoch milliseconds of the clock that the column's comment names. */
export const epochMs = (name: string) => bigint(name, { mode: 'number' });

export const bytes = customType<{ data: Buffer }>({ dataType: () => 'bytea' });

/** A counter or sequence number. */
export const counter = (name: string) => bigint(name, { mode: 'number' });

/** An identity made by Keel or given by the venue. */
export const id = (name: string) => text(name);

/** Wall clock of the database when the row was written. */
export const writtenAt = () =>
  epochMs('written_at')
    .notNull()
    .default(sql`(extract(epoch from clock_timestamp()) * 1000)::bigint`);

/** `column in ('a', 'b')`, written out for a CHECK. */
export function oneOf(column: string, values: readonly string[]): SQL {
  return sql.raw(`${column} in (${values.map((value) => `'${value}'`).join(', ')})`);
}
