/** A thread of the fit pool: the data set is shared, jobs come one at a time, artefacts go back. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Dataset } from '../domain/learning/dataset.ts';
import { messageOf } from '../domain/errors.ts';
import type { FitJob } from './fit-job.ts';
import { runFitJob } from './fit-job.ts';

const data = workerData as Dataset;

parentPort?.on('message', (job: FitJob) => {
  let answer: { readonly bytes: Uint8Array } | { readonly failure: string };
  try {
    answer = { bytes: runFitJob(data, job) };
  } catch (error) {
    answer = { failure: messageOf(error) };
  }
  parentPort?.postMessage(answer);
});
