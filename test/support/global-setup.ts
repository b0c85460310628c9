import type { TestProject } from 'vitest/node';
import { SHARED_ENGINE, SHARED_POSTGRES, startServers } from './servers.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Of the maintenance database. */
    postgresUrl: string;
    temporalAddress: string;
  }
}

/** One Temporal server and one Postgres per run; each test has its own database and its own names. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const { [SHARED_POSTGRES]: postgresUrl, [SHARED_ENGINE]: temporalAddress } = process.env;
  const servers = postgresUrl !== undefined && temporalAddress !== undefined ? { postgresUrl, temporalAddress, stop: async () => undefined } : await startServers();
  project.provide('postgresUrl', servers.postgresUrl);
  project.provide('temporalAddress', servers.temporalAddress);
  return servers.stop;
}
