/** Guard and recovery as workflows on a real server: who is asked what, and when. */
import { Context } from '@temporalio/activity';
import { defaultPayloadConverter } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Activities } from '../../../activities/types.ts';
import type { GuardCommand, GuardState } from '../../../domain/emergency/guard.ts';
import { applyGuard, ARMED, isHalting } from '../../../domain/emergency/guard.ts';
import { emergencyIdOf, tripEventIdOf } from '../../../domain/emergency/ids.ts';
import type { Survey } from '../../../domain/emergency/survey.ts';
import { FENCE_TIMES } from '../../../domain/orders/fence.ts';
import type { VenuePosition } from '../../../domain/ports/venue.ts';
import type * as workflows from '../../../workflows/index.ts';
import { portfolioGuardId } from '../../../workflows/ids.ts';
import { emergencyStopSignal, newsSignal, resumeUpdate, riskStateQuery, sealedUpdate, tripUpdate } from '../../../workflows/messages.ts';
import { until } from '../../support/processes.ts';
import type { WorkflowHost } from '../../support/workflows.ts';
import { startWorkflowHost } from '../../support/workflows.ts';

let host: WorkflowHost;
let names = 0;
beforeAll(async () => { host = await startWorkflowHost(); });
afterAll(() => host.stop());

const ORDER = { clientOrderId: 'web-1', instrumentId: 'BTC-USDT-PERP', book: 'plain' } as const;
/** The engine suggests to continue as new at 4 MB of history; one payload may have 2 MB. */
const LARGE = 'x'.repeat(1_500_000);
/** Of an update: the engine has it, no worker heard of it yet. @source temporal.api.enums.v1.UpdateWorkflowExecutionLifecycleStage */
const ADMITTED = 1;
const held = (instrumentId: string): VenuePosition => ({ instrumentId, direction: 'long', quantity: '1', entryPrice: '1', markPrice: '1', unrealizedPnl: '0', positionSide: 'both' });

/** A ledger and a venue that do as the test says. */
function world() {
  names += 1;
  const portfolioId = `p-${process.pid}-${names}-${Date.now()}`;
  const play = {
    portfolioId, calls: [] as string[], state: ARMED as GuardState, isLedgerDown: false,
    /** What each survey finds open; the last one counts for ever. */
    surveys: [{ targets: [], openings: [], leftovers: [] }] as Partial<Survey>[],
    surveyedAt: [] as number[], attempts: [] as number[], closeFails: 0, refused: 0, runs: new Set<string>(), booked: 0, missingFor: 0,
    told: [] as string[], reads: 0, beforeTrip: () => Promise.resolve(), missing: [] as readonly string[],
    foreign: 'close' as 'close' | 'exempt', surveyedSent: [] as number[], validForMs: [] as number[],
  };
  const ledger = async <T>(answer: () => T | Promise<T>): Promise<T> => {
    if (play.isLedgerDown) throw new Error('DATABASE_UNREACHABLE');
    return await answer();
  };
  const activities: Partial<Activities> = {
    commandGuard: async ({ command }: { command: GuardCommand }) => await ledger(async () => {
      if (command.kind === 'trip') await play.beforeTrip();
      const result = applyGuard(play.state, command);
      play.state = result.state;
      if (result.change !== 'none') play.calls.push(result.change);
      return { ...result, fence: { epoch: 1, halted: isHalting(play.state.mode) } };
    }),
    readGuard: () => {
      play.reads += 1;
      return ledger(() => ({ state: play.state, fence: { epoch: 1, halted: isHalting(play.state.mode) }, foreign: play.foreign, drawdownBps: 0, missing: play.missing }));
    },
    recordClosings: ({ orders }) => ledger(() => void play.calls.push(`record ${orders.length}`)),
    tellPositions: () => ledger(() => { play.calls.push('tell'); return 1; }),
    surveyAccount: ({ sent = [] }) => {
      play.surveyedSent.push(sent.length);
      const [now = {}, ...rest] = play.surveys;
      if (rest.length > 0) play.surveys = rest;
      play.surveyedAt.push(Date.now());
      return Promise.resolve({ atMs: Date.now(), targets: [], openings: [], leftovers: [], ...now });
    },
    tellPeople: (alert) => {
      play.told.push(alert.id);
      return play.told.length === 1 ? Promise.reject(new Error('the webhook is away')) : Promise.resolve();
    },
    withdrawOrders: (orders) => Promise.resolve(void play.calls.push(`cancel ${orders.length}`)),
    closePositions: ({ attempt, targets, emergencyId, validUntil = 0 }) => {
      play.validForMs.push(validUntil - (play.surveyedAt.at(-1) ?? Infinity));
      play.attempts.push(attempt);
      if (play.closeFails > 0) {
        play.closeFails -= 1;
        return Promise.reject(new Error('its worker died'));
      }
      play.runs.add(Context.current().info.workflowExecution?.runId ?? '');
      const isRefused = play.runs.size <= play.refused;
      if (!isRefused) play.calls.push(`close ${targets.length}`);
      return Promise.resolve(targets.map(({ position }, at) => ({ clientOrderId: `${emergencyId}/${attempt}/${position.instrumentId}`, emergencyId, instrumentId: position.instrumentId, side: 'sell' as const, positionSide: 'both' as const, quantity: '1', answer: isRefused ? 'rejected' as const : 'accepted' as const, detail: isRefused && at === 0 ? LARGE : null, venueOrderId: '1', sentAt: 1 })));
    },
    bookClosings: () => { play.booked += 1; return Promise.resolve({ told: [], missing: play.booked <= play.missingFor ? ['x'] : [] }); },
  };
  return { play, activities };
}

