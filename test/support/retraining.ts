/** Retraining on a market with something planted in it. */
import { join } from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { WorkflowHandle } from '@temporalio/client';
import { dailyRetrainId, taskQueueOf } from '../../workflows/ids.ts';
import type { RetrainOutcome } from '../../workflows/messages.ts';
import type * as workflows from '../../workflows/index.ts';
import { writePlantedMarket } from './planted-market.ts';
import type { System, SystemOptions } from './system.ts';
import { startSystem } from './system.ts';

const HISTORY = 2_300;
const DIGITS = new URL('../fixtures/features/digits.ts', import.meta.url).pathname;

/** Candles in a folder, and how a system trades them. `linear` passes the gate on them. @param candles that are not history */
export function plantedOptions(candles = 40): { readonly data: string; readonly history: number; readonly env: Readonly<Record<string, string>> } {
  const data = mkdtempSync(join(tmpdir(), 'keel-planted-'));
  process.once('exit', () => { rmSync(data, { recursive: true, force: true }); });
  writePlantedMarket({ folder: data, symbols: ['BTC', 'ETH'], timeframe: '4h', candles: HISTORY + candles, seed: 'retrain', strengthAt: () => 0.3 });
  return { data, history: HISTORY, env: { KEEL_TIMEFRAME: '4h', KEEL_FEATURES: DIGITS } };
}

export async function startPlantedSystem(servers: Pick<SystemOptions, 'postgresUrl' | 'temporalAddress'>): Promise<System> {
  return await startSystem({ ...servers, ...plantedOptions() });
}

export function startRetrain({ client, deployment: { portfolioId, taskQueuePrefix } }: System): Promise<WorkflowHandle<typeof workflows.dailyRetrain>> {
  return client.workflow.start<typeof workflows.dailyRetrain>('dailyRetrain', { workflowId: dailyRetrainId(portfolioId), taskQueue: taskQueueOf(taskQueuePrefix, 'trading'), args: [{ portfolioId, cause: 'manual' }], workflowTaskTimeout: '5 s' });
}

export async function retrained(system: System): Promise<RetrainOutcome> {
  return await (await startRetrain(system)).result();
}
