import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RoundingDirection } from '../../../domain/decimal.ts';
import { bpsBetween, d, roundToStep, text } from '../../../domain/decimal.ts';

/** Any decimal with up to 15 + 12 digits. */
const anyDecimal = fc.tuple(fc.maxSafeInteger(), fc.nat({ max: 12 })).map(([digits, places]) => d(`${digits}e-${places}`));
const anyStep = fc.tuple(fc.integer({ min: 1, max: 5_000 }), fc.nat({ max: 8 })).map(([digits, places]) => d(`${digits}e-${places}`));

describe('d', () => {
  it.each([
    ['whole', '12', '12'],
    ['negative', '-0.50', '-0.5'],
    ['trailing zeros', '1.2300', '1.23'],
    ['small', '0.00000001', '0.00000001'],
    ['exponent, as venues write it', '1e-8', '0.00000001'],
    ['more digits than the precision', '123456789012345678901234567890123456789012345.1', '123456789012345678901234567890123456789012345.1'],
    ['a float digit by digit', 0.1, '0.1'],
  ])('reads %s', (_name, value, expected) => {
    expect(text(d(value))).toBe(expected);
  });

  it.each(['', ' ', '1,2', '1.', '.5', '+1', '0x10', 'NaN', 'Infinity', '1e', '1 ', '--1', '1.2.3'])('refuses %j', (value) => {
    expect(() => d(value)).toThrow(RangeError);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])('refuses the float %d', (value) => {
    expect(() => d(value)).toThrow(RangeError);
  });

  it('reads back what text wrote', () => {
    fc.assert(fc.property(anyDecimal, (value) => d(text(value)).eq(value) && !/e/i.test(text(value))));
  });
});

describe('arithmetic', () => {
  it('is exact where floats are not', () => {
    expect(text(d('0.1').plus(d('0.2')))).toBe('0.3');
  });

  it('keeps every digit of price × quantity × fee rate', () => {
    expect(text(d('98765.4321').times(d('123456.789123')).times(d('0.00045')))).toBe('5486968.405535253771735');
  });
});

describe('roundToStep', () => {
  it.each<[string, string, string, RoundingDirection, string]>([
    ['a quantity down', '1.2399', '0.001', 'down', '1.239'],
    ['a quantity up', '1.2391', '0.001', 'up', '1.24'],
    ['an exact multiple down', '0.3', '0.1', 'down', '0.3'],
    ['an exact multiple up', '0.3', '0.1', 'up', '0.3'],
    ['a negative down is toward zero', '-1.29', '0.1', 'down', '-1.2'],
    ['a negative up is away from zero', '-1.21', '0.1', 'up', '-1.3'],
    ['below one step down', '0.0009', '0.001', 'down', '0'],
    ['below one step up', '0.0009', '0.001', 'up', '0.001'],
    ['nearest below half', '1.24', '0.1', 'nearest', '1.2'],
    ['nearest above half', '1.26', '0.1', 'nearest', '1.3'],
    ['a tie to the even multiple below', '1.25', '0.1', 'nearest', '1.2'],
    ['a tie to the even multiple above', '1.35', '0.1', 'nearest', '1.4'],
    ['a negative tie', '-1.35', '0.1', 'nearest', '-1.4'],
    ['a step that is no power of ten', '1.24', '0.25', 'nearest', '1.25'],
    ['a step above one', '1234', '5', 'down', '1230'],
    ['zero', '0', '0.1', 'up', '0'],
    ['a hair below a multiple stays below', '0.8999999999999999999999999999999999999999999', '0.3', 'down', '0.6'],
  ])('%s', (_name, value, step, direction, expected) => {
    expect(text(roundToStep(d(value), d(step), direction))).toBe(expected);
  });

  it.each(['0', '-0.1'])('refuses the step %s', (step) => {
    expect(() => roundToStep(d('1'), d(step), 'down')).toThrow(RangeError);
  });

  it('gives a multiple within one step, on the side that its direction names', () => {
    fc.assert(
      fc.property(anyDecimal, anyStep, (value, step) => {
        const down = roundToStep(value, step, 'down');
        const up = roundToStep(value, step, 'up');
        const nearest = roundToStep(value, step, 'nearest');
        for (const rounded of [down, up, nearest]) expect(rounded.mod(step).isZero()).toBe(true);
        expect(down.abs().lte(value.abs()) && value.abs().lte(up.abs())).toBe(true);
        expect(up.minus(down).abs().lte(step)).toBe(true);
        expect(nearest.minus(value).abs().times(2).lte(step)).toBe(true);
        expect(nearest.eq(down) || nearest.eq(up)).toBe(true);
      }),
    );
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(anyDecimal, anyStep, fc.constantFrom<RoundingDirection>('down', 'up', 'nearest'), (value, step, direction) => {
        const once = roundToStep(value, step, direction);
        return roundToStep(once, step, direction).eq(once);
      }),
    );
  });
});

describe('text', () => {
  it('never writes a negative zero, and refuses what is not finite', () => {
    expect(text(d('0').neg())).toBe('0');
    expect(() => text(d('1').div(0))).toThrow(RangeError);
  });
});

describe('bpsBetween', () => {
  it.each([
    ['the same', '100', '100', '0'],
    ['one percent up', '101', '100', '100'],
    ['half a percent down', '99.5', '100', '-50'],
  ])('%s', (_name, price, reference, expected) => {
    expect(text(bpsBetween(d(price), d(reference)))).toBe(expected);
  });

  it('refuses a reference of zero', () => {
    expect(() => bpsBetween(d('1'), d('0'))).toThrow(RangeError);
  });
});
