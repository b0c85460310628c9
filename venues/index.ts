import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Limiter } from '../domain/ports/limiter.ts';
import type { Venue } from '../domain/ports/venue.ts';
import { createCcxtVenue } from './ccxt/venue.ts';
import type { CcxtVenueSettings } from './ccxt/venue.ts';

export type { CcxtVenueSettings } from './ccxt/venue.ts';
export { createBackOffLimiter, createLimiter } from './limiter.ts';
export type { LimiterSettings } from './limiter.ts';

export type VenueSettings = Omit<CcxtVenueSettings, 'limiter'>;

/** The venue that the settings name. Every mode runs the same code: only addresses and keys differ. */
export function createVenue(settings: VenueSettings, limiter: Limiter): Venue {
  return createCcxtVenue({ ...settings, limiter });
}

/**
 * Under which names the venue's limits are shared: one per IP address and host, one per account.
 * @param ipName whoever sends from the same IP address gives the same name; one name for all is safe, and slower than
 * need be where workers have several addresses.
 */
export function limiterScopesOf(settings: Pick<VenueSettings, 'mode' | 'restUrl' | 'apiKey'>, ipName = 'all'): { readonly ip: string; readonly account: string } {
  const host = settings.restUrl ?? (settings.mode === 'testnet' ? 'demo' : 'live');
  const account = bytesToHex(sha256(utf8ToBytes(settings.apiKey))).slice(0, 16);
  return { ip: `${host} ip ${ipName}`, account: `${host} account ${account}` };
}
