/** Predictions on demand, for the command line. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { KeelError } from '../domain/errors.ts';
import type { PredictionAnswer, PredictionReply } from '../domain/predictions/request.ts';
import { REQUEST_NAME } from '../domain/predictions/request.ts';
import type * as workflows from '../workflows/index.ts';
import { predictionRequestIdOf, taskQueueOf } from '../workflows/ids.ts';
import { SEARCH_ATTRIBUTES } from '../workflows/messages.ts';
import { chooseDeployment } from './deployment-parts.ts';
import { connectClient } from './install.ts';
import { columns, table } from './output.ts';
import { resultWithin } from './wait.ts';

export interface Predicted extends PredictionAnswer {
  readonly deployment: string;
  /** As `--request` takes it. */
  readonly request: string;
}

export interface PredictFlags {
  readonly deployment: string | undefined;
  /** Empty: every symbol. */
  readonly symbols: readonly string[];
  /** Undefined: a new one. */
  readonly request: string | undefined;
  /** How long it is waited for, ≥ 1. */
  readonly timeoutS: number;
}

/**
 * Foretells now, and waits for it. A request that was answered before gets the same answer.
 * @throws {KeelError} USAGE for a symbol or a request id that is none. NOT_RUNNING when no worker answered in time. ENGINE_UNREACHABLE, NOT_FOUND
 */
export async function predictNow({ deployment: name, symbols, request = randomUUID(), timeoutS }: PredictFlags): Promise<Predicted> {
  if (!REQUEST_NAME.test(request)) throw new KeelError('USAGE', `--request is "${request}"; allowed: 1 to 64 letters, digits, dots, hyphens and underscores`);
  const { settings, deployment } = await chooseDeployment(name);
  const client = await connectClient(settings);
  try {
    const reply = await ask(client, deployment, { symbols, request, timeoutS });
    if (reply.kind === 'refused') throw new KeelError('USAGE', `--symbol ${reply.unknown.join(', ')}: not traded by ${deployment.name}; allowed: ${reply.allowed.join(', ')}`);
    const { kind: _, ...answer } = reply;
    return { deployment: deployment.name, request, ...answer };
  } finally {
    await client.connection.close();
  }
}

async function ask(client: Client, { portfolioId, taskQueuePrefix }: { readonly portfolioId: string; readonly taskQueuePrefix: string }, { symbols, request, timeoutS }: Required<Pick<PredictFlags, 'symbols' | 'timeoutS'>> & { readonly request: string }): Promise<PredictionReply> {
  const workflowId = predictionRequestIdOf(portfolioId, request);
  const handle = await client.workflow.start<typeof workflows.generatePredictions>('generatePredictions', {
    workflowId, taskQueue: taskQueueOf(taskQueuePrefix, 'trading'), args: [{ portfolioId, symbols }], workflowIdConflictPolicy: 'USE_EXISTING', workflowTaskTimeout: '5 s', priority: { priorityKey: 5 },
    staticSummary: `predictions on demand: ${symbols.length === 0 ? 'every symbol' : symbols.join(', ')}`, typedSearchAttributes: [{ key: SEARCH_ATTRIBUTES.portfolio, value: portfolioId }],
  });
  return await resultWithin(handle, timeoutS * 1_000, () => new KeelError('NOT_RUNNING', `${workflowId} was not done within ${timeoutS} s and goes on by itself; does a worker run (\`keel status\`), and what does it wait for (the Temporal UI)? \`keel predict --request ${request}\` asks for it again`));
}

/** What all voices together foretell of each symbol, and of what nothing can be said. */
export function predictedText({ deployment, request, closeTime, predictions, silent }: Predicted): string {
  const together = predictions.filter((it) => it.voter.startsWith('strategy/'));
  const share = (value: number | undefined): string => (value === undefined ? '-' : value.toFixed(2));
  const rows = together.map((it) => [it.instrumentId, it.action, it.confidence.toFixed(2), it.magnitudeBps.toFixed(1), share(it.probabilities?.buy), share(it.probabilities?.sell), share(it.probabilities?.hold), it.dueAt === null ? '-' : new Date(it.dueAt).toISOString().slice(0, 16), it.regime]);
  return [
    columns([[`${deployment}, candle to ${new Date(closeTime).toISOString().slice(0, 16)}, request ${request}: foretold, not traded`]]),
    ...(rows.length === 0 ? [] : ['', table([['symbol', 'action', 'confidence', 'bps', 'buy', 'sell', 'hold', 'due', 'regime'], ...rows])]),
    ...(silent.length === 0 ? [] : ['', columns(silent.map((it) => [it.instrumentId, `nothing: ${it.why}`]))]),
  ].join('\n');
}
