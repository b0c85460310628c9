import { z } from 'zod';
import { KeelError } from '../../domain/errors.ts';
import type { ClockMode, VenueCore } from './core.ts';

const TICKS_PER_CANDLE = 20;
const TICK_MIN_MS = 10;
const TICK_MAX_MS = 1_000;

export const advanceSchema = z.strictObject({
  /** The same id gets the same answer, also after a restart of either side. */
  requestId: z.string().min(1).max(200),
  /** How many candles to close. Default: one, unless `untilMarketTime` is given. */
  candles: z.int().min(1).max(1_000_000).optional(),
  /** Market clock, epoch milliseconds. */
  untilMarketTime: z.int().optional(),
});
export type AdvanceRequest = z.output<typeof advanceSchema>;

export interface AdvanceResult {
  readonly stoppedAt: 'accountEvent' | 'candleClose' | 'until' | 'end';
  readonly marketTime: number;
  /** Index of the newest closed candle. */
  readonly candleIndex: number;
  /** Candles that closed since this request began. */
  readonly closedCandles: number;
  /** Of the newest closed candle. */
  readonly closedOpenTime: number;
  /** Newest account event. */
  readonly eventId: number;
}

/** The advance was asked for while events are not answered for. */
export class EventsUnacknowledged extends Error {
  readonly lastEventId: number;
  readonly acknowledgedId: number;

  constructor(lastEventId: number, acknowledgedId: number) {
    super(`events ${acknowledgedId + 1} to ${lastEventId} are not acknowledged: answer for them, POST /acknowledge {"eventId":${lastEventId}}, then advance`);
    this.name = 'EventsUnacknowledged';
    this.lastEventId = lastEventId;
    this.acknowledgedId = acknowledgedId;
  }
}

/**
 * Moves the market's clock: by wall time, or when asked to.
 *
 * A paced market that was down, or whose process was paused, goes on from where it stood: no candle is skipped.
 */
export class ClockDriver {
  readonly #core: VenueCore;
  readonly #follows: boolean;
  readonly #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | null = null;
  #lastTickWall = 0;
  /** Where the paced clock wants to be, market time with its fraction of a millisecond. */
  #target = 0;

  /** @param follows the market happens elsewhere and moves by itself. */
  constructor(core: VenueCore, options: { readonly follows: boolean; readonly onError: (error: unknown) => void }) {
    this.#core = core;
    this.#follows = options.follows;
    this.#onError = options.onError;
  }

  start(): void {
    this.stop();
    const { mode, paceMs } = this.#core.clock;
    if (mode !== 'paced' || this.#follows) return;
    this.#lastTickWall = performance.now();
    this.#target = this.#core.marketTime();
    const everyMs = Math.min(TICK_MAX_MS, Math.max(TICK_MIN_MS, paceMs / TICKS_PER_CANDLE));
    this.#timer = setInterval(() => { this.#tick(everyMs); }, everyMs);
  }

  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  /** @param paceMs wall milliseconds per candle; kept where it is not given. */
  set(mode: ClockMode, paceMs: number = this.#core.clock.paceMs): void {
    if (this.#follows) throw new KeelError('USAGE', 'a live market moves by itself: its clock cannot be set');
    this.#core.change({ kind: 'clock', mode, paceMs });
    this.start();
  }

  /** A wall clock that jumps moves the market by at most ten ticks. */
  #tick(everyMs: number): void {
    try {
      const now = performance.now();
      const passedMs = Math.min(now - this.#lastTickWall, everyMs * 10);
      this.#lastTickWall = now;
      this.#target += (passedMs * this.#core.market.lengthMs) / this.#core.clock.paceMs;
      this.runTo(Math.floor(this.#target));
    } catch (error) {
      this.stop();
      this.#onError(error);
    }
  }

  /** Walks the market to a time, through whatever happens on the way. */
  runTo(marketTime: number): void {
    while (this.#core.marketTime() < marketTime) {
      const result = this.#core.step(marketTime);
      if (result === null || result.reached === 'limit') return;
    }
  }

  /**
   * Goes on to the next account event, the wanted number of candle closes, a market time, or the market's end.
   * @throws {EventsUnacknowledged} something happened that nobody answered for.
   * @throws {KeelError} USAGE, not retried: the market is not in lockstep.
   */
  advance(request: AdvanceRequest): AdvanceResult {
    const known = this.#core.advanceResult(request.requestId);
    if (known !== undefined) return known as AdvanceResult;
    if (this.#core.clock.mode !== 'lockstep') {
      throw new KeelError('USAGE', `the market is ${this.#core.clock.mode}, and advances by itself or not at all: POST /clock {"mode":"lockstep"} first`);
    }
    const resumed = this.#core.pendingAdvance?.requestId === request.requestId;
    const acknowledgedId = this.#core.acknowledgedId;
    if (!resumed) {
      const lastEventId = this.#core.engine.lastEventId();
      if (lastEventId > acknowledgedId) throw new EventsUnacknowledged(lastEventId, acknowledgedId);
      this.#core.change({ kind: 'advanceBegan', requestId: request.requestId, closedIndex: this.#core.market.closedIndex });
    }
    const result = this.#run(request, acknowledgedId);
    this.#core.change({ kind: 'advanceDone', requestId: request.requestId, result });
    return result;
  }

  /** Each reason to stop is looked at before each step: a run that was cut off ends where it would have. */
  #run(request: AdvanceRequest, acknowledgedId: number): AdvanceResult {
    const began = this.#core.pendingAdvance?.closedIndex ?? this.#core.market.closedIndex;
    const until = request.untilMarketTime ?? null;
    const candles = request.candles ?? (until === null ? 1 : Infinity);
    for (;;) {
      if (this.#core.engine.lastEventId() > acknowledgedId) return this.#stopped('accountEvent', began);
      if (this.#core.market.closedIndex - began >= candles) return this.#stopped('candleClose', began);
      if (until !== null && this.#core.marketTime() >= until) return this.#stopped('until', began);
      if (this.#core.step(until) === null) return this.#stopped('end', began);
    }
  }

  #stopped(stoppedAt: AdvanceResult['stoppedAt'], began: number): AdvanceResult {
    const { market, engine } = this.#core;
    return {
      stoppedAt, marketTime: this.#core.marketTime(), candleIndex: market.closedIndex, closedCandles: market.closedIndex - began,
      closedOpenTime: market.openTime(market.closedIndex), eventId: engine.lastEventId(),
    };
  }
}
