/** Alerts through the real bus and ledger to a real HTTP server. */
import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { EventBus } from '../../../db/events/bus.ts';
import { createEventBus } from '../../../db/events/bus.ts';
import { parkedFor, sendAgain } from '../../../db/events/parked.ts';
import { writeEvents } from '../../../db/events/outbox.ts';
import { createScenarioStore } from '../../../db/scenario-store.ts';
import { createLedger } from '../../../db/ledger.ts';
import type { Pool } from '../../../db/pool.ts';
import { inTransaction } from '../../../db/pool.ts';
import type { Alert } from '../../../domain/events/alert.ts';
import type { PeopleOptions } from '../../../workers/alerts.ts';
import { createAlerts, createPeople } from '../../../workers/alerts.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';

let databases: TestDatabases;
let pool: Pool;
let server: Server;
let url: string;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let heard: Alert[];
let logged: string[];

beforeAll(async () => {
  databases = await startDatabases();
});
afterAll(() => databases.stop());
beforeEach(async () => {
  pool = await databases.create();
  await createLedger(pool).ensurePortfolio({ portfolioId: 'sim', deploymentId: 'abcde', venueAccountId: 'account', mode: 'sim', strategy: 'ensemble', timeframe: '1h', instrumentIds: [] });
  [heard, logged, answer] = [[], [], (_, response) => void response.writeHead(204).end()];
  server = createServer((request, response) => {
    void text(request).then((body) => {
      heard.push(JSON.parse(body) as Alert);
      answer(request, response);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hooks/hush`;
  return () => {
    server.closeAllConnections();
    server.close();
  };
});

async function trip(id: string): Promise<void> {
  await inTransaction(pool, 'write', (client) => writeEvents(client, [
    { id: `fence/${id}`, type: 'fenceRaised', subject: 'sim', portfolioId: 'sim', traceId: 't', actor: 'ada', payload: { epoch: 1, reason: 'prices' } },
    { id, type: 'emergencyTriggered', subject: 'sim', portfolioId: 'sim', traceId: 't', actor: 'ada', payload: { emergencyId: 'ess/sim/1', round: 1, severity: 'critical', cause: 'person', reason: 'prices', by: 'ada', positionsClosed: 2 } },
  ]));
}

function busOf({ clock = Date.now, ...options }: Partial<PeopleOptions> & { readonly clock?: () => number } = {}): EventBus {
  const said = (level: string) => (fields: object, message: string): void => void logged.push(`${level} ${JSON.stringify(fields)} ${message}`);
  const log = { info: said('info'), warn: said('warn'), error: said('error') };
  return createEventBus({ pool, subscribers: [createAlerts(createPeople({ url, log, ...options }), clock)], warn: () => undefined });
}

const parked = async (): Promise<readonly unknown[]> => (await pool.query<Record<string, unknown>>('SELECT subscriber, error FROM parked_deliveries WHERE replayed_at IS NULL')).rows;

/** So much time passes for what is parked. */
async function passed(timeMs: number): Promise<void> {
  await pool.query('UPDATE parked_deliveries SET next_try_at = next_try_at - $1', [timeMs]);
}

describe('alerts', () => {
  it('reach the webhook once, as JSON, and the log', async () => {
    let headers: IncomingMessage['headers'] = {};
    answer = (request, response) => {
      headers = request.headers;
      response.writeHead(200).end('ok');
    };
    await trip('a');
    const bus = busOf();
    await bus.drain();
    await bus.drain();
    expect(heard).toEqual([expect.objectContaining({ id: 'a', level: 'critical', type: 'emergencyTriggered', portfolioId: 'sim', actor: 'ada', text: expect.stringContaining('prices') as string })]);
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'idempotency-key': 'a' });
    expect(logged).toEqual([expect.stringMatching(/^error .*"id":"a".* sim: trading is stopped/)]);
  });

  it('are tried three times, then parked without the address, and by themselves until the webhook is back, however old', async () => {
    answer = (_, response) => void response.writeHead(503).end();
    await trip('a');
    const bus = busOf({ clock: () => Date.now() + later });
    let later = 0;
    await bus.drain();
    expect(heard.map(({ id }) => id)).toEqual(['a', 'a', 'a']);
    expect(await parked()).toEqual([{ subscriber: 'alerts', error: 'the alert webhook answered 503' }]);
    expect(logged.filter((line) => line.startsWith('error'))).toHaveLength(1);
    expect(logged.join()).not.toContain('hush');
    await bus.drain();
    expect(heard).toHaveLength(3); // not yet
    later = 25 * 3_600_000;
    await passed(later);
    await bus.drain();
    expect(heard).toHaveLength(4);
    expect(await parked()).toHaveLength(1);
    answer = (_, response) => void response.writeHead(204).end();
    await passed(later);
    await bus.drain();
    expect(heard.map(({ id }) => id)).toEqual(['a', 'a', 'a', 'a', 'a']);
    expect(await parked()).toEqual([]);
  });

  it('that are parked follow the next one that gets through', async () => {
    answer = (_, response) => void response.writeHead(503).end();
    await trip('a');
    await trip('b');
    const bus = busOf();
    await bus.drain();
    answer = (_, response) => void response.writeHead(204).end();
    heard = [];
    await trip('c');
    await bus.drain();
    expect(heard.map(({ id }) => id)).toEqual(['c', 'a', 'b']);
    expect(await parked()).toEqual([]);
  });

  it('that are parked are seen, and tried at once when a person asks', async () => {
    answer = (_, response) => void response.writeHead(503).end();
    await trip('a');
    const bus = busOf();
    await bus.drain();
    expect(await parkedFor(pool, 'alerts', 10)).toEqual([expect.objectContaining({ event: expect.objectContaining({ id: 'a' }) as unknown, tries: 3, error: 'the alert webhook answered 503' })]);
    await sendAgain(pool, 'alerts');
    await bus.drain();
    expect(await parkedFor(pool, 'alerts', 10)).toMatchObject([{ tries: 4 }]);
    answer = (_, response) => void response.writeHead(204).end();
    await sendAgain(pool, 'alerts');
    await bus.drain();
    expect([await parkedFor(pool, 'alerts', 10), heard.at(-1)?.id]).toEqual([[], 'a']);
  });

  it.each([
    ['does not answer', () => undefined, { timeoutMs: 50 }, 'the alert webhook did not answer within 0.05 s'],
    ['breaks off', (request: IncomingMessage) => void request.socket.destroy(), {}, 'the alert webhook could not be reached (UND_ERR_SOCKET)'],
    ['leads elsewhere', (_: IncomingMessage, response: ServerResponse) => void response.writeHead(302, { location: '/elsewhere' }).end(), {}, 'the alert webhook could not be reached (no connection)'],
  ] as const)('are parked where the webhook %s', async (_, misbehave, patience, error) => {
    answer = misbehave;
    await trip('a');
    await busOf(patience).drain();
    expect(await parked()).toEqual([{ subscriber: 'alerts', error }]);
  });

  it('of a run of the scenarios come once, with what was expected and seen', async () => {
    const store = createScenarioStore(pool);
    const result = { id: 5, name: 'votes disagree', passed: false, expected: { reason: 'agreement' }, seen: { reason: 'none' } };
    const failed = { portfolioId: 'sim', runId: 'r1', verdict: { results: [result], problem: null } };
    await store.record(failed);
    await store.record(failed);
    await store.record({ portfolioId: 'sim', runId: 'r2', verdict: { results: [{ ...result, passed: true }], problem: null } });
    await busOf().drain();
    expect(heard).toEqual([expect.objectContaining({ id: 'sim/scenarios/r1', type: 'scenariosFailed', level: 'critical', payload: failed.verdict })]);
  });

  it('of yesterday, or without a webhook, stand in the log alone', async () => {
    await trip('a');
    await busOf({ clock: () => Date.now() + 25 * 3_600_000 }).drain();
    await trip('b');
    await busOf({ url: undefined }).drain();
    expect(heard).toEqual([]);
    expect(logged).toHaveLength(2);
  });
});
