/**
 * Records one history of each workflow type from a real session, for the replay tests: `node scripts/record-histories.ts`.
 * That of `scenarioRun` stands above activities that are played: `node scripts/record-histories.ts scenarioRun` records it alone,
 * as `node scripts/record-histories.ts shadowTrial` does with that of a trial, and `generatePredictions` with that of a request.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { ROOT } from '../config/settings.ts';
import { resume, sealed, trip } from '../test/support/emergency.ts';
import { retrained, startPlantedSystem } from '../test/support/retraining.ts';
import { predicted } from '../test/support/predicting.ts';
import { until } from '../test/support/processes.ts';
import { startServers } from '../test/support/servers.ts';
import { startSystem } from '../test/support/system.ts';
import { startWorkflowHost } from '../test/support/workflows.ts';

const FOLDER = join(ROOT, 'test/fixtures/histories');
const CANDLES = 40;
/** Of those that have several, the one with the longest history: it went through most. */
const TYPES = ['tradingCycle', 'position', 'reconciliation', 'accountFeed', 'marketFeed', 'replaySession', 'portfolioGuard', 'essRecovery', 'healthCheck', 'outcomeEvaluation', 'oversight'];
/** Candles before trading is stopped. */
const STOPPED_AFTER = 12;

const only = process.argv[2];
if (only === undefined || only === 'scenarioRun') await recordScenarioRun();
if (only === 'scenarioRun') process.exit(0);

const servers = await startServers();
try {
  if (only === undefined) await recordSession();
  if (only === undefined || only === 'generatePredictions') await recordRequest();
  if (only !== 'generatePredictions') await recordRetrain(only === undefined ? ['dailyRetrain', 'shadowTrial'] : [only]);
} finally {
  await servers.stop();
}
process.exit(0);

async function recordSession(): Promise<void> {
  const system = await startSystem({ ...servers, seed: '1', candles: CANDLES });
  try {
    await system.startReplay();
    await until('some candles are traded', async () => (await system.cycleCount()) >= STOPPED_AFTER, 120_000);
    await trip(system);
    await sealed(system);
    await resume(system);
    await system.waitDone();
    await system.reconcile();
    await system.checkHealth();
    await system.oversee();
    mkdirSync(FOLDER, { recursive: true });
    for (const type of TYPES) await record(system.client, type);
  } finally {
    await system.close();
  }
}

/** Predictions on demand while candles are traded. */
async function recordRequest(): Promise<void> {
  const system = await startSystem({ ...servers, seed: '1', candles: CANDLES });
  try {
    await system.startReplay();
    await until('a candle is traded', async () => (await system.cycleCount()) >= 1, 120_000);
    await predicted(system, 'recorded');
    await record(system.client, 'generatePredictions');
    await system.waitDone();
  } finally {
    await system.close();
  }
}

/** What passed the gate stands trial while its market goes on. */
async function recordRetrain(types: readonly string[]): Promise<void> {
  const planted = await startPlantedSystem(servers);
  try {
    await planted.startFeeds();
    await retrained(planted);
    await planted.startReplay();
    await planted.waitDone();
    for (const type of types) await record(planted.client, type);
  } finally {
    await planted.close();
  }
}

/** The scenarios themselves would take minutes and change nothing of the history but its texts. */
async function recordScenarioRun(): Promise<void> {
  const host = await startWorkflowHost();
  const result = { id: 1, name: 'a normal market', passed: false, expected: { openings: '3' }, seen: { openings: '2' } };
  const activities = { playScenarios: () => Promise.resolve({ results: [result], problem: null }), recordScenarios: () => Promise.resolve() };
  await host.whileWorking(activities, async (taskQueue) => {
    await host.client.workflow.execute('scenarioRun', { workflowId: 'scenarioRun/sim', taskQueue, args: [{ portfolioId: 'sim' }] });
    await record(host.client, 'scenarioRun');
  });
  await host.stop();
}

async function record(client: Client, type: string): Promise<void> {
  let longest: { workflowId: string; runId: string; events: number } | null = null;
  for await (const { workflowId, runId, historyLength } of client.workflow.list({ query: `WorkflowType = '${type}'` })) {
    if (longest === null || (historyLength ?? 0) > longest.events) longest = { workflowId, runId, events: historyLength ?? 0 };
  }
  if (longest === null) throw new Error(`the session ran no ${type}`);
  const history = await client.workflow.getHandle(longest.workflowId, longest.runId).fetchHistory();
  writeFileSync(join(FOLDER, `${type}.json`), `${JSON.stringify({ workflowId: longest.workflowId, history: JSON.parse(historyToJSON(history)) as unknown })}\n`);
  console.log(`${type}: ${longest.workflowId}, ${history.events?.length ?? 0} events`);
}
