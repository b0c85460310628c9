import { describe, expect, it } from 'vitest';
import { candleChart } from '../../../client/candle-chart.ts';
import { questionText, statsText } from '../../../client/label-text.ts';
import { markOf } from '../../../client/labels.ts';
import type { Candle } from '../../../domain/market/candle.ts';

const candle = (open: number, high: number, low: number, close: number, volume: number): Candle => ({ openTime: 0, open, high, low, close, volume });

describe('a chart', () => {
  it('has a column per candle: full where it rose, hatched where it fell, wicks, prices and volume', () => {
    expect(candleChart([candle(10, 14, 10, 12, 4), candle(12, 13, 10, 11, 8), candle(11, 11, 11, 11, 0)], 5)).toEqual(['│   14.0', '││', '█░', '█░█', '█│  10.0', '▄█  volume']);
  });

  it('is flat where nothing moved', () => expect(candleChart([candle(5, 5, 5, 5, 0)], 2)).toEqual(['█ 5.0', '  5.0', '  volume']));
});

it('what a person is asked stands on one screen, and a hold is no trade', () => {
  const question = {
    deployment: 'sim', predictionId: 7, cycleId: 'c', instrumentId: 'BTC-USDT-PERP', timeframe: '1h', madeAt: Date.UTC(2024, 0, 1), horizonCandles: 4, action: 'buy', confidence: 0.51, probabilities: { buy: 0.4, sell: 0.3, hold: 0.3 }, regime: 'range', dataQuality: 98,
    votes: [{ voter: 'trend', version: '1', action: 'buy', confidence: 0.6 }], because: '', price: '10', hasOpinion: false, priority: 3, disagreement: 0.5, waiting: 12, candles: [candle(10, 14, 10, 12, 4)],
  } as const;
  const text = questionText(question);
  expect(text).toContain('priority 3, 12 waiting');
  expect(text).toContain('keel labels label 7 wouldNotTrade');
  expect(text.split('\n').every((line) => line.length <= 120)).toBe(true);
  expect(questionText({ ...question, action: 'hold' })).not.toContain('wouldNotTrade');
});

it('statistics', () => {
  expect(statsText({ deployment: 'sim', waiting: { 3: 1, 2: 2, 1: 3 }, excluded: 4, people: [] })).toBe('sim: 6 wait (1 of priority 3, 2 of 2, 3 of 1); the next data set leaves out 4 rows');
  expect(statsText({ deployment: 'sim', waiting: { 3: 0, 2: 0, 1: 0 }, excluded: 0, people: [{ by: 'ada', marks: { badData: 1, regime: 0, wouldNotTrade: 1, skip: 0 }, avoided: { episodes: 1, lost: { value: 1, low: 0.2, high: 1 }, meanBps: { value: -3, low: -Infinity, high: Infinity } }, regimesAgreed: 0 }] })).toContain('100 % (20 % to 100 %)');
});

it.each([['badData', undefined, null], ['regime', 'range', 'range']])('the mark %s %s', (mark, regime, expected) => expect(markOf(mark, regime)).toEqual({ mark, regime: expected }));
it.each([['skip', undefined], ['nonsense', undefined], ['regime', 'sideways']])('the mark %s %s is refused with what is allowed', (mark, regime) => {
  expect(() => markOf(mark, regime)).toThrow(expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('allowed') as string }) as Error);
});
