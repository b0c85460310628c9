import type { System } from '../test/support/system.ts';
import { startServers } from '../test/support/servers.ts';
import { startSystem } from '../test/support/system.ts';
import { startFloor } from './floor/floor.ts';
import { driveSession } from './support/driver.ts';
import type { BenchOptions, Row } from './support/measurement.ts';
import { atLeast, atMostMs, formatted, overFloor, plainRow } from './support/measurement.ts';
import { cpuMsOf } from './support/process-tree.ts';
import { median, quantile } from './support/statistics.ts';

const SYMBOLS = 3;
const CANDLES = { whole: 4_000, quick: 160 };
/** The floor takes its turn once in so many cycles. */
const FLOOR_EVERY = { whole: 20, quick: 4 };
const RATE_MIN = 8;
const PROTECTED_WITHIN_MS = 250;
/** The last quarter may be this much slower than the first: noise of a quarter is below it. */
const FLAT_WITHIN = 1.1;

interface Pace {
  /** Milliseconds of the session at each cycle's end, the floor's turns left out. */
  readonly cycleEndsMs: readonly number[];
  readonly floorsMs: readonly number[];
}

/** A whole session in lockstep: how fast, whether it stays so, and how fast its orders and stops are. */
export async function benchSession({ isQuick }: BenchOptions): Promise<readonly Row[]> {
  const candles = isQuick ? CANDLES.quick : CANDLES.whole;
  const servers = await startServers();
  try {
    const system = await startSystem({ ...servers, symbolCount: SYMBOLS, candles });
    const floor = await startFloor(system.client, { address: servers.temporalAddress, home: system.home });
    try {
      const cpu = (): Record<string, number> => ({ engine: cpuMsOf(servers.engine.pid ?? 0), postgres: cpuMsOf(servers.postgres.pid ?? 0), worker: cpuMsOf(system.worker(0).pid) });
      const before = cpu();
      const pace = await trade(system, () => floor.orderMs(), isQuick ? FLOOR_EVERY.quick : FLOOR_EVERY.whole);
      const cpuPerCycle = Object.entries(cpu()).map(([name, ms]) => `${name} ${formatted((ms - (before[name] ?? 0)) / candles)}`);
      return [...rateRows(pace, candles), plainRow('replay: processor time per cycle, ms', cpuPerCycle.join(', ')), ...await orderRows(system, pace.floorsMs)];
    } finally {
      await floor.stop();
      await system.close();
    }
  } finally {
    await servers.stop();
  }
}

async function trade(system: System, floorMs: () => Promise<number>, floorEvery: number): Promise<Pace> {
  const [cycleEndsMs, floorsMs]: [number[], number[]] = [[], []];
  let startedMs: number | null = null;
  let pausedMs = 0;
  await driveSession(system, async (last) => {
    startedMs ??= performance.now();
    if (last?.stoppedAt !== 'candleClose') return;
    cycleEndsMs.push(performance.now() - startedMs - pausedMs);
    if (cycleEndsMs.length % floorEvery !== 0) return;
    const pauseMs = performance.now();
    floorsMs.push(await floorMs());
    pausedMs += performance.now() - pauseMs;
  });
  return { cycleEndsMs, floorsMs };
}

function rateRows({ cycleEndsMs }: Pace, candles: number): readonly Row[] {
  const quarter = Math.floor(cycleEndsMs.length / 4);
  const at = (index: number): number => cycleEndsMs[index - 1] ?? 0;
  const rate = (from: number, to: number): number => ((to - from) * 1_000) / (at(to) - at(from));
  const [first, last] = [rate(0, quarter), rate(cycleEndsMs.length - quarter, cycleEndsMs.length)];
  const slowdown = first / last;
  const length = candles < CANDLES.whole ? `${candles} cycles (short: ${formatted(CANDLES.whole)} in a whole run)` : `${formatted(candles)} cycles`;
  return [
    atLeast(`full-stack replay, 3 symbols, ${length}`, rate(0, cycleEndsMs.length), { goal: RATE_MIN, unit: 'cycles/s' }),
    { what: 'replay: first quarter to last', measured: `${formatted(first)} → ${formatted(last)} cycles/s`, goal: `flat within ${FLAT_WITHIN}`, isMet: candles < CANDLES.whole ? null : slowdown <= FLAT_WITHIN, ratio: null },
  ];
}

/** From the cycle's record to the venue's acceptance, and from a position's first fill on the book to its stop's acceptance. */
const ORDERS = `
  SELECT o.accepted_at - c.recorded_at AS ms FROM orders o JOIN intents i USING (client_order_id) JOIN cycles c ON c.cycle_id = i.cycle_id
  WHERE i.leg = 'entry' AND i.revision = 1 AND o.accepted_at IS NOT NULL`;
const STOPS = `
  SELECT min(o.accepted_at) - f.at AS ms FROM (SELECT position_id, min(filled_at_wall) AS at FROM fills GROUP BY position_id) f
  JOIN orders o ON o.position_id = f.position_id JOIN intents i ON i.client_order_id = o.client_order_id WHERE i.leg = 'stop' AND o.accepted_at IS NOT NULL GROUP BY f.position_id, f.at`;

async function orderRows({ database }: System, floorsMs: readonly number[]): Promise<readonly Row[]> {
  const read = async (query: string): Promise<number[]> => (await database.query<{ ms: string }>(query)).rows.map((row) => Number(row.ms));
  const [orders, stops] = [await read(ORDERS), await read(STOPS)];
  return [
    overFloor(`order: plan recorded → accepted by the venue, p50 of ${orders.length}`, { ms: median(orders), floorMs: median(floorsMs), goal: 1.5 }),
    plainRow('order: plan recorded → accepted by the venue, p99', `${formatted(quantile(orders, 0.99))} ms (floor ${formatted(quantile(floorsMs, 0.99))} ms)`),
    plainRow(`first fill on the book → stop accepted, p50 of ${stops.length}`, `${formatted(median(stops))} ms`),
    atMostMs('first fill on the book → stop accepted, p99', quantile(stops, 0.99), PROTECTED_WITHIN_MS),
  ];
}
