import type { OrderCost } from './limits.ts';
import type { Params } from './params.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** A request that passed authentication, limits and faults. */
export interface VenueRequest {
  readonly params: Params;
  /** Empty on public routes. */
  readonly accountId: string;
  /** Injected: records younger than this on the transport clock are not seen. */
  readonly lagMs: number;
  /** Injected: the share of a new order that is filled before the venue cancels the rest; null: as usual. */
  readonly fillShare: number | null;
  /** Injected: a cancel is confirmed but not carried out. */
  readonly cancelLost: boolean;
}

export interface Route {
  readonly method: Method;
  /** Whole path: `/fapi/v1/order`. */
  readonly path: string;
  /** `key` needs the header alone; `signed` key, signature and timestamp. */
  readonly security: 'public' | 'key' | 'signed';
  /** Whether the key must have the right to trade. */
  readonly trades?: boolean;
  /** Request weight per IP. */
  readonly weight: number | ((params: Params) => number);
  /** What it takes from the account's order limits. */
  readonly orders?: OrderCost;
  /** @returns the JSON answer, or a promise of it. @throws {VenueError} */
  readonly handle: (request: VenueRequest) => unknown;
}
