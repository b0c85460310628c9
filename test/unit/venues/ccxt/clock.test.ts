import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createVenueClock } from '../../../../venues/ccxt/clock.ts';

beforeEach(() => { vi.useFakeTimers({ now: 1_700_000_000_000 }); });
afterEach(() => { vi.useRealTimers(); });

function clockAhead(aheadMs: number) {
  const seen = { asked: 0, offsets: [] as number[], fails: false, jumpMs: 0 };
  const wall = (): number => Date.now() + seen.jumpMs;
  const clock = createVenueClock({
    clock: wall,
    onOffset: (offset) => seen.offsets.push(offset),
    ask: async () => {
      seen.asked += 1;
      if (seen.fails) throw new Error('away');
      vi.advanceTimersByTime(20);
      const answer = Date.now() + aheadMs;
      vi.advanceTimersByTime(20);
      return Promise.resolve(answer);
    },
  });
  return { clock, seen };
}

describe("the venue's clock", () => {
  it('is the middle of the round trip', async () => {
    const { clock, seen } = clockAhead(3_600_000);
    expect(await clock.now()).toBe(Date.now() + 3_600_000);
    expect(seen.offsets).toEqual([3_600_000]);
  });

  it('is asked once in a few seconds, beside use', async () => {
    const { clock, seen } = clockAhead(0);
    await clock.now();
    vi.advanceTimersByTime(4_000);
    await clock.now();
    expect(seen.asked).toBe(1);
    vi.advanceTimersByTime(2_000);
    seen.fails = true;
    expect(await clock.now()).toBe(Date.now());
    expect(seen.asked).toBe(2);
  });

  it('is asked before use when the last answer is old, and says so when it cannot', async () => {
    const { clock, seen } = clockAhead(0);
    await clock.now();
    vi.advanceTimersByTime(61_000);
    seen.fails = true;
    await expect(clock.now()).rejects.toThrow('away');
  });

  it('is asked again after a jump of the wall clock, and after a refused timestamp', async () => {
    const { clock, seen } = clockAhead(0);
    await clock.now();
    seen.jumpMs = 3_600_000;
    expect(await clock.now()).toBe(Date.now());
    expect(seen.asked).toBe(2);
    clock.distrust();
    await clock.now();
    expect(seen.asked).toBe(3);
  });
});
