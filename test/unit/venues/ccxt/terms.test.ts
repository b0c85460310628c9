import { expect, it } from 'vitest';
import type { OpeningTerms } from '../../../../domain/orders/terms.ts';
import { CallFailed } from '../../../../venues/ccxt/errors.ts';
import type { Params } from '../../../../venues/ccxt/exchange.ts';
import { createTermsKeeper } from '../../../../venues/ccxt/terms.ts';
import { fakeVenue } from './exchange.fixture.ts';

const WANTED: OpeningTerms = { leverage: 5, marginMode: 'isolated', positionMode: 'hedge' };
const BTC = 'BTC-USDT-PERP';

interface Staged {
  /** What the venue refuses, by route, with its code. */
  readonly refuses?: Readonly<Record<string, number>>;
  /** Says yes and changes nothing. */
  readonly isDeaf?: boolean;
  /** What was set shows from the look of this number on. */
  readonly showsAt?: number;
  readonly stands?: Partial<OpeningTerms>;
}

/** An account that stands at 20 ×, cross, one-way, unless said otherwise. */
function account({ refuses = {}, isDeaf = false, showsAt = 1, stands = {} }: Staged = {}) {
  const now: OpeningTerms = { leverage: 20, marginMode: 'cross', positionMode: 'oneWay', ...stands };
  let shown = { ...now };
  let looks = 0;
  const look = <T>(answer: (it: OpeningTerms) => T) => (): T => {
    looks += 1;
    if (looks >= showsAt) shown = { ...now };
    return answer(shown);
  };
  const set = (route: string, change: (params: Params) => Partial<OpeningTerms>) => (params: Params): object => {
    const code = refuses[route];
    if (code === -4046) Object.assign(now, change(params)); // another worker was first
    if (code !== undefined) throw new CallFailed(`POST ${route}`, { status: 400, code, words: 'no' });
    if (!isDeaf) Object.assign(now, change(params));
    looks = 0;
    return { code: 200 };
  };
  const venue = fakeVenue({
    answers: {
      'GET accountConfig': look(({ positionMode }) => ({ dualSidePosition: positionMode === 'hedge' })),
      'GET symbolConfig': look(({ leverage, marginMode }) => [{ symbol: 'BTCUSDT', leverage, marginType: marginMode === 'cross' ? 'CROSSED' : 'ISOLATED' }]),
      'POST positionSide/dual': set('positionSide/dual', ({ dualSidePosition }) => ({ positionMode: dualSidePosition === 'true' ? 'hedge' : 'oneWay' })),
      'POST marginType': set('marginType', ({ marginType }) => ({ marginMode: marginType === 'CROSSED' ? 'cross' : 'isolated' })),
      'POST leverage': set('leverage', ({ leverage }) => ({ leverage: Number(leverage) })),
    },
  });
  return { now, keeper: createTermsKeeper(venue.rest, 1), sent: () => venue.sent.splice(0).map(({ route }) => route) };
}

it('sets what differs, the account before the symbol, and reads each back', async () => {
  const { now, keeper, sent } = account();
  expect(await keeper.ensure(BTC, WANTED)).toEqual({ kind: 'agreed' });
  expect(now).toEqual(WANTED);
  expect(sent()).toEqual(['GET accountConfig', 'GET accountConfig', 'POST positionSide/dual', 'GET accountConfig', 'GET symbolConfig', 'POST marginType', 'POST leverage', 'GET symbolConfig']);
});

it('asks one question where all stands: whoever sets leverage meanwhile is seen', async () => {
  const { now, keeper, sent } = account({ stands: WANTED });
  await keeper.ensure(BTC, WANTED);
  expect(sent()).toEqual(['GET accountConfig', 'GET symbolConfig']);
  Object.assign(now, { leverage: 20 });
  expect(await keeper.ensure(BTC, WANTED)).toEqual({ kind: 'agreed' });
  expect(sent()).toEqual(['GET symbolConfig', 'POST leverage', 'GET symbolConfig']);
  expect(now.leverage).toBe(5);
});

it('reads the position mode again once an opening was not taken', async () => {
  const { now, keeper, sent } = account({ stands: WANTED });
  await keeper.ensure(BTC, WANTED);
  Object.assign(now, { positionMode: 'oneWay' });
  keeper.distrust();
  sent();
  expect(await keeper.ensure(BTC, WANTED)).toEqual({ kind: 'agreed' });
  expect(sent()[0]).toBe('GET accountConfig');
  expect(now.positionMode).toBe('hedge');
});

it('asks for the position mode once where many entries want it at a time', async () => {
  const { keeper, sent } = account();
  const answers = await Promise.all(Array.from({ length: 5 }, () => keeper.ensure(BTC, { ...WANTED, leverage: 20, marginMode: 'cross' })));
  expect(answers).toEqual(Array.from({ length: 5 }, () => ({ kind: 'agreed' })));
  expect(sent().filter((route) => route === 'POST positionSide/dual')).toHaveLength(1);
});

it.each([
  ['positionSide/dual', -4068, 'positionModeNotSet', 'wanted hedge, the venue has oneWay'],
  ['marginType', -4047, 'marginModeNotSet', 'wanted isolated, the venue has cross'],
  ['marginType', -4048, 'marginModeNotSet', 'wanted isolated, the venue has cross'],
  ['leverage', -4028, 'leverageNotSet', 'wanted 5, the venue has 20'],
])('a refused %s (%i) is %s', async (route, code, reason, words) => {
  const { keeper } = account({ refuses: { [route]: code } });
  expect(await keeper.ensure(BTC, WANTED)).toEqual({ kind: 'refused', reason, detail: expect.stringContaining(words) as string });
});

it.each<[keyof OpeningTerms, string]>([['positionMode', 'positionModeNotSet'], ['marginMode', 'marginModeNotSet'], ['leverage', 'leverageNotSet']])('a yes after which %s is as before is %s', async (key, reason) => {
  const { keeper, sent } = account({ isDeaf: true, stands: { ...WANTED, [key]: { positionMode: 'oneWay', marginMode: 'cross', leverage: 20 }[key] } });
  expect(await keeper.ensure(BTC, WANTED)).toMatchObject({ kind: 'refused', reason, detail: expect.stringContaining('set without an effect') as string });
  expect(sent().filter((route) => route.startsWith('GET')).length).toBeGreaterThanOrEqual(4); // it was waited for
});

it('what shows late is waited for, and "no need to change" is a yes', async () => {
  const late = account({ showsAt: 3 });
  expect(await late.keeper.ensure(BTC, { ...WANTED, positionMode: 'oneWay' })).toEqual({ kind: 'agreed' });
  const needless = account({ refuses: { marginType: -4046 }, stands: { ...WANTED, marginMode: 'cross' } });
  expect(await needless.keeper.ensure(BTC, WANTED)).toEqual({ kind: 'agreed' });
});

it('a venue that cannot be reached is no refusal: it is asked again', async () => {
  const { keeper } = account({ refuses: { leverage: -1001 } });
  await expect(keeper.ensure(BTC, WANTED)).rejects.toMatchObject({ code: 'VENUE_UNREACHABLE' });
});
