/** A data set in memory that all training threads see: it is read once, and no thread has a copy of its own. */
import { labelDefinitionOf } from '../domain/predictions/label.ts';
import type { LabelledRows } from '../domain/validation/rows.ts';
import type { Snapshot } from './snapshot.ts';

/** Its numbers lie in shared buffers; the label, which may be a user's function, goes by its name. */
export interface SharedSnapshot extends Omit<Snapshot, 'rows'> {
  readonly rows: Omit<LabelledRows, 'label'> & { readonly label: string };
}

type Numbers = Float64Array | Float32Array | Int32Array | Uint8Array;

export function shared({ rows: { label, ...rows }, rules, excluded }: Snapshot): SharedSnapshot {
  const held = Object.fromEntries(Object.entries(rows).map(([name, value]) => [name, isNumbers(value) ? sharedOf(value) : Array.isArray(value) && value.every(isNumbers) ? value.map(sharedOf) : value])) as unknown as typeof rows;
  return { rows: { ...held, label: label.version }, rules: rules === null ? null : sharedOf(rules), ...(excluded === undefined ? {} : { excluded }) };
}

/** @throws {RangeError} not retried: a label that this thread does not know. */
export function opened({ rows, ...snapshot }: SharedSnapshot): Snapshot {
  return { ...snapshot, rows: { ...rows, label: labelDefinitionOf(rows.label) } };
}

const isNumbers = (value: unknown): value is Numbers => ArrayBuffer.isView(value);

function sharedOf<A extends Numbers>(numbers: A): A {
  const Type = numbers.constructor as new (buffer: SharedArrayBuffer) => A;
  const held = new Type(new SharedArrayBuffer(numbers.byteLength));
  held.set(numbers);
  return held;
}
