import type { HistoryQuery } from '../../domain/matching/types.ts';
import type { VenueCore } from './core.ts';
import type { TransportStamp } from './history.ts';
import type { Params } from './params.ts';

const DAY_MS = 86_400_000;

export interface HistoryRequest {
  readonly accountId: string;
  readonly symbol: string | undefined;
  readonly fromId: number | undefined;
  /** Market clock. */
  readonly now: number;
  /** The longest period that one request covers; Infinity: any. */
  readonly daysMax: number;
  readonly limit: number;
}

export interface HistoryPeriod {
  readonly query: HistoryQuery;
  /** Older rows are left out: the engine gives the newest where only an end is named. */
  readonly since: number;
}

/**
 * The period of a history request as Binance reads it: from an id on; else what `startTime` and `endTime` say, where
 * one alone means so many days from it; else the last days.
 * @throws {VenueError} -1023, -4165.
 */
export function historyQuery(params: Params, request: HistoryRequest): HistoryPeriod {
  const { accountId, symbol, fromId, limit } = request;
  const base = { accountId, limit, ...(symbol === undefined ? {} : { symbol }) };
  if (fromId !== undefined) return { query: { ...base, fromId }, since: 0 };
  const { startTime, endTime } = params.period(request.daysMax);
  const lengthMs = request.daysMax * DAY_MS;
  if (startTime !== undefined) return { query: { ...base, startTime, endTime: endTime ?? Math.min(startTime + lengthMs, Number.MAX_SAFE_INTEGER) }, since: 0 };
  const end = endTime ?? request.now;
  const since = Math.max(0, end - Math.min(lengthMs, 7 * DAY_MS));
  return { query: { ...base, endTime: end }, since };
}

/** Whether a look-up sees a record: an injected lag hides what is younger. */
export function isVisible(core: VenueCore, stamp: TransportStamp, lagMs: number): boolean {
  return lagMs === 0 || core.transportNow() - stamp.transportCreatedAt >= lagMs;
}
