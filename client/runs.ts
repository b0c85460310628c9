import type { RunRow, TrialRow } from '../db/model-views.ts';
import { runRows, trialsOf } from '../db/model-views.ts';
import { KeelError } from '../domain/errors.ts';
import { chooseDeployment, withLedger } from './deployment-parts.ts';

export interface RunReport extends RunRow {
  readonly deployment: string;
  readonly trials: readonly TrialRow[];
}

/** @param limit newest first, ≥ 1 */
export async function listRuns(name: string | undefined, limit: number): Promise<readonly RunRow[]> {
  const chosen = await chooseDeployment(name);
  return await withLedger(chosen, (pool) => runRows(pool, { portfolioId: chosen.deployment.portfolioId, prefix: '', limit }));
}

/** @param ids the beginning of each run's id, or `latest`. @throws {KeelError} NOT_FOUND; USAGE where several begin so */
export async function showRuns(name: string | undefined, ids: readonly string[]): Promise<readonly RunReport[]> {
  const chosen = await chooseDeployment(name);
  const { portfolioId, name: deployment } = chosen.deployment;
  return await withLedger(chosen, async (pool) => await Promise.all(ids.map(async (id): Promise<RunReport> => {
    const [run, second] = await runRows(pool, { portfolioId, prefix: id === 'latest' ? '' : id, limit: 2 });
    if (run === undefined) throw new KeelError('NOT_FOUND', `${deployment} has no run ${id}; \`keel runs\` lists them`);
    if (second !== undefined && id !== 'latest') throw new KeelError('USAGE', `several runs begin with ${id}: ${run.runId}, ${second.runId}; give more of the id`);
    return { deployment, ...run, trials: await trialsOf(pool, { runId: run.runId }) };
  })));
}
