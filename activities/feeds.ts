import { setTimeout as sleep } from 'node:timers/promises';
import type { TripCause } from '../domain/emergency/types.ts';
import { KeelError } from '../domain/errors.ts';
import type { Candle, CandleSeries } from '../domain/market/candle.ts';
import type { InstrumentId } from '../domain/market/instrument.ts';
import { timeframeMs } from '../domain/market/timeframe.ts';
import type { RetrainRun } from '../domain/ports/model-store.ts';
import { isRetrainDue, retrainDueAt } from '../domain/retraining/schedule.ts';
import type { AccountEvent, MarketEvent, Stream } from '../domain/ports/venue.ts';
import type { CycleInput, FeedInput } from '../workflows/messages.ts';
import type { AccountWatch, WatchDeps } from './account-watch.ts';
import { createAccountWatch } from './account-watch.ts';
import { createCandleGathering } from './candle-gathering.ts';
import type { ShownDeps } from './shown-candles.ts';
import { createShownCandles } from './shown-candles.ts';
import type { FeedActivities } from './types.ts';

/** What a feed needs of the engine: waking positions and starting what the market clock makes due. */
export interface Engine {
  /** Wakes a position; one that ended meanwhile is no error. */
  wakePosition(positionId: string): Promise<void>;
  tellTimeReached(positionId: string, clientOrderId: string): Promise<void>;
  /** Starts the cycle of one candle; already started is done. */
  startCycle(input: CycleInput & { closeTime: number }): Promise<void>;
  /** Venue and ledger are compared from now on; a comparison that runs already is followed by another. */
  startReconciliation(portfolioId: string): Promise<void>;
  /** What is due by the market clock is priced; an evaluation that runs looks again. */
  startEvaluation(portfolioId: string): Promise<void>;
  /** Models are trained anew; a retrain that runs is enough. */
  startRetrain(portfolioId: string, cause: RetrainRun['cause']): Promise<void>;
  /** Trial and watch are looked at; a trial that runs looks again. */
  wakeTrial(portfolioId: string): Promise<void>;
  /** The guard reads where it stands; one that does not run is no error: it reads when it starts. */
  wakeGuard(portfolioId: string): Promise<void>;
  /** Tells the guard of a crossing that the ledger cannot take. */
  tripGuard(portfolioId: string, cause: TripCause): Promise<void>;
  /** Whether a workflow with this id is running. */
  isRunning(workflowId: string): Promise<boolean>;
}

export interface FeedDeps extends WatchDeps, Pick<ShownDeps, 'warn'> {
  readonly cancelled: Cancelled;
}

/** Of the activity that asks: rejects when it is cancelled or its worker shuts down. */
export type Cancelled = () => Promise<never>;

/** The account is looked at so often, whatever the stream tells, and candles that wait for others. Wall clock. */
const WATCH_EVERY_MS = 2_000;

/** Under this name the ledger holds the close time of the newest candle that the feed handed on. */
export function marketFeedCursor({ strategy, timeframe }: Pick<FeedInput, 'strategy' | 'timeframe'>): string {
  return `marketFeed/${strategy}/${timeframe}`;
}

export function createFeedActivities(deps: FeedDeps): FeedActivities {
  const watches = new Map<string, AccountWatch>(); // what a watch remembers while the ledger is away outlives a stream

  return {
    streamAccount: async (input) => {
      const watch = watches.get(input.portfolioId) ?? createAccountWatch(deps, input.portfolioId);
      watches.set(input.portfolioId, watch);
      await watch.look(); // a stream that cannot be opened grows old
      const stream = await deps.venue.streamAccount((event) => onAccountEvent(deps, input, watch, event));
      await untilEnded(deps, stream, async () => {
        // Subscribed first, so nothing falls between the stream and this look at what was missed.
        await deps.engine.startReconciliation(input.portfolioId);
      }, async () => {
        watch.heard();
        await watch.look();
      }).catch(async (error: unknown) => {
        if (error instanceof KeelError && error.code === 'VENUE_ANSWER_INVALID') watch.broken();
        throw error;
      });
    },
    streamMarket: async (input) => {
      const candles = createCandleKeeper(deps, input);
      await candles.catchUp();
      if (input.startsCycles) await deps.engine.startEvaluation(input.portfolioId); // also where no candle was missed: one may have been lost with its engine
      const stream = await deps.venue.streamMarket({ instrumentIds: input.instrumentIds, timeframe: input.timeframe }, (event) => onMarketEvent(deps, input, candles, event));
      await untilEnded(deps, stream, () => candles.catchUp(), () => candles.look());
    },
  };
}

