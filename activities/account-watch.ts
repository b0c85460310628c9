import { holdingKey } from '../domain/emergency/closing.ts';
import { NORMAL_LIMITS } from '../domain/emergency/limits.ts';
import type { AccountSight, BalanceSight, Machinery, RiskSight } from '../domain/emergency/watch.ts';
import { lookAtRisk } from '../domain/emergency/watch.ts';
import { KeelError } from '../domain/errors.ts';
import { d } from '../domain/decimal.ts';
import type { CallCounter } from '../domain/ports/call-counter.ts';
import type { HealthMonitor } from '../domain/ports/health.ts';
import type { GuardView, Ledger, WatchResult } from '../domain/ports/ledger.ts';
import type { AccountEvent, Venue, VenueAccount } from '../domain/ports/venue.ts';
import type { Engine } from './feeds.ts';
import { isLedgerDown } from './patience.ts';

export interface WatchDeps {
  readonly ledger: Ledger;
  readonly venue: Venue;
  readonly engine: Engine;
  readonly calls: CallCounter;
  readonly health: HealthMonitor;
  readonly clock: () => number;
}

/** The emergency stop's eye on one account. What it remembers lies in the ledger; while that is away, here. */
export interface AccountWatch {
  /** Resolves when the event is accounted for, and the guard has heard what follows from it. */
  tell(event: AccountEvent): Promise<void>;
  /** Looks at account and machinery by itself: prices move without any event. */
  look(): Promise<void>;
  /** The stream is open and proven alive. */
  heard(): void;
  /** The stream brought what cannot be understood. */
  broken(): void;
}

/** @source Binance USD-M, Event: Balance and Position Update, `m`: money that comes or goes is no profit and no loss. */
const TRANSFER_REASONS = ['DEPOSIT', 'WITHDRAW', 'ADMIN_DEPOSIT', 'ADMIN_WITHDRAW', 'ASSET_TRANSFER', 'COIN_SWAP_DEPOSIT', 'COIN_SWAP_WITHDRAW'];
/** While the guard trips, it is woken again so often: a signal may have been lost with its sender. */
const WAKE_AGAIN_MS = 5_000;
/** Of what was seen while the ledger was away so much is told when it is back. */
const MISSED_MAX = 500;

export function createAccountWatch(deps: WatchDeps, portfolioId: string): AccountWatch {
  return new LedgerWatch(deps, portfolioId);
}

class LedgerWatch implements AccountWatch {
  readonly #deps: WatchDeps;
  readonly #portfolioId: string;
  /** As the ledger told it last, and as it went on while the ledger was away. */
  #known: GuardView | null = null;
  #missed: readonly RiskSight[] = [];
  #waiting: RiskSight[] = [];
  #queue: Promise<void> = Promise.resolve();
  #heardAt: number;
  #isBroken = false;
  #marketAt = 0;
  #wokenAt = 0;

  constructor(deps: WatchDeps, portfolioId: string) {
    this.#deps = deps;
    this.#portfolioId = portfolioId;
    this.#heardAt = deps.clock();
  }

  async tell(event: AccountEvent): Promise<void> {
    this.heard();
    this.#isBroken = false;
    if (event.kind !== 'balance') return;
    this.#marketAt = Math.max(this.#marketAt, event.at);
    await this.#enqueue({ at: event.at, seenAt: this.#deps.clock(), money: balanceSightOf(event), machinery: null });
  }

  async look(): Promise<void> {
    this.#known ??= await this.#firstView();
    // In lockstep cycles look at the account: the moment of a timer must not decide.
    const asked = this.#known?.isReplay === true ? null : await this.#askAccount();
    await this.#enqueue({ at: asked?.at ?? this.#marketAt, seenAt: this.#deps.clock(), money: asked?.money ?? null, machinery: await this.#machinery() });
  }

  heard(): void {
    this.#heardAt = this.#deps.clock();
  }

  broken(): void {
    this.#isBroken = true;
  }

