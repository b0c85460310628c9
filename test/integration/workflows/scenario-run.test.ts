/** What a weekly run of the scenarios tells, whatever came of it. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ScenarioVerdict } from '../../../domain/events/scenarios.ts';
import type * as workflows from '../../../workflows/index.ts';
import type { WorkflowHost } from '../../support/workflows.ts';
import { startWorkflowHost } from '../../support/workflows.ts';

let host: WorkflowHost;
beforeAll(async () => { host = await startWorkflowHost(); });
afterAll(() => host.stop());

const passed = { id: 1, name: 'a normal market', passed: true, expected: { openings: '3' }, seen: { openings: '3' } };
const failed = { ...passed, passed: false, seen: { openings: '2' } };

it.each([
  ['all passed', [{ results: [passed], problem: null }], { passed: true, text: '1 scenarios of risk passed' }],
  ['one failed', [{ results: [passed, { ...failed, id: 2 }], problem: null }], { passed: false, text: '1 of 2 scenarios of risk failed: 2 (a normal market)' }],
  ['nothing was played', [{ results: [], problem: null }], { passed: false, text: 'no scenario of risk was played' }],
  ['its worker was lost once', [null, { results: [passed], problem: null }], { passed: true, text: '1 scenarios of risk passed' }],
  ['it cannot be played', [null, null], { passed: false, text: 'the scenarios of risk could not be played: no room on the disk' }],
] as const)('%s', async (_name, tries, outcome) => {
  const recorded: ScenarioVerdict[] = [];
  let attempt = 0;
  const result = await host.whileWorking({
    playScenarios: () => {
      const verdict = tries[(attempt += 1) - 1];
      return verdict === null || verdict === undefined ? Promise.reject(new Error('no room on the disk')) : Promise.resolve(verdict);
    },
    recordScenarios: ({ verdict }) => {
      recorded.push(verdict);
      return Promise.resolve();
    },
  }, async (taskQueue) => {
    const handle = await host.client.workflow.start<typeof workflows.scenarioRun>('scenarioRun', { workflowId: `scenarioRun/${process.pid}-${Math.random()}`, taskQueue, args: [{ portfolioId: 'sim' }] });
    return await handle.result();
  });
  expect(result).toEqual(outcome);
  expect(recorded).toEqual([tries.at(-1) ?? { results: [], problem: 'no room on the disk' }]);
  expect(attempt).toBe(tries.length);
});
