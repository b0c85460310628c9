import { describe, expect, it } from 'vitest';
import { d } from '../../../../domain/decimal.ts';
import type { PricePurpose } from '../../../../domain/market/rounding.ts';
import { roundPrice, roundQuantityDown } from '../../../../domain/market/rounding.ts';
import type { Direction, OrderType } from '../../../../domain/orders/order.ts';
import { INSTRUMENT } from '../cycle/plan.fixture.ts';

const words = (rounded: ReturnType<typeof roundPrice>): string => (rounded.kind === 'rounded' ? rounded.value.toFixed() : rounded.code);

describe('a price on the tick of 0.1', () => {
  it.each<[PricePurpose, Direction, string, string]>([
    ['entryLimit', 'long', '100.19', '100.1'],
    ['entryLimit', 'short', '100.11', '100.2'],
    ['stopTrigger', 'long', '97.01', '97.1'],
    ['stopTrigger', 'short', '102.99', '102.9'],
    ['targetTrigger', 'long', '105.99', '105.9'],
    ['targetTrigger', 'short', '94.01', '94.1'],
    ['stopTrigger', 'long', '97.1', '97.1'],
    ['targetTrigger', 'long', '0.09', 'priceNotPositive'],
    ['stopTrigger', 'long', '-1', 'priceNotPositive'],
  ])('%s of a %s at %s: %s', (purpose, direction, price, expected) => {
    expect(words(roundPrice(d(price), { instrument: INSTRUMENT, purpose, direction }))).toBe(expected);
  });
});

describe('the quantity of an opening, at a price of 100', () => {
  it.each<[string, string, OrderType, Partial<typeof INSTRUMENT>, string]>([
    ['down to the step', '1.2349', 'market', {}, '1.234'],
    ['on the step already', '1.234', 'market', {}, '1.234'],
    ['nothing is left of it', '0.0009', 'market', {}, 'quantityNotPositive'],
    ['below the least quantity', '0.9', 'market', { minQuantity: '1' }, 'belowMinQuantity'],
    ['at the least quantity', '1', 'market', { minQuantity: '1' }, '1'],
    ['below the least notional', '0.049', 'market', {}, 'belowMinNotional'],
    ['at the least notional', '0.05', 'market', {}, '0.05'],
    ['no more than the largest market order', '500', 'market', {}, '100'],
    ['a limit too, since its exit is a market order', '500', 'limit', {}, '100'],
    ['no more than the largest limit order', '500', 'limit', { maxQuantity: '50' }, '50'],
    ['no more than the largest notional', '500', 'market', { maxNotional: '1234.56' }, '12.345'],
  ])('%s', (_name, quantity, type, changes, expected) => {
    expect(words(roundQuantityDown(d(quantity), { instrument: { ...INSTRUMENT, ...changes }, price: d('100'), type }))).toBe(expected);
  });
});
