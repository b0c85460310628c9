import type { ErrorCode } from '../../domain/errors.ts';
import { KeelError } from '../../domain/errors.ts';
import type { Dataset, Matrix, Task } from '../../domain/learning/dataset.ts';
import { outputsOf } from '../../domain/learning/dataset.ts';
import type { Pointer, XgboostLibrary } from './library.ts';

/** Whatever else runs side by side: the same sums in the same order, and the other threads keep their cores. */
const THREADS = 1;
const MATRIX_CONFIG = `{"missing":NaN,"nthread":${THREADS}}`;
const PREDICT_CONFIG = '{"type":0,"training":false,"iteration_begin":0,"iteration_end":0,"strict_shape":true,"missing":NaN,"cache_id":0}';

/** Boosters that nobody holds any more give their memory back. */
const forgotten = new FinalizationRegistry<() => void>((free) => { free(); });

/** Numbers that the library reads right now: they are held here, so that they stay where they are. */
let held: Float32Array | null = null;

function withNumbers(library: XgboostLibrary, numbers: Float32Array, shape: readonly number[], call: (at: string) => number): number {
  held = numbers;
  try {
    return call(JSON.stringify({ data: [library.addressOf(numbers), true], shape, typestr: '<f4', version: 3 }));
  } finally {
    held = null;
  }
}

/** @throws {KeelError} TRAINING_FAILED or what is given, not retried: with the library's own words. */
function assertDone({ functions }: XgboostLibrary, result: number, what: string, code: ErrorCode = 'TRAINING_FAILED'): void {
  if (result !== 0) throw new KeelError(code, `xgboost failed ${what}: ${functions.lastError().split('Stack trace')[0]?.split('\n').slice(0, 3).join(' ').trim() ?? ''}`);
}

/** Row by row; what is not finite is missing. Never in the heap, where it would move. */
function rowsOf({ columns, rows }: Matrix): Float32Array {
  const width = columns.length;
  const values = new Float32Array(new ArrayBuffer(4 * Math.max(1, rows * width)));
  columns.forEach((column, feature) => {
    for (let row = 0; row < rows; row += 1) {
      const value = column[row] as number;
      values[row * width + feature] = value - value === 0 ? value : NaN;
    }
  });
  return values;
}

/** A data set in the library's memory, until it is freed. */
export class XgboostMatrix {
  readonly at: Pointer;
  readonly rows: number;
  readonly #library: XgboostLibrary;

  constructor(library: XgboostLibrary, data: Dataset) {
    const out: [Pointer | null] = [null];
    assertDone(library, withNumbers(library, rowsOf(data), [data.rows, data.columns.length], (at) => library.functions.createMatrix(at, MATRIX_CONFIG, out)), 'to take the data');
    this.at = out[0] as Pointer;
    this.rows = data.rows;
    this.#library = library;
    this.#setInfo('label', data.labels);
    if (data.weights !== undefined) this.#setInfo('weight', data.weights);
  }

  free(): void {
    this.#library.functions.freeMatrix(this.at);
  }

  #setInfo(field: 'label' | 'weight', numbers: Float64Array): void {
    const narrow = new Float32Array(new ArrayBuffer(4 * numbers.length));
    narrow.set(numbers);
    assertDone(this.#library, withNumbers(this.#library, narrow, [numbers.length], (at) => this.#library.functions.setInfo(this.at, field, at)), `to take the ${field}s`);
  }
}

/** A model in the library's memory. */
export class Booster {
  readonly #library: XgboostLibrary;
  readonly #at: Pointer;

  private constructor(library: XgboostLibrary, at: Pointer) {
    this.#library = library;
    this.#at = at;
    const { freeBooster } = library.functions;
    forgotten.register(this, () => { freeBooster(at); });
  }

