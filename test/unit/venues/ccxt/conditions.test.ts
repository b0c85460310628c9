import { expect, it } from 'vitest';
import type { Params } from '../../../../venues/ccxt/exchange.ts';
import { createConditionsReader } from '../../../../venues/ccxt/conditions.ts';
import { fakeVenue } from './exchange.fixture.ts';

const [BTC, ETH] = ['BTC-USDT-PERP', 'ETH-USDT-PERP'];
const SLOW = ['GET ticker/24hr', 'GET premiumIndex'];

/** A venue that lists two symbols, and its reader on a clock of the test's own. */
function venueOfTwo() {
  let now = 10_000;
  const listed = <T extends object>(row: (symbol: string) => T) => ({ symbol }: Params): T | T[] => (typeof symbol === 'string' ? row(symbol) : ['BTCUSDT', 'ETHUSDT'].map(row));
  const venue = fakeVenue({
    clock: () => now,
    answers: {
      'GET ticker/24hr': listed((symbol) => ({ symbol, quoteVolume: symbol === 'BTCUSDT' ? '900' : '500' })),
      'GET premiumIndex': listed((symbol) => ({ symbol, lastFundingRate: '0.0001', nextFundingTime: 20_000 })),
      'GET ticker/bookTicker': listed((symbol) => ({ symbol, bidPrice: '100', askPrice: '101' })),
      'GET fundingInfo': () => [],
      'GET leverageBracket': () => [],
    },
  });
  const conditions = createConditionsReader(venue.rest, { isSimulated: false });
  return {
    /** The volumes that are told, whether funding is, and which of the slow reads left for it: of one symbol, or of all. */
    look: async (...instrumentIds: readonly string[]) => {
      const seen = await conditions({ instrumentIds, deep: [], depthWithinBps: 10 });
      const slow = venue.sent.splice(0).filter(({ route }) => SLOW.includes(route)).map(({ route, params }) => `${route} ${String(params['symbol'] ?? 'all')}`);
      return { volumes: instrumentIds.map((id) => seen[id]?.volume24h), isFundingKnown: instrumentIds.every((id) => seen[id]?.funding !== null), slow };
    },
    pass: (ms: number) => void (now += ms),
  };
}
const readsOf = (symbol: string): string[] => SLOW.map((route) => `${route} ${symbol}`);

it('what was read of one symbol tells nothing of the others: they are asked for', async () => {
  const { look } = venueOfTwo();
  expect(await look(BTC)).toEqual({ volumes: ['900'], isFundingKnown: true, slow: readsOf('BTCUSDT') });
  expect(await look(BTC, ETH)).toEqual({ volumes: ['900', '500'], isFundingKnown: true, slow: readsOf('all') });
});

it('nor does it of another one alone', async () => {
  const { look } = venueOfTwo();
  await look(BTC);
  expect(await look(ETH)).toEqual({ volumes: ['500'], isFundingKnown: true, slow: readsOf('ETHUSDT') });
});

it.each<[string, readonly string[], readonly string[]]>([['one symbol for that symbol', [BTC], [BTC]], ['all for one', [BTC, ETH], [ETH]], ['all for all', [BTC, ETH], [ETH, BTC]]])('for half a minute a read serves again: %s', async (_name, first, then) => {
  const { look, pass } = venueOfTwo();
  await look(...first);
  pass(29_999);
  expect(await look(...then)).toMatchObject({ isFundingKnown: true, slow: [] });
  pass(1);
  expect((await look(...then)).slow).toHaveLength(2);
});
