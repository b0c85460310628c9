import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Newest } from '../../../../domain/health/check.ts';
import { FAILURES_TO_UNHEALTHY, hasFailed, levelNow, monitorReading, nextCheck } from '../../../../domain/health/check.ts';
import { badnessOf, HEALTH_RULES, limitTextOf } from '../../../../domain/health/rules.ts';
import type { HealthCheck, HealthPart, PartReading, Reading } from '../../../../domain/health/types.ts';
import { HEALTH_PARTS } from '../../../../domain/health/types.ts';

const measured = (value: number, wanted?: number): Reading => ({ kind: 'measured', value, ...(wanted === undefined ? {} : { wanted }) });
const failed: Reading = { kind: 'failed', problem: 'no answer' };
const none: Reading = { kind: 'none', why: 'nothing evaluates predictions yet' };
const looked = (parts: Partial<Record<HealthPart, Reading>>): PartReading[] => Object.entries(parts).map(([part, reading]) => ({ part: part as HealthPart, reading }));

/** Checks one after the other, 10 s apart. */
function after(...looks: readonly Partial<Record<HealthPart, Reading>>[]) {
  let result: ReturnType<typeof nextCheck> | null = null;
  looks.forEach((parts, index) => { result = nextCheck((result as ReturnType<typeof nextCheck> | null)?.check ?? null, looked(parts), { at: (index + 1) * 10_000, unhealthyParts: 2 }); });
  return result as unknown as ReturnType<typeof nextCheck>;
}

const WELL: Partial<Record<HealthPart, Reading>> = { engine: measured(5), database: measured(2), venue: measured(20) };

describe('one number', () => {
  it.each<[HealthPart, number, number | undefined, string]>([
    ['engine', 999, undefined, 'healthy'],
    ['engine', 1_000, undefined, 'degraded'],
    ['engine', 3_000, undefined, 'unhealthy'],
    ['database', NaN, undefined, 'unhealthy'],
    ['accountFeed', 14.9, undefined, 'healthy'],
    ['accountFeed', 15, undefined, 'degraded'],
    ['accountFeed', 60, undefined, 'unhealthy'],
    ['marketFeed', 1.99, undefined, 'healthy'],
    ['marketFeed', 2, undefined, 'unhealthy'],
    ['clock', 499, undefined, 'healthy'],
    ['clock', 1_000, undefined, 'unhealthy'],
    ['disk', 1_024, undefined, 'healthy'],
    ['disk', 1_023, undefined, 'degraded'],
    ['disk', 127, undefined, 'unhealthy'],
    ['memory', 255, undefined, 'degraded'],
    ['memory', 63, undefined, 'unhealthy'],
    ['workers.venue', 2, 2, 'healthy'],
    ['workers.venue', 1, 2, 'degraded'],
    ['workers.venue', 0, 2, 'unhealthy'],
    ['schedules', 0, undefined, 'healthy'],
    ['schedules', 9, undefined, 'degraded'],
    ['cycle', 2, undefined, 'unhealthy'],
    ['evaluation', 2, undefined, 'degraded'],
  ])('%s %d of %s is %s', (part, value, wanted, expected) => expect(badnessOf(HEALTH_RULES[part], value, wanted)).toBe(expected));

  it.each<[HealthPart, number | undefined, string]>([
    ['engine', undefined, 'below 1000, unhealthy from 3000 ms'],
    ['disk', undefined, 'at least 1024, unhealthy below 128 MiB free'],
    ['cycle', undefined, 'below 2 timeframes'],
    ['workers.venue', 2, 'at least 2, unhealthy below 1 workers'],
    ['schedules', undefined, 'below 1 late, paused or missing'],
  ])('%s says its limits: %s', (part, wanted, expected) => expect(limitTextOf(HEALTH_RULES[part], wanted)).toBe(expected));
});

