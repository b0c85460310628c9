import { expect, it } from 'vitest';
import { createCandleGathering, TOGETHER_MS } from '../../../activities/candle-gathering.ts';
import type { Candle } from '../../../domain/market/candle.ts';

const CANDLE: Candle = { openTime: 0, open: 1, high: 1, low: 1, close: 1, volume: 1 };

function gathering(symbols: readonly string[] = ['BTC', 'ETH', 'OLD']) {
  let now = 0;
  const gathered = createCandleGathering(symbols, () => now);
  const add = (closeTime: number, ...ids: readonly string[]): boolean => ids.map((id) => gathered.add(closeTime, id, CANDLE)).at(-1) ?? false;
  return { ...gathered, add, wait: (ms: number) => { now += ms; return gathered.giveUp(); }, symbolsOf: (closeTime: number) => gathered.of(closeTime).map(([id]) => id) };
}

it('a close is whole when every symbol has its candle', () => {
  const { add, symbolsOf } = gathering();
  expect([add(6, 'BTC', 'ETH'), add(6, 'ETH'), add(6, 'OLD')]).toEqual([false, false, true]);
  expect(symbolsOf(6)).toEqual(['BTC', 'ETH', 'OLD']);
});

it('who keeps the others waiting too long is not waited for any more, until it is heard again', () => {
  const { add, wait, forget, late } = gathering();
  add(6, 'BTC', 'ETH');
  expect([wait(TOGETHER_MS - 1), wait(1)]).toEqual([[], [6]]);
  forget(6);
  expect(late('BTC')).toBe(false); // it repeats itself
  expect(add(7, 'BTC', 'ETH')).toBe(true);
  forget(7);
  expect([late('OLD'), late('OLD')]).toEqual([true, false]);
  expect(add(8, 'BTC', 'ETH')).toBe(false);
  expect(add(8, 'OLD')).toBe(true);
});

it('closes that wait for nobody else go with it, oldest first; what is forgotten is not asked about again', () => {
  const { add, wait, forget, symbolsOf } = gathering();
  add(6, 'ETH', 'BTC');
  wait(TOGETHER_MS / 2);
  add(7, 'BTC', 'ETH');
  add(8, 'BTC');
  expect(wait(TOGETHER_MS / 2)).toEqual([6, 7]);
  forget(7);
  expect([symbolsOf(6), symbolsOf(7), symbolsOf(8)]).toEqual([[], [], ['BTC']]);
});
