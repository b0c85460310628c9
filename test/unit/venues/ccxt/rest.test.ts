import { describe, expect, it } from 'vitest';
import { CallFailed } from '../../../../venues/ccxt/errors.ts';
import { FAILURES_MAX } from '../../../../domain/limits/circuit.ts';
import { ROUTES } from '../../../../venues/ccxt/routes.ts';
import { z } from 'zod';
import { fakeVenue } from './exchange.fixture.ts';

const NOW = 10_000;
const TIMES = { timestamp: NOW, recvWindowMs: 2_000, deadlineMs: NOW + 3_000 };
const ANSWERS = { 'POST order': () => ({ ok: true }), 'GET account': () => ({}) };
const send = (venue: ReturnType<typeof fakeVenue>, times = TIMES) => venue.rest.send(ROUTES.newOrder, { symbol: 'BTCUSDT' }, times, 'entry');

describe('a request that changes something', () => {
  it('carries the timestamp and recvWindow that it was given, and is sent once', async () => {
    const venue = fakeVenue({ answers: ANSWERS, clock: () => NOW + 700 });
    expect(await send(venue)).toEqual({ kind: 'answered', answer: { ok: true } });
    expect(venue.sent).toEqual([{ route: 'POST order', params: { symbol: 'BTCUSDT', timestamp: NOW, recvWindow: 2_000 } }]);
    expect(venue.permits).toMatchObject([{ orders: 1, priority: 'entry' }]);
  });

  it('is not sent without a permit', async () => {
    const venue = fakeVenue({ answers: ANSWERS, permit: { kind: 'denied', reason: 'full' } });
    expect(await send(venue)).toEqual({ kind: 'notSent', message: 'full' });
    expect(venue.sent).toEqual([]);
  });

  it.each([
    ['its deadline comes first', { ...TIMES, deadlineMs: NOW + 500 }, 0, NOW + 500],
    ['recvWindow comes first: a tenth of a second is for the way', TIMES, 0, NOW + 1_900],
    ['by the venue\'s clock, which is ahead', TIMES, 400, NOW + 1_500],
  ])('goes out until the earlier end: %s', async (_name, times, venueAheadMs, latestMs) => {
    for (const [at, kind] of [[latestMs, 'answered'], [latestMs + 1, 'notSent']] as const) {
      let now = NOW;
      const venue = fakeVenue({ answers: ANSWERS, clock: () => now, venueAheadMs });
      await venue.rest.clock.now();
      now = at; // the permit came this late
      expect((await send(venue, times)).kind).toBe(kind);
      expect(venue.permits.at(-1)?.deadlineMs).toBe(latestMs);
      expect(venue.sent).toHaveLength(kind === 'answered' ? 1 : 0);
    }
  });

  it('is not repeated when it fails', async () => {
    const venue = fakeVenue({ answers: { 'POST order': () => { throw new CallFailed('POST order: no answer', { status: null, code: null }); } } });
    expect(await send(venue)).toMatchObject({ kind: 'failed', failure: { message: 'POST order: no answer' } });
    expect(venue.sent).toHaveLength(1);
  });

  it('whose time was refused makes the next timestamp asked for anew', async () => {
    const venue = fakeVenue({ answers: { 'POST order': () => { throw new CallFailed('POST order', { status: 400, code: -1021 }); } } });
    await venue.rest.clock.now();
    await venue.rest.clock.now();
    expect(venue.timesAsked()).toBe(1);
    await send(venue);
    await venue.rest.clock.now();
    expect(venue.timesAsked()).toBe(2);
  });
});