describe('a check', () => {
  it('of parts that are well is healthy, and tells of nothing', () => {
    const { check, changes } = after(WELL);
    expect([check.level, changes, hasFailed(check)]).toEqual(['healthy', [], false]);
    expect(check.parts[0]).toEqual({ part: 'engine', state: 'healthy', value: '5 ms', limit: 'below 1000, unhealthy from 3000 ms', failures: 0, since: 10_000, action: null });
  });

  it('finds a part unhealthy at the third failure in a row, and well at the first good look', () => {
    const ill = { ...WELL, venue: failed };
    expect(after(WELL, ill)).toMatchObject({ check: { level: 'degraded' }, changes: [{ part: 'venue', from: 'healthy', to: 'degraded' }] });
    expect(after(WELL, ill, ill)).toMatchObject({ check: { level: 'degraded' }, changes: [] });
    const third = after(WELL, ill, ill, ill);
    expect(third).toMatchObject({ check: { level: 'degraded' }, changes: [{ part: 'venue', from: 'degraded', to: 'unhealthy' }] });
    expect(third.check.parts[2]).toMatchObject({ state: 'unhealthy', value: 'no answer', failures: FAILURES_TO_UNHEALTHY, since: 40_000, action: HEALTH_RULES.venue.action });
    expect(after(WELL, ill, ill, ill, WELL)).toMatchObject({ check: { level: 'healthy' }, changes: [{ part: 'venue', from: 'unhealthy', to: 'healthy' }] });
    expect(after(WELL, ill, ill, WELL, ill)).toMatchObject({ check: { level: 'degraded' }, changes: [{ part: 'venue', from: 'healthy', to: 'degraded' }] });
  });

  it.each<[string, Partial<Record<HealthPart, Reading>>, string]>([
    ['two parts unhealthy', { ...WELL, venue: failed, database: failed }, 'critical'],
    ['one unhealthy, one slow', { ...WELL, venue: failed, database: measured(1_500) }, 'degraded'],
    ['nothing to look at yet is not counted', { ...WELL, evaluation: none }, 'healthy'],
    ['nothing but that is no health', { evaluation: none }, 'degraded'],
    ['no part at all is no health', {}, 'degraded'],
  ])('%s', (_name, parts, level) => expect(after(parts, parts, parts).check.level).toBe(level));

  it('waits no longer for what must come: then it is degraded, until something comes', () => {
    const [never, come]: [Reading, Reading] = [{ kind: 'none', why: 'no candle came yet', graceMs: 30_000 }, measured(0)];
    const [waits, had] = [{ ...WELL, marketFeed: never }, { ...WELL, marketFeed: come }];
    const partOf = (result: ReturnType<typeof nextCheck>) => result.check.parts.find((it) => it.part === 'marketFeed');
    expect(after(waits, waits, waits)).toMatchObject({ check: { level: 'healthy' }, changes: [] });
    const late = after(waits, waits, waits, waits);
    expect(late).toMatchObject({ check: { level: 'degraded' }, changes: [{ part: 'marketFeed', from: 'starting', to: 'degraded' }] });
    expect(partOf(late)).toMatchObject({ state: 'degraded', value: 'no candle came yet', failures: 0, since: 40_000, action: HEALTH_RULES.marketFeed.action });
    expect(partOf(after(waits, waits, waits, waits, waits, waits))).toMatchObject({ state: 'degraded', since: 40_000 });
    expect(after(waits, waits, waits, waits, had)).toMatchObject({ check: { level: 'healthy' }, changes: [{ part: 'marketFeed', from: 'degraded', to: 'healthy' }] });
    expect(partOf(after(waits, waits, { ...WELL, marketFeed: none }, waits))).toMatchObject({ state: 'degraded' }); // what it hangs on was away meanwhile: it waits all the same
  });

  it('does not hold the waiting before a long stop against a start', () => {
    const waits = looked({ ...WELL, cycle: { kind: 'none', why: 'no cycle was recorded yet', graceMs: 30_000 } });
    const stopped = nextCheck(null, waits, { at: 0, unhealthyParts: 2 }).check;
    const stateAt = (at: number) => nextCheck(stopped, waits, { at, unhealthyParts: 2 }).check.parts.find((it) => it.part === 'cycle')?.state;
    expect([stateAt(29_999), stateAt(30_000), stateAt(30_001)]).toEqual(['starting', 'degraded', 'starting']);
  });

  it('says why a part is not counted', () => expect(after({ evaluation: none }).check.parts[0]).toMatchObject({ state: 'starting', value: 'not counted: nothing evaluates predictions yet', action: null }));
});

