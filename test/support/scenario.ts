import { inject, onTestFinished } from 'vitest';
import type { System, SystemOptions } from './system.ts';
import { startSystem } from './system.ts';

/** A system on the run's servers, closed after the test. The logs of a failed one stay. */
export async function testSystem(options: Omit<SystemOptions, 'postgresUrl' | 'temporalAddress'> = {}): Promise<System> {
  const system = await startSystem({ ...options, postgresUrl: inject('postgresUrl'), temporalAddress: inject('temporalAddress') });
  onTestFinished(async ({ task }) => {
    const hasFailed = task.result?.state === 'fail';
    if (hasFailed) process.stderr.write(`the logs of "${task.name}" lie in ${system.home}\n`);
    await system.close(hasFailed);
  });
  return system;
}
