import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OrderIntent } from '../../../domain/orders/order.ts';
import type { SubmitTimes, Venue } from '../../../domain/ports/venue.ts';
import type { VenueOptions } from '../../../stack/venue/options.ts';
import { startVenue } from '../../../stack/venue/venue.ts';
import { createBackOffLimiter, createVenue } from '../../../venues/index.ts';
import type { VenueSettings } from '../../../venues/index.ts';

const KEYS = { apiKey: 'key', secret: 'secret' };

/** `controlUrl: undefined` leaves the control endpoint away: the venue poses as a real one. */
export type AdapterSettings = Partial<Omit<VenueSettings, 'controlUrl'>> & { readonly controlUrl?: string | undefined };

export interface Simulation {
  readonly venue: Venue;
  readonly urls: { readonly restUrl: string; readonly wsUrl: string; readonly controlUrl: string };
  /** Another adapter on the same venue. */
  adapter(settings?: AdapterSettings): Venue;
  control(path: string, body?: object): Promise<unknown>;
  times(changes?: Partial<SubmitTimes>): Promise<SubmitTimes>;
  close(): Promise<void>;
}

/** A simulated venue whose market stands still, with an adapter on it. */
export async function simulate(options: Partial<VenueOptions> = {}): Promise<Simulation> {
  const state = await mkdtemp(join(tmpdir(), 'keel-venue-'));
  const running = await startVenue({
    state, mode: 'paused', history: 50, source: { kind: 'seeded', seed: '7', symbols: 3 }, accounts: [{ accountId: 'main', ...KEYS, wallet: '10000' }], ...options,
  });
  const urls = { restUrl: running.url, wsUrl: running.wsUrl, controlUrl: running.controlUrl };
  const adapters: Venue[] = [];
  const adapter = (settings: AdapterSettings = {}): Venue => {
    const { controlUrl, ...rest } = { ...urls, ...settings };
    const venue = createVenue({ mode: 'sim', ...KEYS, ...rest, ...(controlUrl === undefined ? {} : { controlUrl }) }, createBackOffLimiter());
    adapters.push(venue);
    return venue;
  };
  const venue = adapter();
  return {
    venue, urls, adapter,
    async control(path, body) {
      const response = await fetch(`${urls.controlUrl}${path}`, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });
      if (!response.ok) throw new Error(`${path}: ${await response.text()}`);
      return response.json();
    },
    async times(changes = {}) {
      return { timestamp: await venue.serverTime(), recvWindowMs: 2_000, deadlineMs: Date.now() + 3_000, ...changes };
    },
    async close() {
      await Promise.all(adapters.map((each) => each.close()));
      await running.close();
      await rm(state, { recursive: true, force: true });
    },
  };
}

let sequence = 0;

/** An entry at market, changed as told. */
export function intent(changes: Partial<OrderIntent> = {}): OrderIntent {
  sequence += 1;
  return {
    intentId: `intent/${sequence}`, clientOrderId: `klabcde-${String(sequence).padStart(6, 'a')}`, portfolioId: 'main', positionId: 'position', cycleId: null, leg: 'entry',
    revision: 1, instrumentId: 'BTC-USDT-PERP', side: 'buy', positionSide: 'both', type: 'market', timeInForce: 'GTC', quantity: '0.01', price: null, triggerPrice: null,
    reduceOnly: false, closesPosition: false, decisionPrice: '1', epoch: 1, validUntil: null, maxDriftBps: null, workUntilMarketTime: null, policyVersion: 1, ...changes,
  };
}
