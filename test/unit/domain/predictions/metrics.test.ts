import { describe, expect, it } from 'vitest';
import type { DecisionFacts } from '../../../../domain/predictions/decision-quality.ts';
import { decisionQualityOf, luckOf, QUALITY_WEIGHTS } from '../../../../domain/predictions/decision-quality.ts';
import type { JudgedDecision } from '../../../../domain/predictions/metrics.ts';
import { correlation, episodesOf, meanInterval, metricsBy, metricsOf, refusedOf, thresholdsOf, wilson } from '../../../../domain/predictions/metrics.ts';
import { ranksOf } from '../../../../domain/statistics/ranks.ts';

const HOUR_MS = 3_600_000;
function judged(hour: number, changes: Partial<JudgedDecision> = {}): JudgedDecision {
  return {
    voter: 'trend', instrumentId: 'BTC', regime: 'range', madeAt: hour * HOUR_MS, dueAt: (hour + 4) * HOUR_MS, action: 'buy', confidence: 0.5, score: 0.5, probabilities: { buy: 0.5, sell: 0.3, hold: 0.2 }, magnitudeBps: 10,
    actual: 'buy', moveBps: 30, returnBps: 20, isRight: true, decision: 'open', reason: 'buy', exitsReturnBps: null, ...changes,
  };
}
const LOST = { actual: 'sell', moveBps: -40, returnBps: -50, isRight: false } as const;

describe('metrics by hand', () => {
  // Two buys an hour apart (they overlap), a sell that lost four hours later, and a hold.
  const rows = [judged(0), judged(1, LOST), judged(4, { action: 'sell', magnitudeBps: -20, actual: 'buy', moveBps: 90, returnBps: -100, isRight: false }), judged(5, { action: 'hold', magnitudeBps: 0, actual: 'hold', moveBps: 1, returnBps: 0, isRight: true })];
  const metrics = metricsOf(rows);

  it('counts what is independent', () => expect(metrics).toMatchObject({ predictions: 4, directional: 3, episodes: 2 }));
  it('hit rate of 1 in 3 over two episodes', () => expect(metrics.hitRate).toEqual(wilson(1 / 3, 2)));
  it('expectancy', () => expect(metrics.expectancyBps?.value).toBeCloseTo((20 - 50 - 100) / 3, 9));
  it('profit factor', () => expect(metrics.profitFactor).toBeCloseTo(20 / 150, 9));
  it('Brier: 0.25+0.09+0.04, 0.25+0.49+0.04, as the first, 0.25+0.09+0.64', () => expect(metrics.brier).toBeCloseTo((0.38 + 0.78 + 0.38 + 0.98) / 4, 9));
  it('log loss', () => expect(metrics.logLoss).toBeCloseTo(-(Math.log(0.5) + Math.log(0.3) + Math.log(0.5) + Math.log(0.2)) / 4, 9));
  it('calibration of what was said', () => {
    expect(metrics.calibration).toEqual([{ count: 1, foretold: 0.2, came: 1 }, { count: 1, foretold: 0.3, came: 0 }, { count: 1, foretold: 0.5, came: 1 }, { count: 1, foretold: 0.5, came: 0 }]);
    expect(metrics.calibrationError).toBeCloseTo((0.8 + 0.3 + 0.5 + 0.5) / 4, 9);
  });
  it('information coefficient of (10, 10, -20) and (30, -40, 90)', () => expect(metrics.informationCoefficient).toBeCloseTo(correlation([10, 10, -20], [30, -40, 90]) ?? NaN, 12));
  it('rank information coefficient: ranks 1.5, 1.5, 0 and 1, 0, 2', () => expect(metrics.rankInformationCoefficient).toBeCloseTo(-0.8660254, 6));
  it('turnover: buy, buy, sell, hold', () => expect(metrics.turnover).toBeCloseTo(2 / 3, 9));
  it('too few for a spread', () => expect(metrics.quantileSpreadBps).toBeNull());
  it('nothing is nothing', () => expect(metricsOf([])).toMatchObject({ predictions: 0, hitRate: null, expectancyBps: null, profitFactor: null, brier: null, calibrationError: null, informationCoefficient: null, turnover: null }));
});

it('the spread is that of the outer fifths', () => {
  const rows = Array.from({ length: 10 }, (_, index) => judged(index, { magnitudeBps: index, moveBps: index * 3 }));
  expect(metricsOf(rows).quantileSpreadBps).toBeCloseTo((24 + 27) / 2 - (0 + 3) / 2, 9);
  expect(metricsOf(rows.map((it) => ({ ...it, magnitudeBps: 7 }))).quantileSpreadBps).toBeNull();
});

