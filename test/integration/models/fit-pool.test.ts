import { describe, expect, it } from 'vitest';
import { loadModel } from '../../../domain/learning/load.ts';
import type { FitJob } from '../../../models/fit-job.ts';
import { runFitJob } from '../../../models/fit-job.ts';
import { FitPool } from '../../../models/fit-pool.ts';
import { drawnData } from '../../unit/domain/learning/data.fixture.ts';

const DATA = { ...drawnData(600, 'pool'), weights: Float64Array.from({ length: 600 }, (_, row) => 1 + (row % 3)) };
const rows = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, index) => from + index);
const TREES: FitJob = {
  learner: 'boosting', parameters: { rounds: 20, rowShare: 0.8 }, task: { kind: 'binary' }, seed: 'fold 0',
  train: rows(0, 400), stopping: rows(400, 500), calibration: { rows: rows(500, 600), method: 'platt' },
};
const JOBS: readonly FitJob[] = [TREES, { ...TREES, seed: 'fold 1', stopping: undefined }, { ...TREES, learner: 'linear', parameters: {}, stopping: undefined, calibration: undefined }, { ...TREES, train: rows(100, 400) }, TREES];

describe('FitPool', () => {
  it('gives the same bytes on 1, 2 and 4 threads as on none', async () => {
    const expected = JOBS.map((job) => runFitJob(DATA, job));
    expect(expected[4]).toEqual(expected[0]);
    expect(expected[1]).not.toEqual(expected[0]);
    for (const threads of [1, 2, 4]) {
      const pool = new FitPool(DATA, threads);
      expect(await Promise.all(JOBS.map((job) => pool.fit(job)))).toEqual(expected);
      await pool.close();
    }
    expect(loadModel(expected[0] ?? new Uint8Array()).predict(DATA)).toHaveLength(600);
  });

  it('says why a job failed, and goes on with the next', async () => {
    const pool = new FitPool(DATA, 1);
    const fails = (job: FitJob, message: RegExp): Promise<void> => expect(pool.fit(job)).rejects.toMatchObject({ code: 'TRAINING_FAILED', message: expect.stringMatching(message) as string });
    await Promise.all([
      fails({ ...TREES, learner: 'oracle' }, /no learner is called "oracle"; known are boosting, linear/),
      fails({ ...TREES, parameters: { rounds: 0 } }, /boosting on 400 rows \(seed fold 0\) was not fitted: boosting: rounds/),
      fails({ ...TREES, task: { kind: 'classes', count: 1 } }, /the label of row \d+ is 1; allowed: 0 to 0/),
    ]);
    expect(await pool.fit(TREES)).toEqual(runFitJob(DATA, TREES));
    await pool.close();
  });

  it('fails what is not done when it is closed, and whatever comes after', async () => {
    const pool = new FitPool(DATA, 1);
    const running = [pool.fit({ ...TREES, parameters: { rounds: 5_000, patience: 5_000 } }), pool.fit(TREES)].map((fit) => expect(fit).rejects.toMatchObject({ code: 'TRAINING_FAILED' }));
    await pool.close();
    await Promise.all(running);
    await expect(pool.fit(TREES)).rejects.toThrow(/the pool is closed/);
  });
});
