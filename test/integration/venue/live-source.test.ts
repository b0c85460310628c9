import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { startVenue } from '../../../stack/venue/venue.ts';
import { ACCOUNT, tempFolder, testVenue, until } from './support.ts';
import type { TestVenue } from './support.ts';

/** A second simulated venue poses as the real one; its clock moves only when it is told to. */
async function pair(state = tempFolder()): Promise<{ readonly real: TestVenue; readonly paper: TestVenue }> {
  const real = await testVenue();
  const paper = await testVenue({ state, mode: 'paced', source: { kind: 'live', upstream: real.venue.url, symbols: ['BTC', 'ETH'], timeframe: '1h', pollMs: 100 } });
  return { real, paper };
}

let sequence = 0;
async function advance(real: TestVenue, more: Record<string, unknown> = {}): Promise<number> {
  sequence += 1;
  return Number((await real.control('POST', '/advance', { requestId: `live-${sequence}`, ...more })).body['marketTime']);
}

/** Until the paper venue has walked to a market time. */
async function followed(paper: TestVenue, time: number): Promise<void> {
  await until(async () => (Number((await paper.state())['marketTime']) >= time ? true : undefined));
}

it('shows the real venue\'s instruments, candles, tickers and depth', async () => {
  const { real, paper } = await pair();
  const time = Number((await real.state())['marketTime']) + 3.5 * 3_600_000;
  await followed(paper, await advance(real, { untilMarketTime: time }));
  const klines = '/fapi/v1/klines?symbol=ETHUSDT&interval=1h&limit=20';
  const rows = async (venue: TestVenue) => ((await venue.open(klines)).body as unknown as unknown[][]).map((row) => row.slice(0, 7));
  expect(await rows(paper)).toEqual(await rows(real));
  for (const path of ['/fapi/v1/ticker/24hr?symbol=BTCUSDT', '/fapi/v1/depth?symbol=BTCUSDT&limit=10', '/fapi/v1/fundingRate?symbol=BTCUSDT']) {
    expect((await paper.open(path)).body).toEqual((await real.open(path)).body);
  }
  const symbols = (await paper.open('/fapi/v1/exchangeInfo')).body['symbols'] as { symbol: string; filters: unknown[] }[];
  expect(symbols.map((symbol) => symbol.symbol)).toEqual(['BTCUSDT', 'ETHUSDT']);
  expect((await paper.open('/fapi/v1/depth?symbol=BTCUSDT&limit=7')).body['code']).toBe(-4021);
});

it('fills orders itself, at the real price, and nothing reaches the real venue', async () => {
  const { real, paper } = await pair();
  const time = await advance(real, { untilMarketTime: Number((await real.state())['marketTime']) + 600_000 });
  await followed(paper, time);
  const order = (await paper.market()).body;
  expect(order['status']).toBe('FILLED');
  expect(Math.abs(Number(order['avgPrice']) / (await real.price()) - 1)).toBeLessThan(0.001);
  expect((await real.control('GET', '/book')).body['orders']).toEqual([]);
  expect((await paper.signed('GET', '/fapi/v3/positionRisk')).body).toHaveLength(1);
});

it('triggers a stop when the real market falls through it', async () => {
  const { real, paper } = await pair();
  await paper.market();
  await paper.stop(((await paper.price()) * 0.95).toFixed(1), { clientAlgoId: 'stop' });
  await real.control('POST', '/shock', { symbol: 'BTCUSDT', percent: -8 });
  await followed(paper, await advance(real, { candles: 1 }));
  await until(async () => ((await paper.signed('GET', '/fapi/v1/algoOrder', { clientAlgoId: 'stop' })).body['algoStatus'] === 'FINISHED' ? true : undefined));
  expect((await paper.signed('GET', '/fapi/v3/positionRisk')).body).toEqual([]);
});

