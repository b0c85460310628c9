import { inject, onTestFinished } from 'vitest';
import { serversFor } from './servers.ts';
import type { System, SystemOptions } from './system.ts';
import { startSystem } from './system.ts';

/** A system on the run's servers (`sim`: on its own), closed after the test. The logs of a failed one stay. */
export async function testSystem(options: Omit<SystemOptions, 'postgresUrl' | 'temporalAddress'> = {}): Promise<System> {
  const shared = { postgresUrl: inject('postgresUrl'), temporalAddress: inject('temporalAddress') };
  const system = await startSystem({ ...options, ...await serversFor(options.mode, shared) });
  onTestFinished(async ({ task }) => {
    const hasFailed = task.result?.state === 'fail';
    if (hasFailed) process.stderr.write(`the logs of "${task.name}" lie in ${system.home}\n`);
    await system.close(hasFailed);
  });
  return system;
}
