import { expect, it } from 'vitest';
import { VenueError } from '../../../../stack/venue/errors.ts';
import { DEFAULT_LIMITS, Limiter } from '../../../../stack/venue/limits.ts';

const START = 1_700_000_040_000;

function limiter(options: Partial<typeof DEFAULT_LIMITS> = {}, market: () => number | null = () => null) {
  const clock = { now: START };
  return { clock, limits: new Limiter({ ...DEFAULT_LIMITS, ...options }, { transport: () => clock.now, lockstepMarketTime: market }) };
}

function refusalOf(act: () => unknown): VenueError {
  try {
    act();
  } catch (error) {
    if (error instanceof VenueError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

it('has the limits that Binance documents', () => {
  expect(DEFAULT_LIMITS).toMatchObject({ weightPerMinute: 2_400, ordersPer10Seconds: 300, ordersPerMinute: 1_200 });
});

it('counts addresses apart', () => {
  const { limits } = limiter({ weightPerMinute: 10 });
  limits.takeWeight('a', 10);
  expect(limits.takeWeight('b', 10)).toEqual({ 'X-MBX-USED-WEIGHT-1M': '10' });
  expect(refusalOf(() => limits.takeWeight('a', 1))).toMatchObject({ code: -1003, status: 429, headers: { 'Retry-After': '60' } });
});

it('an order over one of two limits is counted in neither', () => {
  const { limits, clock } = limiter({ ordersPer10Seconds: 5, ordersPerMinute: 6 });
  limits.takeOrders('a', { tenSeconds: 5, minute: 5 });
  expect(refusalOf(() => limits.takeOrders('a', { tenSeconds: 1, minute: 1 })).code).toBe(-1015);
  clock.now += 10_000;
  expect(limits.takeOrders('a', { tenSeconds: 1, minute: 1 })).toEqual({ 'X-MBX-ORDER-COUNT-10S': '1', 'X-MBX-ORDER-COUNT-1M': '6' });
});

it('in lockstep a count ends with the market minute or the wall minute, whichever is first', () => {
  let market = 0;
  const { limits, clock } = limiter({ weightPerMinute: 1 }, () => market);
  limits.takeWeight('a', 1);
  market += 59_999;
  expect(refusalOf(() => limits.takeWeight('a', 1)).code).toBe(-1003);
  market += 1;
  limits.takeWeight('a', 1);
  clock.now += 60_000;
  expect(limits.takeWeight('a', 1)).toEqual({ 'X-MBX-USED-WEIGHT-1M': '1' });
});

it('a ban ends by itself', () => {
  const { limits, clock } = limiter();
  limits.ban('a', 2_500);
  expect(refusalOf(() => limits.takeWeight('a', 1))).toMatchObject({ status: 418, headers: { 'Retry-After': '3' } });
  clock.now += 2_500;
  expect(limits.takeWeight('a', 1)).toEqual({ 'X-MBX-USED-WEIGHT-1M': '1' });
});
