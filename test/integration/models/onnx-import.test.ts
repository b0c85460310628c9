import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { readArtefact, writeArtefact } from '../../../domain/learning/artefact.ts';
import { boosting } from '../../../domain/learning/boosting.ts';
import type { Matrix, Task } from '../../../domain/learning/dataset.ts';
import { matrixOf } from '../../../domain/learning/dataset.ts';
import { loadModel } from '../../../domain/learning/load.ts';
import type { Predictor } from '../../../domain/ports/predictor.ts';
import { onnxOf } from '../../../models/onnx/export.ts';
import type { GraphProto, ModelProto, TensorProto, ValueInfoProto } from '../../../models/onnx/format.ts';
import { ELEMENT, decodeModel, encodeModel } from '../../../models/onnx/format.ts';
import { importOnnx } from '../../../models/onnx/predictor.ts';
import type { SideCar } from '../../../models/side-car.ts';
import { openPredictor, predictorOf } from '../../../models/predictor.ts';
import { drawnData } from '../../unit/domain/learning/data.fixture.ts';

const NAMES = ['one', 'two', 'three', 'four'];
const BESIDE: SideCar = { features: NAMES };
const DATA = drawnData(100, 'import');
const OURS = boosting({ rounds: 5 }).fit(DATA, { task: { kind: 'binary' }, seed: '' });
const opened: Predictor[] = [];
afterAll(async () => { await Promise.all(opened.map((it) => it.close())); });

const fixture = (name: string): Uint8Array => new Uint8Array(readFileSync(new URL(`../../fixtures/onnx/${name}.onnx`, import.meta.url)));
/** The fixture's rows, and what scikit-learn says of them. */
function expectedOf(name: string): { matrix: Matrix; said: readonly number[] } {
  const { rows, said } = JSON.parse(readFileSync(new URL(`../../fixtures/onnx/${name}.json`, import.meta.url), 'utf8')) as { rows: (number | null)[][]; said: number[] };
  return { matrix: matrixOf(NAMES, NAMES.map((_, feature) => rows.map((row) => row[feature] ?? NaN))), said };
}

async function open(artefact: Uint8Array): Promise<Predictor> {
  const predictor = await openPredictor(artefact);
  opened.push(predictor);
  return predictor;
}

describe('a model of somebody else', () => {
  it.each<[string, Task | undefined, Task]>([
    ['trees', undefined, { kind: 'classes', count: 3 }],
    ['logistic', undefined, { kind: 'classes', count: 3 }],
    ['line', { kind: 'regression' }, { kind: 'regression' }],
    ['two-classes', { kind: 'classes', count: 2 }, { kind: 'classes', count: 2 }],
  ])('%s: says what scikit-learn says, missing values too', async (name, task, expected) => {
    const { matrix, said } = expectedOf(name);
    const predictor = await open(await importOnnx(fixture(name), { ...BESIDE, task }));
    expect(predictor).toMatchObject({ task: expected, features: NAMES });
    const found = await predictor.predict(matrix);
    expect(found).toHaveLength(said.length);
    found.forEach((value, place) => expect(value).toBeCloseTo(said[place] ?? NaN, 6));
  });

  it('answers many at once', async () => {
    const { matrix, said } = expectedOf('trees');
    const predictor = await open(await importOnnx(fixture('trees'), BESIDE));
    for (const found of await Promise.all(Array.from({ length: 20 }, () => predictor.predict(matrix)))) expect(found[0]).toBeCloseTo(said[0] ?? NaN, 6);
  });

  it('is refused rows of other columns', async () => {
    const predictor = await open(await importOnnx(fixture('trees'), BESIDE));
    await expect(predictor.predict(DATA)).rejects.toThrow(/the model reads 4 features/);
  });

  it('a missing value that it makes nothing of is its failure, not a probability', async () => {
    const predictor = await open(await importOnnx(altered((graph) => ({ ...graph, node: [{ ...node('Sigmoid'), output: ['raw'] }, { ...node('ReduceMax', 'raw'), attribute: [{ name: 'axes', type: 7, ints: [1] }] }] }))));
    expect(await predictor.predict(matrixOf(['a', 'b', 'noise'], [[0], [0], [0]]))).toEqual(Float64Array.of(0.5));
    await expect(predictor.predict(matrixOf(['a', 'b', 'noise'], [[0, NaN], [0, NaN], [0, NaN]]))).rejects.toMatchObject({ code: 'MODEL_INVALID', message: expect.stringMatching(/of row 1 it says NaN; allowed: a probability/) as string });
  });
});

