import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { PermitPriority } from '../../../domain/limits/budget.ts';
import type { Limiter, Permit } from '../../../domain/ports/limiter.ts';
import { createBackOffLimiter, createLimiter } from '../../../venues/limiter.ts';
import { MemoryLimiterStore } from './memory-limiter-store.fixture.ts';

/** The middle of a window of each length. */
const START = 1_700_000_005_000 - (1_700_000_005_000 % 60_000) + 25_000;
const LIMITS = { weightPerMinute: 100, ordersPer10s: 20, ordersPerMinute: 100 };

let store: MemoryLimiterStore;
beforeEach(() => {
  vi.useFakeTimers({ now: START });
  store = new MemoryLimiterStore();
});
afterEach(() => { vi.useRealTimers(); });

function limiter(settings: Partial<Parameters<typeof createLimiter>[0]> = {}): Limiter {
  return createLimiter({ store, workers: 4, limits: LIMITS, ...settings });
}
const order = (priority: PermitPriority, waitMs = 60_000) => ({ weight: 0, orders: 1, priority, deadlineMs: Date.now() + waitMs });
const read = (weight: number, waitMs = 0) => ({ weight, orders: 0, priority: 'read' as const, deadlineMs: Date.now() + waitMs });

/** How many of many at once are granted within a time. */
async function granted(limiters: readonly Limiter[], count: number, priority: PermitPriority, withinMs: number): Promise<number> {
  let sum = 0;
  const all = Array.from({ length: count }, (_each, index) => one(limiters, index % limiters.length).acquire(order(priority, withinMs)).then((permit) => { if (permit.kind === 'granted') sum += 1; }));
  await vi.advanceTimersByTimeAsync(withinMs + 10);
  await Promise.all(all);
  return sum;
}

describe('the limits', () => {
  it.each([['exit', 19], ['read', 17], ['entry', 15]] as const)('%s may take %i of 20 orders in a window, over all workers', async (priority, expected) => {
    expect(await granted([limiter(), limiter(), limiter()], 50, priority, 0)).toBe(expected);
  });

  it('the next window gives the next budget', async () => {
    expect(await granted([limiter(), limiter()], 50, 'exit', 6_000)).toBe(38);
  });

  it('fifty exits need the time that the limit dictates, not more', async () => {
    expect(await granted([limiter(), limiter()], 50, 'exit', 15_200)).toBe(50);
  });

  it('exits pass entries that wait', async () => {
    const one = limiter();
    await granted([one], 15, 'entry', 0);
    const done: string[] = [];
    const note = (name: string) => (permit: Permit): void => { if (permit.kind === 'granted') done.push(name); };
    const all = [one.acquire(order('entry')).then(note('entry')), one.acquire(order('read')).then(note('read')), one.acquire(order('exit')).then(note('exit'))];
    await vi.advanceTimersByTimeAsync(10);
    expect(done).toEqual(['exit', 'read']);
    await vi.advanceTimersByTimeAsync(10_000);
    await Promise.all(all);
    expect(done).toEqual(['exit', 'read', 'entry']);
  });

  it('is told at once when no permit can come before the deadline', async () => {
    const one = limiter();
    await granted([one], 19, 'exit', 0);
    const permit = await Promise.race([one.acquire(order('exit', 1_000)), vi.advanceTimersByTimeAsync(5).then(() => null)]);
    expect(permit).toMatchObject({ kind: 'denied', reason: expect.stringContaining('no room before') });
  });

  it('a request near a boundary is charged to both windows', async () => {
    vi.setSystemTime(START + 4_500);
    expect(await granted([limiter()], 19, 'exit', 0)).toBe(19);
    vi.setSystemTime(START + 5_500);
    expect(await granted([limiter()], 19, 'exit', 0)).toBe(0);
  });
});