type Play = ReturnType<typeof world>['play'];

async function withGuard(work: (parts: { play: Play; guard: Awaited<ReturnType<typeof startGuard>>; ess: (n?: number) => ReturnType<WorkflowHost['client']['workflow']['getHandle']> }) => Promise<void>, prepare: (play: Play) => void = () => undefined): Promise<void> {
  const { play, activities } = world();
  prepare(play);
  await host.whileWorking(activities, async (taskQueue) => {
    const guard = await startGuard(play.portfolioId, taskQueue);
    const ess = (n = 1) => host.client.workflow.getHandle(emergencyIdOf(play.portfolioId, n));
    try {
      await work({ play, guard, ess });
    } finally {
      await guard.terminate();
      await ess().terminate().catch(() => undefined);
    }
  });
}

/** Of the newest run. */
async function eventsOf(handle: { fetchHistory: Awaited<ReturnType<typeof startGuard>>['fetchHistory'] }) {
  return (await handle.fetchHistory()).events ?? [];
}

async function startGuard(portfolioId: string, taskQueue: string) {
  return await host.client.workflow.start<typeof workflows.portfolioGuard>('portfolioGuard', {
    workflowId: portfolioGuardId(portfolioId), taskQueue, args: [{ portfolioId, deploymentId: 'abcde', state: null, foreign: 'close', behind: [] }], workflowTaskTimeout: '5 s',
  });
}

const target = (instrumentId: string) => ({ position: held(instrumentId), maxMarketQuantity: null, ours: null });
const many = Array.from({ length: 23 }, (_unused, at) => target(`S${at}-USDT-PERP`));

