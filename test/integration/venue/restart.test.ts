import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { appendFileSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';
import { ACCOUNT, KEY, SECRET, tempFolder, testVenue, TestVenue, until } from './support.ts';

const MAIN = join(import.meta.dirname, '../../../stack/venue/main.ts');

interface Process {
  readonly child: ChildProcess;
  readonly venue: TestVenue;
  /** Kills it as `kill -9` does. */
  kill(): Promise<void>;
}

async function startProcess(state: string, more: readonly string[] = []): Promise<Process> {
  const child = spawn(process.execPath, [MAIN, '--state', state, '--symbols', '2', '--history', '50', '--api-key', KEY, '--api-secret', SECRET, '--lockstep', ...more], { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = new Promise<void>((resolve) => { child.once('exit', () => { resolve(); }); });
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  onTestFinished(kill);
  const [line] = await new Promise<string[]>((resolve, reject) => {
    createInterface({ input: child.stdout }).once('line', (text) => { resolve([text]); });
    child.once('exit', (code) => { reject(new Error(`the venue ended with ${String(code)}`)); });
  });
  const ready = JSON.parse(line ?? '') as { url: string; wsUrl: string; controlUrl: string };
  return { child, kill, venue: new TestVenue({ ...ready, close: kill }) };
}

async function book(venue: TestVenue): Promise<unknown> {
  return (await venue.control('GET', '/book')).body;
}

async function trade(venue: TestVenue): Promise<void> {
  await venue.market();
  await venue.stop(((await venue.price()) * 0.97).toFixed(1), { clientAlgoId: 'stop' });
  await venue.limit(((await venue.price()) * 0.98).toFixed(1), { newClientOrderId: 'rests' });
  await venue.acknowledgeAll();
  await venue.control('POST', '/advance', { requestId: `${Math.random()}`, candles: 3 });
}

it('comes back from kill -9 as it was, and goes on as it would have', async () => {
  const [state, other] = [tempFolder(), tempFolder()];
  const first = await startProcess(state);
  const steady = await startProcess(other);
  for (const { venue } of [first, steady]) await trade(venue);
  const before = { state: await first.venue.state(), book: await book(first.venue), account: (await first.venue.signed('GET', '/fapi/v3/account')).body };
  await first.kill();
  const second = await startProcess(state);
  const { transportTime: _before, ...stateBefore } = before.state;
  expect(await second.venue.state()).toMatchObject(stateBefore);
  expect(await book(second.venue)).toEqual(before.book);
  expect((await second.venue.signed('GET', '/fapi/v3/account')).body).toEqual(before.account);
  for (const { venue } of [second, steady]) {
    await venue.acknowledgeAll();
    for (let i = 0; i < 5; i += 1) {
      await venue.control('POST', '/advance', { requestId: `after-${i}`, candles: 5 });
      await venue.acknowledgeAll();
    }
  }
  const path = '/fapi/v1/klines?symbol=BTCUSDT&interval=1h&limit=60';
  expect((await second.venue.open(path)).body).toEqual((await steady.venue.open(path)).body);
  expect(await second.venue.price()).toBe(await steady.venue.price());
  const rows = async (venue: TestVenue) => ((await book(venue)) as { fills: Record<string, unknown>[] }).fills.map(({ transportTime: _wall, clientOrderId: _id, ...fill }) => fill);
  expect(await rows(second.venue)).toEqual(await rows(steady.venue));
}, 30_000);

it('snapshots now and then, and forgets the journal before', async () => {
  const state = tempFolder();
  const venue = await testVenue({ state, snapshotEvery: 5 });
  for (let i = 0; i < 4; i += 1) await trade(venue);
  const before = await book(venue);
  const segments = readdirSync(join(state, 'journal')).filter((name) => name.startsWith('journal-'));
  expect(segments).toHaveLength(1);
  await venue.close();
  expect(await book(await testVenue({ state, snapshotEvery: 5 }))).toEqual(before);
});

it('cuts off a torn last line of journal and book', async () => {
  const state = tempFolder();
  const first = await startProcess(state);
  await trade(first.venue);
  const before = await book(first.venue);
  await first.kill();
  const [segment] = readdirSync(join(state, 'journal')).filter((name) => name.startsWith('journal-'));
  appendFileSync(join(state, 'journal', segment ?? ''), '{"t":1,"c":{"kind":"ste');
  appendFileSync(join(state, 'book.jsonl'), '{"k":"order","v":{"orde');
  const second = await startProcess(state);
  expect(await book(second.venue)).toEqual(before);
  await second.venue.market({ newClientOrderId: 'after' });
  const after = await book(second.venue);
  await second.kill();
  expect(await book((await startProcess(state)).venue)).toEqual(after);
}, 30_000);

it('only ever appends to its book', async () => {
  const state = tempFolder();
  const venue = await testVenue({ state });
  await trade(venue);
  const before = readFileSync(join(state, 'book.jsonl'), 'utf8');
  await venue.close();
  const again = await testVenue({ state });
  await again.market();
  await again.acknowledgeAll();
  expect(readFileSync(join(state, 'book.jsonl'), 'utf8').startsWith(before)).toBe(true);
});

it('keeps what was acknowledged, jumps and all', async () => {
  const state = tempFolder();
  const venue = await testVenue({ state });
  await venue.control('POST', '/shock', { symbol: 'BTCUSDT', percent: 25 });
  await venue.control('POST', '/advance', { requestId: 'a', candles: 3 });
  const path = '/fapi/v1/klines?symbol=BTCUSDT&interval=1h&limit=10';
  const before = [(await venue.open(path)).body, (await venue.state())['acknowledgedId'], await venue.price()];
  await venue.close();
  const again = await testVenue({ state });
  expect([(await again.open(path)).body, (await again.state())['acknowledgedId'], await again.price()]).toEqual(before);
});

it('a paced market goes on from where it stood, without leaving a candle out', async () => {
  const state = tempFolder();
  const paced = ['--pace', '40'];
  const first = await startProcess(state, ['--snapshot-every', '50']);
  await first.venue.control('POST', '/clock', { mode: 'paced', paceMs: 40 });
  while (Number((await first.venue.state())['candleIndex']) < 55) await new Promise((resolve) => { setTimeout(resolve, 10); });
  const before = Number((await first.venue.state())['candleIndex']);
  await first.kill();
  const second = await startProcess(state, paced);
  const now = await second.venue.state();
  expect(now['mode']).toBe('paced');
  expect(Number(now['candleIndex'])).toBeGreaterThanOrEqual(before);
  expect(Number(now['candleIndex'])).toBeLessThan(before + 30);
}, 30_000);

it('listen keys go on: a client that comes back with its old one hears of what follows', async () => {
  const state = tempFolder();
  const first = await startProcess(state);
  const { listenKey } = (await first.venue.signed('POST', '/fapi/v1/listenKey')).body;
  await first.kill();
  const { venue } = await startProcess(state);
  expect((await venue.signed('PUT', '/fapi/v1/listenKey')).body).toEqual({ listenKey });
  const socket = new WebSocket(`${venue.venue.wsUrl}/private/ws?listenKey=${String(listenKey)}`);
  onTestFinished(() => { socket.terminate(); });
  const heard: string[] = [];
  socket.on('message', (data: Buffer) => { heard.push((JSON.parse(data.toString()) as { e: string }).e); });
  await new Promise((resolve) => { socket.once('open', resolve); });
  await venue.market();
  await until(() => (heard.includes('ORDER_TRADE_UPDATE') ? true : undefined));
  expect(heard).not.toContain('listenKeyExpired');
}, 30_000);

it('a damaged file of listen keys is named', async () => {
  const state = tempFolder();
  await (await testVenue({ state })).close();
  writeFileSync(join(state, 'listen-keys.json'), '[{');
  const failure = testVenue({ state });
  await expect(failure).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(failure).rejects.toThrow('listen-keys.json');
});

it('a state folder belongs to one market', async () => {
  const state = tempFolder();
  await (await testVenue({ state })).close();
  await expect(testVenue({ state, source: { kind: 'seeded', seed: 'another', symbols: 2 } })).rejects.toMatchObject({ code: 'SETTING_INVALID' });
});

it('a new account is opened in an old market', async () => {
  const state = tempFolder();
  await (await testVenue({ state })).close();
  const venue = await testVenue({ state, accounts: [ACCOUNT, { accountId: 'two', apiKey: 'k2', secret: 's2', wallet: '1' }] });
  expect((await venue.state())['accounts']).toEqual(['main', 'two']);
});

it.each([
  ['no state folder', [], 'state'],
  ['a port out of range', ['--state', 'x', '--port', '70000'], 'port'],
  ['an unknown flag', ['--colour', 'blue'], '--colour'],
  ['an unknown source', ['--state', 'x', '--source', 'moon'], 'source'],
])('the process refuses %s, with the setting named', async (_name, args, named) => {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  let text = '';
  child.stderr.on('data', (chunk: Buffer) => { text += chunk.toString('utf8'); });
  const code = await new Promise((resolve) => child.once('close', resolve));
  expect(code).toBe(2);
  expect(text).toContain(named);
});
