import { aloneShare, ceilingOf, leaseSize, limitOf, SKEW_MS, unitsOf, WINDOW_MS, windowsOf } from '../domain/limits/budget.ts';
import type { LimitKind, PermitPriority, VenueLimits } from '../domain/limits/budget.ts';
import type { Lease, LeaseRequest, LimitWindow } from '../domain/ports/limiter.ts';

/** What a permit is asked for, as far as budget is concerned. */
export interface Demand {
  readonly weight: number;
  readonly orders: number;
  readonly priority: PermitPriority;
}

/** One window as this process knows it. */
interface WindowState extends LimitWindow {
  /** Units that this process may use, and has used. */
  granted: number;
  used: number;
  /** Units that all workers leased, as last told. */
  leased: number;
  /** Units that others than Keel used, as last told. */
  foreign: number;
  /** Highest count that the venue told. */
  counted: number;
  /** Units used without a lease while the store was away: the next lease pays for them. */
  debt: number;
}

const KINDS: readonly LimitKind[] = ['weight1m', 'orders10s', 'orders1m'];
/** Windows that are over for longer are forgotten. */
const FORGET_MS = 120_000;

/** The budget of this process, window by window. Times are the venue's clock. */
export class LimiterWindows {
  #limits: VenueLimits;
  readonly #states = new Map<string, WindowState>();

  constructor(limits: VenueLimits) {
    this.#limits = limits;
  }

  learn(limits: VenueLimits): void {
    this.#limits = limits;
  }

  /** Charges the demand to every window that it may fall into, or to none. @returns whether it was charged. */
  take(demand: Demand, nowMs: number): boolean {
    const charges = this.#charges(demand, nowMs);
    if (charges.some((charge) => !this.#fits(charge))) return false;
    for (const { state, units } of charges) state.used += units;
    return true;
  }

  /** Leases without which the demand cannot be met; windows known to be full are left out. Empty: nothing would help. */
  wanted(demand: Demand, nowMs: number): readonly LeaseRequest[] {
    return this.#charges(demand, nowMs).flatMap((charge) => {
      const { state, units, ceiling } = charge;
      const left = ceiling - state.leased - state.foreign;
      if (this.#fits(charge) || left <= 0) return [];
      const need = units - (state.granted - state.used) + state.debt;
      return [{ kind: state.kind, windowStart: state.windowStart, ceiling, units: leaseSize(need, left, limitOf(this.#limits, state.kind)) }];
    });
  }

  /** A question without a demand: how full the demand's windows are. */
  look(demand: Demand, nowMs: number): readonly LeaseRequest[] {
    return this.#charges(demand, nowMs).map(({ state, ceiling }) => ({ kind: state.kind, windowStart: state.windowStart, ceiling, units: state.debt }));
  }

  book(leases: readonly Lease[]): void {
    for (const lease of leases) {
      const state = this.#state(lease);
      const paid = Math.min(state.debt, lease.granted);
      state.debt -= paid;
      state.granted += lease.granted - paid;
      state.leased = lease.leased;
      state.foreign = lease.foreign;
    }
  }

  /** The store cannot be asked: an equal share of each window may be used. */
  grantAlone(demand: Demand, nowMs: number, workers: number): void {
    for (const { state, ceiling } of this.#charges(demand, nowMs)) {
      const extra = aloneShare(ceiling, workers) - state.granted;
      if (extra <= 0) continue;
      state.granted += extra;
      state.leased += extra;
      state.debt += extra;
    }
  }

  /** @returns whether others than Keel seem to use the limit too: worth telling the store. */
  count(window: LimitWindow, counted: number): boolean {
    const state = this.#state(window);
    state.counted = Math.max(state.counted, counted);
    if (counted <= state.leased + state.foreign) return false;
    state.foreign = counted - state.leased;
    return true;
  }

  /** When the windows that refuse the demand are over. */
  retryAt(demand: Demand, nowMs: number): number {
    const full = this.#charges(demand, nowMs).filter((charge) => !this.#fits(charge));
    return Math.max(nowMs + 1, ...full.map(({ state }) => state.windowStart + WINDOW_MS[state.kind] + SKEW_MS));
  }

  forgetOld(nowMs: number): void {
    for (const [key, state] of this.#states) {
      if (state.windowStart + WINDOW_MS[state.kind] < nowMs - FORGET_MS) this.#states.delete(key);
    }
  }

  #fits({ state, units, ceiling }: Charge): boolean {
    const free = state.granted - state.used;
    return units <= free && state.leased + state.foreign - free + units <= ceiling && state.counted + units <= ceiling;
  }

  #charges(demand: Demand, nowMs: number): readonly Charge[] {
    return KINDS.filter((kind) => unitsOf(demand, kind) > 0).flatMap((kind) => {
      const ceiling = ceilingOf(limitOf(this.#limits, kind), demand.priority);
      return windowsOf(kind, nowMs).map((windowStart) => ({ state: this.#state({ kind, windowStart }), units: unitsOf(demand, kind), ceiling }));
    });
  }

  #state({ kind, windowStart }: LimitWindow): WindowState {
    const key = `${kind} ${windowStart}`;
    const known = this.#states.get(key);
    if (known !== undefined) return known;
    const fresh: WindowState = { kind, windowStart, granted: 0, used: 0, leased: 0, foreign: 0, counted: 0, debt: 0 };
    this.#states.set(key, fresh);
    return fresh;
  }
}

interface Charge {
  readonly state: WindowState;
  readonly units: number;
  readonly ceiling: number;
}
