export interface ProcessRef {
  pid: number;
  /** Boot and start time, so that a reused pid is not taken for the same process. */
  identity: string;
}
export function processIdentity(pid: number): string | null;
export function isRunning(process: ProcessRef): boolean;
