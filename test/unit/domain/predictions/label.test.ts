/** Labels and trades against examples computed by hand: entry 100, costs 10 bps a round trip. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Candle } from '../../../../domain/market/candle.ts';
import type { LabelDefinition } from '../../../../domain/predictions/label.ts';
import { bandBpsOf, labelDefinitionOf, labelOf, RULE_LABEL, sigmaOf, tradeOf, withBand } from '../../../../domain/predictions/label.ts';

const HOUR_MS = 3_600_000;
/** Four candles; each row of [open, high, low, close]. */
function candles(...rows: readonly (readonly [number, number, number, number])[]): Candle[] {
  return rows.map(([open, high, low, close], index) => ({ openTime: index * HOUR_MS, open, high, low, close, volume: 1 }));
}
/** Opens at 100, stands still, ends where it is told. */
const endingAt = (close: number): Candle[] => candles([100, 100, 100, 100], [100, 100, 100, 100], [100, 100, 100, 100], [100, Math.max(100, close), Math.min(100, close), close]);
const FIXED: LabelDefinition = { version: 'x/1', horizonCandles: 4, holdBand: 0.5, barriers: null };
/** σ = 1 % a candle over four candles: 200 bps; half of it is the band. */
const BASIS = { sigma: 0.01, costBps: 10 };

describe('a fixed horizon', () => {
  it.each([
    ['above the band', 101.01, BASIS, 'buy', 91, -111],
    ['at the band, a hold', 101, BASIS, 'hold', 90, -110],
    ['below the band', 98.9, BASIS, 'sell', -120, 100],
    ['a band narrower than the cost is the cost', 100.11, { sigma: 0.0001, costBps: 10 }, 'buy', 1, -21],
    ['what only pays the cost wins nothing', 100.1, { sigma: 0.0001, costBps: 10 }, 'hold', 0, -20],
    ['an unknown σ: the cost alone', 99.88, { sigma: null, costBps: 10 }, 'sell', -22, 2],
    ['nothing moved, nothing costs', 100, { sigma: null, costBps: 0 }, 'hold', 0, 0],
  ])('%s', (_name, close, basis, action, longBps, shortBps) => {
    const label = labelOf(FIXED, basis, endingAt(close));
    expect(label.action).toBe(action);
    expect(label.long.netBps).toBeCloseTo(longBps, 6);
    expect(label.short.netBps).toBeCloseTo(shortBps, 6);
    expect(label.long).toMatchObject({ entryPrice: 100, exitPrice: close, exitBy: 'horizon', exitIndex: 3 });
  });

  it('asks for exactly its candles', () => expect(() => labelOf(FIXED, BASIS, endingAt(101).slice(1))).toThrow(/4 candles was given 3/));
});

/** Target 200 bps and stop 100 bps away from 100: 102 and 99 for a long, 98 and 101 for a short. */
const BARRIERS: LabelDefinition = { ...FIXED, barriers: { target: 1, stop: 0.5 } };
const FLAT = [100, 100, 100, 100] as const;

describe('a triple barrier', () => {
  it.each([
    ['the target first', candles(FLAT, [100, 102, 100, 101], FLAT, FLAT), 'buy', ['target', 190], ['stop', -110]],
    ['the stop first, then the target', candles(FLAT, [100, 100, 99, 99], [99, 102, 99, 102], [102, 102, 102, 102]), 'hold', ['stop', -110], ['stop', -110]],
    ['both in one candle: the stop', candles(FLAT, [100, 102, 99, 102], [102, 102, 102, 102], [102, 102, 102, 102]), 'hold', ['stop', -110], ['stop', -110]],
    ['in the very first candle', candles([100, 102, 99.5, 101], FLAT, FLAT, FLAT), 'buy', ['target', 190], ['stop', -110]],
    ['opened beyond the stop: left at the open', candles(FLAT, [97, 97.5, 96, 97], [97, 97, 97, 97], [97, 97, 97, 97]), 'sell', ['stop', -310], ['target', 190]],
    ['opened beyond the target: at the target', candles(FLAT, [104, 105, 104, 104], [104, 104, 104, 104], [104, 104, 104, 104]), 'buy', ['target', 190], ['stop', -410]],
    ['none reached: the last close', candles(FLAT, FLAT, FLAT, [100, 100.5, 100, 100.5]), 'hold', ['horizon', 40], ['horizon', -60]],
    ['reached in the last candle', candles(FLAT, FLAT, FLAT, [100, 102, 100, 100]), 'buy', ['target', 190], ['stop', -110]],
  ] as const)('%s', (_name, path, action, long, short) => {
    const label = labelOf(BARRIERS, BASIS, path);
    expect([label.action, label.long.exitBy, label.short.exitBy]).toEqual([action, long[0], short[0]]);
    expect(label.long.netBps).toBeCloseTo(long[1], 6);
    expect(label.short.netBps).toBeCloseTo(short[1], 6);
  });

  it('where both sides win, the one that won first', () => {
    const narrow: LabelDefinition = { ...BARRIERS, holdBand: 0.1, barriers: { target: 0.5, stop: 2 } };
    expect(labelOf(narrow, BASIS, candles(FLAT, [100, 101, 100, 100], [100, 100, 99, 99], FLAT)).action).toBe('buy');
    expect(labelOf(narrow, BASIS, candles(FLAT, [100, 100, 99, 99], [100, 101, 100, 100], FLAT)).action).toBe('sell');
    expect(labelOf(narrow, BASIS, candles(FLAT, [100, 101, 99, 100], FLAT, FLAT)).action).toBe('hold');
  });
});

