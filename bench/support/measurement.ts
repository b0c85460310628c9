/** One line of the result. */
export interface Row {
  readonly what: string;
  /** As people read it, with its unit. */
  readonly measured: string;
  /** As people read it; empty where nothing was promised. */
  readonly goal: string;
  readonly isMet: boolean | null;
  /** The subject over the floor of the same run: what runs can be compared by. Lower is better. */
  readonly ratio: number | null;
}

export interface BenchOptions {
  /** Fewer rounds: says whether it works, not how fast. */
  readonly isQuick: boolean;
  /** How long memory is watched. */
  readonly minutes: number;
}

export interface Measurement {
  /** For `--only`. */
  readonly name: string;
  run(options: BenchOptions): Promise<readonly Row[]>;
}

/** What has no goal and no floor. */
export function plainRow(what: string, measured: string): Row {
  return { what, measured, goal: '', isMet: null, ratio: null };
}

/** A time in milliseconds that must stay below its goal. */
export function atMostMs(what: string, ms: number, goalMs: number): Row {
  return { what, measured: `${formatted(ms)} ms`, goal: `≤ ${formatted(goalMs)} ms`, isMet: ms <= goalMs, ratio: null };
}

export function atLeast(what: string, value: number, { goal, unit }: { goal: number; unit: string }): Row {
  return { what, measured: `${formatted(value)} ${unit}`, goal: `≥ ${formatted(goal)} ${unit}`, isMet: value >= goal, ratio: null };
}

export function atMost(what: string, value: number, { goal, unit }: { goal: number; unit: string }): Row {
  return { what, measured: `${formatted(value)} ${unit}`, goal: `≤ ${formatted(goal)} ${unit}`, isMet: value <= goal, ratio: null };
}

/** A time beside the floor of its shape, both medians of one run. */
export function overFloor(what: string, { ms, floorMs, goal }: { ms: number; floorMs: number; goal: number }): Row {
  const ratio = ms / floorMs;
  return { what, measured: `${formatted(ms)} ms (floor ${formatted(floorMs)} ms)`, goal: `≤ ${goal} × floor`, isMet: ratio <= goal, ratio };
}

/** Three digits that count, thousands apart. */
export function formatted(value: number): string {
  return value.toLocaleString('en', value >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 });
}
