/** What must hold before real money is traded. */
import type { Deployment } from '../config/deployment.ts';
import { databaseUrlOf } from '../config/database.ts';
import type { Settings } from '../config/settings.ts';
import { createLedger } from '../db/ledger.ts';
import { createPool } from '../db/pool.ts';
import { KeelError } from '../domain/errors.ts';
import type { ApiPermissions } from '../domain/ports/venue.ts';
import { createVenue } from '../venues/index.ts';
import { venueSettingsOf } from '../venues/settings.ts';
import { createClientLimiter } from './limiter.ts';

type StartSettings = Pick<Settings, 'venueApiKey' | 'venueApiSecret'> & { readonly symbols: readonly string[] };

/**
 * What a mode cannot do without is set. Looked at before anything is started.
 * @throws {KeelError} LIVE_REFUSED for live without keys; SETTING_INVALID for testnet without, and for a real market without symbols
 */
export function assertStartable(settings: StartSettings, { mode }: Pick<Deployment, 'mode'>): void {
  if (mode === 'sim' || mode === 'replay') return;
  if (mode !== 'paper') assertKeys(settings, mode);
  if (settings.symbols.length === 0) throw new KeelError('SETTING_INVALID', `KEEL_SYMBOLS is not set, and ${mode} trading needs names, such as KEEL_SYMBOLS=BTC,ETH`);
}

function assertKeys(settings: StartSettings, mode: 'testnet' | 'live'): void {
  const missing = [settings.venueApiKey === undefined ? 'KEEL_VENUE_API_KEY' : '', settings.venueApiSecret === undefined ? 'KEEL_VENUE_API_SECRET' : ''].filter((name) => name !== '');
  if (missing.length === 0) return;
  const wanted = mode === 'live' ? 'a key that may trade futures and may not withdraw' : 'a key of the venue\'s demo trading, which is another than that of the real account';
  throw new KeelError(mode === 'live' ? 'LIVE_REFUSED' : 'SETTING_INVALID', `${mode} trading needs the venue's API key: set ${missing.join(' and ')} (${wanted})`);
}

/**
 * The key may trade and not withdraw, and a person armed the portfolio. Looked at when the ledger is ready and before
 * any worker or workflow is started.
 * @param settings with the database's URL
 * @returns what a person should hear although it keeps nothing from starting
 * @throws {KeelError} LIVE_REFUSED, VENUE_UNREACHABLE, VENUE_REFUSED, DATABASE_UNREACHABLE
 */
export async function assertLiveAllowed(settings: Settings, deployment: Deployment): Promise<readonly string[]> {
  if (deployment.mode !== 'live') return [];
  const pool = createPool(databaseUrlOf(settings, deployment), { applicationName: 'keel-live-checks', connectionsMax: 2 });
  const limiter = createClientLimiter(pool, settings, deployment);
  const venue = createVenue(venueSettingsOf(settings, deployment), limiter);
  const ledger = createLedger(pool);
  try {
    const permissions = await venue.permissions();
    assertPermissions(permissions);
    const armedBy = await ledger.armedBy(deployment.portfolioId);
    assertArmed(armedBy);
    return [`live: real money, armed by ${armedBy}`, ...(permissions.ipRestricted ? [] : [NOT_IP_RESTRICTED])];
  } finally {
    await venue.close();
    await limiter.close();
    await ledger.close();
  }
}

export const NOT_IP_RESTRICTED = 'the API key works from any IP address; bind it to this machine\'s at the venue, so that a stolen one is worth nothing';

/** @throws {KeelError} LIVE_REFUSED */
export function assertPermissions({ mayTrade, mayWithdraw }: Pick<ApiPermissions, 'mayTrade' | 'mayWithdraw'>): void {
  if (mayWithdraw) throw new KeelError('LIVE_REFUSED', 'the API key may withdraw money, which trading never needs; take that permission away at the venue, or make a key without it');
  if (!mayTrade) throw new KeelError('LIVE_REFUSED', 'the API key may not trade futures; allow it at the venue, or use another key');
}

/** @throws {KeelError} LIVE_REFUSED */
export function assertArmed(armedBy: string | null): asserts armedBy is string {
  if (armedBy === null) throw new KeelError('LIVE_REFUSED', 'nobody armed live trading; `keel arm --by <your name>` does, once per ledger');
}