it('remembers its positions over a restart, and sees what it missed', async () => {
  const state = tempFolder();
  const { real, paper } = await pair(state);
  await paper.market();
  await paper.stop(((await paper.price()) * 0.95).toFixed(1), { clientAlgoId: 'stop' });
  await paper.close();
  await real.control('POST', '/shock', { symbol: 'BTCUSDT', percent: -8 });
  await advance(real, { candles: 2 });
  const again = await testVenue({ state, mode: 'paced', source: { kind: 'live', upstream: real.venue.url, symbols: ['BTC', 'ETH'], timeframe: '1h', pollMs: 100 } });
  expect((await again.signed('GET', '/fapi/v1/algoOrder', { clientAlgoId: 'stop' })).body['algoStatus']).toBe('FINISHED');
});

it('moves by itself: no clock, no jump, no advance', async () => {
  const { paper } = await pair();
  for (const [path, body] of [['/clock', { mode: 'lockstep' }], ['/advance', { requestId: 'x' }], ['/shock', { symbol: 'BTCUSDT', percent: 1 }]] as const) {
    expect((await paper.control('POST', path, body)).body['code']).toBe('USAGE');
  }
});

it('stands still while the real venue is away, and says so', async () => {
  const errors: unknown[] = [];
  const real = await testVenue();
  const paper = await testVenue({ mode: 'paced', source: { kind: 'live', upstream: real.venue.url, symbols: ['BTC'], timeframe: '1h', pollMs: 100 } }, { onError: (error) => errors.push(error) });
  await real.close();
  await until(() => (errors.length > 0 ? true : undefined));
  expect(errors[0]).toMatchObject({ code: 'VENUE_UNREACHABLE' });
  expect([(await paper.open('/fapi/v1/depth?symbol=BTCUSDT')).status, (await paper.open('/fapi/v1/klines?symbol=BTCUSDT&interval=1h&limit=2')).status]).toEqual([503, 200]);
});

it('names a symbol that the real venue does not have, and an address that does not answer', async () => {
  const real = await testVenue();
  const options = { state: tempFolder(), accounts: [ACCOUNT] };
  await expect(startVenue({ ...options, source: { kind: 'live', upstream: real.venue.url, symbols: ['SHELLS'] } })).rejects.toMatchObject({ code: 'SETTING_INVALID' });
  await expect(startVenue({ ...options, state: tempFolder(), source: { kind: 'live', upstream: 'http://127.0.0.1:9', symbols: ['BTC'] } })).rejects.toMatchObject({ code: 'VENUE_UNREACHABLE' });
});

/** The real venue, without what it does not list any more: of `delisted` nothing is told, of `halted` no quote. */
async function without(real: TestVenue): Promise<{ readonly url: string; readonly delisted: Set<string>; readonly halted: Set<string> }> {
  const [delisted, halted] = [new Set<string>(), new Set<string>()];
  const isTold = (path: string, { symbol }: { symbol: string }): boolean => !delisted.has(symbol) && !(halted.has(symbol) && path.includes('bookTicker'));
  const server = createServer((request, response) => {
    void (async () => {
      const path = request.url ?? '/';
      const symbol = new URL(path, real.venue.url).searchParams.get('symbol') ?? '';
      const answer = delisted.has(symbol) ? { status: 400, body: { code: -1121, msg: 'Invalid symbol.' } } : await real.open(path);
      const { body } = answer as { body: { symbol: string }[] | { symbols?: { symbol: string }[] } };
      const told = Array.isArray(body) ? body.filter((it) => isTold(path, it)) : body.symbols === undefined ? body : { ...body, symbols: body.symbols.filter((it) => isTold(path, it)) };
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(JSON.stringify(told));
    })();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => { server.close(); server.closeAllConnections(); });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, delisted, halted };
}