describe('statistics', () => {
  it.each([[0.5, 10, 0.2366, 0.7634], [0, 10, 0, 0.2775], [1, 1, 0.2065, 1]])('Wilson of %d in %d', (share, count, low, high) => {
    expect(wilson(share, count)?.low).toBeCloseTo(low, 4);
    expect(wilson(share, count)?.high).toBeCloseTo(high, 4);
  });
  it('interval of a mean: 1, 2, 3 as three values, and as one', () => {
    expect(meanInterval([1, 2, 3], 3)?.high).toBeCloseTo(2 + 1.959964 / Math.sqrt(3), 5);
    expect(meanInterval([1, 2, 3], 1)).toEqual({ value: 2, low: -Infinity, high: Infinity });
  });
  it.each([[[1, 2, 3], [2, 4, 6], 1], [[1, 2, 3], [3, 2, 1], -1], [[1, 1, 1], [1, 2, 3], null], [[0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1], [1, 2, 3, -1, 2, 5, 6], null]])('correlation of %j and %j', (a, b, expected) => {
    if (expected === null) expect(correlation(a, b)).toBeNull();
    else expect(correlation(a, b)).toBeCloseTo(expected, 12);
  });
  it('equal values share their rank', () => expect(ranksOf([5, 1, 5, 7])).toEqual([1.5, 0, 1.5, 3]));
});

describe('looked at by', () => {
  const rows = [judged(3, { confidence: 0.95 }), judged(27, { confidence: 1, regime: 'trendUp' }), judged(5, { confidence: 0.3, voter: 'breakout', instrumentId: 'ETH' })];
  it.each([['model', ['breakout', 'trend']], ['symbol', ['BTC', 'ETH']], ['regime', ['range', 'trendUp']], ['confidence', ['0.3 to 0.4', '0.9 to 1.0']], ['hour', ['03:00', '05:00']]] as const)('%s', (dimension, names) => expect(metricsBy(rows, dimension).map((it) => it.name)).toEqual(names));
});

describe('what was not done', () => {
  it('one episode per horizon, symbol and voter', () => expect(episodesOf([judged(0), judged(3), judged(3, { instrumentId: 'ETH' }), judged(4), judged(7), judged(9)]).map((it) => [it.instrumentId, it.madeAt / HOUR_MS])).toEqual([['BTC', 0], ['ETH', 3], ['BTC', 4], ['BTC', 9]]));
  it('refused signals by their reason, with policy\'s exits where there were some', () => {
    const rows = [judged(0, { decision: 'refused', reason: 'confidence', exitsReturnBps: 7 }), judged(1, { ...LOST, decision: 'refused', reason: 'confidence' }), judged(4, { ...LOST, decision: 'refused', reason: 'confidence' }), judged(8), judged(9, { action: 'hold', decision: 'refused', reason: 'agreement' })];
    expect(refusedOf(rows)).toEqual([{ name: 'confidence', episodes: 2, meanBps: meanInterval([7, -50], 2) }]);
  });
  it('other thresholds of confidence', () => expect(thresholdsOf([judged(0, { score: 0.6 }), judged(4, { score: 0.7, ...LOST })]).map((it) => [it.name, it.episodes, it.meanBps?.value])).toEqual([['0.3', 2, -15], ['0.4', 2, -15], ['0.5', 2, -15], ['0.6', 2, -15], ['0.7', 1, -50], ['0.8', 0, undefined], ['0.9', 0, undefined]]));
});

describe('a decision', () => {
  const FACTS: DecisionFacts = { dataQuality: 100, agreement: 1, stepsPassed: 7, steps: 7, hasStop: true, isWithinPlan: true, slippageBps: 0, driftBpsMax: 50, delayCandles: 0, documented: [true, true, true, true] };
  it('weighs 100 points', () => expect(Object.values<number>(QUALITY_WEIGHTS).reduce((a, b) => a + b)).toBe(100));
  it.each([
    ['without a fault', {}, 1, 'A'],
    ['on doubtful data: 0.2 × 0.25 less', { dataQuality: 25 }, 0.85, 'A'],
    ['with half agreement', { agreement: 0.5, dataQuality: 75 }, 0.85, 'A'],
    ['just below', { agreement: 0.5, dataQuality: 74 }, 0.848, 'B'],
    ['never filled: neither execution nor timing', { slippageBps: null, delayCandles: null }, 0.7, 'B'],
    ['a better price is no better decision', { slippageBps: -20 }, 1, 'A'],
    ['filled at the edge of its drift, half a candle late', { slippageBps: 50, delayCandles: 0.5 }, 0.775, 'B'],
    ['nothing of it is right', { dataQuality: 0, agreement: 0, stepsPassed: 0, hasStop: false, isWithinPlan: false, slippageBps: 90, delayCandles: 2, documented: [false] }, 0, 'D'],
  ] as const)('%s', (_name, changes, score, grade) => {
    const quality = decisionQualityOf({ ...FACTS, ...changes });
    expect(quality.score).toBeCloseTo(score, 9);
    expect(quality.grade).toBe(grade);
  });
  it('is told apart from luck', () => {
    const [good, bad] = [decisionQualityOf(FACTS), decisionQualityOf({ ...FACTS, dataQuality: 0, agreement: 0 })];
    expect(bad.grade).toBe('C');
    expect(luckOf([{ quality: good, hasWon: true }, { quality: good, hasWon: false }, { quality: good, hasWon: false }, { quality: bad, hasWon: true }])).toEqual({ goodWon: 1, goodLost: 2, badWon: 1, badLost: 0 });
  });
});
