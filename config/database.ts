import { KeelError } from '../domain/errors.ts';
import type { Deployment } from './deployment.ts';
import type { Settings } from './settings.ts';

/** The deployment's own database on the server that DATABASE_URL names. */
export function databaseUrlOf(settings: Pick<Settings, 'databaseUrl'>, deployment: Pick<Deployment, 'databaseName'>): string {
  if (settings.databaseUrl === undefined) throw new KeelError('SETTING_INVALID', 'DATABASE_URL is not set; keel start sets it for its processes, a worker elsewhere needs postgres://user:password@host:port/');
  const url = new URL(settings.databaseUrl);
  url.pathname = `/${deployment.databaseName}`;
  return url.href;
}
