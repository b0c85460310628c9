import { inject, onTestFailed, onTestFinished } from 'vitest';
import type { System, SystemOptions } from './system.ts';
import { startSystem } from './system.ts';

/** A system on the run's servers, closed after the test. The logs of a failed one stay. */
export async function testSystem(options: Omit<SystemOptions, 'postgresUrl' | 'temporalAddress'> = {}): Promise<System> {
  const system = await startSystem({ ...options, postgresUrl: inject('postgresUrl'), temporalAddress: inject('temporalAddress') });
  let failed = false;
  onTestFailed(() => { failed = true; });
  onTestFinished(async () => { await system.close(failed); });
  return system;
}
