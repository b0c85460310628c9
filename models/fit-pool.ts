import { Worker } from 'node:worker_threads';
import { KeelError } from '../domain/errors.ts';
import type { Dataset } from '../domain/learning/dataset.ts';
import type { FitJob } from './fit-job.ts';

interface Waiting {
  readonly job: FitJob;
  readonly done: PromiseWithResolvers<Uint8Array>;
}

/** The same numbers in memory that threads share: nothing is copied per job. */
function shared(data: Dataset): Dataset {
  const copy = <A extends Float32Array | Float64Array>(array: A, make: (buffer: SharedArrayBuffer) => A): A => {
    const into = make(new SharedArrayBuffer(array.byteLength));
    into.set(array);
    return into;
  };
  const wide = (array: Float64Array): Float64Array => copy<Float64Array>(array, (buffer) => new Float64Array(buffer));
  return {
    names: data.names, rows: data.rows, labels: wide(data.labels), ...(data.weights === undefined ? {} : { weights: wide(data.weights) }),
    columns: data.columns.map((column) => copy<Float32Array>(column, (buffer) => new Float32Array(buffer))),
  };
}

/**
 * Fits models on one data set in threads of their own, a model a thread: folds and candidates side by side, and the
 * caller's thread stays free. A model's bytes do not depend on how many threads there are, nor on which one made it.
 */
export class FitPool {
  readonly #idle: Worker[] = [];
  readonly #busy = new Map<Worker, Waiting>();
  readonly #waiting: Waiting[] = [];
  #isClosed = false;

  /** @param threads ≥ 1 */
  constructor(data: Dataset, threads: number) {
    const memory = shared(data);
    for (let index = 0; index < Math.max(1, threads); index += 1) {
      const worker = new Worker(new URL('./fit-worker.ts', import.meta.url), { workerData: memory });
      worker.on('message', (answer: { bytes?: Uint8Array; failure?: string }) => this.#answered(worker, answer));
      worker.on('error', (error) => this.#lost(worker, error));
      worker.on('exit', (code) => this.#lost(worker, new Error(`it ended with code ${code}`)));
      worker.unref();
      this.#idle.push(worker);
    }
  }

  /**
   * @returns the artefact's bytes.
   * @throws {KeelError} TRAINING_FAILED: a job that does not fit its data, a thread that ended, a pool that was closed. The
   *   same job fails the same way, unless a thread was lost: then it may be tried in a new pool.
   */
  fit(job: FitJob): Promise<Uint8Array> {
    const done = Promise.withResolvers<Uint8Array>();
    this.#waiting.push({ job, done });
    this.#next();
    return done.promise;
  }

  /** Ends the threads; what is not done fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    const workers = [...this.#idle.splice(0), ...this.#busy.keys()];
    await Promise.all(workers.map((worker) => worker.terminate()));
    this.#failWaiting('the pool was closed');
  }

  #next(): void {
    if (this.#isClosed) return this.#failWaiting('the pool is closed');
    if (this.#idle.length + this.#busy.size === 0) return this.#failWaiting('all of its threads have ended');
    const [worker, waiting] = [this.#idle[0], this.#waiting[0]];
    if (worker === undefined || waiting === undefined) return;
    this.#idle.shift();
    this.#waiting.shift();
    this.#busy.set(worker, waiting);
    worker.ref(); // a process does not end while a model is made
    worker.postMessage(waiting.job);
  }

  #answered(worker: Worker, { bytes, failure }: { bytes?: Uint8Array; failure?: string }): void {
    const waiting = this.#busy.get(worker);
    this.#busy.delete(worker);
    worker.unref();
    if (!this.#isClosed) this.#idle.push(worker);
    if (bytes !== undefined) waiting?.done.resolve(bytes);
    else waiting?.done.reject(failed(waiting.job, failure ?? 'no answer'));
    this.#next();
  }

  #lost(worker: Worker, error: Error): void {
    const waiting = this.#busy.get(worker);
    this.#busy.delete(worker);
    if (this.#idle.includes(worker)) this.#idle.splice(this.#idle.indexOf(worker), 1);
    waiting?.done.reject(failed(waiting.job, `its thread was lost: ${error.message}`));
    this.#next();
  }

  #failWaiting(reason: string): void {
    for (const { job, done } of this.#waiting.splice(0)) done.reject(failed(job, reason));
  }
}

const failed = ({ learner, seed, train }: FitJob, reason: string): KeelError => new KeelError('TRAINING_FAILED', `${learner} on ${train.length} rows (seed ${seed}) was not fitted: ${reason}`);
