import { describe, expect, it } from 'vitest';
import type { EngineSigns } from '../../../activities/health-probes.ts';
import type { HealthDeps } from '../../../activities/health.ts';
import { createHealthActivities, createHealthMonitor } from '../../../activities/health.ts';
import { applyGuard, ARMED } from '../../../domain/emergency/guard.ts';
import type { GuardCommand } from '../../../domain/emergency/guard.ts';
import { KeelError } from '../../../domain/errors.ts';
import { FIRST_POSTURE } from '../../../domain/oversight/posture.ts';
import { nextCheck } from '../../../domain/health/check.ts';
import type { HealthCheck, HealthPart, PartReading } from '../../../domain/health/types.ts';
import type { HealthSigns, HealthStore } from '../../../domain/ports/health.ts';
import type { GuardView, Ledger } from '../../../domain/ports/ledger.ts';
import type { Venue } from '../../../domain/ports/venue.ts';
import type { HealthInput } from '../../../workflows/messages.ts';
import { portOf } from '../../support/ports.ts';

const HOUR = 3_600_000;
const NOW = 1_000 * HOUR;
const AWAY = (): Promise<never> => Promise.reject(new KeelError('DATABASE_UNREACHABLE', 'the ledger is away'));
const GONE = (): Promise<never> => Promise.reject(new KeelError('VENUE_UNREACHABLE', 'the venue is away'));
const INPUT: HealthInput = { portfolioId: 'p', strategy: 's', timeframe: '1h', workers: 2, schedules: [{ id: 'reconciliation/p', everyMs: 60_000 }], startedAt: NOW, lastsMs: 0 };
const SIGNS: HealthSigns = {
  isRecordOnly: false, accountHeardAt: NOW - 1_000, isAccountFeedCorrupt: false, policy: { refused: 0, problem: null },
  newestCandle: { closeTime: NOW - HOUR / 2, writtenAt: NOW - HOUR / 2 }, lastCycle: { closeTime: NOW - HOUR / 2, writtenAt: NOW - HOUR / 2 }, evaluation: null, lastRetrain: null,
};
const ENGINE: EngineSigns = {
  ping: () => Promise.resolve(), workers: () => Promise.resolve([{ role: 'trading', alive: 2 }, { role: 'feeds', alive: 2 }]),
  schedules: (ids) => Promise.resolve(ids.map((id) => ({ id, exists: true, isPaused: false, lastAt: NOW - 5_000 }))),
};

interface Changes {
  /** Tries to tell people that fail. */
  readonly deaf?: number;
  /** As the ledger tells of the policy. */
  readonly unhealthyParts?: number;
  readonly signs?: Partial<HealthSigns> | 'away';
  readonly engine?: Partial<EngineSigns>;
  readonly venue?: Partial<Venue>;
  readonly room?: { diskFree: number; memoryFree: number };
}