  /** @param matrices whose predictions it remembers from round to round */
  static create(library: XgboostLibrary, parameters: Readonly<Record<string, string>>, matrices: readonly XgboostMatrix[] = []): Booster {
    const out: [Pointer | null] = [null];
    assertDone(library, library.functions.createBooster(matrices.map(({ at }) => at), matrices.length, out), 'to begin');
    const booster = new Booster(library, out[0] as Pointer);
    for (const [name, value] of Object.entries({ ...parameters, nthread: String(THREADS) })) assertDone(library, library.functions.setParameter(booster.#at, name, value), `to take ${name}=${value}`);
    return booster;
  }

  /** @throws {KeelError} MODEL_INVALID, not retried: bytes that are no model of XGBoost's. */
  static load(library: XgboostLibrary, bytes: Uint8Array): Booster {
    const booster = Booster.create(library, {});
    assertDone(library, library.functions.load(booster.#at, bytes, bytes.length), 'to read a model', 'MODEL_INVALID');
    assertDone(library, library.functions.setParameter(booster.#at, 'nthread', String(THREADS)), 'to read a model');
    return booster;
  }

  update(round: number, matrix: XgboostMatrix): void {
    assertDone(this.#library, this.#library.functions.updateOnce(this.#at, round, matrix.at), `in round ${round}`);
  }

  /** Only the first rounds. */
  first(rounds: number): Booster {
    const out: [Pointer | null] = [null];
    assertDone(this.#library, this.#library.functions.slice(this.#at, 0, rounds, 1, out), `to keep ${rounds} rounds`);
    return new Booster(this.#library, out[0] as Pointer);
  }

  /** @returns `row × outputs + output` */
  predictMatrix(matrix: XgboostMatrix, task: Task): Float64Array {
    return this.#read(matrix.rows, task, (...out) => this.#library.functions.predictMatrix(this.#at, matrix.at, PREDICT_CONFIG, ...out));
  }

  predict(matrix: Matrix, task: Task): Float64Array {
    if (matrix.rows === 0) return new Float64Array(0);
    return this.#read(matrix.rows, task, (...out) => withNumbers(this.#library, rowsOf(matrix), [matrix.rows, matrix.columns.length], (at) => this.#library.functions.predictDense(this.#at, at, PREDICT_CONFIG, null, ...out)));
  }

  #read(rows: number, task: Task, call: (shape: [Pointer | null], dimensions: [number], result: [Pointer | null]) => number): Float64Array {
    const [shape, dimensions, result]: [[Pointer | null], [number], [Pointer | null]] = [[null], [0], [null]];
    assertDone(this.#library, call(shape, dimensions, result), `to predict ${rows} rows`, 'MODEL_INVALID');
    const sizes = new BigUint64Array(this.#library.bytes(shape[0] as Pointer, 8 * dimensions[0]).buffer);
    const outputs = outputsOf(task);
    if (sizes.length !== 2 || Number(sizes[0]) !== rows || Number(sizes[1]) !== outputs) throw new KeelError('MODEL_INVALID', `this XGBoost model gives [${sizes.join(', ')}] for ${rows} rows; its task (${task.kind}) wants [${rows}, ${outputs}]`);
    return Float64Array.from(this.#library.floats(result[0] as Pointer, rows * outputs));
  }

  /** Summed gain of each feature that any split asks. */
  gains(features: number): Float64Array {
    const [count, names, dimensions, shape, scores]: [[number], [Pointer | null], [number], [Pointer | null], [Pointer | null]] = [[0], [null], [0], [null], [null]];
    assertDone(this.#library, this.#library.functions.scores(this.#at, JSON.stringify({ importance_type: 'total_gain', feature_names: Array.from({ length: features }, (_, place) => `f${place}`) }), count, names, dimensions, shape, scores), 'to tell importances');
    const gains = new Float64Array(features);
    if (count[0] === 0) return gains;
    const found = this.#library.floats(scores[0] as Pointer, count[0]);
    this.#library.texts(names[0] as Pointer, count[0]).forEach((name, index) => { gains[Number(name.slice(1))] = found[index] as number; }); // by place: names that the model brings along, from another tool, are not ours
    return gains;
  }

  get features(): number {
    const out: [number] = [0];
    assertDone(this.#library, this.#library.functions.featureCount(this.#at, out), 'to count features');
    return out[0];
  }

  get rounds(): number {
    const out: [number] = [0];
    assertDone(this.#library, this.#library.functions.rounds(this.#at, out), 'to count rounds');
    return out[0];
  }

  /** As universal binary JSON, or as JSON. */
  save(format: 'ubj' | 'json' = 'ubj'): Uint8Array {
    const [length, out]: [[number], [Pointer | null]] = [[0], [null]];
    assertDone(this.#library, this.#library.functions.save(this.#at, JSON.stringify({ format }), length, out), 'to save a model');
    return this.#library.bytes(out[0] as Pointer, length[0]);
  }
}
