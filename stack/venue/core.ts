import { join } from 'node:path';
import type { Instrument } from '../../domain/market/instrument.ts';
import { KeelError } from '../../domain/errors.ts';
import { MatchingEngine } from '../../domain/matching/engine.ts';
import type {
  AccountEvent, AlgoOrderView, BarBatch, CommandKind, CommandOf, CommandValues, EngineCommand, EngineConfig, EngineSnapshot, MatchingVenue, OrderView, Outcome, StepResult,
} from '../../domain/matching/types.ts';
import { VenueError } from './errors.ts';
import { BookHistory, stampOfRecord } from './history.ts';
import type { TransportStamp } from './history.ts';
import { Journal } from './journal.ts';
import type { Market, MarketSnapshot } from './market-state.ts';

/** How the market's clock moves. */
export type ClockMode = 'paced' | 'paused' | 'lockstep';

/** An account event with the moment it happened on the transport clock. */
export interface StampedEvent {
  readonly event: AccountEvent;
  readonly transportTime: number;
}

/** What changes the venue beside engine commands. */
export type VenueChange =
  | { readonly kind: 'acknowledge'; readonly eventId: number }
  | { readonly kind: 'clock'; readonly mode: ClockMode; readonly paceMs: number }
  | { readonly kind: 'shock'; readonly symbol: string; readonly factor: number }
  | { readonly kind: 'advanceBegan'; readonly requestId: string; readonly closedIndex: number }
  | { readonly kind: 'advanceDone'; readonly requestId: string; readonly result: unknown };

/** An engine command at a transport time; `i` is the index of the candles that a `loadBars` loads. */
interface CommandEntry {
  readonly t: number;
  readonly c: EngineCommand;
  readonly i?: number;
}
type Entry = CommandEntry | { readonly t: number; readonly x: VenueChange };

interface CoreSnapshot {
  readonly engine: EngineSnapshot;
  readonly market: MarketSnapshot;
  readonly bookLines: number;
  readonly acknowledgedId: number;
  readonly clock: { readonly mode: ClockMode; readonly paceMs: number };
  readonly stamps: readonly (readonly [string, TransportStamp])[];
  readonly advances: readonly (readonly [string, unknown])[];
  readonly pendingAdvance: PendingAdvance | null;
}

export interface PendingAdvance {
  readonly requestId: string;
  /** Newest closed candle when it began. */
  readonly closedIndex: number;
}

export interface CoreOptions {
  readonly folder: string;
  readonly market: Market;
  readonly engine: EngineConfig;
  readonly clock: { readonly mode: ClockMode; readonly paceMs: number };
  readonly wallClock: () => number;
  /** Journal entries between snapshots. */
  readonly snapshotEvery: number;
}

export interface CoreListener {
  onAccountEvents(events: readonly StampedEvent[]): void;
  onMarketMoved(): void;
  onCandleClosed(index: number): void;
}

const EVENTS_KEPT = 10_000;
const ADVANCES_KEPT = 32;

/**
 * The venue's whole state: engine, market walk, acknowledgements. Everything that changes it goes through `command`
 * or `change`, which write the journal first: killed at any moment, it comes back as it was.
 */
export class VenueCore {
  readonly market: Market;
  readonly instruments: ReadonlyMap<string, Instrument>;
  readonly engineConfig: EngineConfig;
  readonly #options: CoreOptions;
  readonly #journal: Journal<Entry, CoreSnapshot>;
  readonly #history: BookHistory;
  readonly #engine: MatchingVenue;
  readonly #listeners: CoreListener[] = [];
  /** Live orders only: those that are over carry their stamp in the book. */
  readonly #stamps = new Map<string, TransportStamp>();
  #events: StampedEvent[] = [];
  #advances = new Map<string, unknown>();
  #pendingAdvance: PendingAdvance | null = null;
  #acknowledgedId = 0;
  #clock: { readonly mode: ClockMode; readonly paceMs: number };
  #transportTime = 0;
  #skewMs = 0;
  /** Of the order book: starts at the wall clock, so that it rises across restarts. */
  #updateId: number;

  constructor(options: CoreOptions) {
    this.#options = options;
    this.#clock = options.clock;
    this.#updateId = options.wallClock();
    this.engineConfig = options.engine;
    this.market = options.market;
    this.instruments = new Map(options.market.source.instruments.map((instrument) => [instrument.venueSymbol, instrument]));
    const opened = Journal.open<Entry, CoreSnapshot>(join(options.folder, 'journal'));
    this.#journal = opened.journal;
    this.#history = new BookHistory(options.folder, (kind, id) => this.#recordStamp(kind, id));
    if (opened.snapshot === undefined) {
      this.#engine = new MatchingEngine(options.engine, this.#history);
    } else {
      this.#history.load(opened.snapshot.bookLines);
      this.#engine = MatchingEngine.restore(opened.snapshot.engine, this.#history);
      this.#restore(opened.snapshot);
    }
    for (const entry of opened.entries) this.#apply(entry);
    this.#history.flush();
  }

