import { describe, expect, it } from 'vitest';
import { BLOCKS_MIN, boundOf, compareSizing } from '../../../../domain/learned-sizing/compare.ts';
import type { SizingComparison } from '../../../../domain/learned-sizing/compare.ts';
import type { SizingModel, SizingSample } from '../../../../domain/learned-sizing/model.ts';
import { chooseSize, fitSizing, loadSizing, missingToFit, saveSizing } from '../../../../domain/learned-sizing/model.ts';
import { ACTIONS, PRICED, shrunk } from '../../../../domain/learned-sizing/multipliers.ts';
import type { SizingState } from '../../../../domain/learned-sizing/state.ts';
import { stateVectorOf } from '../../../../domain/learned-sizing/state.ts';
import { crowdOf, NOTHING_TO_LEARN, signalsOf } from '../../../support/sizing-market.ts';

const SIX_HOURS_MS = 6 * 3_600_000;
const STATE: SizingState = { direction: 'long', regime: 'trendUp', volatility: { percentile: 50, isHigh: false }, confidence: 0.7, exposure: 0.5, winRate: 0.5, slopeBps: 0 };
const STORMY = { ...STATE, volatility: { percentile: 90, isHigh: true } };

/** Full sizes at high confidence pay 60 bps, at low confidence they cost as much. */
const PLANTED = signalsOf({ seed: 'planted', count: 2_000, edgeBps: (confidence) => (confidence > 0.725 ? 60 : -60) });
const planted = fitSizing(PLANTED) ?? expect.fail('there are enough');
const choices = (model: SizingModel | null, samples: readonly SizingSample[]) => samples.map(({ state }) => ({ confidence: state.confidence, ...chooseSize(model, state) }));
const comparedOf = (samples: readonly SizingSample[]): SizingComparison => {
  const compared = compareSizing(samples, 'a');
  return 'notCompared' in compared ? expect.fail(compared.notCompared) : compared;
};
const meanOf = (values: readonly number[]) => values.reduce((sum, it) => sum + it, 0) / values.length;

describe('multipliers', () => {
  it('are 0, 0.2 to 1.8', () => {
    expect(ACTIONS).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.6, 1.8]);
    expect(PRICED).toContain(0.3);
  });

  it.each([
    [1.8, 0, 1], [1.8, 100, 1.2], [1.8, 200, 1.4], [1.8, 600, 1.6], [1.8, 5_000, 1.8],
    [0, 200, 0.6], [0, 600, 0.2], [0, 5_000, 0], [1, 5_000, 1], [1.2, 200, 1], [0.8, 200, 1],
  ])('%s from %s signals is %s: n / (n + 200), the nearest action, of two the one nearer to neutral', (action, samples, expected) => {
    expect(shrunk(action, samples)).toBe(expected);
  });
});

describe('state', () => {
  it('is a vector: a short in a falling market goes with the trend; what is not known is NaN', () => {
    expect(stateVectorOf({ ...STATE, direction: 'short', regime: 'trendDown' })).toEqual([1, 0, 0, 0.5, 0, 0.7, 0.5, 0.5, 0]);
    expect(stateVectorOf({ ...STATE, direction: 'short' }).at(0)).toBe(-1);
    expect(stateVectorOf({ ...STORMY, regime: 'breakout', exposure: null, winRate: null, slopeBps: null, volatility: { percentile: null, isHigh: true } })).toEqual([0, 1, 0, NaN, 1, 0.7, NaN, NaN, NaN]);
  });
});