function system({ deaf = 0, unhealthyParts = 2, signs: given = {}, engine = {}, venue = {}, room = { diskFree: 1e12, memoryFree: 1e10 } }: Changes = {}) {
  let signs = given;
  let failures = deaf;
  const seen = { told: [] as string[], tries: 0, setSigns: (next: NonNullable<Changes['signs']>) => { signs = next; }, checks: [] as HealthCheck[], readings: [] as readonly PartReading[], commands: [] as GuardCommand[], overseen: [] as string[], woken: 0, tripped: [] as string[], guard: ARMED, nowMs: NOW, checkTakesMs: 0, stopping: new AbortController() };
  const store: Partial<HealthStore> = {
    signs: () => (signs === 'away' ? AWAY() : Promise.resolve({ ...SIGNS, ...signs })),
    record: (_portfolioId, readings, at) => {
      if (signs === 'away') return AWAY();
      const { check } = nextCheck(seen.checks.at(-1) ?? null, readings, { at, unhealthyParts });
      seen.checks.push(check);
      seen.readings = readings;
      seen.nowMs += seen.checkTakesMs;
      return Promise.resolve({ check, nextMs: 10, unhealthyParts });
    },
  };
  const deps: HealthDeps = {
    store: portOf<HealthStore>(store), engineSigns: { ...ENGINE, ...engine }, machine: { room: () => Promise.resolve(room) }, clock: () => seen.nowMs,
    venue: portOf<Venue>({ ping: () => Promise.resolve({ roundTripMs: 7, skewMs: -3 }), marketTime: () => Promise.resolve(NOW), circuit: () => 'closed', ...venue }),
    ledger: portOf<Ledger>({
      oversee: (_portfolioId, { by }) => {
        seen.overseen.push(by);
        return Promise.resolve({ state: FIRST_POSTURE, change: null });
      },
      guard: () => Promise.resolve({ state: seen.guard } as GuardView),
      commandGuard: (_portfolioId, command) => {
        seen.commands.push(command);
        const change = applyGuard(seen.guard, command);
        seen.guard = change.state;
        return Promise.resolve({ ...change, fence: { epoch: 2, halted: true } });
      },
    }),
    engine: { wakeGuard: () => { seen.woken += 1; return Promise.resolve(); }, tripGuard: (_portfolioId, { trigger, reason }) => { seen.tripped.push(`${trigger}: ${reason}`); return Promise.resolve(); } },
    people: {
      tell: ({ level, text }) => {
        seen.tries += 1;
        if (failures-- > 0) return Promise.reject(new Error('the webhook is away'));
        seen.told.push(`${level} ${text}`);
        return Promise.resolve();
      },
    },
    firstRetryMs: 1,
    stopping: seen.stopping.signal,
    cancelled: () => new Promise(() => undefined),
  };
  const { checkHealth } = createHealthActivities(deps);
  const states = async (): Promise<Partial<Record<HealthPart, string>>> => {
    await checkHealth(INPUT);
    return Object.fromEntries((seen.checks.at(-1)?.parts ?? []).map(({ part, state, value }) => [part, `${state}: ${value}`]));
  };
  return { checkHealth, seen, states };
}