/** @param watching done every two seconds while the stream is open. */
async function untilEnded(deps: FeedDeps, stream: Stream, afterSubscribing: () => Promise<void>, watching: () => Promise<void>): Promise<void> {
  const ended = new AbortController();
  try {
    await Promise.race([afterSubscribing().then(() => stream.closed), deps.cancelled(), stream.closed, repeat(watching, ended.signal)]);
  } finally {
    ended.abort();
    await stream.close();
  }
}

async function repeat(work: () => Promise<void>, signal: AbortSignal): Promise<never> {
  for (;;) {
    await sleep(WATCH_EVERY_MS, undefined, { signal });
    await work();
  }
}

async function onAccountEvent({ ledger, venue, engine, clock }: FeedDeps, { portfolioId, instrumentIds }: FeedInput, watch: AccountWatch, event: AccountEvent): Promise<void> {
  if (event.kind === 'order') {
    const applied = await ledger.applyReport(portfolioId, { order: event.order, fill: event.fill, at: clock() });
    if (applied.positionId !== null && applied.isNews) await engine.wakePosition(applied.positionId);
    // Somebody else traded what we trade: a position may be gone, closed by hand or liquidated.
    if (applied.positionId === null && event.fill !== null && instrumentIds.includes(event.fill.instrumentId)) await engine.startReconciliation(portfolioId);
  }
  const watched = watch.tell(event);
  if (event.eventId === null) return void watched.catch(() => undefined); // the next look sees the same; a real venue's events do not wait for it
  await watched;
  await venue.acknowledge(event.eventId); // after the ledger holds it
}

async function onMarketEvent(deps: FeedDeps, input: FeedInput, candles: CandleKeeper, event: MarketEvent): Promise<void> {
  if (event.kind === 'candleClosed') await candles.add(event.instrumentId, event.candle);
  else for (const due of await deps.ledger.dueOrders(input.portfolioId, event.marketTime)) await deps.engine.tellTimeReached(due.positionId, due.clientOrderId);
}

/** Where each symbol's newest candle is there; one that shows none, or stopped long ago, holds nobody up by more than a candle. @param lasts open times */
function beginOf(lasts: readonly number[], since: number, lengthMs: number): number {
  return lasts.length === 0 ? since : Math.max(Math.min(...lasts), Math.max(...lasts) - lengthMs);
}

/** Market clock: the moment of the newest retrain that was asked for. */
const RETRAIN_CURSOR = 'retrain';

/** One for all that fell due after a moment: a retrain learns from whatever there is. What was asked for is not asked for again. */
function createRetrainAsker({ ledger, engine }: Pick<FeedDeps, 'ledger' | 'engine'>, { portfolioId, retrain, startsCycles }: FeedInput): (after: number, at: number) => Promise<void> {
  return async (after, at) => {
    if (!startsCycles || retrain === undefined || !isRetrainDue(retrain, after, at)) return;
    const due = retrainDueAt(retrain, at);
    if (((await ledger.cursor(portfolioId, RETRAIN_CURSOR)) ?? 0) >= due) return;
    await engine.startRetrain(portfolioId, 'schedule');
    await ledger.setCursor(portfolioId, RETRAIN_CURSOR, due);
  };
}

interface CandleKeeper {
  add(instrumentId: InstrumentId, candle: Candle): Promise<void>;
  /** Fetches what was missed since the cursor, and starts the cycles of these candles in order. */
  catchUp(): Promise<void>;
  /** Hands on what waited long enough for a symbol that sends no candles. */
  look(): Promise<void>;
}

/**
 * Collects closed candles until every symbol has one, stores them together and starts the cycle. The cursor moves only
 * after the cycle was started: a feed that dies in between starts it again, and the claim makes the second a duplicate.
 */
