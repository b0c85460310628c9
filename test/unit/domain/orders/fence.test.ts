import { describe, expect, it } from 'vitest';
import { FENCE_TIMES, isSealProven, lowered, raised, sealableAt } from '../../../../domain/orders/fence.ts';

describe('the fence', () => {
  it.each([
    ['a stop halts and moves the epoch on', raised({ epoch: 3, halted: false }), { epoch: 4, halted: true }],
    ['a second stop while halted changes nothing', raised({ epoch: 4, halted: true }), { epoch: 4, halted: true }],
    ['a resume keeps the epoch', lowered({ epoch: 4, halted: true }), { epoch: 4, halted: false }],
    ['the next stop moves it on again', raised(lowered({ epoch: 4, halted: true })), { epoch: 5, halted: true }],
  ])('%s', (_name, fence, expected) => {
    expect(fence).toEqual(expected);
  });
});

describe('sealed', () => {
  const RAISED_AT = 10_000;
  const SEALABLE_AT = 14_000;

  it('may be looked for after recvWindow and two seconds', () => {
    expect(sealableAt(RAISED_AT, FENCE_TIMES)).toBe(SEALABLE_AT);
  });

  it.each([
    ['no look', [], false],
    ['one look', [SEALABLE_AT], false],
    ['two, too near', [SEALABLE_AT, SEALABLE_AT + 249], false],
    ['two, apart', [SEALABLE_AT, SEALABLE_AT + 250], true],
    ['the first too early', [SEALABLE_AT - 1, SEALABLE_AT + 250], false],
  ])('%s', (_name, looks, expected) => {
    expect(isSealProven(RAISED_AT, looks.map((atMs) => ({ atMs })), FENCE_TIMES)).toBe(expected);
  });
});
