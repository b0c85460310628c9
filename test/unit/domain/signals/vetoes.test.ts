import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstRefusal } from '../../../../domain/checks/check.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';
import type { Side } from '../../../../domain/orders/order.ts';
import type { VetoInput } from '../../../../domain/signals/vetoes.ts';
import { batchDropouts, VETOES } from '../../../../domain/signals/vetoes.ts';

const policy = PRESETS.normal;
const sides = (buys: number, sells: number): Side[] => [...Array.from({ length: buys }, (): Side => 'buy'), ...Array.from({ length: sells }, (): Side => 'sell')];
const INPUT: VetoInput = { side: 'buy', rsi: 55, lastEntryAt: null, closeTime: 1_000_000, recentSides: [], policy };

// Each row changes one thing of a buy that nothing speaks against.
it.each<[string, Partial<VetoInput>, string | null]>([
  ['nothing', {}, null],
  ['a buy at RSI 80', { rsi: 80 }, null],
  ['a buy above it', { rsi: 80.1 }, 'rsiHigh'],
  ['a sell above it', { rsi: 80.1, side: 'sell' }, null],
  ['a sell at RSI 20', { rsi: 20, side: 'sell' }, null],
  ['a sell below it', { rsi: 19.9, side: 'sell' }, 'rsiLow'],
  ['a buy below it', { rsi: 19.9 }, null],
  ['an unknown RSI lets pass', { rsi: null }, null],
  ['five minutes after the last entry', { lastEntryAt: 700_000 }, null],
  ['a second less', { lastEntryAt: 701_000 }, 'cooldown'],
  ['14 buys of the last 20', { recentSides: sides(14, 6) }, null],
  ['15 of 20', { recentSides: sides(15, 5) }, 'sideShare'],
  ['15 of 20, and a sell', { recentSides: sides(15, 5), side: 'sell' }, null],
  ['19 signals say nothing yet', { recentSides: sides(19, 0) }, null],
  ['only the newest 20 count', { recentSides: [...sides(10, 0), ...sides(14, 6)] }, null],
])('%s', (_name, changes, code) => {
  expect(firstRefusal(VETOES, { ...INPUT, ...changes })?.code ?? null).toBe(code);
});

describe('a batch', () => {
  const batch = (buys: number, sells: number) => sides(buys, sells).map((side, index) => ({ instrumentId: `S${index}`, side, score: index / 100 }));
  it.each([
    ['of five may buy all', batch(5, 0), []],
    ['of six buys two', batch(6, 0), ['S0', 'S1', 'S2', 'S3']],
    ['of ten with four buys keeps them', batch(4, 6), []],
    ['of ten with five buys loses the weakest', batch(5, 5), ['S0']],
    ['of sells only', batch(0, 9), []],
  ])('%s', (_name, members, dropped) => expect([...batchDropouts(members, policy).keys()].sort()).toEqual(dropped));

  it('never keeps more buys than its share, and never a weaker one for a stronger', () => {
    const member = fc.record({ instrumentId: fc.uuid(), side: fc.constantFrom<Side>('buy', 'sell'), score: fc.double({ min: 0, max: 1, noNaN: true }) });
    fc.assert(fc.property(fc.uniqueArray(member, { selector: (it) => it.instrumentId, maxLength: 40 }), (members) => {
      const dropped = batchDropouts(members, policy);
      const kept = members.filter((it) => it.side === 'buy' && !dropped.has(it.instrumentId));
      if (members.length > policy.batchFree) expect(kept.length).toBeLessThanOrEqual(members.length * policy.batchBuyShareMax);
      for (const out of members.filter((it) => dropped.has(it.instrumentId))) for (const it of kept) expect(it.score).toBeGreaterThanOrEqual(out.score);
    }));
  });
});
