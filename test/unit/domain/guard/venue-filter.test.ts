import { describe, expect, it } from 'vitest';
import { firstRefusal } from '../../../../domain/checks/check.ts';
import { NO_CONDITIONS } from '../../../../domain/cycle/risk-facts.ts';
import type { VenueConditions } from '../../../../domain/cycle/risk-facts.ts';
import type { VenueFilterInput } from '../../../../domain/guard/venue-filter.ts';
import { VENUE_FILTER, warnsOfFunding } from '../../../../domain/guard/venue-filter.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';
import { CLOSE_TIME, LIQUID } from '../cycle/plan.fixture.ts';

const MINUTE_MS = 60_000;
const input = (conditions: Partial<VenueConditions>, side: VenueFilterInput['side'] = 'buy'): VenueFilterInput => ({ side, conditions: { ...LIQUID, ...conditions }, closeTime: CLOSE_TIME, policy: PRESETS.normal });
const funding = (rateBps: number, minutes = 120) => ({ funding: { rateBps, nextAt: CLOSE_TIME + minutes * MINUTE_MS, intervalHours: 8 } });
const after = (rateBps: number, minutes: number) => funding(rateBps, 480 - minutes);

// Each row changes one thing of a liquid market.
it.each<[string, VenueFilterInput, string | null]>([
  ['a volume of 5 M', input({ volume24h: '5000000' }), null],
  ['a little less', input({ volume24h: '4999999.99' }), 'volume'],
  ['a spread of 3 bps', input({ spreadBps: 3 }), null],
  ['a little more', input({ spreadBps: 3.0001 }), 'spread'],
  ['a depth of 200 k', input({ depth: '200000' }), null],
  ['a little less depth', input({ depth: '199999' }), 'depth'],
  ['longs pay 0.1 % per 8 h', input(funding(10)), null],
  ['a little more', input(funding(10.01)), 'funding'],
  ['shorts are paid it', input(funding(10.01), 'sell'), null],
  ['shorts pay as much', input(funding(-10.01), 'sell'), 'funding'],
  ['longs are paid', input(funding(-10.01)), null],
  ['41 min before a funding time', input(funding(1, 41)), null],
  ['40 min before', input(funding(1, 40)), 'fundingWindow'],
  ['40 min before, on the side that is paid', input(funding(1, 40), 'sell'), null],
  ['20 min after', input(after(1, 20)), 'fundingWindow'],
  ['21 min after', input(after(1, 21)), null],
  ['every four hours: 20 min after', input({ funding: { rateBps: 1, nextAt: CLOSE_TIME + 220 * MINUTE_MS, intervalHours: 4 } }), 'fundingWindow'],
])('%s', (_name, given, code) => expect(firstRefusal(VENUE_FILTER, given)?.code ?? null).toBe(code));

// The candle closed 5 min before a funding time, or 70; the venue tells the next one as it is at the look.
const lookedAt = (minutesLate: number, nextInMinutes: number): VenueFilterInput => ({ ...input(funding(1, nextInMinutes)), marketTime: CLOSE_TIME + minutesLate * MINUTE_MS });
it.each<[string, VenueFilterInput, string | null]>([
  ['2 min after a funding time that came since the close', lookedAt(7, 485), 'fundingWindow'],
  ['20 min after it', lookedAt(25, 485), 'fundingWindow'],
  ['21 min after it', lookedAt(26, 485), null],
  ['40 min before one, an hour and more before at the close', lookedAt(30, 70), 'fundingWindow'],
  ['41 min before it', lookedAt(29, 70), null],
  ['at it', lookedAt(5, 5), 'fundingWindow'],
  ['a minute after it, and the venue still tells it as the next', lookedAt(6, 5), 'fundingWindow'],
  ['a moment before it, and the venue tells the one after', lookedAt(4.9, 485), 'fundingWindow'],
  ['in time, far from any', lookedAt(0, 120), null],
  ['a late cycle from before its time was told, as it was', input(funding(1, 485)), null],
])('%s', (_name, given, code) => expect(firstRefusal(VENUE_FILTER, given)?.code ?? null).toBe(code));

it.each([[5, false], [5.01, true]])('funding of %d bps warns: %s', (bps, expected) => expect(warnsOfFunding(input(funding(bps)))).toBe(expected));

describe('what nobody told', () => {
  it.each(VENUE_FILTER.map((row) => [row.code, row.fails] as const))('%s fails %s', (code, fails) => {
    const refusal = firstRefusal(VENUE_FILTER.filter((it) => it.code === code), { ...input({}), conditions: NO_CONDITIONS });
    expect(refusal?.code ?? null).toBe(fails === 'closed' ? code : null);
  });
  it('volume, spread and depth are needed; funding is not', () => expect(VENUE_FILTER.map((it) => [it.code, it.fails])).toEqual([['volume', 'closed'], ['spread', 'closed'], ['depth', 'closed'], ['funding', 'open'], ['fundingWindow', 'open']]));
});