describe('a look at each part', () => {
  it('of a system that is well', async () => {
    expect(await system().states()).toMatchObject({
      venue: 'healthy: 7 ms (circuit closed)', clock: 'healthy: 3 ms (before the venue)', accountFeed: 'healthy: 1 s', marketFeed: 'healthy: 0.5 timeframes', cycle: 'healthy: 0.5 timeframes',
      'workers.trading': 'healthy: 2 workers', 'workers.feeds': 'healthy: 2 workers', schedules: 'healthy: 0 late, paused or missing (1 on time)',
      disk: 'healthy: 953674 MiB free', evaluation: 'starting: not counted: no prediction waits, and none was evaluated yet',
    });
  });

  it.each<[string, Changes, Partial<Record<HealthPart, string>>]>([
    ['the venue is away: what hangs on it is not counted', { venue: { ping: GONE, marketTime: GONE } }, { venue: 'degraded: the venue is away (circuit closed)', clock: 'starting: not counted: the venue does not answer', cycle: 'starting: not counted: the venue does not answer', database: expect.stringMatching(/^healthy/) as string }],
    ['the market alone is away', { venue: { marketTime: GONE } }, { venue: 'degraded: the venue is away (circuit closed)' }],
    ['the engine is away', { engine: { ping: () => Promise.reject(new Error('14 UNAVAILABLE')) } }, { engine: 'degraded: 14 UNAVAILABLE', schedules: 'starting: not counted: the engine does not answer' }],
    ['a queue has no worker', { engine: { workers: () => Promise.resolve([{ role: 'feeds', alive: 0 }]) } }, { 'workers.feeds': 'degraded: 0 workers' }],
    ['a queue has one of two', { engine: { workers: () => Promise.resolve([{ role: 'feeds', alive: 1 }]) } }, { 'workers.feeds': 'degraded: 1 workers' }],
    ['a Schedule is missing', { engine: { schedules: () => Promise.resolve([]) } }, { schedules: 'degraded: 1 late, paused or missing (reconciliation/p is missing)' }],
    ['a Schedule is paused', { engine: { schedules: ([id = '']) => Promise.resolve([{ id, exists: true, isPaused: true, lastAt: NOW }]) } }, { schedules: 'degraded: 1 late, paused or missing (reconciliation/p is paused)' }],
    ['a Schedule is late', { engine: { schedules: ([id = '']) => Promise.resolve([{ id, exists: true, isPaused: false, lastAt: NOW - 151_000 }]) } }, { schedules: 'degraded: 1 late, paused or missing (reconciliation/p last ran 151 s ago)' }],
    ['the policy is not valid', { signs: { policy: { refused: 2, problem: `version 7 is not valid: ${'x'.repeat(400)}` } } }, { policy: expect.stringMatching(/^degraded: 2 keys refused \(version 7 is not valid: x{276}\)$/) as string }],
    ['the account\'s stream is corrupt', { signs: { isAccountFeedCorrupt: true } }, { accountFeed: 'degraded: it brings what cannot be understood' }],
    ['the account\'s stream was never open', { signs: { accountHeardAt: null } }, { accountFeed: 'starting: not counted: it was never open' }],
    ['the account\'s stream is silent for just under 15 s', { signs: { accountHeardAt: NOW - 14_900 } }, { accountFeed: 'healthy: 14.9 s' }],
    ['for 15 s', { signs: { accountHeardAt: NOW - 15_000 } }, { accountFeed: 'degraded: 15 s' }],
    ['no candle for two hours', { signs: { newestCandle: { closeTime: NOW - 2 * HOUR, writtenAt: NOW - 2 * HOUR } } }, { marketFeed: 'degraded: 2 timeframes' }],
    ['a fast market whose candle was written just now', { signs: { newestCandle: { closeTime: NOW - 9 * HOUR, writtenAt: NOW - 20_000 } } }, { marketFeed: 'healthy: 0 timeframes' }],
    ['no cycle yet', { signs: { lastCycle: null } }, { cycle: 'starting: not counted: no cycle was recorded yet' }],
    ['a prediction that is due for three hours', { signs: { evaluation: { oldestDueAt: NOW - 3 * HOUR, writtenAt: NOW - 3 * HOUR } } }, { evaluation: 'degraded: 3 timeframes' }],
    ['a prediction that is due for three hours, and none was ever evaluated', { signs: { evaluation: { oldestDueAt: NOW - 3 * HOUR, writtenAt: null } } }, { evaluation: 'degraded: 3 timeframes' }],
    ['no prediction waits', { signs: { evaluation: { oldestDueAt: null, writtenAt: NOW - 3 * HOUR } } }, { evaluation: 'healthy: 0 timeframes' }],
    ['little room', { room: { diskFree: 2 ** 29, memoryFree: 2 ** 27 } }, { disk: 'degraded: 512 MiB free', memory: 'degraded: 128 MiB free' }],
  ])('%s', async (_name, changes, expected) => expect(await system(changes).states()).toMatchObject(expected));
});

it.each<[string, number | undefined, HealthSigns['lastRetrain'], string]>([
  ['the last one was a day and an hour ago', 24 * HOUR, { asOf: NOW - 25 * HOUR, writtenAt: NOW - 24 * HOUR }, 'healthy: 1.0417 intervals'],
  ['one was missed', 24 * HOUR, { asOf: NOW - 48 * HOUR, writtenAt: NOW - 47 * HOUR }, 'degraded: 2 intervals'],
  ['a fast market, where it ended just now', 24 * HOUR, { asOf: NOW - 90 * HOUR, writtenAt: NOW - HOUR }, 'healthy: 0 intervals'],
  ['none came yet', 24 * HOUR, null, 'starting: not counted: none came to its end yet'],
  ['none happens by itself', undefined, { asOf: 0, writtenAt: 0 }, 'starting: not counted: none happens by itself'],
])('retrains: %s', async (_name, retrainEveryMs, lastRetrain, expected) => {
  const { checkHealth, seen } = system({ signs: { lastRetrain } });
  await checkHealth({ ...INPUT, ...(retrainEveryMs === undefined ? {} : { retrainEveryMs }) });
  const found = seen.checks.at(-1)?.parts.find((it) => it.part === 'retrain');
  expect(`${found?.state ?? ''}: ${found?.value ?? ''}`).toBe(expected);
});

