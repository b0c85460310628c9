/** Training in threads of its own, at the machine's leisure: whatever trades goes first. */
import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Piscina } from 'piscina';
import { ERRORS, KeelError, messageOf } from '../domain/errors.ts';
import type { ErrorCode } from '../domain/errors.ts';
import type { Timeframe } from '../domain/market/timeframe.ts';
import type { FitRequest, JudgeRequest, Trainer } from '../domain/ports/trainer.ts';
import type { PackedRequest } from './packed-candles.ts';
import { buffersOf, packed } from './packed-candles.ts';
import type { SharedSnapshot } from './shared-snapshot.ts';
import { hasSnapshot } from './training.ts';

/** What a thread is asked. */
export type TrainingJob =
  | { readonly kind: 'featureSet'; readonly timeframe: Timeframe }
  | { readonly kind: 'snapshot'; readonly request: PackedRequest }
  | { readonly kind: 'open'; readonly dataHash: string }
  | { readonly kind: 'fit'; readonly request: FitRequest; readonly snapshot: SharedSnapshot }
  | { readonly kind: 'judge'; readonly request: JudgeRequest; readonly snapshot: SharedSnapshot }
  | { readonly kind: 'trained'; readonly request: Omit<FitRequest, 'fold'>; readonly snapshot: SharedSnapshot };

/** A failure's code would be lost on the way out of the thread. */
export type TrainingAnswer = { readonly result: unknown } | { readonly code: string; readonly message: string };

export interface TrainerOptions {
  /** The thread's own file: it answers jobs. */
  readonly thread: URL;
  /** Handed to the thread. */
  readonly parts: Readonly<Record<string, string>>;
  /** Where data sets and what was fitted on them are kept. */
  readonly folder: string;
  /** ≥ 1 */
  readonly threads: number;
  /** So long after its last job a process keeps a data set and its threads; absent: a minute. Wall clock. */
  readonly idleMs?: number;
}

/** The least that Linux knows: a thread that trains gets what nobody else wants. Elsewhere it is as any other. */
const NICE = 19;
/** A retrain's jobs follow each other sooner. Where it ends in another process, this one hears of nothing. */
const IDLE_MS = 60_000;
/** Another retrain may still work on what was written lately. */
const SPARED_MS = 24 * 3_600_000;

export function createTrainer({ thread, parts, folder, threads, idleMs = IDLE_MS }: TrainerOptions): Trainer {
  let opened: Promise<Piscina<TrainingJob, TrainingAnswer>> | null = null;
  /** The data set of the retrain that runs: its jobs follow each other, and side by side they look at the same one. */
  let held: { readonly dataHash: string; readonly snapshot: Promise<SharedSnapshot> } | null = null;
  let running = 0;
  let idle: NodeJS.Timeout | undefined;

  /** Loaded when something is trained, not before. */
  async function open(): Promise<Piscina<TrainingJob, TrainingAnswer>> {
    const { Piscina: Pool } = await import('piscina');
    return new Pool({ filename: thread.href, workerData: { ...parts, folder }, minThreads: 0, maxThreads: threads, idleTimeout: idleMs, niceIncrement: NICE });
  }

  async function ask<T>(job: TrainingJob): Promise<T> {
    opened ??= open();
    const pool = await opened;
    let answer: TrainingAnswer;
    try {
      answer = await pool.run(job, { transferList: job.kind === 'snapshot' ? buffersOf(job.request) : [] });
    } catch (error) {
      throw new KeelError('PROCESS_FAILED', `${job.kind}: its thread was lost: ${messageOf(error)}`, { cause: error });
    }
    if ('result' in answer) return answer.result as T;
    throw new KeelError(isCode(answer.code) ? answer.code : 'TRAINING_FAILED', answer.message);
  }

  function snapshotOf(dataHash: string): Promise<SharedSnapshot> {
    if (held?.dataHash === dataHash) return held.snapshot;
    const own = { dataHash, snapshot: ask<SharedSnapshot>({ kind: 'open', dataHash }) };
    held = own;
    own.snapshot.catch(() => { if (held === own) held = null; }); // whoever asks hears of it, and the next one asks anew
    return own.snapshot;
  }

  /** A job over the data set, which is let go when none has come for a while. */
  async function over<T>(dataHash: string, job: (snapshot: SharedSnapshot) => TrainingJob): Promise<T> {
    running += 1;
    clearTimeout(idle);
    try {
      return await ask(job(await snapshotOf(dataHash)));
    } finally {
      running -= 1;
      if (running === 0) idle = setTimeout(() => { held = null; }, idleMs).unref();
    }
  }

  return {
    featureSet: (timeframe) => ask({ kind: 'featureSet', timeframe }),
    snapshot: (request) => ask({ kind: 'snapshot', request: packed(request) }),
    hasSnapshot: (dataHash) => hasSnapshot(folder, dataHash),
    fit: (request) => over(request.dataHash, (snapshot) => ({ kind: 'fit', request, snapshot })),
    judge: (request) => over(request.dataHash, (snapshot) => ({ kind: 'judge', request, snapshot })),
    trained: (request) => over(request.dataHash, (snapshot) => ({ kind: 'trained', request, snapshot })),
    keepOnly: (dataHashes) => {
      held = null; // a retrain ends
      const old = Date.now() - SPARED_MS;
      for (const name of foldersIn(folder)) if (!dataHashes.includes(name) && statSync(join(folder, name)).mtimeMs < old) rmSync(join(folder, name), { recursive: true, force: true });
    },
    close: async () => { await (await opened)?.destroy(); },
  };
}

function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  } catch {
    return []; // nothing was trained yet
  }
}

const isCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);
