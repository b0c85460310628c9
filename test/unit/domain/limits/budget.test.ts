import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { aloneShare, ceilingOf, leaseSize, SKEW_MS, TRANSIT_MS, WINDOW_MS, windowAround, windowsOf } from '../../../../domain/limits/budget.ts';

const kind = fc.constantFrom('weight1m' as const, 'orders10s' as const, 'orders1m' as const);

describe('windows', () => {
  it.each([
    ['in the middle', 5_000, [0]],
    ['just inside', SKEW_MS, [0]],
    ['so early that the last window may still run', 10_000, [0, 10_000]],
    ['so late that it may arrive in the next', 10_000 - TRANSIT_MS, [0, 10_000]],
  ])('%s', (_name, at, expected) => { expect(windowsOf('orders10s', at)).toEqual(expected); });

  it('hold every moment at which a request may be counted', () => {
    fc.assert(fc.property(kind, fc.integer({ min: 1e6, max: 1e9 }), fc.integer({ min: -SKEW_MS, max: TRANSIT_MS }), (name, at, shift) => {
      const counted = Math.floor((at + shift) / WINDOW_MS[name]) * WINDOW_MS[name];
      expect(windowsOf(name, at)).toContain(counted);
    }));
  });

  it('a count belongs to a window only when the whole request lay in it', () => {
    expect(windowAround('orders10s', 10_000, 19_999)).toBe(10_000);
    expect(windowAround('orders10s', 9_999, 10_001)).toBeNull();
  });
});

describe('budget', () => {
  it.each([
    [20, 'exit', 19], [20, 'read', 17], [20, 'entry', 15],
    [2_400, 'exit', 2_280], [2_400, 'read', 2_052], [2_400, 'entry', 1_824],
    [1, 'exit', 1], [1, 'entry', 1],
  ] as const)('of a limit of %i, %s may plan with %i', (limit, priority, expected) => { expect(ceilingOf(limit, priority)).toBe(expected); });

  it.each([
    ['far from the limit: a twentieth', 1, 2_280, 2_400, 120],
    ['nearer: an eighth of what is left', 1, 400, 2_400, 50],
    ['near: what is needed', 1, 7, 2_400, 1],
    ['never less than needed', 30, 7, 2_400, 30],
  ])('%s', (_name, need, left, limit, expected) => { expect(leaseSize(need, left, limit)).toBe(expected); });

  it('equal shares together never pass the ceiling', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 64, max: 10_000 }), (workers, ceiling) => {
      expect(aloneShare(ceiling, workers) * workers).toBeLessThanOrEqual(ceiling);
    }));
  });
});
