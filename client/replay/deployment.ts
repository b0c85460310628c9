/** A deployment of recorded candles: started, compared a last time, forgotten by the engine. */
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import type { Client } from '@temporalio/client';
import { databaseUrlOf } from '../../config/database.ts';
import type { Deployment } from '../../config/deployment.ts';
import type { Settings } from '../../config/settings.ts';
import { createPolicyStore } from '../../db/policy-store.ts';
import { createPool } from '../../db/pool.ts';
import type { PresetName } from '../../domain/policy/policy.ts';
import { startStack } from '../../stack/start.ts';
import type { Supervisor } from '../../stack/supervisor/supervisor.ts';
import { healthCheckId, outcomeEvaluationId, reconciliationId, replaySessionId, shadowTrialId, taskQueueOf } from '../../workflows/ids.ts';
import type { ReconciliationInput, ReplayInput } from '../../workflows/messages.ts';
import { connectClient, installLedger, installWorkflows, withoutSchedule } from '../install.ts';
import type { Installation } from '../install.ts';
import { eventLine } from '../start-output.ts';
import { untilAnswered, workflowResult } from '../wait.ts';
import type { ReplayPlan } from './plan.ts';

/** After Ctrl-C the engine is asked to forget the replay for at most this long. */
export const TIDY_MS = 10_000;

/** Venue, ledger, workers and feeds of a replay; its market waits. @param onSupervisor called as soon as it can be stopped. @throws {KeelError} as `startStack` */
export async function startDeployment({ settings, deployment, recording, preset, runHome }: ReplayPlan, say: (line: string) => void, onSupervisor: (supervisor: Supervisor) => void): Promise<{ supervisor: Supervisor; installation: Installation }> {
  let installation: Installation | null = null;
  const installed = (): Installation => {
    if (installation === null) throw new Error('the ledger step comes first');
    return installation;
  };
  say(`${deployment.name}: starting (${runHome})`);
  const supervisor = await startStack({
    settings, deployment, recording, runHome, say,
    onEvent: (event) => {
      const line = event.kind === 'died' || event.kind === 'leftover' || event.kind === 'killed' ? eventLine(event) : null;
      if (line !== null) say(line);
    },
    hooks: {
      ledger: async (full) => {
        installation = await installLedger(full, deployment);
        if (preset !== null) await choosePreset(full, deployment, preset);
      },
      workflows: async (full) => {
        const client = await connectClient(full);
        await installWorkflows(client, full, deployment, installed()).finally(() => client.connection.close());
      },
    },
  }, onSupervisor);
  return { supervisor, installation: installed() };
}

async function choosePreset(settings: Settings, deployment: Deployment, name: PresetName): Promise<void> {
  const pool = createPool(databaseUrlOf(settings, deployment), { applicationName: 'keel-replay', connectionsMax: 1 });
  try {
    const store = createPolicyStore(pool);
    const { version } = await store.active(deployment.portfolioId);
    if (version > 1) return; // it goes on
    await store.change({ portfolioId: deployment.portfolioId, seen: version, wish: { kind: 'preset', name }, by: 'keel replay', because: '--preset' });
  } finally {
    await pool.end();
  }
}

/** Venue, ledger and workflows compared a last time, to its end, when nothing moves any more. */
export async function reconcile(client: Client, deployment: Deployment, signal: AbortSignal): Promise<void> {
  await untilAnswered(() => withoutSchedule(client, reconciliationId(deployment.portfolioId)), signal); // no other one beside it
  const workflowId = `${reconciliationId(deployment.portfolioId)}/end`;
  await startOnce(client, { type: 'reconciliation', workflowId, deployment, input: { portfolioId: deployment.portfolioId }, signal });
  await workflowResult(client, workflowId, signal);
}

interface Start {
  readonly type: 'replaySession' | 'reconciliation';
  readonly workflowId: string;
  readonly deployment: Deployment;
  readonly input: ReplayInput | ReconciliationInput;
  readonly signal: AbortSignal;
}

/** Starts it, however often the engine goes away meanwhile. */
export async function startOnce(client: Client, { type, workflowId, deployment, input, signal }: Start): Promise<void> {
  await untilAnswered(async () => {
    try {
      await client.workflow.start(type, {
        workflowId, taskQueue: taskQueueOf(deployment.taskQueuePrefix, 'trading'), args: [input], workflowTaskTimeout: '5 s', staticSummary: deployment.name,
      });
    } catch (error) {
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error; // its answer was lost: it runs
    }
  }, signal);
}

/** The engine may be shared and outlives the replay: nothing of it may wait there for workers that never come. */
export async function forget(client: Client, { portfolioId }: Deployment): Promise<void> {
  const signal = AbortSignal.timeout(TIDY_MS);
  for (const scheduleId of [reconciliationId(portfolioId), healthCheckId(portfolioId)]) await untilAnswered(() => withoutSchedule(client, scheduleId), signal);
  // What a Schedule starts is called after it, a dash and the time.
  const prefixes = [`${portfolioId}/`, `${reconciliationId(portfolioId)}-`, `${healthCheckId(portfolioId)}-`].map((prefix) => `WorkflowId STARTS_WITH '${prefix}'`);
  const exact = [replaySessionId(portfolioId), outcomeEvaluationId(portfolioId), shadowTrialId(portfolioId)].map((id) => `WorkflowId = '${id}'`);
  const query = `(KeelPortfolio = '${portfolioId}' OR ${[...exact, ...prefixes].join(' OR ')}) AND ExecutionStatus = 'Running'`;
  await untilAnswered(async () => {
    for await (const { workflowId } of client.workflow.list({ query })) await terminate(client, workflowId);
  }, signal);
}

async function terminate(client: Client, workflowId: string): Promise<void> {
  try {
    await client.workflow.getHandle(workflowId).terminate('the replay is over');
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error; // ended by itself
  }
}
