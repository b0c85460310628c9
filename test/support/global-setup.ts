import type { TestProject } from 'vitest/node';
import { startServers } from './servers.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Of the maintenance database. */
    postgresUrl: string;
    temporalAddress: string;
  }
}

/** One Temporal server and one Postgres for the scenarios of a run; each test has its own database and its own names. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const servers = await startServers();
  project.provide('postgresUrl', servers.postgresUrl);
  project.provide('temporalAddress', servers.temporalAddress);
  return servers.stop;
}