function createCandleKeeper({ ledger, venue, engine, clock, warn }: FeedDeps, input: FeedInput): CandleKeeper {
  const lengthMs = timeframeMs(input.timeframe);
  const gathered = createCandleGathering(input.instrumentIds, clock);
  const shownCandles = createShownCandles({ venue, warn });
  const retrainIfDue = createRetrainAsker({ ledger, engine }, input);
  const cursorName = marketFeedCursor(input);
  let cursor: number | null = null; // close time of the newest candle that was handed on
  let queue: Promise<void> = Promise.resolve();

  function seriesOf(instrumentId: InstrumentId, candles: readonly Candle[]): CandleSeries {
    return { instrumentId, timeframe: input.timeframe, candles };
  }

  function inTurn(work: () => Promise<void>): Promise<void> {
    const next = queue.then(work);
    queue = next.catch(() => undefined); // the caller gets the failure; the next in turn starts fresh
    return next;
  }

  async function handOn(closeTime: number, series: readonly CandleSeries[]): Promise<void> {
    await ledger.writeCandles(series);
    if (input.startsCycles) {
      await engine.startCycle({ portfolioId: input.portfolioId, strategy: input.strategy, timeframe: input.timeframe, closeTime });
      await engine.startEvaluation(input.portfolioId); // after the cycle: that one is waited for
    }
    await ledger.setCursor(input.portfolioId, cursorName, closeTime);
    cursor = closeTime;
    gathered.forget(closeTime);
  }

  async function fetchAll(since: number, limit: number): Promise<CandleSeries[]> {
    return await Promise.all(input.instrumentIds.map(async (id) => seriesOf(id, await shownCandles({ instrumentId: id, timeframe: input.timeframe, since, limit }))));
  }

  async function firstHistory(): Promise<void> {
    const now = await venue.marketTime();
    const since = Math.floor(now / lengthMs) * lengthMs - input.historyCandles * lengthMs;
    const history = await fetchAll(since, input.historyCandles);
    await ledger.writeCandles(history);
    cursor = beginOf(history.flatMap((it) => it.candles.at(-1)?.openTime ?? []), since, lengthMs) + lengthMs;
    await ledger.setCursor(input.portfolioId, cursorName, cursor);
  }

  async function catchUp(): Promise<void> {
    cursor ??= await ledger.cursor(input.portfolioId, cursorName);
    if (cursor === null) return await firstHistory();
    for (;;) {
      const since: number = cursor;
      const missed = await fetchAll(since, 500);
      const closeTimes = [...new Set(missed.flatMap((it) => it.candles.map((candle) => candle.openTime + lengthMs)))].filter((time) => time > since).sort((a, b) => a - b);
      if (closeTimes.length === 0) return;
      await ledger.writeCandles(missed);
      await retrainIfDue(since, Math.max(...closeTimes)); // before the cursor moves: whatever dies, it is asked for again
      for (const closeTime of closeTimes) await handOn(closeTime, []);
    }
  }

  async function add(instrumentId: InstrumentId, candle: Candle): Promise<void> {
    const closeTime = candle.openTime + lengthMs;
    if (cursor !== null && closeTime <= cursor) return await addLate(instrumentId, candle);
    if (gathered.add(closeTime, instrumentId, candle)) await pass(closeTime);
  }

  /** A reconnected stream repeats what is known; what was handed on without it is new. */
  async function addLate(instrumentId: InstrumentId, candle: Candle): Promise<void> {
    if (gathered.late(instrumentId)) await ledger.writeCandles([seriesOf(instrumentId, [candle])]);
  }

  async function pass(closeTime: number): Promise<void> {
    if (cursor !== null && closeTime > cursor + lengthMs) return await catchUp(); // a candle was missed
    await retrainIfDue(closeTime - lengthMs, closeTime);
    await handOn(closeTime, gathered.of(closeTime).map(([id, it]) => seriesOf(id, [it])));
  }

  async function look(): Promise<void> {
    for (const closeTime of gathered.giveUp()) if (cursor === null || closeTime > cursor) await pass(closeTime);
  }

  return { add: (instrumentId, candle) => inTurn(() => add(instrumentId, candle)), catchUp: () => inTurn(catchUp), look: () => inTurn(look) };
}