  #enqueue(sight: RiskSight): Promise<void> {
    this.#waiting.push(sight);
    const next = this.#queue.then(() => this.#drain());
    this.#queue = next.catch(() => undefined); // the caller gets the failure; the next in turn starts fresh
    return next;
  }

  /** Everything that waits goes in one transaction. */
  async #drain(): Promise<void> {
    const sights = this.#waiting;
    this.#waiting = [];
    if (sights.length === 0 || !(await this.#fold(sights, false))) return;
    const asked = await this.#askAccount();
    await this.#fold([{ at: asked?.at ?? this.#marketAt, seenAt: this.#deps.clock(), money: asked?.money ?? null, machinery: null }], asked === null);
  }

  /** @returns whether the venue should be asked. */
  async #fold(sights: readonly RiskSight[], trustsStream: boolean): Promise<boolean> {
    const all = [...this.#missed, ...sights];
    try {
      const result = await this.#deps.ledger.watchRisk(this.#portfolioId, all, { trustsStream });
      [this.#missed, this.#known] = [[], result.view];
      await this.#wakeGuard(result);
      return result.isDoubtful;
    } catch (error) {
      if (!isLedgerDown(error)) throw error;
      this.#missed = all.slice(-MISSED_MAX);
      return await this.#foldAlone(sights, trustsStream);
    }
  }

  async #wakeGuard({ change, state }: WatchResult): Promise<void> {
    const { clock, engine } = this.#deps;
    if (change === 'none' && (state.mode !== 'tripping' || clock() - this.#wokenAt <= WAKE_AGAIN_MS)) return;
    this.#wokenAt = clock();
    await engine.wakeGuard(this.#portfolioId);
  }

  /** A loss is a loss while the ledger is away: the guard hears of it through the engine. Of calls it knows its own alone: what others told before would hide how it fares now. */
  async #foldAlone(sights: readonly RiskSight[], trustsStream: boolean): Promise<boolean> {
    if (this.#known === null) return false;
    const { state: guard, readings, limits, isReplay, memory } = this.#known;
    const look = lookAtRisk(memory, sights, { guard, ledger: { ...readings, callsTold: [] }, limits, isReplay, trustsStream });
    this.#known = { ...this.#known, memory: look.memory };
    if (look.command?.kind === 'trip') await this.#deps.engine.tripGuard(this.#portfolioId, look.command.cause);
    return look.isDoubtful;
  }

  /** Null: the ledger is away, and nothing is known yet. */
  async #firstView(): Promise<GuardView | null> {
    try {
      return await this.#deps.ledger.guard(this.#portfolioId, { marketAt: null, wallAt: this.#deps.clock() });
    } catch (error) {
      if (isLedgerDown(error)) return null;
      throw error;
    }
  }

  /** Null: the venue does not answer; its failed calls are counted. */
  async #askAccount(): Promise<{ readonly at: number; readonly money: AccountSight } | null> {
    try {
      // The time first: what is booked between the two answers is then later than the look, and its event is not taken for an old one.
      this.#marketAt = Math.max(this.#marketAt, await this.#deps.venue.marketTime());
      const at = this.#marketAt; // an event that comes meanwhile moves the clock on, not this look
      return { at, money: accountSightOf(await this.#deps.venue.account()) };
    } catch (error) {
      if (error instanceof KeelError) return null;
      throw error;
    }
  }

  async #machinery(): Promise<Machinery> {
    const { calls, clock, health } = this.#deps;
    const windowMs = (this.#known?.limits ?? NORMAL_LIMITS).venueCallsWindowMs;
    return { worker: calls.worker, ...calls.within(windowMs), feedAgeMs: clock() - this.#heardAt, isFeedCorrupt: this.#isBroken, health: await health.reading(this.#portfolioId) };
  }
}

export function accountSightOf({ walletBalance, equity, positions }: VenueAccount): AccountSight {
  return { kind: 'account', walletBalance, equity, unrealized: Object.fromEntries(positions.map((it) => [holdingKey(it.instrumentId, it.positionSide), it.unrealizedPnl])) };
}

function balanceSightOf({ walletBalance, reason, positions }: Extract<AccountEvent, { kind: 'balance' }>): BalanceSight {
  return {
    kind: 'balance', walletBalance, isTransfer: TRANSFER_REASONS.includes(reason),
    unrealized: Object.fromEntries(positions.map((it) => [holdingKey(it.instrumentId, it.positionSide), d(it.quantity).isZero() ? null : it.unrealizedPnl])),
  };
}
