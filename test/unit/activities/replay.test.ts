import { expect, it } from 'vitest';
import type { Engine } from '../../../activities/feeds.ts';
import { createReplayActivities } from '../../../activities/replay.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import type { MarketAdvance, MarketControl } from '../../../domain/ports/market-control.ts';
import type { ModelStore, RetrainRun } from '../../../domain/ports/model-store.ts';
import type { RetrainRhythm } from '../../../domain/retraining/schedule.ts';
import { portOf } from '../../support/ports.ts';

const INPUT = { portfolioId: 'replay', strategy: 'ensemble', timeframe: '1h' } as const;
const HISTORY = 300;
const STOPS: readonly MarketAdvance['stoppedAt'][] = ['candleClose', 'accountEvent', 'until', 'candleClose', 'candleClose', 'end'];
const CANDLES = 3;
const RUN: RetrainRun = { runId: 'r', portfolioId: 'replay', cause: 'schedule', asOf: 0, dataHash: null, rows: null, outcome: 'skipped', reason: 'too few', startedAt: 0, endedAt: 1 };

/**
 * Ledger and market outlive their driver; each question and each answer may be its last moment. At each close a prediction
 * falls due; the oldest is priced at every third wait.
 */
function outside(startsAt = 0, isOnTrial = false) {
  const cursors = new Map([[`marketFeed/${INPUT.strategy}/${INPUT.timeframe}`, 1]]);
  const stops = new Map<string, MarketAdvance>();
  const moves: string[] = [];
  const unpriced: number[] = [];
  const backlogs: number[] = [];
  let waits = 0;
  let marketTime = 0;
  let candlesDone = HISTORY;
  let diesAt = Infinity;
  let moment = 0;
  const passing = async <T>(work: () => T): Promise<T> => {
    if (++moment === diesAt) throw new Error('died before');
    const answer = work();
    if (++moment === diesAt) throw new Error('died after');
    return answer;
  };
  const ledger = portOf<Ledger>({
    cursor: async (_portfolio, name) => cursors.get(name) ?? null,
    setCursor: (_portfolio, name, value) => passing(() => void cursors.set(name, value)),
    settlementChange: async () => void (++waits % 3 === 0 && unpriced.shift()),
    settlement: async () => ({ settled: true, waitingFor: [] }),
    cycleState: async () => { moves.push('cycle asked for'); return 'recorded'; },
    nextDueAt: async () => unpriced[0] ?? null,
    nextOrderDeadline: async () => null,
    dueOrders: async () => [{ positionId: 'p', clientOrderId: 'o' }],
  });
  const control: MarketControl = {
    state: async () => ({ marketTime: 0, mode: 'lockstep', ended: false, candlesDone, candlesTotal: null, lastEventId: 0, acknowledgedEventId: 0 }),
    advance: ({ requestId }) => passing(() => {
      backlogs.push(unpriced.length);
      const before = stops.get(requestId);
      if (before !== undefined) return before;
      const stop: MarketAdvance = { stoppedAt: STOPS[stops.size] ?? 'end', marketTime: startsAt + stops.size * 3_600_000, lastEventId: 0 };
      stops.set(requestId, stop);
      marketTime = stop.marketTime;
      moves.push(stop.stoppedAt);
      if (stop.stoppedAt === 'candleClose') {
        candlesDone += 1;
        unpriced.push(stop.marketTime);
      }
      return stop;
    }),
  };
  let [retrainedTo, lookedTo] = [-Infinity, -Infinity];
  const trials = { awaited: async () => (isOnTrial ? { lookedTo, timeframe: '1h' as const, isReplay: true } : null) };
  let isTraining = false;
  let supervisedAt = -Infinity;
  let looks = 0;
  const models = portOf<ModelStore>({
    latestSupervision: async () => {
      moves.push('supervision asked for');
      if (++looks === 3) supervisedAt = marketTime;
      return Number.isFinite(supervisedAt) ? { portfolioId: 'replay', at: supervisedAt, scores: [], weights: {}, drift: [], findings: [], retrain: null, driftRetrainAt: null } : null;
    },
    latestRun: async () => { if (isTraining && ++waits % 3 === 0) [isTraining, retrainedTo] = [false, marketTime]; return Number.isFinite(retrainedTo) ? { ...RUN, asOf: retrainedTo } : null; },
  });
  const engine = portOf<Engine>({
    tellTimeReached: async () => undefined,
    startRetrain: async () => {
      if (!isTraining) moves.push('retrain');
      isTraining = true;
    },
    wakeTrial: async () => { // the market may not have moved, and nothing that fell due may wait
      moves.push('look');
      if (unpriced.length === 0) lookedTo = marketTime;
    },
  });
  const cancelled = () => new Promise<never>(() => undefined);
  return {
    moves, unpriced, backlogs,
    drive: async (dying: number, retrain?: RetrainRhythm): Promise<{ cycles: number }> => {
      [moment, diesAt] = [0, dying];
      return await createReplayActivities({ ledger, control, engine, models, trials, cancelled }).driveReplay(retrain === undefined ? INPUT : { ...INPUT, retrain });
    },
    moments: () => moment,
  };
}

it('counts each candle once and waits for its cycle, whenever its worker dies', async () => {
  const whole = outside();
  expect(await whole.drive(Infinity)).toEqual({ cycles: CANDLES });
  expect(whole.moves.filter((move) => move === 'cycle asked for')).toHaveLength(CANDLES);
  for (let dying = 1; dying <= whole.moments(); dying += 1) {
    const { drive, moves } = outside();
    await expect(drive(dying)).rejects.toThrow('died');
    expect(await drive(Infinity), `died at moment ${dying}`).toEqual({ cycles: CANDLES });
    expect(moves.filter((move) => move !== 'cycle asked for')).toEqual(STOPS);
    expect(moves.filter((move) => move === 'cycle asked for').length).toBeGreaterThanOrEqual(CANDLES);
  }
});

it('what fell due may be priced until the next close, and is at the end', async () => {
  const { drive, unpriced, backlogs } = outside();
  await drive(Infinity);
  expect(unpriced).toEqual([]);
  expect(Math.max(...backlogs)).toBe(1);
});

it('a retrain that is due is waited for, and begins once', async () => {
  const { drive, moves } = outside();
  expect(await drive(Infinity, { everyMs: 3_600_000, offsetMs: 0 })).toEqual({ cycles: CANDLES });
  expect(moves.filter((move) => move !== 'cycle asked for')).toEqual(['candleClose', 'retrain', 'accountEvent', 'until', 'candleClose', 'retrain', 'candleClose', 'retrain', 'end']);
});

it('the last close of a market day waits until its voters were looked at: the next day\'s cycles go by that', async () => {
  const { drive, moves } = outside(20 * 3_600_000); // closes at 20, 23 and 24 h
  await drive(Infinity);
  const looks = Array.from({ length: 3 }, () => 'supervision asked for'); // it is not there before the third
  expect(moves.filter((move) => move !== 'cycle asked for')).toEqual([...STOPS.slice(0, 4), ...looks, ...STOPS.slice(4)]);
});

it('a trial is looked at as of each close, by all that fell due by then, before the market goes on', async () => {
  const { drive, moves, backlogs } = outside(0, true);
  expect(await drive(Infinity)).toEqual({ cycles: CANDLES });
  expect(moves.filter((move) => move !== 'cycle asked for')).toEqual(['candleClose', 'look', 'accountEvent', 'until', 'candleClose', 'look', 'candleClose', 'look', 'end']);
  expect(Math.max(...backlogs)).toBe(0);
});