describe('our own models as predictors', () => {
  it('say what they said, and refuse other columns', async () => {
    for (const predictor of [predictorOf(OURS), await open(OURS.save())]) {
      expect(await predictor.predict(DATA)).toEqual(OURS.predict(DATA));
      expect(predictor.describe()).toEqual(OURS.describe());
      await expect(predictor.predict(matrixOf(['a'], [[1]]))).rejects.toThrow(RangeError);
    }
  });
});

const node = (opType: string, input = 'features'): GraphProto['node'][number] => ({ name: opType, opType, domain: '', input: [input], output: ['probabilities'], attribute: [] });
const value = (name: string, elemType: number, sizes?: readonly (number | string)[]): ValueInfoProto => ({ name, type: { tensorType: { elemType, ...(sizes === undefined ? {} : { shape: { dim: sizes.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size })) } }) } } });
/** Our model with its graph changed; opset 17. */
function altered(change: (graph: GraphProto) => GraphProto, rest: Partial<ModelProto> = {}): Uint8Array {
  const model = decodeModel(onnxOf(OURS.save()));
  return encodeModel({ ...model, graph: change(model.graph as GraphProto), ...rest });
}

describe('what is refused, with what was found and what is allowed', () => {
  const whole = onnxOf(OURS.save());
  const unnamed = { metadataProps: [] };
  const constant: TensorProto = { name: 'away', dims: [1], dataType: 1, rawData: new Uint8Array(0), dataLocation: 1, externalData: [{ key: 'location', value: '/etc/passwd' }] };
  it.each<[string, Uint8Array, SideCar, RegExp]>([
    ['nothing', new Uint8Array(0), {}, /its 0 bytes hold no ONNX graph/],
    ['another kind of file', new TextEncoder().encode('PK\u0003\u0004 a zip file, say'), {}, /no ONNX file, or were cut off/],
    ['one of our artefacts', OURS.save(), {}, /no ONNX file/],
    ['a part', whole.slice(0, -100), {}, /cut off/],
    ['a pickle\'s size', new Uint8Array(64 * 2 ** 20 + 1), {}, /67108865 bytes; at most 67108864/],
    ['features without names', fixture('trees'), {}, /nothing names its features.*keel\.features/],
    ['too few names', fixture('trees'), { features: ['one'] }, /input is "X" of float \[any, 4\]; allowed: one, float32 \[rows, 1\]/],
    ['a name twice', fixture('trees'), { features: ['a', 'b', 'c', 'a'] }, /the feature "a" twice/],
    ['metadata that is no list', altered((it) => it, { metadataProps: [{ key: 'keel.features', value: '{"a":1}' }] }), {}, /metadata keel\.features cannot be read/],
    ['a task that is not known', altered((it) => it, { metadataProps: [{ key: 'keel.features', value: '["a","b","noise"]' }, { key: 'keel.task', value: '{"kind":"oracle"}' }] }), {}, /metadata keel\.task cannot be read/],
    ['two inputs', altered((graph) => ({ ...graph, input: [...graph.input, value('more', ELEMENT.float, ['rows', 1])] })), {}, /its inputs are "features" of float \[any, 3\], "more" of float \[any, 1\]; allowed: one/],
    ['an input in float64', altered((graph) => ({ ...graph, input: [value('features', ELEMENT.double, ['rows', 3])] })), {}, /"features" of double/],
    ['a fixed number of rows', altered((graph) => ({ ...graph, input: [value('features', ELEMENT.float, [1, 3])] })), {}, /float \[1, 3\].*rows not fixed/],
    ['an image', altered((graph) => ({ ...graph, input: [value('features', ELEMENT.float, ['rows', 3, 224, 224])] })), {}, /\[any, 3, 224, 224\]/],
    ['maps instead of a tensor', fixture('maps'), BESIDE, /"output_label" of int64 \[any\], "output_probability" of no tensor; allowed: one, or one called "probabilities"/],
    ['labels alone', altered((graph) => ({ ...graph, output: [value('label', ELEMENT.int64, ['rows'])] })), {}, /its outputs are "label" of int64/],
    ['two classes, unless it says that these are its task', fixture('two-classes'), BESIDE, /"probabilities" is 2 wide; allowed: 3, the probabilities of buy, sell, hold, or 1/],
    ['numbers in another file', altered((graph) => ({ ...graph, initializer: [...graph.initializer, constant] })), {}, /its numbers "away" lie in another file/],
    ['an operator that nobody knows', altered((graph) => ({ ...graph, node: [node('Oracle')] })), {}, /ONNX Runtime 1\.\d+\.\d+ does not take it/],
    ['a shape that it did not tell', altered((graph) => ({ ...graph, node: [node('Sigmoid')], output: [value('probabilities', ELEMENT.float)] })), {}, /"probabilities" is float32 \[2, 3\]; allowed: float32 or float64 \[2, 1\]/],
    ['scores instead of probabilities', altered((graph) => ({ ...graph, node: [{ ...node('Exp'), output: ['score'] }, { ...node('ReduceMax', 'score'), attribute: [{ name: 'axes', type: 7, ints: [1] }] }] })), {}, /of row 1 it says 2\.718\d*; allowed: a probability, 0 to 1/],
    ['probabilities whose sum is not 1', altered((graph) => ({ ...graph, node: [node('Sigmoid')], output: [value('probabilities', ELEMENT.float, ['rows', 3])] }), { metadataProps: [{ key: 'keel.features', value: '["a","b","noise"]' }] }), {}, /of row 0 it says 0\.5, 0\.5, 0\.5; allowed: probabilities of 0 to 1 that sum to 1/],
  ])('%s', async (_name, bytes, sideCar, message) => {
    await expect(importOnnx(bytes, sideCar)).rejects.toMatchObject({ code: 'MODEL_INVALID', message: expect.stringMatching(message) as string });
  });

  it('features that the feature set does not have', async () => {
    await expect(importOnnx(altered((it) => it, unnamed), { features: ['rsi', 'b', 'oracle'] }, ['a', 'b', 'rsi'])).rejects.toMatchObject({ code: 'MODEL_INVALID', message: expect.stringMatching(/it reads "oracle", which the feature set does not have; it has: a, b, rsi/) as string });
  });

  it('an artefact of an imported model that makes no sense, or is asked for where only our own run', async () => {
    const { kind, meta, arrays } = readArtefact(await importOnnx(whole));
    await expect(openPredictor(writeArtefact({ kind, meta: { ...meta, input: 1 }, arrays }))).rejects.toMatchObject({ code: 'MODEL_INVALID', message: expect.stringContaining('input') as string });
    await expect(openPredictor(writeArtefact({ kind, meta, arrays: {} }))).rejects.toMatchObject({ code: 'MODEL_INVALID', message: expect.stringContaining('no array onnx') as string });
    await expect(openPredictor(writeArtefact({ kind, meta, arrays: { onnx: new Uint8Array(100) } }))).rejects.toMatchObject({ code: 'MODEL_INVALID' });
    expect(() => loadModel(writeArtefact({ kind, meta, arrays }))).toThrow(expect.objectContaining({ code: 'MODEL_INVALID' }));
  });
});