describe.concurrent('a stop', () => {
  it('answers when the fence is up, closes in order, and again when it is sealed', async () => {
    await withGuard(async ({ play, guard, ess }) => {
      expect(await guard.executeUpdate(tripUpdate, { args: [{ reason: 'enough', by: 'ada' }] })).toEqual({ emergencyId: emergencyIdOf(play.portfolioId, 1), mode: 'tripping', reason: 'enough', by: 'ada', isFenceUp: true });
      await until('its run is there', async () => ess().describe().then(() => true, () => false));
      const sealed = await ess().executeUpdate(sealedUpdate);
      expect(sealed).toMatchObject({ positionsClosed: 23, sealedAt: expect.any(Number) as unknown });
      expect(play.calls.filter((call) => call === 'tell')).toHaveLength(1);
      expect(play.calls.indexOf('tell')).toBeGreaterThan(play.calls.findLastIndex((call) => call.startsWith('close ')));
      const calls = play.calls.filter((call) => call !== 'tell').map((call) => call.replace(/^close.*/, 'close'));
      expect(calls).toHaveLength(10);
      expect(calls.slice(0, 5)).toEqual(['tripped', 'cancel 1', 'close', 'close', 'close']);
      expect(calls.slice(5, 7).sort()).toEqual(['cancel 1', 'cancel 20']); // two batches, beside one another
      expect(calls.slice(7)).toEqual(['flat', 'record 23', 'sealed']);
      expect(new Set(play.attempts).size).toBe(1);
      const [first = 0, last = 0] = [play.surveyedAt[0], play.surveyedAt.at(-1)];
      expect(last - first).toBeGreaterThanOrEqual(FENCE_TIMES.recvWindowMs + FENCE_TIMES.sealMarginMs);
      expect(await guard.query(riskStateQuery)).toMatchObject({ emergencyId: emergencyIdOf(play.portfolioId, 1), behind: 0 });
    }, (play) => { play.surveys = [{ targets: many, openings: [ORDER] }, { leftovers: Array.from({ length: 21 }, () => ORDER) }, {}]; });
  });

  it('that comes twice, by signal and by update, is one', async () => {
    await withGuard(async ({ play, guard, ess }) => {
      await Promise.all([guard.signal(emergencyStopSignal, { reason: 'fire' }), guard.executeUpdate(tripUpdate, { args: [{ reason: 'fire', by: 'bob' }] }), guard.signal(emergencyStopSignal)]);
      await until('it is sealed', () => play.state.mode === 'emergency');
      expect(play.calls.filter((call) => call === 'tripped')).toHaveLength(1);
      expect((await ess().describe()).status.name).toBe('RUNNING');
    });
  });

  it.each<[string, () => unknown]>([
    ['nothing at all', () => []],
    ['JSON that is none', () => [{ metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{"reason": ') }]],
    ['an encoding that nobody knows', () => [{ metadata: { encoding: Buffer.from('binary/strange') }, data: Buffer.from([1, 2, 3]) }]],
    ['a payload without metadata', () => [{ data: Buffer.from('x') }]],
    ['several payloads, the second broken', () => [defaultPayloadConverter.toPayload('fire'), { metadata: { encoding: Buffer.from('json/plain') }, data: Buffer.from('{') }]],
  ])('with %s as its payload still trips', async (_name, payloads) => {
    await withGuard(async ({ play, guard }) => {
      await host.client.workflowService.signalWorkflowExecution({ namespace: 'default', workflowExecution: { workflowId: guard.workflowId }, signalName: 'emergencyStop', input: { payloads: payloads() as never } });
      await until('it trips', () => play.state.mode !== 'armed');
      expect(play.state.cause?.trigger).toBe('person');
    });
  });

  it('goes on while the ledger is away, writes the fence when it is back, and sweeps again', async () => {
    await withGuard(async ({ play, guard, ess }) => {
      await until('the guard runs', async () => (await guard.query(riskStateQuery)).behind === 0);
      play.isLedgerDown = true;
      expect(await guard.executeUpdate(tripUpdate, { args: [{ reason: 'enough', by: 'ada' }] })).toMatchObject({ mode: 'tripping', isFenceUp: false });
      await until('it closes', () => play.calls.includes('close 1'), 30_000);
      expect(play.state.mode).toBe('armed');
      expect((await guard.query(riskStateQuery)).state.mode).toBe('tripping');
      const event = tripEventIdOf(emergencyIdOf(play.portfolioId, 1), 1);
      await until('people are told past it', () => play.told.length === 2, 30_000); // the first try failed
      play.surveys = [{ targets: [target('ETH-USDT-PERP')] }, {}]; // opened until the fence was up
      play.isLedgerDown = false;
      await until('it is sealed', () => play.state.mode === 'emergency', 30_000);
      expect(play.calls).toEqual(['close 1', 'tripped', 'tell', 'close 1', 'flat', 'record 2', 'sealed']);
      expect(play.told).toEqual([event, event]);
      expect((await ess().describe()).status.name).toBe('RUNNING');
    }, (play) => { play.surveys = [{ targets: [target('BTC-USDT-PERP')] }, {}]; });
  }, 90_000);

  it('that waits for the ledger for hours is told once, by the guard and to people, also when histories are full', async () => {
    await withGuard(async ({ play, guard, ess }) => {
      await until('the guard runs', async () => (await guard.query(riskStateQuery)).behind === 0);
      play.isLedgerDown = true;
      await guard.executeUpdate(tripUpdate, { args: [{ reason: 'enough', by: 'ada' }] });
      await until('it is closed, and people are told', () => play.surveys.length === 1 && play.told.length === 2, 30_000);
      const runs = [guard, ess()];
      const runIds = async () => await Promise.all(runs.map(async (it) => (await it.describe()).runId));
      const before = await runIds();
      expect((await eventsOf(ess())).filter((it) => it.workflowExecutionSignaledEventAttributes)).toEqual([]);
      for (let large = 0; large < 3; large += 1) await Promise.all(runs.map((it) => it.signal('news', LARGE)));
      await expect.poll(async () => (await runIds()).filter((it) => before.includes(it)), { timeout: 30_000 }).toEqual([]);
      await until('the guard took a turn', async () => (await eventsOf(guard)).some((it) => it.timerStartedEventAttributes), 30_000);
      play.isLedgerDown = false;
      await until('it is sealed', () => play.state.mode === 'emergency', 30_000);
      expect(play.state.positionsClosed).toBe(1); // in the run before
      expect(play.told).toHaveLength(2); // the first try failed
      expect((await eventsOf(guard)).filter((it) => it.activityTaskScheduledEventAttributes)).toEqual([]);
    }, (play) => { play.surveys = [{ targets: [target('BTC-USDT-PERP')] }, {}]; });
  }, 90_000);

  it('whose closing was lost with its worker goes on with other names', async () => {
    await withGuard(async ({ play, guard }) => {
      await guard.signal(emergencyStopSignal, { reason: 'fire' });
      await until('it is sealed', () => play.state.mode === 'emergency', 30_000);
      expect(new Set(play.attempts).size).toBe(3);
      expect(play.calls).toContain('close 1');
    }, (play) => { play.closeFails = 2; play.surveys = [{ targets: [target('BTC-USDT-PERP')] }, { targets: [target('BTC-USDT-PERP')] }, { targets: [target('BTC-USDT-PERP')] }, {}]; });
  });

  it('whose run was ended closes under other names in the next one, in a later round too, by whatever clock it tripped', async () => {
    const trip: GuardCommand = { kind: 'trip', cause: { trigger: 'drawdown', reason: 'x', by: 'keel', severity: 'critical' }, at: Date.now() + 3_600_000 };
    await withGuard(async ({ play, guard, ess }) => {
      await until('it closes', () => play.attempts.length >= 3, 30_000);
      await ess().terminate();
      await guard.signal(newsSignal);
      await until('the next run closes', () => play.runs.size === 2, 30_000);
      play.surveys = [{}];
      await until('it is sealed', () => play.state.mode === 'emergency', 30_000);
      await ess().terminate();
      play.surveys = [{ targets: [target('BTC-USDT-PERP')] }, {}];
      play.state = applyGuard({ ...play.state, mode: 'protective' }, trip).state; // a sensor, in the ledger
      await guard.signal(newsSignal);
      await until('it is sealed again', () => play.state.mode === 'emergency' && play.state.round === 2, 30_000);
      expect(play.runs.size).toBe(3);
      expect(new Set(play.attempts).size).toBe(play.attempts.length);
    }, (play) => {
      play.surveys = [{ targets: [target('BTC-USDT-PERP')] }];
      play.state = applyGuard(ARMED, trip).state;
    });
  }, 90_000);

  it('catches a straggler after it was flat, and counts its looks anew', async () => {
    await withGuard(async ({ play, guard }) => {
      await guard.signal(emergencyStopSignal, { reason: 'fire' });
      await until('it is sealed', () => play.state.mode === 'emergency', 30_000);
      expect(play.calls.filter((call) => call !== 'tell')).toEqual(['tripped', 'flat', 'record 0', 'close 1', 'record 1', 'sealed']);
      expect(play.booked).toBe(2);
    }, (play) => { play.surveys = [{}, { targets: [target('ETH-USDT-PERP')] }, {}]; });
  });

  it.each([
    ['from the beginning', [{ targets: [target('BTC-USDT-PERP'), target('ETH-USDT-PERP')] }, { targets: [target('BTC-USDT-PERP')] }], 2],
    ['of a straggler', [{}, { targets: [target('ETH-USDT-PERP')] }], 0],
  ] as const)('whose closing is refused for hours, %s, goes on as new before its history is full', async (_name, surveys, positionsClosed) => {
    await withGuard(async ({ play, guard, ess }) => {
      await guard.signal(emergencyStopSignal, { reason: 'fire' });
      await until('its run is there', async () => ess().describe().then(() => true, () => false));
      await expect(ess().executeUpdate(sealedUpdate)).resolves.toMatchObject({ sealedAt: null }); // the first run ends before it is
      await until('another run closes', () => play.calls.includes('close 1'), 60_000);
      play.surveys = [{}];
      expect(await ess().executeUpdate(sealedUpdate)).toEqual({ emergencyId: emergencyIdOf(play.portfolioId, 1), positionsClosed, sealedAt: play.state.sealedAt });
      expect(play.runs.size).toBe(2);
      expect(new Set(play.attempts).size).toBe(play.attempts.length);
      const recorded = play.calls.filter((call) => call.startsWith('record')).map((call) => Number(call.split(' ')[1]));
      expect(recorded.reduce((sum, count) => sum + count, 0)).toBeGreaterThanOrEqual(play.attempts.length);
    }, (play) => { play.refused = 1; play.surveys = [...surveys]; });
  }, 120_000);

  it('where others\' holdings stay, looks with the closing orders of its round alone, and sends none late', async () => {
    await withGuard(async ({ play, guard, ess }) => {
      await guard.signal(emergencyStopSignal, { reason: 'fire' });
      await until('it is sealed', () => play.state.mode === 'emergency', 30_000);
      expect([play.surveyedSent[0], play.surveyedSent.at(-1)]).toEqual([0, 1]);
      const looks = play.surveyedSent.length;
      play.surveys = [{ targets: [target('ETH-USDT-PERP')] }, {}];
      play.state = { ...play.state, mode: 'tripping', round: play.state.round + 1 };
      await ess().signal(newsSignal);
      await until('it is sealed again', () => play.state.mode === 'emergency', 30_000);
      expect([play.surveyedSent[looks], play.surveyedSent.at(-1)]).toEqual([0, 1]);
      expect(play.validForMs.map((it) => it >= 5_000 && it < 35_000)).toEqual([true, true]); // from the look on
    }, (play) => {
      play.foreign = 'exempt';
      play.surveys = [{ targets: [target('BTC-USDT-PERP')] }, {}];
    });
  });

  it('waits for fills that the venue does not show yet', async () => {
    await withGuard(async ({ play, guard }) => {
      await guard.signal(emergencyStopSignal, { reason: 'fire' });
      await until('it is sealed', () => play.state.mode === 'emergency', 30_000);
      expect(play.booked).toBe(4);
    }, (play) => { play.missingFor = 3; });
  });
});

it.concurrent('a guard whose history is full hears what came meanwhile before it continues as new', async () => {
  await withGuard(async ({ play, guard }) => {
    await until('the guard runs', async () => (await guard.query(riskStateQuery)).behind === 0);
    const { runId } = await guard.describe();
    for (let look = play.reads + 1; look < 5; look += 1) {
      await guard.signal(newsSignal);
      await until('it looked', () => play.reads >= look);
    }
    const isAdmitted = async (updateId: string): Promise<boolean> => {
      const updateRef = { workflowExecution: { workflowId: guard.workflowId }, updateId };
      return await host.client.workflowService.pollWorkflowExecutionUpdate({ namespace: 'default', updateRef, waitPolicy: { lifecycleStage: ADMITTED } }).then(() => true, () => false);
    };
    // The trip's task starts the emergency's run; it ends only once the resume waits for the next task.
    const updateId = 'resume';
    let resumed: Promise<unknown> = Promise.resolve();
    play.beforeTrip = async () => {
      resumed = guard.executeUpdate(resumeUpdate, { args: [{ by: 'ada', because: 'looked at it' }], updateId });
      await until('the resume waits', () => isAdmitted(updateId));
    };
    await guard.executeUpdate(tripUpdate, { args: [{ reason: 'enough', by: 'ada' }] });
    expect(await resumed).toMatchObject({ resetBy: 'ada' });
    expect(play.calls.slice(0, 2)).toEqual(['tripped', 'reset']);
    await until('it continued as new', async () => (await guard.describe()).runId !== runId);
  }, (play) => { play.missing = [LARGE]; });
}, 60_000);

describe.concurrent('the way back', () => {
  it('is followed by the run, which ends at normal; a resume needs a name and a reason', async () => {
    await withGuard(async ({ play, guard, ess }) => {
      await guard.signal(emergencyStopSignal, { reason: 'enough', by: 'ada' });
      await until('it is sealed', () => play.state.mode === 'emergency', 30_000);
      await expect(guard.executeUpdate(resumeUpdate, { args: [{ by: ' ', because: 'x' }] })).rejects.toThrow();
      expect(await guard.executeUpdate(resumeUpdate, { args: [{ by: 'ada', because: 'looked at it' }] })).toEqual({ mode: 'emergency', resetBy: 'ada' });
      const run = ess();
      for (const [from, to] of [['emergency', 'protective'], ['protective', 'cautious'], ['cautious', 'normal']] as const) {
        play.state = applyGuard(play.state, { kind: 'step', emergency: 1, from, to, drawdownBps: 0, at: 1, marketAt: 1 }).state; // a sensor, in the ledger
        await guard.signal(newsSignal);
      }
      expect(await run.result()).toMatchObject({ rounds: 1 });
      await until('the guard knows', async () => (await guard.query(riskStateQuery)).state.mode === 'armed');
    });
  }, 60_000);

  it('that falls back closes again, within the same run; the next emergency has a run of its own', async () => {
    await withGuard(async ({ play, guard, ess }) => {
      await guard.signal(emergencyStopSignal, { reason: 'enough', by: 'ada' });
      await until('it is sealed', () => play.state.mode === 'emergency', 30_000);
      play.state = applyGuard({ ...play.state, resetBy: 'ada' }, { kind: 'step', emergency: 1, from: 'emergency', to: 'protective', drawdownBps: 0, at: 1, marketAt: 1 }).state;
      await guard.signal(emergencyStopSignal, { reason: 'again', by: 'bob' });
      await until('it is sealed again', () => play.state.mode === 'emergency' && play.state.round === 2, 30_000);
      expect((await ess().describe()).status.name).toBe('RUNNING');
      play.state = { ...play.state, mode: 'armed' };
      await guard.signal(newsSignal);
      await ess().result();
      await guard.signal(emergencyStopSignal, { reason: 'third', by: 'eve' });
      await until('the second emergency is sealed', () => play.state.mode === 'emergency' && play.state.emergency === 2, 30_000);
      await ess(2).terminate();
    });
  }, 90_000);

  it('that is tripped while the ledger is away closes at once, within the same run', async () => {
    await withGuard(async ({ play, guard, ess }) => {
      await guard.signal(emergencyStopSignal, { reason: 'enough', by: 'ada' });
      await until('it is sealed', () => play.state.mode === 'emergency', 30_000);
      play.state = applyGuard({ ...play.state, resetBy: 'ada' }, { kind: 'step', emergency: 1, from: 'emergency', to: 'protective', drawdownBps: 0, at: 1, marketAt: 1 }).state;
      await guard.signal(newsSignal);
      await until('the guard knows of the step', async () => (await guard.query(riskStateQuery)).state.mode === 'protective');
      play.isLedgerDown = true;
      play.surveys = [{ targets: [target('BTC-USDT-PERP')] }, {}];
      expect(await guard.executeUpdate(tripUpdate, { args: [{ reason: 'again', by: 'bob' }] })).toMatchObject({ mode: 'tripping', isFenceUp: false });
      await until('it closes', () => play.calls.includes('close 1'), 30_000);
      expect(play.state.mode).toBe('protective');
      play.isLedgerDown = false;
      await until('it is sealed again', () => play.state.mode === 'emergency' && play.state.round === 2, 30_000);
      expect((await ess().describe()).status.name).toBe('RUNNING');
    });
  }, 90_000);

  it('is taken up again by an engine that lost everything: the ledger tells where it stood', async () => {
    await withGuard(async ({ play, ess }) => {
      await until('it is sealed', () => play.state.mode === 'emergency', 30_000);
      expect(play.calls.filter((call) => call !== 'tell')).toEqual(['flat', 'record 0', 'sealed']);
      expect((await ess().describe()).status.name).toBe('RUNNING');
    }, (play) => { play.state = applyGuard(ARMED, { kind: 'trip', cause: { trigger: 'person', reason: 'x', by: 'ada', severity: 'critical' }, at: Date.now() }).state; });
  });
});
