/** What a model predicts: the probability of class 1, of each of `count` classes, or a number. */
export type Task = { readonly kind: 'binary' } | { readonly kind: 'classes'; readonly count: number } | { readonly kind: 'regression' };

/** Features as columns of equal length; what is not finite is missing. Float32, as they are served and exported: training sees nothing finer. */
export interface Matrix {
  readonly names: readonly string[];
  readonly columns: readonly Float32Array[];
  readonly rows: number;
}

export interface Dataset extends Matrix {
  /** Per row: 0 or 1, the class 0 … count - 1, or the number. */
  readonly labels: Float64Array;
  /** Per row, ≥ 0; default: 1 each. */
  readonly weights?: Float64Array | undefined;
}

/** Numbers per row that a task's model gives: 1, or one per class. */
export const outputsOf = (task: Task): number => (task.kind === 'classes' ? task.count : 1);

/**
 * Rounds columns to float32.
 * @throws {RangeError} not retried: names and columns, or the columns' lengths, do not fit.
 */
export function matrixOf(names: readonly string[], columns: readonly ArrayLike<number>[]): Matrix {
  const rows = columns[0]?.length ?? 0;
  if (names.length !== columns.length) throw new RangeError(`${names.length} names for ${columns.length} columns`);
  const other = columns.findIndex((column) => column.length !== rows);
  if (other >= 0) throw new RangeError(`column ${names[other] ?? other} has ${columns[other]?.length ?? 0} rows, the first has ${rows}`);
  return { names, columns: columns.map((column) => Float32Array.from(column)), rows };
}

/** @throws {RangeError} not retried: names the row and what is allowed. */
export function checkDataset({ names, columns, rows, labels, weights }: Dataset, task: Task): void {
  if (rows < 1) throw new RangeError('a data set needs at least one row');
  if (names.length !== columns.length || columns.some((column) => column.length !== rows)) throw new RangeError(`each of the ${names.length} features needs a column of ${rows} rows`);
  if (labels.length !== rows) throw new RangeError(`${labels.length} labels for ${rows} rows`);
  if (weights !== undefined && weights.length !== rows) throw new RangeError(`${weights.length} weights for ${rows} rows`);
  const classes = task.kind === 'binary' ? 2 : task.kind === 'classes' ? task.count : null;
  labels.forEach((label, row) => {
    const isAllowed = classes === null ? Number.isFinite(label) : Number.isInteger(label) && label >= 0 && label < classes;
    if (!isAllowed) throw new RangeError(`the label of row ${row} is ${label}; allowed: ${classes === null ? 'a finite number' : `0 to ${classes - 1}`}`);
  });
  weights?.forEach((weight, row) => { if (!(weight >= 0 && weight < Infinity)) throw new RangeError(`the weight of row ${row} is ${weight}; allowed: 0 or more`); });
  if (weights?.every((weight) => weight === 0) === true) throw new RangeError('all weights are 0: nothing to learn from');
}

/** The named rows, in that order. */
export function pickRows(data: Dataset, rows: ArrayLike<number>): Dataset {
  const pick = <A extends Float32Array | Float64Array>(from: A, to: A): A => {
    for (let index = 0; index < rows.length; index += 1) to[index] = from[rows[index] as number] as number;
    return to;
  };
  const count = rows.length;
  return {
    names: data.names, rows: count,
    columns: data.columns.map((column) => pick(column, new Float32Array(count))),
    labels: pick(data.labels, new Float64Array(count)),
    ...(data.weights === undefined ? {} : { weights: pick(data.weights, new Float64Array(count)) }),
  };
}