describe('the shared store', () => {
  it('is asked seldom while the limits are far', async () => {
    const one = limiter({ limits: { weightPerMinute: 10_000, ordersPer10s: 1_000, ordersPerMinute: 10_000 } });
    for (let i = 0; i < 400; i += 1) {
      await one.acquire(read(1));
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(store.calls).toBeLessThanOrEqual(2);
  });

  it('away: each worker uses its share, and pays for it later', async () => {
    store.isAway = true;
    const seen: string[] = [];
    const workers = [1, 2, 3, 4].map(() => limiter({ onDegraded: (why) => seen.push(why) }));
    expect(await granted(workers, 100, 'exit', 0)).toBe(16);
    expect(seen[0]).toContain('away');
    store.isAway = false;
    await vi.advanceTimersByTimeAsync(1_500);
    expect(await granted(workers, 100, 'exit', 0)).toBeLessThanOrEqual(19 - 16);
  });

  it('that hangs is treated as away within half a second', async () => {
    const one = limiter({ store: { lease: () => new Promise(() => undefined), reportUsed: () => Promise.resolve(), block: () => Promise.resolve() } });
    const permit = one.acquire(order('exit', 2_000));
    await vi.advanceTimersByTimeAsync(510);
    expect(await permit).toEqual({ kind: 'granted' });
  });
});

describe('what the venue says', () => {
  it('use by others counts, for every worker', async () => {
    const [one, two] = [limiter(), limiter()];
    await one.acquire(read(1));
    one.observe({ usedWeight: 80, orders10s: null, orders1m: null, sentAtMs: Date.now(), answeredAtMs: Date.now() });
    await vi.advanceTimersByTimeAsync(1);
    expect((await two.acquire(read(20))).kind).toBe('denied');
    expect((await two.acquire(read(1))).kind).toBe('granted');
  });

  it('a stop holds for every worker, exits too', async () => {
    const [one, two] = [limiter(), limiter()];
    await two.acquire(read(1));
    await one.backOff(Date.now() + 30_000, 'HTTP 429');
    expect((await one.acquire(order('exit', 5_000))).kind).toBe('denied');
    await vi.advanceTimersByTimeAsync(1_001);
    expect((await two.acquire(order('exit', 5_000))).kind).toBe('denied');
    const waiting = two.acquire(order('exit', 60_000));
    await vi.advanceTimersByTimeAsync(29_100);
    expect(await waiting).toEqual({ kind: 'granted' });
  });

  it('its own limits replace the documented ones', async () => {
    const one = limiter();
    one.learn({ limits: { weightPerMinute: 100, ordersPer10s: 4, ordersPerMinute: 100 } });
    expect(await granted([one], 20, 'exit', 0)).toBe(3);
  });

  it('its windows lie on its clock', async () => {
    const one = limiter();
    one.learn({ clockOffsetMs: 5_000 });
    await one.acquire(order('exit'));
    expect([...store.rows.keys()].filter((key) => key.startsWith('orders10s'))).toEqual([`orders10s ${START - 5_000}`, `orders10s ${START + 5_000}`]);
  });
});

describe('closing', () => {
  it('denies whoever waits', async () => {
    const one = limiter();
    await granted([one], 19, 'exit', 0);
    const waiting = one.acquire(order('exit'));
    await vi.advanceTimersByTimeAsync(5);
    await one.close();
    expect((await waiting).kind).toBe('denied');
    expect((await one.acquire(order('exit'))).kind).toBe('denied');
  });
});

describe('without counting', () => {
  it('only stops when the venue asks to', async () => {
    const one = createBackOffLimiter();
    expect((await one.acquire(read(1_000_000))).kind).toBe('granted');
    await one.backOff(Date.now() + 1_000, 'HTTP 429');
    expect((await one.acquire(read(1))).kind).toBe('denied');
    const waiting = one.acquire(read(1, 2_000));
    await vi.advanceTimersByTimeAsync(1_000);
    expect((await waiting).kind).toBe('granted');
  });
});

function one<T>(items: readonly T[], index: number): T {
  const item = items[index];
  if (item === undefined) throw new RangeError(`no item ${index}`);
  return item;
}
