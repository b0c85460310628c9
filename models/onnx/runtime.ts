import type * as Runtime from 'onnxruntime-web';
import type { InferenceSession, Tensor } from 'onnxruntime-web';
import { messageOf } from '../../domain/errors.ts';
import type { Matrix } from '../../domain/learning/dataset.ts';
import { outputsOf } from '../../domain/learning/dataset.ts';
import type { OnnxSignature } from './signature.ts';
import { refuseOnnx } from './signature.ts';

let runtime: Promise<typeof Runtime> | undefined;

/** ONNX Runtime as WebAssembly, loaded when the first model needs it. One thread: rows are few. */
function loadRuntime(): Promise<typeof Runtime> {
  runtime ??= import('onnxruntime-web').then((loaded) => {
    loaded.env.wasm.numThreads = 1;
    loaded.env.logLevel = 'error';
    return loaded;
  });
  return runtime;
}

/** An ONNX model that runs. */
export class OnnxSession {
  readonly #runtime: typeof Runtime;
  readonly #session: InferenceSession;
  readonly #signature: OnnxSignature;

  private constructor(runtime: typeof Runtime, session: InferenceSession, signature: OnnxSignature) {
    this.#runtime = runtime;
    this.#session = session;
    this.#signature = signature;
  }

  /** @throws {KeelError} MODEL_INVALID, not retried: ONNX Runtime does not take it; says why. */
  static async open(bytes: Uint8Array, signature: OnnxSignature): Promise<OnnxSession> {
    const loaded = await loadRuntime();
    try {
      return new OnnxSession(loaded, await loaded.InferenceSession.create(bytes, { executionProviders: ['wasm'], logSeverityLevel: 4 }), signature);
    } catch (error) {
      throw refuseOnnx(`ONNX Runtime ${loaded.env.versions.common ?? ''} does not take it (${messageOf(error)})`, error);
    }
  }

  /**
   * @param matrix of the signature's features
   * @returns `row × outputs + output`, unchecked
   * @throws {KeelError} MODEL_INVALID, not retried: it failed on the rows, or its output has another shape than it said.
   */
  async run({ columns, rows }: Matrix): Promise<Float64Array> {
    const { input, output, task } = this.#signature;
    const width = columns.length;
    const values = new Float32Array(rows * width);
    columns.forEach((column, feature) => { for (let row = 0; row < rows; row += 1) values[row * width + feature] = column[row] as number; });
    let tensor: Tensor | undefined;
    try {
      tensor = (await this.#session.run({ [input]: new this.#runtime.Tensor('float32', values, [rows, width]) }, [output]))[output] as Tensor | undefined;
    } catch (error) {
      throw refuseOnnx(`it failed on ${rows} rows of ${width} features (${messageOf(error)})`, error);
    }
    const outputs = outputsOf(task);
    const isWhole = tensor !== undefined && (tensor.type === 'float32' || tensor.type === 'float64') && tensor.dims.length === 2 && tensor.dims[0] === rows && tensor.dims[1] === outputs;
    if (!isWhole) throw refuseOnnx(`of ${rows} rows its output ${JSON.stringify(output)} is ${tensor?.type ?? 'absent'} [${tensor?.dims.join(', ') ?? ''}]; allowed: float32 or float64 [${rows}, ${outputs}]`);
    return Float64Array.from((tensor as Tensor).data as Float32Array | Float64Array);
  }

  async close(): Promise<void> {
    await this.#session.release();
  }
}
