/** Entry 100, four candles: 101, 103 (low 98), 102, 104. Costs 10 bps. */
import { expect, it } from 'vitest';
import type { Candle } from '../../../../domain/market/candle.ts';
import type { DuePrediction } from '../../../../domain/predictions/outcome.ts';
import { priced } from '../../../../domain/predictions/outcome.ts';

const CANDLES: Candle[] = [[100, 101, 100, 101], [101, 103, 98, 103], [103, 103, 102, 102], [102, 104, 102, 104]].map(([open = 0, high = 0, low = 0, close = 0], index) => ({ openTime: index * 3_600_000, open, high, low, close, volume: 1 }));
const PREDICTION: DuePrediction = {
  predictionId: 1, cycleId: 'c', instrumentId: 'BTC', timeframe: '1h', madeAt: 0, dueAt: 14_400_000, horizonCandles: 4, labelVersion: 'horizon4/1', role: 'acting', action: 'buy', sigma: 0.01, costBps: 10, stopBps: null, targetBps: null,
};

it.each([
  ['a buy that paid', {}, { actual: 'buy', moveBps: 400, returnBps: 390, isRight: true, exitsReturnBps: null, entryPrice: 100, exitPrice: 104 }],
  ['a sell that did not', { action: 'sell' }, { actual: 'buy', returnBps: -410, isRight: false }],
  ['a hold in a market that moved', { action: 'hold' }, { actual: 'buy', returnBps: 0, isRight: false, exitsReturnBps: null }],
  ['a hold within the band of 0.43 × 500 bps × 2', { action: 'hold', sigma: 0.05 }, { actual: 'hold', returnBps: 0, isRight: true }],
  ['a buy within that band that paid all the same', { sigma: 0.05 }, { actual: 'hold', returnBps: 390, isRight: true }],
  ['a buy that won exactly its cost', { costBps: 400 }, { returnBps: 0, isRight: false }],
  ['with policy\'s exits: the stop at 98 of the second candle', { stopBps: 200, targetBps: 1_000 }, { returnBps: 390, exitsReturnBps: -210 }],
  ['with policy\'s exits: the target at 102, in the candle that reached the stop as well', { stopBps: 150, targetBps: 200 }, { exitsReturnBps: -160 }],
  ['with policy\'s exits: the target', { stopBps: 500, targetBps: 250 }, { exitsReturnBps: 240 }],
  ['with policy\'s exits: none reached', { action: 'sell', stopBps: 500, targetBps: 500 }, { exitsReturnBps: -410 }],
] as const)('%s', (_name, changes, expected) => expect(priced({ ...PREDICTION, ...changes }, CANDLES)).toMatchObject(expected));
