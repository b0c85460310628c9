import { describe, expect, it } from 'vitest';
import { backOffMs, deathsAfter } from '../../../../stack/supervisor/back-off.ts';

describe('back-off', () => {
  it.each([[1, 200], [2, 400], [3, 800], [4, 1600], [5, 3200], [6, 5000], [1000, 5000]])('death %d waits %d ms', (deaths, expected) => {
    expect(backOffMs(deaths)).toBe(expected);
  });

  it.each([[0, 0, 1], [4, 29_999, 5], [4, 30_000, 1]])('%d deaths, then up for %d ms: %d', (deaths, upMs, expected) => {
    expect(deathsAfter(deaths, upMs)).toBe(expected);
  });
});