it.each<[string, HealthInput['timeframe'], Changes, HealthPart, number]>([
  ['candles of an hour: two hours', '1h', { signs: { newestCandle: null } }, 'marketFeed', 2 * HOUR],
  ['candles of a minute: ten minutes', '1m', { signs: { newestCandle: null } }, 'marketFeed', 600_000],
  ['cycles of an hour: two hours', '1h', { signs: { lastCycle: null } }, 'cycle', 2 * HOUR],
  ['the account\'s stream: ten minutes', '1h', { signs: { accountHeardAt: null } }, 'accountFeed', 600_000],
  ['evaluations: as long as nothing is due', '1h', {}, 'evaluation', Infinity],
])('waits for what must come once: %s', async (_name, timeframe, changes, part, graceMs) => {
  const { checkHealth, seen } = system(changes);
  await checkHealth({ ...INPUT, timeframe });
  const found = seen.readings.find((it) => it.part === part)?.reading;
  expect(found?.kind === 'none' ? found.graceMs ?? Infinity : found).toBe(graceMs);
});

describe('a check that is critical', () => {
  const ILL: Changes = { venue: { ping: GONE, marketTime: GONE }, signs: { isAccountFeedCorrupt: true } };

  it('stops trading once, naming the parts', async () => {
    const { checkHealth, seen } = system(ILL);
    for (let look = 1; look <= 4; look += 1) await checkHealth(INPUT);
    expect(seen.checks.map((it) => it.level)).toEqual(['degraded', 'degraded', 'critical', 'critical']);
    expect(seen.commands).toMatchObject([{ kind: 'trip', cause: { trigger: 'health', reason: 'health is critical: accountFeed it brings what cannot be understood; venue the venue is away (circuit closed)', by: 'keel', severity: 'high' } }]);
    expect([seen.woken, seen.guard.mode, seen.overseen]).toEqual([1, 'tripping', Array.from({ length: 4 }, () => 'healthCheck')]);
  });

  it('comes of feeds that ended, or whose worker is gone: they tell nothing, and their silence grows', async () => {
    const ended = { closeTime: NOW - 2 * HOUR, writtenAt: NOW - 2 * HOUR };
    const { checkHealth, seen } = system({ signs: { accountHeardAt: NOW - 60_000, newestCandle: ended } });
    for (let look = 1; look <= 3; look += 1) await checkHealth(INPUT);
    const feeds = seen.checks.map((it) => it.parts.filter(({ part }) => part === 'accountFeed' || part === 'marketFeed').map(({ state }) => state));
    expect(feeds).toEqual([['degraded', 'degraded'], ['degraded', 'degraded'], ['unhealthy', 'unhealthy']]);
    expect([seen.checks.at(-1)?.level, seen.guard.mode]).toEqual(['critical', 'tripping']);
  });

  it('while the ledger is away is told to the guard directly, once', async () => {
    const { checkHealth, seen } = system({ signs: 'away', venue: { ping: GONE, marketTime: GONE } });
    for (let look = 1; look <= 5; look += 1) await checkHealth(INPUT);
    expect(seen.tripped).toEqual([expect.stringMatching(/^health: health is critical: .*database/)]);
    expect(seen.commands).toEqual([]);
  });

  it('is recorded in a replay that does not ask for more, and not acted on', async () => {
    const { checkHealth, seen } = system({ ...ILL, signs: { isAccountFeedCorrupt: true, isRecordOnly: true } });
    for (let look = 1; look <= 3; look += 1) await checkHealth(INPUT);
    expect([seen.checks.at(-1)?.level, seen.commands, seen.overseen]).toEqual(['critical', [], []]);
    seen.setSigns('away');
    for (let look = 1; look <= 3; look += 1) await checkHealth(INPUT);
    expect(seen.tripped).toEqual([]);
  });
});

