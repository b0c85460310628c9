import { expect, it } from 'vitest';
import fc from 'fast-check';
import { lossBps, lossesOf, NO_EQUITY, rebased, withEquity, withTransfer } from '../../../../domain/emergency/equity.ts';
import { NORMAL_LIMITS } from '../../../../domain/emergency/limits.ts';
import type { RiskReadings } from '../../../../domain/emergency/triggers.ts';
import { CALM, crossingOf, TRIGGER_TABLE } from '../../../../domain/emergency/triggers.ts';
import { TRIGGERS } from '../../../../domain/emergency/types.ts';

const LIVE = { isReplay: false };
const first = (readings: Partial<RiskReadings>, options = LIVE): string | null => crossingOf([], { ...CALM, ...readings }, options).cause?.trigger ?? null;

// Calm but for one reading: at its limit it trips, just inside it does not.
it.each<[Partial<RiskReadings>, Partial<RiskReadings>, string]>([
  [{ dailyLossBps: 1_000 },                  { dailyLossBps: 999 },                    'dailyLoss'],
  [{ drawdownBps: 1_000 },                   { drawdownBps: 999 },                     'drawdown'],
  [{ openLossBps: 1_000 },                   { openLossBps: 999 },                     'openLoss'],
  [{ stopOuts: 6 },                          { stopOuts: 5 },                          'stopOuts'],
  [{ executionErrors: 5 },                   { executionErrors: 4 },                   'executionErrors'],
  [{ venueCalls: 20, venueFailures: 6 },     { venueCalls: 20, venueFailures: 5 },     'venueCalls'],
  [{ venueCalls: 20, venueFailures: 20 },    { venueCalls: 19, venueFailures: 19 },    'venueCalls'],
  [{ feedAgeMs: 300_001 },                   { feedAgeMs: 300_000 },                   'feed'],
  [{ isFeedCorrupt: true },                  { isFeedCorrupt: false },                 'feed'],
  [{ health: 'critical' },                   { health: 'ok' },                         'health'],
  [{ health: 'unreachable' },                { health: 'ok' },                         'health'],
  [{ ledgerDiffers: 'BTC' },                 { ledgerDiffers: null },                  'ledgerDiffers'],
])('%j trips, %j does not: %s', (at, inside, trigger) => {
  expect([first(at), first(inside)]).toEqual([trigger, null]);
});

it('the table is in the order of the specification, and the first that holds wins', () => {
  expect(TRIGGER_TABLE.map((rule) => rule.trigger)).toEqual(TRIGGERS.filter((it) => it !== 'person'));
  expect(first({ stopOuts: 9, drawdownBps: 2_000, ledgerDiffers: 'x' })).toBe('drawdown');
});

it('in a replay market data alone acts, and the machinery where the policy asks', () => {
  const machinery = { executionErrors: 9, feedAgeMs: 1e9, health: 'critical', ledgerDiffers: 'x' } as const;
  expect(first(machinery, { isReplay: true })).toBeNull();
  expect(first({ ...machinery, stopOuts: 6 }, { isReplay: true })).toBe('stopOuts');
  expect(first({ openLossBps: 1_000 }, { isReplay: true })).toBe('openLoss');
  expect(crossingOf([], { ...CALM, ...machinery }, { isReplay: true, limits: { ...NORMAL_LIMITS, machineryInReplay: true } }).cause?.trigger).toBe('executionErrors');
});

it('a crossing is told once, and again only after it was over', () => {
  const told: string[] = [];
  let memory: ReturnType<typeof crossingOf>['memory'] = [];
  for (const drawdownBps of [900, 1_000, 1_100, 950, 1_000, 801, 1_000, 799, 1_000]) {
    const crossing = crossingOf(memory, { ...CALM, drawdownBps }, LIVE);
    memory = crossing.memory;
    told.push(crossing.cause === null ? '' : String(drawdownBps));
  }
  expect(told).toEqual(['', '1000', '', '', '', '', '', '', '1000']);
});

it('losses: peak, day and 24 hours', () => {
  const H = 3_600_000;
  const at = (hours: number, equity: number) => ({ at: hours * H, equity });
  const memory = [at(0, 1_000), at(10, 1_200), at(20, 1_100), at(30, 990)].reduce((past, point) => withEquity(past, point), NO_EQUITY);
  // The day began (hour 24) at the last equity of the day before; the high of 24 h is that of hour 10.
  expect(lossesOf(memory)).toEqual({ drawdownBps: 1_750, dailyLossBps: 1_000, recoveryDrawdownBps: 1_750 });
  expect(lossesOf(withEquity(memory, at(35, 990))).recoveryDrawdownBps).toBe(1_000);
  expect(lossesOf(rebased(memory))).toMatchObject({ drawdownBps: 0, recoveryDrawdownBps: 1_750 });
});

it('highs nearer than a quarter of an hour are one, so a day of falling prices stays small', () => {
  let memory = NO_EQUITY;
  for (let minute = 0; minute <= 3 * 1_440; minute += 1) memory = withEquity(memory, { at: minute * 60_000, equity: 100_000 - minute });
  expect(memory.highs.length).toBeLessThanOrEqual(97);
  const high = 100_000 - 2 * 1_440;
  expect(lossesOf(memory).recoveryDrawdownBps).toBeCloseTo(lossBps(high, 100_000 - 3 * 1_440), -1);
});

it('an earlier or broken point changes nothing', () => {
  const memory = withEquity(NO_EQUITY, { at: 10, equity: 100 });
  expect(withEquity(memory, { at: 9, equity: 1 })).toBe(memory);
  expect(withEquity(memory, { at: 11, equity: Number.NaN })).toBe(memory);
});

it('a transfer is neither profit nor loss', () => {
  fc.assert(fc.property(fc.array(fc.integer({ min: 1, max: 10_000 }), { minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 100_000 }), (equities, amount) => {
    const memory = equities.map((equity, at) => ({ at, equity })).reduce((past, point) => withEquity(past, point), NO_EQUITY);
    const after = withEquity(withTransfer(memory, amount), { at: equities.length, equity: (equities.at(-1) ?? 0) + amount });
    const peak = Math.max(...equities) + amount;
    expect(lossesOf(after).drawdownBps).toBeCloseTo(lossBps(peak, (equities.at(-1) ?? 0) + amount), 6);
  }));
});

it('a loss is never negative and never more than everything', () => {
  expect([lossBps(100, 120), lossBps(100, 90), lossBps(100, -50), lossBps(0, 0), lossBps(0, -1)]).toEqual([0, 1_000, 10_000, 0, 10_000]);
});
