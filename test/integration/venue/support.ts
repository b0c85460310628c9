import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { VenueOptions } from '../../../stack/venue/options.ts';
import { startVenue } from '../../../stack/venue/venue.ts';
import type { RunningVenue, VenueHooks } from '../../../stack/venue/venue.ts';

export const KEY = 'test-key';
export const SECRET = 'test-secret';
export const ACCOUNT = { accountId: 'main', apiKey: KEY, secret: SECRET, wallet: '10000' } as const;

export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'keel-venue-'));
  onTestFinished(() => { rmSync(folder, { recursive: true, force: true }); });
  return folder;
}

/** A venue in this process, in lockstep on a seeded market of two symbols, closed after the test. */
export async function testVenue(options: Partial<VenueOptions> = {}, hooks: VenueHooks = {}): Promise<TestVenue> {
  const venue = await startVenue({
    state: options.state ?? tempFolder(), mode: 'lockstep', history: 50, source: { kind: 'seeded', seed: '7', symbols: 2 }, accounts: [ACCOUNT], ...options,
  }, hooks);
  const test = new TestVenue(venue);
  onTestFinished(() => test.close());
  return test;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // Answers are looked at field by field in assertions.
  readonly body: Record<string, unknown>;
}

export class TestVenue {
  readonly venue: RunningVenue;
  #closed = false;

  constructor(venue: RunningVenue) {
    this.venue = venue;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.venue.close();
  }

  /** A signed request; parameters that are undefined are left out. */
  signed(method: string, path: string, params: Record<string, string | number | boolean | undefined> = {}, options: SignOptions = {}): Promise<Answer> {
    return signedRequest(this.venue.url, method, path, params, options);
  }

  open(path: string): Promise<Answer> {
    return call(`${this.venue.url}${path}`, {});
  }

  control(method: 'GET' | 'POST' | 'DELETE', path: string, body?: unknown): Promise<Answer> {
    return call(`${this.venue.controlUrl}${path}`, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  }

  async fault(body: Record<string, unknown>): Promise<Record<string, unknown>> {
    const answer = await this.control('POST', '/fault', body);
    if (answer.status !== 200) throw new Error(JSON.stringify(answer.body));
    return answer.body;
  }

  async state(): Promise<Record<string, unknown>> {
    return (await this.control('GET', '/state')).body;
  }

  async acknowledgeAll(): Promise<void> {
    const { lastEventId } = await this.state();
    await this.control('POST', '/acknowledge', { eventId: lastEventId });
  }

  async price(symbol = 'BTCUSDT'): Promise<number> {
    return Number((await this.open(`/fapi/v1/ticker/price?symbol=${symbol}`)).body['price']);
  }

  market(params: Record<string, string | number | boolean | undefined> = {}): Promise<Answer> {
    return this.signed('POST', '/fapi/v1/order', { symbol: 'BTCUSDT', side: 'BUY', type: 'MARKET', quantity: '0.01', newOrderRespType: 'RESULT', ...params });
  }

  limit(price: number | string, params: Record<string, string | number | boolean | undefined> = {}): Promise<Answer> {
    return this.signed('POST', '/fapi/v1/order', { symbol: 'BTCUSDT', side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.01', price, newOrderRespType: 'RESULT', ...params });
  }

  stop(triggerPrice: number | string, params: Record<string, string | number | boolean | undefined> = {}): Promise<Answer> {
    return this.signed('POST', '/fapi/v1/algoOrder', { algoType: 'CONDITIONAL', symbol: 'BTCUSDT', side: 'SELL', type: 'STOP_MARKET', quantity: '0.01', triggerPrice, reduceOnly: true, ...params });
  }
}

export interface SignOptions {
  readonly key?: string | null;
  readonly secret?: string;
  readonly timestamp?: number | null;
  readonly signature?: string | null;
  /** Send parameters in the body instead of the query. */
  readonly inBody?: boolean;
}

export function signedRequest(
  url: string, method: string, path: string, params: Record<string, string | number | boolean | undefined>, options: SignOptions = {},
): Promise<Answer> {
  const timestamp = options.timestamp === undefined ? Date.now() : options.timestamp;
  const pairs = Object.entries({ ...params, timestamp: timestamp ?? undefined }).filter(([, value]) => value !== undefined);
  const query = pairs.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join('&');
  const signature = options.signature === undefined ? createHmac('sha256', options.secret ?? SECRET).update(query).digest('hex') : options.signature;
  const whole = signature === null ? query : `${query}&signature=${signature}`;
  const key = options.key === undefined ? KEY : options.key;
  const init: RequestInit = { method, headers: key === null ? {} : { 'X-MBX-APIKEY': key } };
  return options.inBody === true ? call(`${url}${path}`, { ...init, body: whole }) : call(`${url}${path}?${whole}`, init);
}

async function call(url: string, init: RequestInit): Promise<Answer> {
  const response = await fetch(url, init);
  return { status: response.status, headers: response.headers, body: (await response.json()) as Record<string, unknown> };
}

/** Waits for a condition; fails after the time with what was last seen. */
export async function until<T>(probe: () => Promise<T | undefined> | T | undefined, timeoutMs = 5_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error(`nothing within ${timeoutMs} ms: ${probe.toString()}`);
    await new Promise((resolve) => { setTimeout(resolve, 5); });
  }
}
