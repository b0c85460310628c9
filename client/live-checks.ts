/** What must hold before real money is traded. */
import type { Deployment } from '../config/deployment.ts';
import { databaseUrlOf } from '../config/database.ts';
import type { Settings } from '../config/settings.ts';
import { createLedger } from '../db/ledger.ts';
import { createLimiterStore } from '../db/limiter-store.ts';
import { createPool } from '../db/pool.ts';
import { KeelError } from '../domain/errors.ts';
import type { ApiPermissions } from '../domain/ports/venue.ts';
import { createLimiter, createVenue, limiterScopesOf } from '../venues/index.ts';
import { venueSettingsOf } from '../venues/settings.ts';

/**
 * Keys are there. Looked at before anything is started.
 * @throws {KeelError} LIVE_REFUSED
 */
export function assertLiveKeys(settings: Pick<Settings, 'venueApiKey' | 'venueApiSecret'>, { mode }: Pick<Deployment, 'mode'>): void {
  if (mode !== 'live') return;
  const missing = [settings.venueApiKey === undefined ? 'KEEL_VENUE_API_KEY' : '', settings.venueApiSecret === undefined ? 'KEEL_VENUE_API_SECRET' : ''].filter((name) => name !== '');
  if (missing.length > 0) throw new KeelError('LIVE_REFUSED', `live trading needs the venue's API key: set ${missing.join(' and ')} (a key that may trade futures and may not withdraw)`);
}

/**
 * The key may trade and not withdraw, and a person armed the portfolio. Looked at when the ledger is ready and before
 * any workflow is started.
 * @param settings with the database's URL
 * @throws {KeelError} LIVE_REFUSED, VENUE_UNREACHABLE, DATABASE_UNREACHABLE
 */
export async function assertLiveAllowed(settings: Settings, deployment: Deployment): Promise<void> {
  if (deployment.mode !== 'live') return;
  assertLiveKeys(settings, deployment);
  const pool = createPool(databaseUrlOf(settings, deployment), { applicationName: 'keel-live-checks', connectionsMax: 2 });
  const venueSettings = venueSettingsOf(settings, deployment);
  const limiter = createLimiter({ store: createLimiterStore(pool, limiterScopesOf(venueSettings)), workers: settings.workers + 1 });
  const venue = createVenue(venueSettings, limiter);
  const ledger = createLedger(pool);
  try {
    assertPermissions(await venue.permissions());
    assertArmed(await ledger.armedBy(deployment.portfolioId));
  } finally {
    await venue.close();
    await limiter.close();
    await ledger.close();
  }
}

/** @throws {KeelError} LIVE_REFUSED */
export function assertPermissions({ mayTrade, mayWithdraw }: Pick<ApiPermissions, 'mayTrade' | 'mayWithdraw'>): void {
  if (mayWithdraw) throw new KeelError('LIVE_REFUSED', 'the API key may withdraw money, which trading never needs; take that permission away at the venue, or make a key without it');
  if (!mayTrade) throw new KeelError('LIVE_REFUSED', 'the API key may not trade futures; allow it at the venue, or use another key');
}

/** @throws {KeelError} LIVE_REFUSED */
export function assertArmed(armedBy: string | null): void {
  if (armedBy === null) throw new KeelError('LIVE_REFUSED', 'nobody armed live trading; `keel arm --by <your name>` does, once per ledger');
}
