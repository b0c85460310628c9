import cliProgress from 'cli-progress';
import type { Client } from '@temporalio/client';
import { KeelError } from '../domain/errors.ts';
import { dailyRetrainId, taskQueueOf } from '../workflows/ids.ts';
import type { RetrainOutcome, RetrainProgress } from '../workflows/messages.ts';
import { retrainProgressQuery, SEARCH_ATTRIBUTES } from '../workflows/messages.ts';
import type * as workflows from '../workflows/index.ts';
import { chooseDeployment } from './deployment-parts.ts';
import { connectClient } from './install.ts';
import { columns } from './output.ts';
import { resultWithin } from './wait.ts';

export interface Retrained extends RetrainOutcome {
  readonly deployment: string;
}

const LOOK_EVERY_MS = 500;

/**
 * Trains models anew now, and waits for what comes of it. One that runs already is waited for.
 * @param flags.timeoutS how long it is waited for, ≥ 1
 * @throws {KeelError} NOT_RUNNING when no worker finished it in time: it goes on when one is there. ENGINE_UNREACHABLE, NOT_FOUND
 */
export async function retrainNow(flags: { readonly deployment: string | undefined; readonly timeoutS: number; readonly isShown: boolean }): Promise<Retrained> {
  const { settings, deployment } = await chooseDeployment(flags.deployment, 'change');
  const client = await connectClient(settings);
  try {
    const workflowId = dailyRetrainId(deployment.portfolioId);
    const handle = await client.workflow.start<typeof workflows.dailyRetrain>('dailyRetrain', {
      workflowId, taskQueue: taskQueueOf(deployment.taskQueuePrefix, 'trading'), args: [{ portfolioId: deployment.portfolioId, cause: 'manual' }], workflowIdConflictPolicy: 'USE_EXISTING',
      workflowTaskTimeout: '5 s', priority: { priorityKey: 5 }, staticSummary: 'models trained anew (manual)', typedSearchAttributes: [{ key: SEARCH_ATTRIBUTES.portfolio, value: deployment.portfolioId }],
    });
    const bar = flags.isShown ? follow(client, workflowId) : { end: () => {} };
    const late = () => new KeelError('NOT_RUNNING', `${workflowId} was not done within ${flags.timeoutS} s and goes on by itself; does a worker run (\`keel status\`), and what does it wait for (the Temporal UI)? --timeout waits longer`);
    const outcome = await resultWithin(handle, flags.timeoutS * 1_000, late).finally(() => bar.end());
    return { deployment: deployment.name, ...outcome };
  } finally {
    await client.connection.close();
  }
}

/** A bar on stderr that follows the workflow's steps. */
function follow(client: Client, workflowId: string): { end: () => void } {
  const bar = new cliProgress.SingleBar({ stream: process.stderr, hideCursor: true, format: '{bar} {percentage}% | {doing}' });
  bar.start(1, 0, { doing: '' });
  const show = async (): Promise<void> => {
    try {
      const progress = await client.workflow.getHandle(workflowId).query(retrainProgressQuery);
      bar.setTotal(progress.total);
      bar.update(progress.done, { doing: doingOf(progress) });
    } catch {
      // No worker answers just now; the next look tells more.
    }
  };
  const timer = setInterval(() => void show(), LOOK_EVERY_MS);
  return { end: () => { clearInterval(timer); bar.stop(); } };
}

function doingOf({ step, candidates }: RetrainProgress): string {
  const current = candidates.find((it) => ['fitting', 'judging', 'registering'].includes(it.state));
  return current === undefined ? step : `${current.learner} (${current.kind}): ${current.state}`;
}

export function retrainedText({ deployment, outcome, reason, asOf, rows, dataHash, candidates, sizing }: Retrained): string {
  return [
    `${deployment}: ${outcome}${reason === null ? '' : `: ${reason}`}`,
    ...(dataHash === null ? [] : [`  as of ${new Date(asOf).toISOString()}, ${rows ?? 0} rows, data ${dataHash.slice(0, 12)}`]),
    ...(candidates.length === 0 ? [] : [columns(candidates.map((it) => ['', `${it.learner} ${it.recipeId}`, it.kind, it.outcome, it.modelId === null ? it.because.join(', ') : `${it.modelId.slice(0, 12)}: ${it.change ?? ''}, ${it.because.join(', ')}`]))]),
    ...(sizing === null ? [] : [`  sizes: ${sizing.outcome}${sizing.reason === null ? '' : `: ${sizing.reason}`}${sizing.outcome === 'trained' ? ` from ${sizing.samples} signals (\`keel sizing\`)` : ''}`]),
  ].join('\n');
}
