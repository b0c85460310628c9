import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { historyFromJSON } from '@temporalio/common/lib/proto-utils.js';
import type { ReplayResult, ReplayWorkerOptions } from '@temporalio/worker';
import { Worker } from '@temporalio/worker';
import { expect, test } from 'vitest';
import { readSettings, ROOT } from '../../config/settings.ts';
import { workflowBundle } from '../../workers/bundle.ts';

const FOLDER = join(ROOT, 'test/fixtures/histories');
const TYPES = ['accountFeed', 'dailyRetrain', 'essRecovery', 'generatePredictions', 'healthCheck', 'marketFeed', 'outcomeEvaluation', 'oversight', 'portfolioGuard', 'position', 'reconciliation', 'replaySession', 'scenarioRun', 'shadowTrial', 'tradingCycle'];

type ReplayCode = Pick<ReplayWorkerOptions, 'workflowsPath' | 'workflowBundle'>;

interface Recorded {
  readonly workflowId: string;
  readonly history: unknown;
}

async function replayed(code: ReplayCode, types: readonly string[]): Promise<Record<string, string>> {
  const histories = types.map((type) => {
    const { workflowId, history } = JSON.parse(readFileSync(join(FOLDER, `${type}.json`), 'utf8')) as Recorded;
    return { workflowId, history: historyFromJSON(history) };
  });
  const results: ReplayResult[] = [];
  for await (const result of Worker.runReplayHistories(code, histories)) results.push(result);
  return Object.fromEntries(results.map((result, index) => [types[index] ?? '', result.error?.name ?? 'fits']));
}

test('there is a recorded history of each workflow', () => {
  expect(readdirSync(FOLDER).map((name) => name.replace('.json', '')).sort()).toEqual(TYPES);
});

test('what ran before goes on with the present workflows', async () => {
  expect(await replayed({ workflowBundle: await workflowBundle((await readSettings()).cache) }, TYPES)).toEqual(Object.fromEntries(TYPES.map((type) => [type, 'fits'])));
});

test('workflows that do something else are noticed', async () => {
  expect(await replayed({ workflowsPath: fileURLToPath(new URL('../fixtures/incompatible-workflows.ts', import.meta.url)) }, ['replaySession'])).toEqual({ replaySession: 'DeterminismViolationError' });
});
