/**
 * A model as bytes: `KEELMODL`, the header's length (32 bits, little-endian), the header as JSON, the arrays one after the
 * other, little-endian, and the SHA-256 of all that. Nothing in it depends on when or where it was made.
 */
import { sha256 } from '@noble/hashes/sha2.js';
import { z } from 'zod';
import { KeelError, messageOf } from '../errors.ts';

const MAGIC = new TextEncoder().encode('KEELMODL');
const FORMAT = 1;
const HASH_BYTES = 32;
const TYPES = { f32: Float32Array, f64: Float64Array, i32: Int32Array, u8: Uint8Array } as const;
type TypeName = keyof typeof TYPES;
type AnyArray = Float32Array | Float64Array | Int32Array | Uint8Array;

export interface Artefact {
  /** Which model reads it. */
  readonly kind: string;
  /** JSON. */
  readonly meta: Readonly<Record<string, unknown>>;
  readonly arrays: Readonly<Record<string, AnyArray>>;
}

const HEADER = z.object({
  format: z.literal(FORMAT),
  kind: z.string(),
  meta: z.record(z.string(), z.unknown()),
  arrays: z.array(z.object({ name: z.string(), type: z.enum(Object.keys(TYPES) as TypeName[]), length: z.int().min(0) })),
});
type Header = z.output<typeof HEADER>;

export const artefactHash = (bytes: Uint8Array): string => [...sha256(bytes)].map((byte) => byte.toString(16).padStart(2, '0')).join('');

export function writeArtefact({ kind, meta, arrays }: Artefact): Uint8Array {
  const listed = Object.entries(arrays).map(([name, array]) => ({ name, array, type: typeOf(array), length: array.length }));
  const header: Header = { format: FORMAT, kind, meta, arrays: listed.map(({ name, type, length }) => ({ name, type, length })) };
  const text = new TextEncoder().encode(JSON.stringify(header));
  const size = MAGIC.length + 4 + text.length + listed.reduce((sum, { array }) => sum + array.byteLength, 0);
  const bytes = new Uint8Array(size + HASH_BYTES);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint32(MAGIC.length, text.length, true);
  bytes.set(text, MAGIC.length + 4);
  let at = MAGIC.length + 4 + text.length;
  for (const { array } of listed) {
    bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), at);
    at += array.byteLength;
  }
  bytes.set(sha256(bytes.subarray(0, size)), size);
  return bytes;
}

function typeOf(array: AnyArray): TypeName {
  return array instanceof Float32Array ? 'f32' : array instanceof Float64Array ? 'f64' : array instanceof Int32Array ? 'i32' : 'u8';
}

/** @throws {KeelError} MODEL_INVALID, not retried: says what is wrong with the bytes. */
export const refuse = (reason: string): KeelError => new KeelError('MODEL_INVALID', `this is no usable model artefact: ${reason}`);

/** Whether it begins as one does; the rest of it may be damaged. */
export const isArtefact = (bytes: Uint8Array): boolean => MAGIC.every((byte, index) => bytes[index] === byte);

/** @throws {KeelError} MODEL_INVALID, not retried: foreign, of another format, cut off or altered. */
export function readArtefact(bytes: Uint8Array): Artefact {
  if (bytes.length < MAGIC.length + 4 + HASH_BYTES || !isArtefact(bytes)) throw refuse(`it does not begin with KEELMODL (${bytes.length} bytes)`);
  const size = bytes.length - HASH_BYTES;
  const hash = sha256(bytes.subarray(0, size));
  if (hash.some((byte, index) => bytes[size + index] !== byte)) throw refuse('its bytes do not have the hash at their end: it was cut off or altered');
  const textLength = new DataView(bytes.buffer, bytes.byteOffset).getUint32(MAGIC.length, true);
  const header = headerOf(bytes.subarray(MAGIC.length + 4, Math.min(size, MAGIC.length + 4 + textLength)));
  const arrays: Record<string, AnyArray> = {};
  let at = MAGIC.length + 4 + textLength;
  for (const { name, type, length } of header.arrays) {
    const Type = TYPES[type];
    const end = at + length * Type.BYTES_PER_ELEMENT;
    if (end > size) throw refuse(`its array ${name} ends at byte ${end} of ${size}`);
    arrays[name] = new Type(bytes.slice(at, end).buffer);
    at = end;
  }
  if (at !== size) throw refuse(`its arrays end at byte ${at} of ${size}`);
  return { kind: header.kind, meta: header.meta, arrays };
}

function headerOf(text: Uint8Array): Header {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder().decode(text));
  } catch (error) {
    throw refuse(`its header is not JSON (${messageOf(error)})`);
  }
  const format = (header as Partial<Header> | null)?.format;
  if (format !== FORMAT) throw refuse(`it has format ${String(format)}; this version reads ${FORMAT}`);
  const parsed = HEADER.safeParse(header);
  if (!parsed.success) throw refuse('its header lacks kind, meta or arrays');
  return parsed.data;
}

/** An array of an artefact. @throws {KeelError} MODEL_INVALID, not retried: missing, or of another type. */
export function arrayOf<Type extends TypeName>({ arrays }: Artefact, name: string, type: Type): InstanceType<(typeof TYPES)[Type]> {
  const array = arrays[name];
  if (array === undefined || typeOf(array) !== type) throw refuse(`it has no array ${name} of type ${type}`);
  return array as InstanceType<(typeof TYPES)[Type]>;
}
