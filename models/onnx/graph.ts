import type { AttributeProto, GraphProto, NodeProto, TensorProto } from './format.ts';
import { ELEMENT } from './format.ts';

const ATTRIBUTE = { int: 2, tensor: 4, ints: 7 } as const;

/** The domain of operators of trees. */
export const ML_DOMAIN = 'ai.onnx.ml';

/** Where a number stands in a graph: the name of a value. */
export type Value = string;

type Attribute = number | readonly number[] | TensorProto;

export function tensorOf(values: Float64Array | Float32Array | Uint8Array | readonly bigint[], dims: readonly number[]): TensorProto {
  const typed = Array.isArray(values) ? BigInt64Array.from(values as readonly bigint[]) : values as Float64Array | Float32Array | Uint8Array;
  const dataType = typed instanceof BigInt64Array ? ELEMENT.int64 : typed instanceof Float64Array ? ELEMENT.double : typed instanceof Float32Array ? ELEMENT.float : ELEMENT.uint8;
  return { dims, dataType, rawData: new Uint8Array(typed.buffer, typed.byteOffset, typed.byteLength) };
}

/** A graph while it is written: each step's output has a name of its own, in order, so that the same steps give the same bytes. */
export class GraphWriter {
  readonly #nodes: NodeProto[] = [];
  readonly #initializers: TensorProto[] = [];

  /** Numbers that the model brings with it. */
  constant(values: Float64Array | Float32Array | readonly bigint[], dims: readonly number[] = [values.length]): Value {
    const name = `constant${this.#initializers.length}`;
    this.#initializers.push({ ...tensorOf(values, dims), name });
    return name;
  }

  /** A number that stands beside tensors of any shape. */
  scalar(value: number): Value {
    return this.constant(Float64Array.of(value), []);
  }

  /** @returns where its output stands. */
  node(opType: string, input: readonly Value[], attributes: Readonly<Record<string, Attribute>> = {}, { domain = '', output = `value${this.#nodes.length}` } = {}): Value {
    this.#nodes.push({ name: `${opType}${this.#nodes.length}`, opType, domain, input, output: [output], attribute: Object.entries(attributes).map(([name, value]) => attributeOf(name, value)) });
    return output;
  }

  graph(edges: Pick<GraphProto, 'name' | 'input' | 'output'>): GraphProto {
    return { ...edges, node: this.#nodes, initializer: this.#initializers };
  }
}

function attributeOf(name: string, value: Attribute): AttributeProto {
  if (typeof value === 'number') return { name, type: ATTRIBUTE.int, i: value };
  return 'rawData' in value ? { name, type: ATTRIBUTE.tensor, t: value } : { name, type: ATTRIBUTE.ints, ints: value };
}
