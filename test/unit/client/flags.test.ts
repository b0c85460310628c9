import { expect, it } from 'vitest';
import { wholeNumber } from '../../../client/flags.ts';

it.each([
  ['1', 1],
  ['2147483647', 2_147_483_647],
])('takes %s', (text, expected) => {
  expect(wholeNumber('--limit', text, 1)).toBe(expected);
});

it.each(['0', '-1', '01', '1.5', '1e3', '', 'x', '2147483648', '99999999999999999999'])('refuses "%s"', (text) => {
  expect(() => wholeNumber('--limit', text, 1)).toThrow(expect.objectContaining({ code: 'USAGE', message: `--limit is "${text}"; allowed: a whole number from 1 to 2147483647` }));
});

it('takes the largest of its own', () => {
  expect(wholeNumber('--timeout', '36500', 1, 36_500)).toBe(36_500);
  expect(() => wholeNumber('--timeout', '36501', 1, 36_500)).toThrow('1 to 36500');
});