describe('a call counts', () => {
  it.each([
    ['without an answer',            null, null,   [true]],
    ['a server error',               503,  null,   [true]],
    ['a time-out behind the door',   408,  -1007,  [true]],
    ['turned away at the door',      403,  null,   [true]],
    ['asked for too much',           429,  -1003,  [true]],
    ['banned',                       418,  -1003,  [true]],
    ['too little margin',            400,  -2019,  [false]],
    ['nothing to cancel',            400,  -2011,  [false]],
    ['no such key',                  401,  -2015,  [false]],
  ])('%s', async (_name, status, code, counted) => {
    const venue = fakeVenue({ answers: { 'POST order': () => { throw new CallFailed('POST order', { status, code }); } } });
    await send(venue);
    expect(venue.counted).toEqual(counted);
  });

  it('once it is answered, and not at all where it is not sent', async () => {
    const venue = fakeVenue({ answers: ANSWERS });
    await send(venue);
    const full = fakeVenue({ answers: ANSWERS, permit: { kind: 'denied', reason: 'full' } });
    await send(full);
    expect([venue.counted, full.counted]).toEqual([[false], []]);
  });
});

it.each([[429, { 'retry-after': '7' }, 7_000], [429, {}, 60_000], [418, {}, 120_000]])('HTTP %d with %o: nobody sends for %d ms', async (status, headers, waitMs) => {
  const venue = fakeVenue({ answers: ANSWERS, headers: { status, headers, body: '' } });
  await send(venue);
  expect(venue.backOffs).toEqual([{ untilMs: NOW + waitMs, reason: `HTTP ${status}` }]);
});

it('nothing is read without a permit', async () => {
  const venue = fakeVenue({ answers: ANSWERS, permit: { kind: 'denied', reason: 'full' } });
  await expect(venue.rest.read(ROUTES.account, {}, z.object({}))).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  expect(venue.sent).toEqual([]);
});

describe('a venue that keeps failing', () => {
  const silent = (): never => { throw new CallFailed('no answer', { status: null, code: null }); };

  it('is asked for nothing that can wait after five failures in a row; what closes goes out, and its answer ends it', async () => {
    let isBack = false;
    const venue = fakeVenue({ answers: { 'POST order': () => (isBack ? { ok: true } : silent()) } });
    for (let failure = 1; failure <= FAILURES_MAX; failure += 1) expect((await send(venue)).kind).toBe('failed');
    expect(venue.rest.circuit()).toBe('open');
    expect(await send(venue)).toMatchObject({ kind: 'notSent', message: expect.stringContaining('5 times in a row') as string });
    await expect(venue.rest.read(ROUTES.account, {}, z.object({}))).rejects.toMatchObject({ code: 'VENUE_UNREACHABLE' });
    expect(venue.sent).toHaveLength(FAILURES_MAX);
    isBack = true;
    expect((await venue.rest.send(ROUTES.newOrder, {}, TIMES, 'exit')).kind).toBe('answered');
    expect([venue.rest.circuit(), (await send(venue)).kind]).toEqual(['closed', 'answered']);
  });

  it.each([['asks to wait', 429, 'closed'], ['refuses', 400, 'closed'], ['is broken', 503, 'open']])('that %s (%d): %s', async (_name, status, circuit) => {
    const venue = fakeVenue({ answers: { 'POST order': () => { throw new CallFailed('POST order', { status, code: null }); } } });
    for (let failure = 1; failure <= FAILURES_MAX; failure += 1) await send(venue);
    expect(venue.rest.circuit()).toBe(circuit);
  });
});

it.each([['a symbol that it does not know', -1121, 2], ['an order that it does not know', -2013, 1]])('the list of symbols is kept until the venue refuses %s', async (_name, code, lists) => {
  const refuse = (): never => { throw new CallFailed('GET account', { status: 400, code }); };
  const venue = fakeVenue({ answers: { 'GET exchangeInfo': () => ({ rateLimits: [], symbols: [] }), 'GET account': refuse } });
  await venue.rest.symbols();
  await venue.rest.symbols();
  await expect(venue.rest.read(ROUTES.account, {}, z.object({}))).rejects.toMatchObject({ code: 'VENUE_REFUSED' });
  await venue.rest.symbols();
  expect(venue.sent.filter(({ route }) => route === 'GET exchangeInfo')).toHaveLength(lists);
});
