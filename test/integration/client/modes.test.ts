/** Paper, testnet and live as a user starts them. A simulated venue, in a process of its own, poses as the real one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { freePort } from '../../../stack/supervisor/ports.ts';
import type { Child } from '../../support/child.ts';
import { startChild } from '../../support/child.ts';
import type { Ended, Machine } from '../../support/machine.ts';
import { isUp, machine } from '../../support/machine.ts';
import { until } from '../../support/processes.ts';
import type { Servers } from '../../support/servers.ts';
import { startServers } from '../../support/servers.ts';

const MINUTE_MS = 60_000;
const HISTORY = 400;
/** A Schedule's first candle comes within a minute. */
const CYCLE_WITHIN_MS = 90_000;
const STRATEGY = fileURLToPath(new URL('../../fixtures/strategies/always-buy.ts', import.meta.url));

const permitted = { trade: true, withdraw: false, ipRestricted: true };
const KEYS = {
  live: permitted, testnet: permitted, noTrade: { ...permitted, trade: false }, withdraws: { ...permitted, withdraw: true }, anyIp: { ...permitted, ipRestricted: false },
} as const;

interface RealVenue {
  readonly url: string;
  /** Every order that ever reached an account's book, by its name. */
  orders(account: string): Promise<readonly unknown[]>;
}

let servers: Servers;
let child: Child;
let real: RealVenue;
let state: string;

/** Its market's clock is the wall's, as a real venue's is. */
beforeAll(async () => {
  state = mkdtempSync(join(tmpdir(), 'keel-real-venue-'));
  const [port, controlPort] = [await freePort(), await freePort()];
  const accounts = Object.entries(KEYS).map(([name, permissions]) => ({ accountId: name, apiKey: `key-${name}`, secret: `secret-${name}`, wallet: '10000', permissions }));
  const start = Math.floor(Date.now() / MINUTE_MS) * MINUTE_MS - HISTORY * MINUTE_MS;
  [servers, child] = await Promise.all([startServers(), startChild([
    'stack/venue/main.ts', '--state', state, '--port', String(port), '--control-port', String(controlPort), '--lockstep', '--timeframe', '1m', '--symbols', '3',
    '--history', String(HISTORY), '--start', String(start), '--pace', String(MINUTE_MS), '--accounts', JSON.stringify(accounts),
  ], { env: {}, logPath: join(state, 'venue.log') })]);
  const control = async (path: string, body?: object): Promise<Record<string, unknown>> => {
    const response = await fetch(`http://127.0.0.1:${controlPort}${path}`, body === undefined ? {} : { method: 'POST', body: JSON.stringify(body) });
    expect(response.status, path).toBe(200);
    return (await response.json()) as Record<string, unknown>;
  };
  await control('/advance', { requestId: 'to-now', untilMarketTime: Date.now() });
  await control('/clock', { mode: 'paced', paceMs: MINUTE_MS });
  real = {
    url: `http://127.0.0.1:${port}`,
    orders: async (account) => (await control(`/book?accountId=${account}`))['orders'] as unknown[],
  };
}, 120_000);

afterAll(async () => {
  await child.kill('SIGTERM');
  await servers.stop();
  rmSync(state, { recursive: true, force: true });
});

async function user(mode: 'paper' | 'testnet' | 'live', more: Readonly<Record<string, string>> = {}): Promise<Machine> {
  return machine({
    DATABASE_URL: servers.postgresUrl, TEMPORAL_ADDRESS: servers.temporalAddress, KEEL_MODE: mode, KEEL_SYMBOLS: 'BTC,ETH', KEEL_TIMEFRAME: '1m', KEEL_STRATEGIES: STRATEGY,
    KEEL_WORKERS: '1', ...(mode === 'paper' ? { KEEL_UPSTREAM_URL: real.url } : { KEEL_VENUE_URL: real.url }), ...more,
  });
}

const keys = (name: keyof typeof KEYS): Record<string, string> => ({ KEEL_VENUE_API_KEY: `key-${name}`, KEEL_VENUE_API_SECRET: `secret-${name}` });

/** Starts, waits for a cycle that its Schedule began and for protected positions, checks all invariants, stops. */
async function tradesByItsSchedule(mode: 'paper' | 'testnet' | 'live', { keel, json }: Machine): Promise<void> {
  const started = keel('start', '--mode', mode, '--json');
  const early = started.ended.then(({ code, out, err }) => { throw new Error(`${mode} ended with ${code} before it traded: ${out}${err}`); });
  await Promise.race([early, until(`${mode} is up`, () => isUp(started), 60_000)]);
  // Both symbols at once need a policy that lets them: they move together, the books of a market of minutes are thin, and a funding time may be near.
  expect(await keel('policy', 'set', 'correlationMax=1', 'depthMin=10000', 'fundingBeforeMin=0', 'fundingAfterMin=0', '--by', 'ada', '--because', 'both symbols').ended).toMatchObject({ code: 0 });
  const database = new pg.Pool({ connectionString: servers.postgresUrl.replace(/\/[^/]*$/, `/keel_${mode}`), max: 1 });
  onTestFinished(() => database.end());
  const protections = `SELECT count(*)::int n FROM orders o JOIN intents i USING (client_order_id) WHERE i.leg = 'stop' AND o.state = 'accepted'`;
  const isProtected = async (): Promise<boolean> => ((await database.query<{ n: number }>(protections)).rows[0]?.n ?? 0) >= 2;
  await Promise.race([early, until(`${mode} holds two protected positions`, isProtected, CYCLE_WITHIN_MS)]);

  await cyclesComeFromTheSchedule(mode, database);
  expect(await json('schedules', 'list')).toContainEqual(expect.objectContaining({ id: `tradingCycle/${mode}`, paused: false }));
  expect(await json('positions')).toHaveLength(2);
  expect(await json('verify')).toMatchObject({ deployment: mode, violations: [] });
  expect(await keel('stop').ended).toMatchObject({ code: 0 });
  early.catch(() => {}); // it did end, after it traded
  expect(await started.ended).toMatchObject({ code: 0 });
}