const price = fc.double({ min: 50, max: 150, noNaN: true });
const path = fc.array(fc.tuple(price, price, price, price), { minLength: 4, maxLength: 4 }).map((rows) => candles(...rows.map(([open, a, b, close]) => [open, Math.max(open, a, b, close), Math.min(open, a, b, close), close] as const)));
const basis = fc.record({ sigma: fc.option(fc.double({ min: 0, max: 0.1, noNaN: true })), costBps: fc.double({ min: 0, max: 100, noNaN: true }) });

describe('every path', () => {
  it('calls a side only what made money after costs, and never holds what left the band without barriers', () => {
    fc.assert(fc.property(path, basis, fc.constantFrom(FIXED, BARRIERS), (it, known, definition) => {
      const { action, long, short, moveBps, bandBps } = labelOf(definition, known, it);
      if (action !== 'hold') expect((action === 'buy' ? long : short).netBps).toBeGreaterThan(0);
      expect(bandBps).toBeGreaterThanOrEqual(known.costBps - 1e-6);
      if (definition.barriers === null && Math.abs(moveBps) > bandBps + 1e-6) expect(action).toBe(moveBps > 0 ? 'buy' : 'sell');
    }), { numRuns: 200 });
  });

  it('is the same upside down, with the sides changed', () => {
    fc.assert(fc.property(path, fc.integer({ min: 10, max: 500 }), (it, distanceBps) => {
      const centre = it[0]?.open ?? 100;
      const mirrored = it.map((candle) => ({ ...candle, open: 2 * centre - candle.open, high: 2 * centre - candle.low, low: 2 * centre - candle.high, close: 2 * centre - candle.close }));
      const rule = { stopBps: distanceBps, targetBps: 2 * distanceBps, costBps: 10 };
      expect(tradeOf({ ...rule, direction: 'short' }, mirrored).netBps).toBeCloseTo(tradeOf({ ...rule, direction: 'long' }, it).netBps, 6);
    }), { numRuns: 200 });
  });
});

describe('volatility', () => {
  const walk = (count: number): Candle[] => Array.from({ length: count }, (_, index) => ({ openTime: index, open: 1, high: 1, low: 1, close: index % 2 === 0 ? 100 : 100 * Math.E ** 0.01, volume: 1 }));
  it('is the standard deviation of log returns: 1 % up and down in turn', () => expect(sigmaOf(walk(97))).toBeCloseTo(0.01 * Math.sqrt(96 / 95), 12));
  it('looks back on the newest candles alone', () => expect(sigmaOf([...walk(10).map((it) => ({ ...it, close: it.close * 7 })), ...walk(97)])).toBe(sigmaOf(walk(97))));
  it.each([['too few returns', 24, null], ['just enough', 25, 0.01]])('%s', (_name, count, expected) => {
    const sigma = sigmaOf(walk(count));
    if (expected === null) expect(sigma).toBeNull();
    else expect(sigma).toBeCloseTo(expected, 3);
  });
});

it('definitions are found by their name', () => {
  expect(labelDefinitionOf('horizon4/1@0.6123')).toEqual({ ...RULE_LABEL, version: 'horizon4/1@0.6123', holdBand: 0.6123 });
  expect(withBand(RULE_LABEL, 0.61234567)).toEqual(labelDefinitionOf('horizon4/1@0.6123'));
  expect(() => labelDefinitionOf('horizon4/1@x')).toThrow(/is not known/);
  expect(labelDefinitionOf(RULE_LABEL.version)).toBe(RULE_LABEL);
  expect(() => labelDefinitionOf('no/1')).toThrow(/label no\/1 is not known; known: horizon4\/1/);
  expect(bandBpsOf(RULE_LABEL, { sigma: 0.01, costBps: 12 })).toBeCloseTo(86, 9);
});
