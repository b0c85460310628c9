/** Predictions on demand, asked of a system. */
import type { PredictionReply } from '../../domain/predictions/request.ts';
import { predictionRequestIdOf, taskQueueOf } from '../../workflows/ids.ts';
import type * as workflows from '../../workflows/index.ts';
import type { System } from './system.ts';

/** Of all symbols, by the newest closed candle. */
export async function predicted(system: System, name: string): Promise<PredictionReply> {
  const { portfolioId, taskQueuePrefix } = system.deployment;
  return await system.client.workflow.execute<typeof workflows.generatePredictions>('generatePredictions', {
    workflowId: predictionRequestIdOf(portfolioId, name), taskQueue: taskQueueOf(taskQueuePrefix, 'trading'), args: [{ portfolioId, symbols: [] }], workflowTaskTimeout: '5 s',
  });
}
