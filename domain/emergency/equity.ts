/** Losses from a series of equity, net of transfers: money that a person brings or takes is neither profit nor loss. */

export interface EquityPoint {
  /** Market clock. */
  readonly at: number;
  /** Quote currency; statistics, so a float. */
  readonly equity: number;
}

/** What must be remembered of the past to tell losses now. Every number is in today's terms: transfers shift them all. */
export interface EquityMemory {
  /** Highest equity since it was last re-based; null before the first point. */
  readonly peak: number | null;
  /** First equity of the day (UTC). */
  readonly dayStart: EquityPoint | null;
  /** Falling equity by rising time: the first is the high of the recovery window, told to a quarter of an hour. */
  readonly highs: readonly EquityPoint[];
  readonly last: EquityPoint | null;
}

export const NO_EQUITY: EquityMemory = { peak: null, dayStart: null, highs: [], last: null };

const DAY_MS = 86_400_000;
/** Highs nearer to one another are one: so the memory stays small. */
const HIGHS_APART_MS = 15 * 60_000;

/** A point later than all before; an earlier one changes nothing. @param windowMs whose high recovery goes by */
export function withEquity(memory: EquityMemory, point: EquityPoint, windowMs: number = DAY_MS): EquityMemory {
  if (!Number.isFinite(point.equity) || (memory.last !== null && point.at < memory.last.at)) return memory;
  const isNewDay = memory.dayStart === null || dayOf(point.at) !== dayOf(memory.dayStart.at);
  return {
    peak: Math.max(memory.peak ?? point.equity, point.equity),
    dayStart: isNewDay ? { at: point.at, equity: memory.last?.equity ?? point.equity } : memory.dayStart,
    highs: withHigh(memory.highs.filter((it) => it.at > point.at - windowMs && it.equity > point.equity), point),
    last: point,
  };
}

function withHigh(higher: readonly EquityPoint[], point: EquityPoint): readonly EquityPoint[] {
  const newest = higher.at(-1);
  return newest !== undefined && point.at - newest.at < HIGHS_APART_MS ? higher : [...higher, point];
}

/** Money came (> 0) or went: the past is told in today's terms. */
export function withTransfer(memory: EquityMemory, amount: number): EquityMemory {
  const shifted = (point: EquityPoint): EquityPoint => ({ ...point, equity: point.equity + amount });
  return {
    peak: memory.peak === null ? null : memory.peak + amount,
    dayStart: memory.dayStart === null ? null : shifted(memory.dayStart),
    highs: memory.highs.map(shifted),
    last: memory.last === null ? null : shifted(memory.last),
  };
}

/** The drawdown's peak begins anew at the equity of now: done when recovery leaves `emergency`. */
export function rebased(memory: EquityMemory): EquityMemory {
  return { ...memory, peak: memory.last?.equity ?? null };
}

export interface Losses {
  readonly dailyLossBps: number | null;
  readonly drawdownBps: number | null;
  /** From the high of the last 24 h: by it recovery goes. */
  readonly recoveryDrawdownBps: number | null;
}

export function lossesOf({ peak, dayStart, highs, last }: EquityMemory): Losses {
  if (last === null) return { dailyLossBps: null, drawdownBps: null, recoveryDrawdownBps: null };
  const below = (reference: number | undefined | null): number | null => (reference === undefined || reference === null ? null : lossBps(reference, last.equity));
  return { dailyLossBps: below(dayStart?.equity), drawdownBps: below(peak), recoveryDrawdownBps: below(highs[0]?.equity) };
}

/** Loss from a reference in basis points of it, never negative. Nothing left of nothing is no loss; below nothing it is whole. */
export function lossBps(reference: number, now: number): number {
  if (now >= reference) return 0;
  return reference <= 0 ? 10_000 : Math.min(10_000, ((reference - now) / reference) * 10_000);
}

function dayOf(at: number): number {
  return Math.floor(at / DAY_MS);
}