it('a check that the ledger cannot take is told all the same, and follows on the one before it', async () => {
  const { checkHealth, seen } = system({ signs: 'away' });
  const outcomes = [await checkHealth(INPUT), await checkHealth(INPUT), await checkHealth(INPUT)];
  expect(outcomes.map((it) => [it.level, it.isStored, it.parts.find((part) => part.part === 'database')?.state])).toEqual([['degraded', false, 'degraded'], ['degraded', false, 'degraded'], ['degraded', false, 'unhealthy']]);
  expect(seen.commands).toEqual([]);
});

it.each([[1, 'critical'], [2, 'degraded'], [50, 'degraded']])('while the ledger is away so many unhealthy parts are critical as the policy said last, and never more than usual: %i', async (unhealthyParts, expected) => {
  const { checkHealth, seen } = system({ unhealthyParts });
  await checkHealth(INPUT);
  seen.setSigns('away'); // the database is one part
  const levels: string[] = [];
  for (let look = 1; look <= 3; look += 1) levels.push((await checkHealth(INPUT)).level);
  expect(levels.at(-1)).toBe(expected);
});

it('and with two parts, whatever the policy allows, it is critical', async () => {
  const { checkHealth, seen } = system({ unhealthyParts: 50, venue: { ping: GONE, marketTime: GONE } });
  await checkHealth(INPUT);
  seen.setSigns('away');
  for (let look = 1; look <= 3; look += 1) await checkHealth(INPUT);
  expect(seen.tripped).toHaveLength(1);
});

it('what changes while the ledger is away is told past it until people heard, and that it is over', async () => {
  const { checkHealth, seen } = system({ deaf: 2 });
  await checkHealth(INPUT);
  seen.setSigns('away');
  for (let look = 1; look <= 4; look += 1) await checkHealth(INPUT);
  await expect.poll(() => seen.told).toEqual([expect.stringMatching(/^critical p: database is unhealthy/)]);
  expect(seen.tries).toBe(3);
  seen.setSigns({});
  await checkHealth(INPUT);
  await checkHealth(INPUT);
  await expect.poll(() => seen.told).toEqual([expect.anything(), expect.stringMatching(/^info p: database is healthy again/)]);
});

it('looks again and again until its time is over', async () => {
  const { checkHealth, seen } = system();
  seen.checkTakesMs = 30;
  await checkHealth({ ...INPUT, lastsMs: 100 });
  expect(seen.checks.map((it) => it.at - NOW)).toEqual([0, 30, 60]); // and 10 ms until the next, which would end too late
});

it('a worker that stops waits for no next look', async () => {
  const { checkHealth, seen } = system();
  const looking = checkHealth({ ...INPUT, lastsMs: 3_600_000 });
  seen.stopping.abort();
  await expect(looking).rejects.toMatchObject({ name: 'AbortError' });
});

describe('the monitor', () => {
  const monitored = (answers: readonly (() => ReturnType<HealthStore['standing']>)[]) => {
    const time = { now: NOW, asked: 0 };
    const monitor = createHealthMonitor({ clock: () => time.now, store: { standing: () => (answers[time.asked++] ?? AWAY)() } });
    return { time, read: (afterMs: number) => { time.now += afterMs; return monitor.reading('p'); } };
  };
  const told = (level: HealthCheck['level']) => () => Promise.resolve({ newest: { at: NOW, level }, staleMs: 300_000 });

  it('says what the newest check says', async () => expect(await monitored([told('critical')]).read(1_000)).toBe('critical'));
  it('goes by the last answer while the ledger is away, until that is too old', async () => {
    const { read } = monitored([told('healthy')]);
    expect([await read(0), await read(200_000), await read(100_001)]).toEqual(['ok', 'ok', 'unreachable']);
  });
  it('that never reached the ledger is unreachable after five minutes', async () => {
    const { read } = monitored([]);
    expect([await read(300_000), await read(1)]).toEqual(['ok', 'unreachable']);
  });
});
