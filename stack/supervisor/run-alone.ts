import { ManagedProcess } from './managed-process.ts';
import { assertPortFree } from './ports.ts';
import { findLeftovers, hashOf, removeRecord, stopProcess } from './run-files.ts';
import type { ProcessSpec, SupervisorEvent } from './types.ts';

export interface RunningProcess {
  /** Of the present incarnation; null between two. */
  readonly pid: number | null;
  stop(): Promise<void>;
}

/**
 * One process without a supervisor around it (tests, tools): watched and restarted until stopped, or this process ends.
 * @throws {KeelError} PORT_TAKEN, PROCESS_FAILED
 */
export async function runAlone(home: string, spec: ProcessSpec, onEvent: (event: SupervisorEvent) => void = () => {}): Promise<RunningProcess> {
  const managed = new ManagedProcess(spec, { home, order: 0, onEvent });
  for (const record of findLeftovers(home).filter((found) => found.name === spec.name)) {
    if (spec.leftover === 'adopt' && record.hash === hashOf(spec) && !managed.isAdopted) {
      managed.adopt(record);
      continue;
    }
    await stopProcess(record, { signal: record.stopSignal, timeoutMs: record.stopTimeoutMs });
    removeRecord(home, record.name);
  }
  if (!managed.isAdopted) {
    await spec.reclaim?.();
    for (const use of spec.ports ?? []) await assertPortFree(spec.name, use);
  }
  await managed.start();
  return {
    get pid() {
      return managed.view().pid;
    },
    stop: () => managed.stop(),
  };
}