/** A paper venue on `without`, what it told of, and its candles of a symbol. */
async function thinning() {
  const [real, state, told] = [await testVenue(), tempFolder(), [] as string[]];
  const upstream = await without(real);
  const open = async (): Promise<TestVenue> => await testVenue(
    { state, mode: 'paced', source: { kind: 'live', upstream: upstream.url, symbols: ['BTC', 'ETH'], timeframe: '1h', pollMs: 100 } },
    { onError: (error) => told.push((error as Error).message) },
  );
  const candles = async (venue: TestVenue, symbol: string): Promise<unknown[][]> => (await venue.open(`/fapi/v1/klines?symbol=${symbol}&interval=1h&limit=20`)).body as unknown as unknown[][];
  return { real, upstream, told, open, candles };
}

const STILL = expect.stringContaining('ETHUSDT: it keeps its last price') as string;
const midHour = async (real: TestVenue, hours: number): Promise<number> => Number((await real.state())['marketTime']) + (hours + 0.5) * 3_600_000;

it('a symbol that is delisted keeps its last price and its position, its candles end, and the others go on, after a restart too', async () => {
  const { real, upstream, told, open, candles } = await thinning();
  const paper = await open();
  await followed(paper, await advance(real, { untilMarketTime: await midHour(real, 1) }));
  await paper.market({ symbol: 'ETHUSDT' });
  const last = [await paper.price('ETHUSDT'), (await candles(paper, 'ETHUSDT')).at(-2)]; // the newest one still runs
  upstream.delisted.add('ETHUSDT');
  await followed(paper, await advance(real, { candles: 3 }));
  expect([await paper.price('ETHUSDT'), (await candles(paper, 'ETHUSDT')).at(-1)]).toEqual(last);
  expect(await paper.price()).toBeCloseTo(await real.price(), 0);
  await followed(paper, await advance(real, { candles: 1 }));
  expect(told).toEqual([STILL]);

  await paper.close();
  await advance(real, { candles: 1 });
  const again = await open();
  await followed(again, await advance(real, { untilMarketTime: await midHour(real, 1) }));
  expect([await again.price('ETHUSDT'), await candles(again, 'ETHUSDT'), (await candles(again, 'BTCUSDT')).length]).toEqual([last[0], [], 20]);
  expect(await again.price()).toBeCloseTo(await real.price(), 0);
  expect((await again.signed('GET', '/fapi/v3/positionRisk')).body).toMatchObject([{ symbol: 'ETHUSDT' }]);
  expect(told).toEqual([STILL, STILL]);
});

it('a symbol that is halted goes on where it stood when it is quoted again, with whole candles', async () => {
  const { real, upstream, told, open, candles } = await thinning();
  const paper = await open();
  await followed(paper, await advance(real, { untilMarketTime: await midHour(real, 1) }));
  upstream.halted.add('ETHUSDT');
  await followed(paper, await advance(real, { candles: 2 }));
  const closed = (await candles(real, 'ETHUSDT')).map((row) => row.slice(0, 6));
  const seen = (await candles(paper, 'ETHUSDT')).map((row) => row.slice(0, 6));
  expect(closed.slice(closed.findIndex((row) => row[0] === seen[0]?.[0])).slice(0, seen.length)).toEqual(seen); // none of them half
  upstream.halted.clear();
  await followed(paper, await advance(real, { untilMarketTime: await midHour(real, 0) }));
  expect((await candles(paper, 'ETHUSDT')).map((row) => row.slice(0, 6))).toEqual((await candles(real, 'ETHUSDT')).map((row) => row.slice(0, 6)));
  expect(await paper.price('ETHUSDT')).toBeCloseTo(await real.price('ETHUSDT'), 0);
  expect(told).toEqual([STILL]);
});

it('where none of its symbols is quoted the market stands still, and says so', async () => {
  const { upstream, told, open } = await thinning();
  await open();
  upstream.halted.add('BTCUSDT').add('ETHUSDT');
  await until(() => (told.some((it) => it === 'the real venue quotes none of BTC, ETH') ? true : undefined));
});
