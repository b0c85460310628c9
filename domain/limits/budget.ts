/**
 * Arithmetic of the venue's limits, pure. The venue counts in windows that are aligned on its clock; Keel hands out
 * each window's budget in leases, so that the sum over all workers never passes the limit.
 * @source https://developers.binance.com/docs/derivatives/usds-margined-futures/general-info#limits
 */

/** Weight per minute and IP address; new orders per ten seconds and per minute and account. */
export type LimitKind = 'weight1m' | 'orders10s' | 'orders1m';
/** Exits (stops, closes, cancels, and the looks that they need) before reads, reads before entries. */
export type PermitPriority = 'exit' | 'read' | 'entry';

export interface VenueLimits {
  readonly weightPerMinute: number;
  readonly ordersPer10s: number;
  readonly ordersPerMinute: number;
}

/** @source GET /fapi/v1/exchangeInfo, `rateLimits`. */
export const BINANCE_LIMITS: VenueLimits = { weightPerMinute: 2_400, ordersPer10s: 300, ordersPerMinute: 1_200 };

export const WINDOW_MS: Readonly<Record<LimitKind, number>> = { weight1m: 60_000, orders10s: 10_000, orders1m: 60_000 };

/** Lower number goes first. */
export const PRIORITY_RANK: Readonly<Record<PermitPriority, number>> = { exit: 0, read: 1, entry: 2 };

/** Part of a window's budget that each priority may take: what is left above it is kept for exits. */
const SHARE: Readonly<Record<PermitPriority, number>> = { exit: 1, read: 0.9, entry: 0.8 };

/** Never planned for: room for clocks that disagree and for a paused process that sends late. */
const RESERVE = 0.05;

/** A request may reach the venue this much later than it was permitted, or meet a clock this much behind ours. */
export const TRANSIT_MS = 1_000;
export const SKEW_MS = 100;

export function limitOf(limits: VenueLimits, kind: LimitKind): number {
  switch (kind) {
    case 'weight1m': return limits.weightPerMinute;
    case 'orders10s': return limits.ordersPer10s;
    case 'orders1m': return limits.ordersPerMinute;
  }
}

/**
 * Most units of one window that requests of a priority may use, all workers together.
 * Rounded down, at least 1 for a limit of at least 1.
 */
export function ceilingOf(limit: number, priority: PermitPriority): number {
  const planned = Math.floor(limit * (1 - RESERVE));
  return Math.min(limit, Math.max(1, Math.floor(planned * SHARE[priority])));
}

/** Units that a request takes of a counter. */
export function unitsOf(request: { readonly weight: number; readonly orders: number }, kind: LimitKind): number {
  return kind === 'weight1m' ? request.weight : request.orders;
}

/**
 * Every window that a request sent now may be counted in: the one of now, and its neighbour near a boundary.
 * It is charged to each, so that a request that crosses the boundary on its way breaks neither.
 * @param atMs venue's transport clock.
 * @returns starts of windows, ascending.
 */
export function windowsOf(kind: LimitKind, atMs: number): readonly number[] {
  const lengthMs = WINDOW_MS[kind];
  const first = Math.floor((atMs - SKEW_MS) / lengthMs) * lengthMs;
  const last = Math.floor((atMs + TRANSIT_MS) / lengthMs) * lengthMs;
  return first === last ? [first] : [first, last];
}

/** Start of the window that certainly contains both moments, or null when they lie in two. */
export function windowAround(kind: LimitKind, fromMs: number, toMs: number): number | null {
  const lengthMs = WINDOW_MS[kind];
  const start = Math.floor(fromMs / lengthMs) * lengthMs;
  return toMs < start + lengthMs ? start : null;
}

/**
 * How much to lease at once: far from the ceiling a twentieth of the limit, so that a permit seldom costs a round
 * trip; near it only what is needed, so that no worker sits on what another lacks.
 * @param need units of the request at hand. @param left units that nobody has leased yet, as far as known.
 */
export function leaseSize(need: number, left: number, limit: number): number {
  return Math.max(need, Math.min(Math.floor(limit / 20), Math.floor(left / 8)));
}

/**
 * Units that one worker may use of a window while the shared store cannot be asked: an equal share.
 * At least 1, so that an exit can always leave.
 */
export function aloneShare(ceiling: number, workers: number): number {
  return Math.max(1, Math.floor(ceiling / workers));
}
