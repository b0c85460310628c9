import { createLimiterStore } from '../db/limiter-store.ts';
import type { Pool } from '../db/pool.ts';
import type { Limiter } from '../domain/ports/limiter.ts';
import type { Deployment } from '../config/deployment.ts';
import type { Settings } from '../config/settings.ts';
import { createBackOffLimiter, createLimiter, limiterScopesOf } from '../venues/index.ts';
import { venueSettingsOf } from '../venues/settings.ts';

/** A client's calls count with the workers': reading a whole account must not use up what an exit needs. */
export function createClientLimiter(pool: Pool, settings: Settings, deployment: Deployment): Limiter {
  if (deployment.mode === 'replay') return createBackOffLimiter(); // as its workers: lockstep counts per market minute
  return createLimiter({ store: createLimiterStore(pool, limiterScopesOf(venueSettingsOf(settings, deployment))), workers: settings.workers + 1 });
}