async function cyclesComeFromTheSchedule(mode: string, database: pg.Pool): Promise<void> {
  const connection = await Connection.connect({ address: servers.temporalAddress });
  onTestFinished(() => connection.close());
  const schedule = await new Client({ connection }).schedule.getHandle(`tradingCycle/${mode}`).describe();
  expect(schedule.policies.catchupWindow).toBe(MINUTE_MS);
  const { rows } = await database.query<{ workflow: string; closes: string; opens: string }>(`
    SELECT workflow_id workflow, close_time closes, s->'candle'->>'openTime' opens FROM cycles, jsonb_array_elements(observation->'symbols') s WHERE recorded_at IS NOT NULL`);
  expect(rows.length).toBeGreaterThanOrEqual(2);
  for (const { workflow, closes, opens } of rows) {
    expect(workflow).toMatch(new RegExp(`^tradingCycle/${mode}-`)); // the Schedule's id and its time
    expect(Number(opens), 'the candle that was decided on is the one that closed').toBe(Number(closes) - MINUTE_MS);
  }
}

const accepted = async (account: string): Promise<number> => (await real.orders(account)).length;

it('paper, testnet and live: each starts, trades by its Schedule, keeps every invariant, and stops', { timeout: 240_000 }, async () => {
  const live = await user('live', keys('live'));
  expect(await live.keel('arm', '--by', 'ada').ended).toMatchObject({ code: 0 });
  await Promise.all([
    tradesByItsSchedule('paper', await user('paper')),
    tradesByItsSchedule('testnet', await user('testnet', keys('testnet'))),
    tradesByItsSchedule('live', live),
  ]);
  expect(await accepted('testnet')).toBeGreaterThanOrEqual(2);
  expect(await accepted('live')).toBeGreaterThanOrEqual(2);
  // Paper's fills are its own: of the real venue's accounts only those two traded.
  for (const account of ['noTrade', 'withdraws', 'anyIp']) expect(await accepted(account)).toBe(0);
});

/** A server of its own, so that nobody armed its ledger. */
const OWN_DATABASE = { DATABASE_URL: '' };

describe('live refuses', { timeout: 60_000 }, () => {
  /** The venue counts weight by the minute, and those before used this one's up. */
  beforeAll(async () => {
    const minute = Math.floor(Date.now() / MINUTE_MS);
    await until('the next minute has begun', () => Math.floor(Date.now() / MINUTE_MS) > minute, 2 * MINUTE_MS);
  }, 2 * MINUTE_MS);

  const refusal = async (machine: Machine): Promise<Ended> => {
    const ended = await machine.keel('start', '--mode', 'live').ended;
    expect(ended.err).not.toContain('    at ');
    expect((await machine.status()).leftovers).toEqual([]);
    return ended;
  };

  it.each([
    ['without keys', {}, 'set KEEL_VENUE_API_KEY and KEEL_VENUE_API_SECRET'],
    ['a key that may withdraw', keys('withdraws'), 'may withdraw money'],
    ['a key that may not trade', keys('noTrade'), 'may not trade futures'],
    ['before a person armed it', keys('anyIp'), 'keel arm --by'],
  ])('%s, with exit code 6', async (_name, given, words) => {
    const ended = await refusal(await user('live', { ...OWN_DATABASE, ...given }));
    expect(ended).toMatchObject({ code: 6, err: expect.stringContaining('[LIVE_REFUSED]') as string });
    expect(ended.err).toContain(words);
  });

  it('a symbol that the venue does not trade, and an unset list of symbols, with exit code 2', async () => {
    const wrong = await refusal(await user('live', { ...OWN_DATABASE, ...keys('anyIp'), KEEL_SYMBOLS: 'BTC,SHELLS' }));
    expect(wrong).toMatchObject({ code: 2, err: expect.stringContaining('SHELLS-USDT-PERP') as string });
    expect(await refusal(await user('live', { ...OWN_DATABASE, ...keys('anyIp'), KEEL_SYMBOLS: '' }))).toMatchObject({ code: 2, err: expect.stringContaining('KEEL_SYMBOLS is not set') as string });
  });

  it('a venue that does not answer, with exit code 5', async () => {
    expect(await refusal(await user('live', { ...OWN_DATABASE, ...keys('anyIp'), KEEL_VENUE_URL: 'http://127.0.0.1:9' }))).toMatchObject({ code: 5, err: expect.stringContaining('[VENUE_UNREACHABLE]') as string });
  });
});
