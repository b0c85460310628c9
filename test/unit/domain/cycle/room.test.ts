import { expect, it } from 'vitest';
import { roomOf } from '../../../../domain/cycle/room.ts';
import type { Regime, SymbolObservation } from '../../../../domain/cycle/types.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';

const symbol = (regime: Regime, { score = 1, tradable = true } = {}) => ({ regime: { regime, score }, quality: { tradable } }) as SymbolObservation;

// 30 positions at most: 30 slots in a strong trend, 20 usually, 15 in chop.
it.each<[string, readonly SymbolObservation[], number]>([
  ['one strong trend', [symbol('trendUp')], 30],
  ['a weak one', [symbol('trendDown', { score: 0.4 })], 20],
  ['a trend and chop', [symbol('trendUp'), symbol('choppy')], 22.5],
  ['candles that cannot be trusted tell nothing', [symbol('trendUp'), symbol('choppy', { tradable: false })], 30],
  ['none at all', [], 0],
])('%s', (_name, symbols, slots) => expect(roomOf(symbols, 4, PRESETS.normal)).toEqual({ open: 4, slots }));
