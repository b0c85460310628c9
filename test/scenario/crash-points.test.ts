import { beforeAll, describe, expect, inject, test } from 'vitest';
import type { CrashPoint } from '../../activities/effects.ts';
import { crashPointsOf } from '../../activities/effects.ts';
import type { CrashResult } from '../support/crash.ts';
import { CRASH_POINTS, crashAt } from '../support/crash.ts';
import { inParallel } from '../support/fault-session.ts';
import { sample } from '../support/sample.ts';
import { situationOf, SITUATIONS } from '../support/situations.ts';

/** Every point is tried by `npm run crash`; here some of them, other ones when KEEL_TEST_SEED says so. */
const SEED = process.env['KEEL_TEST_SEED'] ?? '1';
const POINTS = sample(CRASH_POINTS, 4, SEED);
const AT_ONCE = 2;

describe('every crash point', () => {
  test('has a situation that comes by it; one without is named', () => {
    expect(CRASH_POINTS.filter((point) => !SITUATIONS.some((it) => it.reaches.some((effect) => point.startsWith(`${effect}/`))))).toEqual([]);
    const [added] = crashPointsOf({ newActivity: { effects: ['venue.submit'] } }) as [CrashPoint];
    expect(() => situationOf(added)).toThrow('newActivity/venue.submit/before');
  });

  test('that a situation names is there', () => {
    const named = SITUATIONS.flatMap(({ reaches }) => reaches);
    expect(named.filter((effect) => !CRASH_POINTS.some((point) => point.startsWith(`${effect}/`)))).toEqual([]);
    expect(new Set(named).size).toBe(named.length);
  });
});

describe('a worker killed', () => {
  const results = new Map<CrashPoint, CrashResult>();
  beforeAll(async () => {
    const servers = { postgresUrl: inject('postgresUrl'), temporalAddress: inject('temporalAddress') };
    for (const result of await inParallel(AT_ONCE, POINTS.map((point) => () => crashAt(point, servers)))) results.set(result.point, result);
  }, 600_000);

  test.each(POINTS)(`at %s costs nothing (seed ${SEED})`, (point) => {
    const result = results.get(point);
    expect(result?.mark).toMatchObject({ point, action: 'kill' });
    expect(result?.violations).toEqual([]);
    expect(result?.trades).toBeGreaterThan(0);
    expect(result?.cycles).toBeGreaterThan(0);
  });
});
