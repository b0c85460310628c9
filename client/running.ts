import type { Settings } from '../config/settings.ts';
import { KeelError } from '../domain/errors.ts';
import { embeddedPostgresUrl } from '../stack/postgres/server.ts';
import { homeStatus } from '../stack/supervisor/supervisor.ts';

/**
 * Address of the database server: the one of DATABASE_URL, or that of the Keel that runs on this home. Holds a password.
 * @throws {KeelError} NOT_RUNNING when there is neither
 */
export async function databaseServerOf(settings: Pick<Settings, 'databaseUrl' | 'home' | 'postgresPort'>): Promise<string> {
  if (settings.databaseUrl !== undefined) return settings.databaseUrl;
  if (homeStatus(settings.home).supervisorPid === null) throw new KeelError('NOT_RUNNING', `no Keel runs on ${settings.home}, and DATABASE_URL names no server; \`keel start\` first, or set DATABASE_URL`);
  return embeddedPostgresUrl({ home: settings.home, port: settings.postgresPort });
}
