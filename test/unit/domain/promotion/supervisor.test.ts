import { describe, expect, it, test } from 'vitest';
import type { LabelAction } from '../../../../domain/predictions/label.ts';
import type { Judged } from '../../../../domain/predictions/metrics.ts';
import type { ChampionFacts } from '../../../../domain/promotion/supervisor.ts';
import { findingsOf, scoresOf, weightOf, weightsOf } from '../../../../domain/promotion/supervisor.ts';
import { normal, prngOf, uniform } from '../../../../domain/market/seeded/prng.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const ROW: Judged = {
  voter: 'trend', instrumentId: 'BTC/USDT:USDT', regime: 'range', madeAt: 0, dueAt: 4 * HOUR_MS, action: 'buy', confidence: 0.5, score: 0.5, probabilities: { buy: 0.4, sell: 0.3, hold: 0.3 },
  magnitudeBps: 1, actual: 'buy', moveBps: 10, returnBps: 5, isRight: true,
};

/** One episode after the other. */
const rowsOf = (count: number, change: (index: number) => Partial<Judged>): Judged[] => Array.from({ length: count }, (_, index) => ({ ...ROW, madeAt: index * 4 * HOUR_MS, dueAt: (index + 1) * 4 * HOUR_MS, ...change(index) }));

test('each voter is scored over seven and over thirty days', () => {
  const rows = [...rowsOf(180, (index) => ({ isRight: index >= 138 })), ...rowsOf(6, () => ({ voter: 'breakout' }))].sort((a, b) => a.madeAt - b.madeAt);
  const scores = scoresOf(rows, 30 * DAY_MS);
  expect(scores.map(({ voter, days, predictions }) => [voter, days, predictions])).toEqual([['trend', 7, 41], ['breakout', 30, 5], ['trend', 30, 179]]);
  expect(scores[0]?.hitRate?.value).toBe(1);
  expect(scores[2]?.hitRate?.value).toBeCloseTo(42 / 179, 12);
  expect(scores[2]?.brier).toBeCloseTo(0.36 + 0.09 + 0.09, 12);
  expect(scores[2]?.expectancyBps?.value).toBe(5);
});

it.each([
  ['nothing is known', 2, 0, 1],
  ['as many as the belief in equality: half of the difference', 2, 200, 1.5],
  ['less than others, after 50', 0.5, 50, 0.9],
  ['after very many nearly the ratio itself', 2, 19_800, 1.99],
  ['never more than fourfold', 100, 200, 2.5],
  ['never less than a quarter', 0, 200, 0.625],
])('weights: %s', (_name, ratio, episodes, expected) => {
  expect(weightOf(ratio, episodes)).toBe(expected);
});

test('weights go by regime, by episodes that do not overlap, and leave holds aside', () => {
  const rows = [
    ...rowsOf(200, (index) => ({ isRight: index % 4 !== 0 })), // 0.75
    ...rowsOf(200, (index) => ({ voter: 'breakout', isRight: index % 4 === 0 })), // 0.25
    ...rowsOf(200, () => ({ voter: 'breakout', madeAt: 1, dueAt: 2, isRight: true })), // within the first one
    ...rowsOf(100, () => ({ voter: 'patterns', action: 'hold', isRight: true })),
    ...rowsOf(100, () => ({ regime: 'trendUp' })),
  ];
  expect(weightsOf(rows)).toEqual({ range: { breakout: 0.75, trend: 1.25 }, trendUp: { trend: 1 } }); // ratios 0.5 and 1.5 to 0.5
});

describe('findings about a champion', () => {
  const random = prngOf('supervisor');
  /** What comes has the probabilities of `true`, the model says them with another boldness. */
  const modelRows = (count: number, boldness: number): Judged[] => rowsOf(count, () => {
    const scores = [normal(random), normal(random), normal(random)];
    const sharesAt = (scale: number): number[] => { const powers = scores.map((it) => Math.exp(scale * it)); const total = powers.reduce((sum, it) => sum + it, 0); return powers.map((it) => it / total); };
    const [buy = 0, sell = 0, hold = 0] = sharesAt(boldness);
    const [trueBuy = 0, trueSell = 0] = sharesAt(1);
    const drawn = uniform(random);
    const actual: LabelAction = drawn < trueBuy ? 'buy' : drawn < trueBuy + trueSell ? 'sell' : 'hold';
    const action: LabelAction = buy > sell && buy > hold ? 'buy' : sell > hold ? 'sell' : 'hold';
    return { probabilities: { buy, sell, hold }, action, actual, isRight: action === actual };
  });
  const honest: ChampionFacts = { rows: modelRows(600, 1), loss: { sum: 1, limit: 5, since: null }, asked: 600, spoke: 600 };
  const codesOf = (facts: Partial<ChampionFacts>): readonly string[] => findingsOf({ ...honest, ...facts }).map((finding) => finding.code);

  it.each<[string, Partial<ChampionFacts>, readonly string[]]>([
    ['an honest one has none', {}, []],
    ['too bold', { rows: modelRows(600, 2.5) }, ['calibration']],
    ['too timid', { rows: modelRows(600, 0.3) }, ['calibration']],
    ['negated: each word is wrong, and so is its boldness', { rows: modelRows(600, -1) }, ['calibration', 'hitRate']],
    ['few outcomes prove nothing', { rows: modelRows(199, -1) }, []],
    ['its losses rose', { loss: { sum: 6, limit: 5, since: 0 } }, ['loss']],
    ['losses that cannot be told', { loss: null }, []],
    ['it often had nothing to say', { spoke: 539 }, ['coverage']],
    ['at the least that is asked', { spoke: 540 }, []],
    ['hardly asked', { asked: 99, spoke: 0 }, []],
  ])('%s', (_name, facts, expected) => {
    expect(codesOf(facts)).toEqual(expected);
  });

  it('of 12 honest ones none has two', () => {
    const retired = Array.from({ length: 12 }, () => codesOf({ rows: modelRows(300, 1) })).filter((codes) => codes.length >= 2);
    expect(retired).toEqual([]);
  });
});
