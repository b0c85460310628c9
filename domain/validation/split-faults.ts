/** Whether a validation was what it claims to be, read from the rows it used: nothing is believed that can be counted. */
import type { Fold, Part } from './folds.ts';
import { PARTS, spanOf } from './folds.ts';
import type { LabelledRows } from './rows.ts';

export interface SplitFaults {
  /** Rows of one part whose labels share a moment with a later part's, by fold and part. */
  readonly overlapping: readonly string[];
  /** Test rows that something was learned from, by fold and part: fitted, stopped or calibrated on test. */
  readonly learnedFrom: readonly string[];
  /** Rows that were tested in more than one fold. */
  readonly testedTwice: readonly string[];
  /** Rows that stand in the data more than once. */
  readonly duplicates: readonly string[];
}

type Checked = Pick<LabelledRows, 'decidedAt' | 'labelUntil' | 'instrument' | 'instruments' | 'columns' | 'moveBps' | 'rows'>;

/** @param embargoMs how long after a test part nothing is learned from. */
export function splitFaultsOf(rows: Checked, folds: readonly Fold[], embargoMs = 0): SplitFaults {
  return {
    overlapping: folds.flatMap((fold, index) => pairsOf().flatMap(([part, later]) => counted(overlapsOf(rows, fold, { part, later, embargoMs }), (row) => `fold ${index}: ${part} reaches into ${later}, first with ${named(rows, row)}`))),
    learnedFrom: folds.flatMap((fold, index) => {
      const tested = new Set(fold.test);
      return PARTS.filter((part) => part !== 'test').flatMap((part) => counted(fold[part].filter((row) => tested.has(row)), (row) => `fold ${index}: ${part} on test, first with ${named(rows, row)}`));
    }),
    testedTwice: counted(repeatedOf(folds.flatMap((fold) => [...fold.test])), (row) => `tested twice, first ${named(rows, row)}`),
    duplicates: counted(duplicatesOf(rows), (row) => `twice in the data, first ${named(rows, row)}`),
  };
}

const pairsOf = (): readonly (readonly [Part, Part])[] => PARTS.flatMap((part, index) => PARTS.slice(index + 1).map((later) => [part, later] as const));

/** One line for all of a kind: how many and the first. */
function counted(found: ArrayLike<number>, say: (row: number) => string): readonly string[] {
  return found.length === 0 ? [] : [`${found.length} rows: ${say(found[0] as number)}`];
}

function named({ instruments, instrument, decidedAt }: Checked, row: number): string {
  return `${instruments[instrument[row] as number] ?? 'an unknown symbol'} at ${new Date(decidedAt[row] as number).toISOString()}`;
}

function overlapsOf(rows: Checked, fold: Fold, { part, later, embargoMs }: { readonly part: Part; readonly later: Part; readonly embargoMs: number }): Int32Array {
  const shared = new Set(fold[later]); // a row in both parts is another fault
  const span = spanOf(rows, fold[later]);
  if (span === null) return new Int32Array(0);
  return fold[part].filter((row) => !shared.has(row) && (rows.labelUntil[row] as number) > span.from && (rows.decidedAt[row] as number) < span.until + embargoMs);
}

function repeatedOf(values: readonly number[]): readonly number[] {
  const seen = new Set<number>();
  return values.filter((value) => seen.size === seen.add(value).size);
}

/** The same symbol and moment again, or the same features and the same move under another name: a market that stands still repeats itself, one that moves does not. */
function duplicatesOf({ rows, instrument, decidedAt, columns, moveBps }: Checked): readonly number[] {
  const places = new Set<string>();
  const byMove = new Map<number, number[]>();
  return Array.from({ length: rows }, (_, row) => row).filter((row) => {
    const isAgain = places.size === places.add(`${instrument[row] as number} ${decidedAt[row] as number}`).size;
    const move = moveBps[row] as number;
    if (move === 0) return isAgain;
    const others = byMove.get(move) ?? [];
    byMove.set(move, others);
    const isSame = others.some((other) => columns.every((column) => Object.is(column[other], column[row])));
    others.push(row);
    return isAgain || isSame;
  });
}