  get engine(): MatchingVenue {
    return this.#engine;
  }
  get clock(): { readonly mode: ClockMode; readonly paceMs: number } {
    return this.#clock;
  }
  get acknowledgedId(): number {
    return this.#acknowledgedId;
  }
  get pendingAdvance(): PendingAdvance | null {
    return this.#pendingAdvance;
  }
  /** Id of the order book's newest state. */
  get updateId(): number {
    return this.#updateId;
  }
  /** The answer given to an advance, or undefined. */
  advanceResult(requestId: string): unknown {
    return this.#advances.get(requestId);
  }

  /** Wall clock of the venue, with its injected skew, epoch milliseconds. */
  transportNow(): number {
    return this.#options.wallClock() + this.#skewMs;
  }
  get skewMs(): number {
    return this.#skewMs;
  }
  setSkew(skewMs: number): void {
    this.#skewMs = skewMs;
  }

  marketTime(): number {
    return this.market.time(this.#engine);
  }

  listen(listener: CoreListener): void {
    this.#listeners.push(listener);
  }

  /** Account events after an id, oldest first; those of the last 10,000 that this process saw. */
  eventsAfter(eventId: number, limit: number): readonly StampedEvent[] {
    return this.#events.filter(({ event }) => event.eventId > eventId).slice(0, limit);
  }

  /** @throws {KeelError} NOT_FOUND, not retried: no such symbol. */
  instrument(symbol: string): Instrument {
    const found = this.instruments.get(symbol);
    if (found === undefined) throw new KeelError('NOT_FOUND', `unknown symbol ${symbol} (known: ${[...this.instruments.keys()].join(', ')})`);
    return found;
  }

  /**
   * Carries out an engine command: journal, engine, book, listeners, in this order.
   * @throws {VenueError} the engine's refusal.
   */
  command<K extends CommandKind>(command: CommandOf<K>): CommandValues[K] {
    const outcome = this.#commit<K>({ t: this.transportNow(), c: command as EngineCommand });
    if (!outcome.ok) throw new VenueError(outcome.rejection.code, outcome.rejection.message);
    return outcome.value;
  }

  change(change: VenueChange): void {
    const entry: Entry = { t: this.transportNow(), x: change };
    this.#journal.append(entry);
    this.#apply(entry);
  }

  /** Moves the market to the next thing that happens; loads the next candle where one is walked. `null` at the end of the source. */
  step(untilTime: number | null): StepResult | null {
    if (!this.market.walking) {
      if (this.market.atEnd) return null;
      const { index, batch } = this.market.nextBatch();
      this.#commit<'loadBars'>({ t: this.transportNow(), c: { kind: 'loadBars', batch }, i: index });
    }
    const result = this.command<'step'>({ kind: 'step', untilTime });
    this.#updateId += 1;
    if (result.reached === 'end') for (const listener of this.#listeners) listener.onCandleClosed(this.market.index);
    else for (const listener of this.#listeners) listener.onMarketMoved();
    return result;
  }

  /** Walks a batch of a market that happens elsewhere to its end. @param closed the candles that closed with it. */
  follow(batch: BarBatch, closed: readonly number[]): void {
    this.command<'loadBars'>({ kind: 'loadBars', batch });
    while (this.command<'step'>({ kind: 'step', untilTime: null }).reached !== 'end') continue;
    this.#updateId += 1;
    for (const listener of this.#listeners) {
      for (const index of closed) listener.onCandleClosed(index);
      listener.onMarketMoved();
    }
  }

  /** A jump of one symbol's price. @param percent > -100. */
  shock(symbol: string, percent: number): void {
    const factor = 1 + percent / 100;
    if (!(factor > 0)) throw new KeelError('USAGE', `a shock of ${percent} % leaves no price (allowed: above -100)`);
    this.instrument(symbol);
    if (this.market.walking) this.command<'shock'>({ kind: 'shock', symbol, factor });
    else this.change({ kind: 'shock', symbol, factor });
    this.#updateId += 1;
    for (const listener of this.#listeners) listener.onMarketMoved();
  }

  stampOf(kind: 'order' | 'algo', view: OrderView | AlgoOrderView): TransportStamp {
    const live = this.#stamps.get(stampKey(kind, 'orderId' in view ? view.orderId : view.algoId));
    return stampOfRecord(view) ?? live ?? { transportCreatedAt: this.#transportTime, transportTime: this.#transportTime };
  }

  saveSnapshot(): void {
    this.#history.flush();
    this.#journal.snapshot({
      engine: this.#engine.snapshot(), market: this.market.snapshot(), bookLines: this.#history.count,
      acknowledgedId: this.#acknowledgedId, clock: this.#clock, stamps: [...this.#stamps],
      advances: [...this.#advances], pendingAdvance: this.#pendingAdvance,
    });
  }

  close(): void {
    this.saveSnapshot();
    this.#journal.close();
    this.#history.close();
  }

  #restore(saved: CoreSnapshot): void {
    this.market.restore(saved.market);
    this.#acknowledgedId = saved.acknowledgedId;
    this.#clock = saved.clock;
    this.#pendingAdvance = saved.pendingAdvance;
    this.#advances = new Map(saved.advances);
    for (const [key, stamp] of saved.stamps) this.#stamps.set(key, stamp);
  }

  #commit<K extends CommandKind>(entry: CommandEntry): Outcome<CommandValues[K]> {
    this.#journal.append(entry);
    const outcome = this.#execute(entry) as Outcome<CommandValues[K]>;
    this.#history.flush();
    if (outcome.events.length > 0) {
      const stamped = outcome.events.map((event) => ({ event, transportTime: entry.t }));
      for (const listener of this.#listeners) listener.onAccountEvents(stamped);
    }
    if (this.#journal.entriesSinceSnapshot >= this.#options.snapshotEvery) this.saveSnapshot();
    return outcome;
  }

  #apply(entry: Entry): void {
    if ('c' in entry) this.#execute(entry);
    else this.#applyChange(entry.x);
  }

  /** The one place where engine commands take effect, live and on replay. */
  #execute(entry: CommandEntry): Outcome<unknown> {
    this.#transportTime = entry.t;
    const outcome = this.#tryExecute(entry.c);
    this.#remember(outcome.events, entry.t);
    if (outcome.ok && entry.i !== undefined) this.market.loaded(entry.i);
    if (outcome.ok && entry.c.kind === 'shock') this.market.shock(this.instrument(entry.c.symbol), entry.c.factor);
    if (outcome.ok && entry.c.kind === 'step' && (outcome.value as StepResult).reached === 'end') this.market.closed(this.#engine);
    return outcome;
  }

  #tryExecute(command: EngineCommand): Outcome<unknown> {
    try {
      return this.#engine.execute(command);
    } catch (error) {
      // A number beyond the engine's range: refused alike live and on replay.
      if (error instanceof RangeError) return { ok: false, rejection: { code: -1130, message: error.message }, events: [] };
      throw error;
    }
  }

  #applyChange(change: VenueChange): void {
    if (change.kind === 'acknowledge') this.#acknowledgedId = Math.max(this.#acknowledgedId, change.eventId);
    else if (change.kind === 'clock') this.#clock = { mode: change.mode, paceMs: change.paceMs };
    else if (change.kind === 'shock') this.market.shock(this.instrument(change.symbol), change.factor);
    else if (change.kind === 'advanceBegan') this.#pendingAdvance = { requestId: change.requestId, closedIndex: change.closedIndex };
    else this.#rememberAdvance(change.requestId, change.result);
  }

  #rememberAdvance(requestId: string, result: unknown): void {
    this.#pendingAdvance = null;
    this.#advances.set(requestId, result);
    const oldest = this.#advances.keys().next();
    if (this.#advances.size > ADVANCES_KEPT && oldest.done !== true) this.#advances.delete(oldest.value);
  }

  #remember(events: readonly AccountEvent[], transportTime: number): void {
    for (const event of events) {
      this.#events.push({ event, transportTime });
      if (event.kind === 'orderUpdate') this.#stamp('order', event.order.orderId, transportTime, !isLiveOrder(event.order));
      if (event.kind === 'algoUpdate') this.#stamp('algo', event.algo.algoId, transportTime, !isLiveAlgo(event.algo));
    }
    if (this.#events.length > EVENTS_KEPT * 2) this.#events = this.#events.slice(-EVENTS_KEPT);
  }

  #stamp(kind: 'order' | 'algo', id: number, transportTime: number, over: boolean): void {
    const key = stampKey(kind, id);
    const known = this.#stamps.get(key);
    if (over) this.#stamps.delete(key);
    else this.#stamps.set(key, { transportCreatedAt: known?.transportCreatedAt ?? transportTime, transportTime });
  }

  #recordStamp(kind: 'order' | 'algo' | 'fill' | 'income', id: number): TransportStamp {
    const live = kind === 'order' || kind === 'algo' ? this.#stamps.get(stampKey(kind, id)) : undefined;
    return { transportCreatedAt: live?.transportCreatedAt ?? this.#transportTime, transportTime: this.#transportTime };
  }
}

function stampKey(kind: 'order' | 'algo', id: number): string {
  return kind === 'order' ? `o${id}` : `a${id}`;
}

export function isLiveOrder(order: OrderView): boolean {
  return order.status === 'NEW' || order.status === 'PARTIALLY_FILLED';
}

/** Waiting, or triggered with an order still working. */
export function isLiveAlgo(algo: AlgoOrderView): boolean {
  return algo.status === 'NEW' || algo.status === 'TRIGGERING' || algo.status === 'TRIGGERED';
}
