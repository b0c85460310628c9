import { setTimeout as sleep } from 'node:timers/promises';
import { guardOf, guardState, resume, sealed, trip, actOnHealth } from '../test/support/emergency.ts';
import { outsiderOf } from '../test/support/outsider.ts';
import { until } from '../test/support/processes.ts';
import { startServers } from '../test/support/servers.ts';
import { setPolicy } from '../test/support/set-policy.ts';
import { beginStandstill, nextCandle, oneRow, settled } from '../test/support/standstill.ts';
import type { System } from '../test/support/system.ts';
import { startSystem } from '../test/support/system.ts';
import { startFloor } from './floor/floor.ts';
import type { BenchOptions, Row } from './support/measurement.ts';
import { atMostMs, formatted, overFloor } from './support/measurement.ts';
import { median } from './support/statistics.ts';

const POSITIONS = 50;
/** Some symbols are refused, whatever the policy says. */
const SYMBOLS = 60;
const CANDLES_TO_HOLD = 8;
const FLOOR_ROUNDS = 20;
/** The venue counts whoever asks. */
const LOOK_MS = 50;
const STRATEGY = new URL('../test/fixtures/strategies/always-buy.ts', import.meta.url).pathname;
/** Small positions of everything, so that fifty fit into one account; a stop that closes sixty at a loss is a streak, which ends after an hour. */
const WIDE = {
  positionsMax: 200, slotsUsualShare: 1, slotsChopShare: 1, correlationMax: 1, groupShareMax: 1, hhiMax: 1, symbolShareMax: 1, grossExposureMax: 100, marginUseMaxBps: 10_000, var95MaxBps: 10_000, var99MaxBps: 10_000, shortfallMaxBps: 10_000,
  batchBuyShareMax: 1, sideShareMax: 1, ordersPerMinuteMax: 1_000, cooldownS: 0, streakBlock: 100, recoveryWindowHours: 1, kellyTradesMin: 1_000, volume24hMin: '0', spreadBpsMax: 500, depthMin: '0', riskPerTradeBps: 20, notionalMax: '150', rsiBuyMax: 100, recoveryDwellS: 0,
} as const;
/** As few orders as goals.md has it: the closes come one window after the other. */
const FEW = { ordersPer10Seconds: 20, weightPerMinute: 20_000 };
const USUAL = { weightPerMinute: 20_000 }; // candles follow one another too fast for Binance's weight

/** Trip to fence, to nothing held, to sealed: fifty positions, the venue's limits on orders enforced. What is held is asked of the venue alone. */
export async function benchEmergency({ isQuick }: BenchOptions): Promise<readonly Row[]> {
  const servers = await startServers();
  try {
    const system = await startSystem({ ...servers, mode: 'sim', symbolCount: SYMBOLS, candles: 200, strategy: STRATEGY, limits: USUAL, workers: 2 });
    const floor = await startFloor(system.client, { address: servers.temporalAddress, home: system.home });
    try {
      await actOnHealth(system, false); // a market that stands still is ill
      await setPolicy(system, WIDE);
      await beginStandstill(system);
      const floors: number[] = [];
      for (let round = 0; round < FLOOR_ROUNDS; round += 1) floors.push(await floor.updateMs('pingWithActivity'));
      const usual: Stop[] = [];
      for (let round = 1; round <= (isQuick ? 1 : 5); round += 1) {
        usual.push(await stopped(system, round));
        await tradeAgain(system);
      }
      const few = await stopped(system, usual.length + 1, () => system.restartVenue(FEW));
      return rowsOf(usual, few, median(floors));
    } finally {
      await floor.stop();
      await system.close();
    }
  } finally {
    await servers.stop();
  }
}

interface Stop {
  readonly held: number;
  /** From the trip, milliseconds. */
  readonly fenceMs: number;
  readonly flatMs: number;
  readonly sealedMs: number;
}

/** Opens until enough is held, trips, and waits for the end. @param before the trip, when all is open */
async function stopped(system: System, emergency: number, before: () => Promise<void> = () => Promise.resolve()): Promise<Stop> {
  for (let candle = 0; (await openCount(system)) < POSITIONS; candle += 1) {
    if (candle === CANDLES_TO_HOLD) throw new Error(`fewer than ${POSITIONS} positions are open after ${candle} candles: ${await whyNot(system)}`);
    await nextCandle(system);
  }
  await before();
  const held = await openCount(system);
  const outsider = outsiderOf(system);
  const startedMs = performance.now();
  let fenceMs = 0;
  const answered = trip(system).then(() => (fenceMs = performance.now() - startedMs));
  while ((await outsider.positions()).length > 0) await sleep(LOOK_MS);
  const flatMs = performance.now() - startedMs;
  await answered;
  await sealed(system, emergency);
  return { held, fenceMs, flatMs, sealedMs: performance.now() - startedMs };
}

async function tradeAgain(system: System): Promise<void> {
  await settled(system);
  await resume(system);
  await until('trading may begin again', async () => { await nextCandle(system); return (await guardState(system)).mode === 'armed'; }, 120_000);
}

async function openCount(system: System): Promise<number> {
  return (await oneRow<{ n: number }>(system, `SELECT count(*)::int n FROM positions WHERE state = 'open'`)).n;
}

async function whyNot(system: System): Promise<string> {
  const { why } = await oneRow<{ why: unknown }>(system, `SELECT json_object_agg(reason, n) why FROM (SELECT coalesce(reason, decision) reason, count(*) n FROM predictions WHERE role = 'acting' GROUP BY 1) r`);
  return `${await openCount(system)} are; ${JSON.stringify(why)}; guard ${(await guardOf(system).describe()).status.name}`;
}

function rowsOf(usual: readonly Stop[], few: Stop, floorMs: number): readonly Row[] {
  const of = (read: (stop: Stop) => number): number => median(usual.map(read));
  const windows = few.held / FEW.ordersPer10Seconds;
  return [
    overFloor('trip to fence up, p50', { ms: of((it) => it.fenceMs), floorMs, goal: 2 }),
    atMostMs(`trip to ${Math.min(...usual.map((it) => it.held))} positions flat, p50`, of((it) => it.flatMs), 1_000),
    atMostMs('flat to sealed, p50', of((it) => it.sealedMs - it.flatMs), 7_500),
    atMostMs(`trip to ${few.held} positions flat at ${FEW.ordersPer10Seconds} orders per 10 s (${formatted(windows)} windows)`, few.flatMs, 1.2 * windows * 10_000),
  ];
}
