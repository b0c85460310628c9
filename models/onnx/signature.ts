/** What an ONNX file must be to be a model of ours: the one place that says so. */
import { z } from 'zod';
import { KeelError, messageOf } from '../../domain/errors.ts';
import type { Task } from '../../domain/learning/dataset.ts';
import { outputsOf } from '../../domain/learning/dataset.ts';
import { TASK } from '../../domain/learning/learner.ts';
import type { SideCar } from '../side-car.ts';
import { BYTES_MAX } from '../side-car.ts';
import type { GraphProto, ModelProto, ValueInfoProto } from './format.ts';
import { ELEMENT, decodeModel } from './format.ts';

/** The input of the models that we write. */
export const INPUT = 'features';
/** Keys in an ONNX file's `metadata_props`. */
export const METADATA = { features: 'keel.features', task: 'keel.task', artefact: 'keel.artefact' } as const;
const OUTPUT_TYPES: readonly number[] = [ELEMENT.float, ELEMENT.double];
const THREE: Task = { kind: 'classes', count: 3 };

/** The output of the models that we write. */
export const outputNameOf = (task: Task): string => (task.kind === 'regression' ? 'value' : 'probabilities');

export interface OnnxSignature {
  readonly task: Task;
  /** Names of the input's columns, in order. */
  readonly features: readonly string[];
  /** Names in the graph. */
  readonly input: string;
  readonly output: string;
  readonly producer: string;
}

/** @throws {KeelError} MODEL_INVALID, not retried: says what was found, and what is allowed. */
export const refuseOnnx = (found: string, cause?: unknown): KeelError => new KeelError('MODEL_INVALID', `this ONNX model cannot be used: ${found}`, { cause });

/**
 * One input, float32 `[rows, features]`; one output of probabilities or numbers, float32 or float64, `[rows, 3]` of buy,
 * sell, hold or `[rows, 1]`. Other outputs, such as a label, are not read. The features' names stand in the metadata
 * `keel.features` as a JSON list, or in the side-car.
 * @throws {KeelError} MODEL_INVALID, not retried: says what was found, and what is allowed.
 */
export function signatureOf(bytes: Uint8Array, sideCar: SideCar = {}): OnnxSignature {
  const { graph, metadataProps, producerName } = decoded(bytes);
  const features = featuresOf(metadataProps, sideCar);
  const input = inputOf(graph, features.length);
  const output = outputOf(graph);
  const width = sizesOf(output)?.[1];
  const task = sideCar.task ?? parsedMetadata(metadataProps, METADATA.task, TASK) ?? (width === 1 ? { kind: 'binary' } : THREE);
  if (width !== undefined && width !== outputsOf(task)) throw refuseOnnx(`its output ${JSON.stringify(output.name)} is ${width} wide; allowed: 3, the probabilities of buy, sell, hold, or 1, that of class 1 (or a number, where its task is regression)`);
  return { task, features, input: input.name, output: output.name, producer: producerName };
}

function decoded(bytes: Uint8Array): ModelProto & { readonly graph: GraphProto } {
  if (bytes.length > BYTES_MAX) throw refuseOnnx(`it has ${bytes.length} bytes; at most ${BYTES_MAX} are allowed`);
  let model: ModelProto;
  try {
    model = decodeModel(bytes);
  } catch (error) {
    throw refuseOnnx(`its ${bytes.length} bytes are no ONNX file, or were cut off (${messageOf(error)})`, error);
  }
  const { graph } = model;
  if (graph === undefined || graph.node.length === 0 || model.irVersion < 1) throw refuseOnnx(`its ${bytes.length} bytes hold no ONNX graph`);
  const outside = graph.initializer.find(({ dataLocation }) => dataLocation === 1);
  if (outside !== undefined) throw refuseOnnx(`its numbers ${JSON.stringify(outside.name)} lie in another file; save it with all of its data inside`);
  return { ...model, graph };
}

function featuresOf(metadata: ModelProto['metadataProps'], sideCar: SideCar): readonly string[] {
  const features = sideCar.features ?? parsedMetadata(metadata, METADATA.features, z.array(z.string().min(1)).min(1));
  if (features === undefined) throw refuseOnnx(`nothing names its features: write them in order into its metadata ${METADATA.features}, a JSON list, or into a file beside it, as {"features": […]}`);
  const twice = features.find((name, index) => features.indexOf(name) !== index);
  if (twice !== undefined) throw refuseOnnx(`it names the feature ${JSON.stringify(twice)} twice`);
  return features;
}

function parsedMetadata<T>(metadata: ModelProto['metadataProps'], key: string, schema: z.ZodType<T>): T | undefined {
  const text = metadata.find((entry) => entry.key === key)?.value;
  if (text === undefined) return undefined;
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    throw refuseOnnx(`its metadata ${key} cannot be read: ${messageOf(error)}`, error);
  }
}

function inputOf({ input, initializer }: GraphProto, features: number): ValueInfoProto {
  const given = input.filter(({ name }) => initializer.every((constant) => constant.name !== name)); // old files list their constants, too
  const [only] = given;
  const isOne = only !== undefined && given.length === 1 && only.type?.tensorType?.elemType === ELEMENT.float;
  const sizes = only === undefined ? undefined : sizesOf(only);
  const allowed = `allowed: one, float32 [rows, ${features}], rows not fixed`;
  if (!isOne) throw refuseOnnx(`its inputs are ${given.map(described).join(', ') || 'none'}; ${allowed}`);
  if (sizes !== undefined && (sizes.length !== 2 || sizes[0] !== undefined || (sizes[1] !== undefined && sizes[1] !== features))) throw refuseOnnx(`its input is ${described(only)}; ${allowed}, for it names ${features} features`);
  return only;
}

function outputOf({ output }: GraphProto): ValueInfoProto {
  const numbers = output.filter(({ type }) => OUTPUT_TYPES.includes(type?.tensorType?.elemType ?? 0));
  const named = numbers.find(({ name }) => name === 'probabilities') ?? (numbers.length === 1 ? numbers[0] : undefined);
  const sizes = named === undefined ? undefined : sizesOf(named);
  if (named === undefined || (sizes !== undefined && sizes.length !== 2)) throw refuseOnnx(`its outputs are ${output.map(described).join(', ') || 'none'}; allowed: one, or one called "probabilities", of float32 or float64 [rows, 3] or [rows, 1]`);
  return named;
}

/** Undefined where a size is not fixed; as a whole where the file does not say. */
function sizesOf({ type }: ValueInfoProto): readonly (number | undefined)[] | undefined {
  return type?.tensorType?.shape?.dim.map(({ dimValue }) => (dimValue === undefined || dimValue < 0 ? undefined : dimValue));
}

function described(value: ValueInfoProto): string {
  const type = value.type?.tensorType;
  const name = Object.entries(ELEMENT).find(([, number]) => number === type?.elemType)?.[0] ?? (type === undefined ? 'no tensor' : `type ${type.elemType}`);
  const sizes = sizesOf(value);
  return `${JSON.stringify(value.name)} of ${name}${sizes === undefined ? '' : ` [${sizes.map((size) => size ?? 'any').join(', ')}]`}`;
}
