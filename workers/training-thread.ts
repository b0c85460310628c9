/** A thread that trains: it loads what users define, and answers one job at a time. */
import { workerData } from 'node:worker_threads';
import type { ErrorCode } from '../domain/errors.ts';
import { KeelError, messageOf } from '../domain/errors.ts';
import { warmupCandlesOf } from '../domain/features/feature-set.ts';
import type { FeatureSetView } from '../domain/ports/trainer.ts';
import type { TrainingAnswer, TrainingJob } from '../models/trainer.ts';
import { unpacked } from '../models/packed-candles.ts';
import { opened } from '../models/shared-snapshot.ts';
import { fitted, judged, makeSnapshot, sharedSnapshot, trained } from '../models/training.ts';
import { once } from '../domain/once.ts';
import { ownKindOf } from '../domain/learning/own.ts';
import { addLearner } from '../models/learners.ts';
import { loadFeatures, loadLabel, loadLearner, loadStrategy } from '../strategies/load.ts';

/** Names or paths, as the settings have them, and where the files lie. */
const { folder, features, strategy, label, learner } = workerData as Readonly<Record<'folder' | 'features' | 'strategy' | 'label' | 'learner', string>>;

/** Whatever is asked may go by them. An empty learner is none. */
const own = once(async () => {
  const [definition, loaded] = await Promise.all([loadLabel(label), learner === '' ? null : loadLearner(learner)]);
  if (loaded !== null) addLearner(loaded);
  return { label: definition.version, learner: loaded === null ? null : { learner: ownKindOf(loaded), parameters: loaded.parameters } };
});

async function resultOf(job: TrainingJob): Promise<unknown> {
  const defined = await own();
  switch (job.kind) {
    case 'featureSet': {
      const set = await loadFeatures(features);
      return { id: `${set.name}/${set.version}`, names: set.features.map((it) => it.name), warmupCandles: warmupCandlesOf(set, job.timeframe), ...defined } satisfies FeatureSetView;
    }
    case 'snapshot': return await makeSnapshot(folder, unpacked(job.request), { set: await loadFeatures(features), strategy: await loadStrategy(strategy) });
    case 'open': return await sharedSnapshot(folder, job.dataHash);
    case 'fit': fitted({ folder, snapshot: opened(job.snapshot) }, job.request); return null;
    case 'judge': return judged({ folder, snapshot: opened(job.snapshot) }, job.request);
    case 'trained': return trained({ folder, snapshot: opened(job.snapshot) }, job.request, await loadFeatures(features));
  }
}

/** A full disk, or no memory, is the machine's: it may pass, and says nothing of the candidate. */
function codeOf(error: unknown): ErrorCode {
  if (error instanceof KeelError) return error.code;
  const isOfMachine = error instanceof Error && ('errno' in error || /allocation failed|out of memory/i.test(error.message));
  return isOfMachine ? 'PROCESS_FAILED' : 'TRAINING_FAILED';
}

export default async function answer(job: TrainingJob): Promise<TrainingAnswer> {
  try {
    return { result: await resultOf(job) };
  } catch (error) {
    return { code: codeOf(error), message: `${job.kind}: ${messageOf(error)}` };
  }
}