describe('what the emergency stop hears', () => {
  const HOUR = 3_600_000;
  it.each<[string, Newest | null, { now: number; since: number }, string, string]>([
    ['a check of just now', { at: HOUR, level: 'healthy' }, { now: HOUR + 9_000, since: 0 }, 'ok', 'healthy'],
    ['a degraded one', { at: HOUR, level: 'degraded' }, { now: HOUR, since: 0 }, 'ok', 'degraded'],
    ['a critical one', { at: HOUR, level: 'critical' }, { now: HOUR, since: 0 }, 'critical', 'critical'],
    ['one of five minutes ago', { at: HOUR, level: 'healthy' }, { now: HOUR + 300_000, since: 0 }, 'ok', 'healthy'],
    ['an older one', { at: HOUR, level: 'healthy' }, { now: HOUR + 300_001, since: 0 }, 'unreachable', 'degraded'],
    ['an old critical one', { at: HOUR, level: 'critical' }, { now: HOUR + 300_001, since: 0 }, 'unreachable', 'degraded'],
    ['an old one, right after a start', { at: HOUR, level: 'critical' }, { now: 9 * HOUR, since: 9 * HOUR - 1_000 }, 'ok', 'degraded'],
    ['none, right after a start', null, { now: 300_000, since: 0 }, 'ok', 'degraded'],
    ['none for too long', null, { now: 300_001, since: 0 }, 'unreachable', 'degraded'],
    ['an old one of a looker that was stopped in good order', { at: HOUR, level: 'healthy', isStopped: true }, { now: 9 * HOUR, since: 0 }, 'ok', 'degraded'],
    ['one of the future', { at: 9 * HOUR, level: 'healthy' }, { now: HOUR, since: 0 }, 'unreachable', 'degraded'],
  ])('%s', (_name, newest, times, reading, level) => {
    expect(monitorReading({ newest, staleMs: 300_000, ...times })).toBe(reading);
    expect(levelNow({ newest, staleMs: 300_000, now: times.now })).toBe(level);
  });
});

it('never takes a part for healthy that failed, and is critical exactly when enough are unhealthy', () => {
  const reading: fc.Arbitrary<Reading> = fc.oneof(fc.constant(failed), fc.constant(none), fc.constant({ ...none, graceMs: 2 }), fc.double().map((value) => measured(value)));
  const looks = fc.array(fc.dictionary(fc.constantFrom(...HEALTH_PARTS), reading), { minLength: 1, maxLength: 6 });
  fc.assert(fc.property(looks, fc.integer({ min: 1, max: 4 }), (many, unhealthyParts) => {
    let before: HealthCheck | null = null;
    for (const [index, parts] of many.entries()) {
      const { check, changes }: ReturnType<typeof nextCheck> = nextCheck(before, looked(parts), { at: index, unhealthyParts });
      for (const it of check.parts) {
        if (parts[it.part]?.kind === 'failed') expect(it.state).not.toBe('healthy');
        if (it.state === 'unhealthy') expect(it.failures).toBeGreaterThanOrEqual(FAILURES_TO_UNHEALTHY);
        expect(it.action === null).toBe(it.state === 'healthy' || it.state === 'starting');
      }
      expect(check.level === 'critical').toBe(check.parts.filter((it) => it.state === 'unhealthy').length >= unhealthyParts);
      for (const { from, to } of changes) expect(from).not.toBe(to);
      before = check;
    }
  }), { numRuns: 60 });
});

it('docs/health.md lists every part with its limits', () => {
  const docs = readFileSync(new URL('../../../../docs/health.md', import.meta.url), 'utf8');
  expect(docs).toContain(HEALTH_PARTS.map((part) => `| \`${part}\` | ${HEALTH_RULES[part].about} | ${limitTextOf(HEALTH_RULES[part])} |`).join('\n'));
});