describe('policy', () => {
  it('is neutral while untrained, 0.3 in high volatility', () => {
    expect(chooseSize(null, STATE)).toEqual({ multiplier: 1, gainBps: null, boundBps: null });
    expect(chooseSize(null, STORMY).multiplier).toBe(0.3);
    expect(fitSizing(PLANTED.slice(0, 99))).toBeNull();
    expect(missingToFit(PLANTED.slice(0, 99))).toBe('99 of 100 signals');
  });

  it('is neutral while a tenth of the signals is shorter than one hold: the tenths would share their luck', () => {
    const [short, long] = [13, 60].map((days) => crowdOf({ seed: 'crowd', symbols: 30, count: 400, days }));
    expect(missingToFit(short ?? [])).toMatch(/^a tenth of 400 signals was decided within \d\d h, less than one hold of 72 h/);
    expect(fitSizing(short ?? [])).toBeNull();
    expect(missingToFit(long ?? [])).toBeNull();
  });

  it('learns that large sizes pay at high confidence and small ones at low', () => {
    const [high, low] = [chooseSize(planted, { ...STATE, confidence: 0.93 }), chooseSize(planted, { ...STATE, confidence: 0.52 })];
    expect(high.multiplier).toBeGreaterThanOrEqual(1.6);
    expect(low.multiplier).toBeLessThanOrEqual(0.2);
    expect(high.boundBps).toBeGreaterThan(0);
    expect(high.gainBps).toBeGreaterThan(high.boundBps ?? Infinity);
  });

  it('chooses actions alone, or what is taken without knowledge', () => {
    for (const { multiplier } of choices(planted, PLANTED)) expect([...ACTIONS]).toContain(multiplier);
  });

  it('hardly ever leaves neutral on noise that only pays its own risk', () => {
    const shares = Array.from({ length: 15 }, (_, seed) => {
      const noise = signalsOf({ seed: `noise ${seed}`, count: 400, edgeBps: NOTHING_TO_LEARN });
      return meanOf(choices(fitSizing(noise), noise).map(({ multiplier }) => Number(multiplier !== 1)));
    });
    expect(meanOf(shares)).toBeLessThan(0.1);
  });

  it('is drawn to neutral while there are few signals: from 200 no more than half of the way', () => {
    const few = fitSizing(signalsOf({ seed: 'few', count: 200, edgeBps: (confidence) => (confidence > 0.725 ? 300 : -300) }));
    expect(chooseSize(few, { ...STATE, confidence: 0.94 }).multiplier).toBe(1.4);
    expect(chooseSize(few, { ...STATE, confidence: 0.51 }).multiplier).toBe(0.6);
  });

  it('does not follow a feature beyond what it learned from', () => {
    const far = (confidence: number) => chooseSize(planted, { ...STATE, confidence });
    expect(far(500)).toEqual(far(50));
    expect(far(50).gainBps).toBeGreaterThan(far(0.9).gainBps ?? Infinity);
  });

  it('says the same after its bytes were read again, and refuses what was altered or is another model', () => {
    const bytes = saveSizing(planted, 5);
    expect(choices(loadSizing(bytes), PLANTED.slice(0, 50))).toEqual(choices(planted, PLANTED.slice(0, 50)));
    const altered = Uint8Array.from(bytes);
    altered[200] = (altered[200] ?? 0) ^ 1;
    expect(() => loadSizing(altered)).toThrow(expect.objectContaining({ code: 'MODEL_INVALID' }));
  });
});

describe('comparison with neutral', () => {
  it('finds the planted edge on signals that were not learned from', () => {
    const compared = comparedOf(PLANTED);
    expect(compared.tested).toBe(1_000);
    expect(compared.block).toBe(4); // a day of signals six hours apart
    expect(compared.primary.boundBps).toBeGreaterThan(0);
    expect(compared.advise.boundBps).toBeGreaterThan(0);
    expect(compared.primary.meanBps).toBeGreaterThan(compared.advise.meanBps);
  });

  it('finds nothing on noise: of 25 markets at most 3 have a bound above 0', () => {
    const found = Array.from({ length: 25 }, (_, seed) => compareSizing(signalsOf({ seed: `noise ${seed}`, count: 400, edgeBps: NOTHING_TO_LEARN }), `${seed}`)).filter((it) => (boundOf(it) ?? 0) > 0);
    expect(found.length).toBeLessThanOrEqual(3);
  });

  it('leaves out what was not yet known when a test part began', () => {
    const late = PLANTED.slice(0, 118).map((it) => ({ ...it, knownAt: it.decidedAt + 10 * SIX_HOURS_MS }));
    expect(compareSizing(late, 'a')).toEqual({ notCompared: expect.stringContaining('no test part had enough') as string }); // 106 were decided before the last one, 97 were known
  });

  it('says nothing of too few', () => {
    expect(compareSizing(PLANTED.slice(0, 15), 'a')).toEqual({ notCompared: 'signals were decided at 15 of 20 moments' });
    expect(compareSizing(PLANTED.slice(0, 100), 'a')).toEqual({ notCompared: expect.stringContaining('no test part had enough') as string });
  });

  it('says nothing of fewer than ten blocks: many symbols, one luck', () => {
    const crowd = crowdOf({ seed: 'crowd', symbols: 30, count: 2_000, days: 55 });
    expect(compareSizing(crowd, 'a')).toEqual({ notCompared: expect.stringMatching(/^620 signals that it did not learn from are 4 of 10 blocks: up to 136 were decided within one hold/) as string });
    const longer = crowdOf({ seed: 'crowd', symbols: 30, count: 2_000, days: 110 });
    expect(comparedOf(longer).tested).toBeGreaterThanOrEqual(BLOCKS_MIN * comparedOf(longer).block);
  });
});
