import fc from 'fast-check';
import { expect, it } from 'vitest';
import { d } from '../../../../domain/decimal.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';
import { confidenceFactor, sizeOf } from '../../../../domain/sizing/size.ts';
import type { SizeInput } from '../../../../domain/sizing/size.ts';
import { INSTRUMENT } from '../cycle/plan.fixture.ts';

// Equity 10,000 at 150 bps risks 150. Stop 30 away: 5 units at factor 1; the caps are far.
const WIDE = { ...PRESETS.normal, notionalMax: '1000000' };
const INPUT: SizeInput = {
  instrument: INSTRUMENT, orderType: 'market', price: d(1_000), stopDistance: d(30), equity: d(10_000), availableMargin: d(10_000), exposureRoom: d(30_000), confidence: 0.95, factor: 1, policy: WIDE,
};

it.each<[string, Partial<SizeInput>, object]>([
  ['full confidence weighs 1.2', {}, { kind: 'sized', quantity: '6', cappedBy: 'risk' }],
  ['least confidence weighs half', { confidence: 0.5 }, { kind: 'sized', quantity: '2.5', cappedBy: 'risk' }],
  ['one speaker halves', { factor: 0.5 }, { kind: 'sized', quantity: '3', cappedBy: 'risk' }],
  ['the policy\'s size factor', { policy: { ...WIDE, sizeFactor: 0.7 } }, { kind: 'sized', quantity: '4.2', cappedBy: 'risk' }],
  ['the notional cap', { policy: PRESETS.normal }, { kind: 'sized', quantity: '1', cappedBy: 'notional' }],
  ['the exposure that is left', { exposureRoom: d(1_500) }, { kind: 'sized', quantity: '1.5', cappedBy: 'exposure' }],
  ['margin × leverage, less a tenth', { availableMargin: d(1_000) }, { kind: 'sized', quantity: '4.5', cappedBy: 'margin' }],
  ['rounded down to the step', { stopDistance: d(31) }, { kind: 'sized', quantity: '5.806', cappedBy: 'risk' }],
  ['below the minimum notional', { equity: d(7) }, { kind: 'refused', code: 'belowMinNotional', value: '4', limit: '5' }],
])('%s', (_name, changes, expected) => expect(sizeOf({ ...INPUT, ...changes })).toMatchObject(expected));

it('never risks more than the policy allows at full confidence, and never passes a cap', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 10_000_000 }), fc.integer({ min: 1, max: 100_000 }), fc.integer({ min: 1, max: 9_999 }), fc.double({ min: 0, max: 1, noNaN: true }), (equity, price, stopShare, confidence) => {
    const input = { ...INPUT, equity: d(equity), price: d(price), stopDistance: d(price).times(stopShare).div(10_000), confidence, policy: PRESETS.normal };
    const size = sizeOf(input);
    if (size.kind === 'refused') return;
    const quantity = d(size.quantity);
    expect(quantity.times(input.stopDistance).lte(d(equity).times('0.015').times('1.2'))).toBe(true);
    expect(quantity.times(price).lte(1_000)).toBe(true);
    expect(quantity.mod('0.001').eq(0)).toBe(true);
  }));
});

it('the confidence factor is clipped at both ends', () => expect([0, 0.5, 0.725, 0.95, 1].map((it) => confidenceFactor(it, 0.5))).toEqual([0.5, 0.5, 0.85, 1.2, 1.2]));
