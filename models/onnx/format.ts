/** ONNX files as plain objects, by the schema in `onnx.proto`. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type * as Protobuf from 'protobufjs';

/** Types of tensors, by their numbers in the specification. */
export const ELEMENT = { float: 1, uint8: 2, int64: 7, double: 11 } as const;

export interface TensorProto {
  readonly name?: string;
  readonly dims: readonly number[];
  readonly dataType: number;
  /** Little-endian. */
  readonly rawData: Uint8Array;
  readonly externalData?: readonly Entry[];
  /** 1: the numbers lie in another file. */
  readonly dataLocation?: number;
}

export interface AttributeProto {
  readonly name: string;
  /** 2: `i`, 4: `t`, 5: `g`, 7: `ints`. */
  readonly type: number;
  readonly i?: number;
  readonly t?: TensorProto;
  readonly g?: GraphProto;
  readonly ints?: readonly number[];
}

export interface NodeProto {
  readonly name: string;
  readonly opType: string;
  readonly domain: string;
  readonly input: readonly string[];
  readonly output: readonly string[];
  readonly attribute: readonly AttributeProto[];
}

/** A size, a name for one that may vary, or neither: it may vary too. */
interface Dimension {
  readonly dimValue?: number;
  readonly dimParam?: string;
}

export interface ValueInfoProto {
  readonly name: string;
  readonly type?: { readonly tensorType?: { readonly elemType: number; readonly shape?: { readonly dim: readonly Dimension[] } } };
}

interface Entry {
  readonly key: string;
  readonly value: string;
}

export interface GraphProto {
  readonly name: string;
  readonly node: readonly NodeProto[];
  readonly initializer: readonly TensorProto[];
  readonly input: readonly ValueInfoProto[];
  readonly output: readonly ValueInfoProto[];
}

export interface ModelProto {
  readonly irVersion: number;
  readonly producerName: string;
  readonly opsetImport: readonly { readonly domain: string; readonly version: number }[];
  readonly graph?: GraphProto;
  readonly metadataProps: readonly Entry[];
}

let schema: Protobuf.Type | undefined;

/** Loaded when the first ONNX model is: most runs have none. */
function modelType(): Protobuf.Type {
  const { parse } = createRequire(import.meta.url)('protobufjs') as typeof Protobuf;
  schema ??= parse(readFileSync(new URL('./onnx.proto', import.meta.url), 'utf8')).root.lookupType('onnx.ModelProto');
  return schema;
}

export function encodeModel(model: ModelProto): Uint8Array {
  return modelType().encode(model).finish();
}

/** @throws {Error} not retried: no protobuf message of this schema. */
export function decodeModel(bytes: Uint8Array): ModelProto {
  const type = modelType();
  return type.toObject(type.decode(bytes), { longs: Number, arrays: true }) as ModelProto;
}
