import { statfs } from 'node:fs/promises';
import type { Machine } from '../activities/health-probes.ts';

/** Room on the disk of a folder, and memory that is still to be had (in a container: of its own limit). */
export function createMachine(folder: string): Machine {
  return {
    room: async () => {
      const { bavail, bsize } = await statfs(folder);
      return { diskFree: bavail * bsize, memoryFree: process.availableMemory() };
    },
  };
}
