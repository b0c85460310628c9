import type { Ledger } from '../domain/ports/ledger.ts';
import { databaseUrlOf } from '../config/database.ts';
import { createLedger } from '../db/ledger.ts';
import { createPool } from '../db/pool.ts';
import type { CandleSeries } from '../domain/market/candle.ts';
import { timeframeMs } from '../domain/market/timeframe.ts';
import { startServers } from '../test/support/servers.ts';
import type { System } from '../test/support/system.ts';
import { startSystem } from '../test/support/system.ts';
import { createBackOffLimiter, createVenue } from '../venues/index.ts';
import { venueSettingsOf } from '../venues/settings.ts';
import { cycleIdOf, taskQueueOf } from '../workflows/ids.ts';
import type * as workflows from '../workflows/index.ts';
import { SEARCH_ATTRIBUTES } from '../workflows/messages.ts';
import { registerSearchAttributes } from '../client/search-attributes.ts';
import { startFloor } from './floor/floor.ts';
import type { BenchOptions, Row } from './support/measurement.ts';
import { overFloor, plainRow, formatted } from './support/measurement.ts';
import { median, quantile, timedMs } from './support/statistics.ts';

const SYMBOLS = 8;
const CANDLES = { whole: 240, quick: 60 };
const WARM_UP = 20;
const HISTORY_CANDLES = 300;

/**
 * The trading cycle of eight symbols, from its start to its result at the client, and in turn with it the empty workflow
 * of its shape. The candles are old ones, on which nothing is opened any more: all of the work, and no order.
 */
export async function benchCycle({ isQuick }: BenchOptions): Promise<readonly Row[]> {
  const count = isQuick ? CANDLES.quick : CANDLES.whole;
  const servers = await startServers();
  try {
    const system = await startSystem({ ...servers, symbolCount: SYMBOLS, candles: 10 });
    const floor = await startFloor(system.client, { address: servers.temporalAddress, home: system.home });
    try {
      const closeTimes = await storeHistory(system);
      await registerSearchAttributes(system.client, system.settings.temporalNamespace);
      const [cycles, floors]: [number[], number[]] = [[], []];
      for (const closeTime of closeTimes.slice(-count - WARM_UP)) {
        cycles.push(await cycleMs(system, closeTime));
        floors.push(await floor.workflowMs('cycleShape'));
      }
      return rowsOf(cycles.slice(WARM_UP), floors.slice(WARM_UP));
    } finally {
      await floor.stop();
      await system.close();
    }
  } finally {
    await servers.stop();
  }
}

function rowsOf(cycles: readonly number[], floors: readonly number[]): readonly Row[] {
  return [
    overFloor('trading cycle, 8 symbols, no order, p50', { ms: median(cycles), floorMs: median(floors), goal: 1.5 }),
    plainRow('trading cycle, 8 symbols, no order, p99', `${formatted(quantile(cycles, 0.99))} ms (floor ${formatted(quantile(floors, 0.99))} ms)`),
  ];
}

/** What the feed would have written. @returns close times, oldest first. */
export async function storeHistory({ settings, deployment }: System, candles = HISTORY_CANDLES): Promise<readonly number[]> {
  const venue = createVenue(venueSettingsOf(settings, deployment), createBackOffLimiter());
  const ledger: Ledger = createLedger(createPool(databaseUrlOf(settings, deployment), { applicationName: 'keel-bench' }));
  try {
    const { instrumentIds, timeframe } = await ledger.portfolio(deployment.portfolioId);
    const since = Math.floor((await venue.marketTime()) / timeframeMs(timeframe) - candles) * timeframeMs(timeframe);
    const series: readonly CandleSeries[] = await Promise.all(instrumentIds.map(async (instrumentId) => ({ instrumentId, timeframe, candles: await venue.candles({ instrumentId, timeframe, since, limit: 1_000 }) })));
    await ledger.writeCandles(series);
    return (series[0]?.candles ?? []).map((candle) => candle.openTime + timeframeMs(timeframe));
  } finally {
    await venue.close();
    await ledger.close();
  }
}

/** Started as the market feed starts it, but for the eager start: that is the feed's own. */
export function cycleMs({ client, deployment, settings }: System, closeTime: number): Promise<number> {
  const candle = { portfolioId: deployment.portfolioId, strategy: 'ensemble', timeframe: settings.timeframe, closeTime };
  return timedMs(() => client.workflow.execute<typeof workflows.tradingCycle>('tradingCycle', {
    workflowId: cycleIdOf(candle), taskQueue: taskQueueOf(deployment.taskQueuePrefix, 'trading'), args: [candle], workflowTaskTimeout: '5 s',
    typedSearchAttributes: [{ key: SEARCH_ATTRIBUTES.portfolio, value: candle.portfolioId }, { key: SEARCH_ATTRIBUTES.cycle, value: cycleIdOf(candle) }],
  }));
}
