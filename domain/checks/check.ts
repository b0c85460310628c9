/** Checks as rows of a table: what is looked at, in which order, and what a missing input means. */

/** What one check saw. `unknown`: an input is missing. Texts, for the record. */
export interface Finding {
  readonly state: 'passed' | 'failed' | 'unknown';
  readonly value: string;
  readonly limit: string;
}

export interface CheckRow<Input, Code extends string = string> {
  readonly code: Code;
  /** What a missing input means: `closed` refuses, `open` lets pass. */
  readonly fails: 'open' | 'closed';
  /** One line for people. */
  readonly about: string;
  readonly look: (input: Input) => Finding;
}

/** Why something is refused. */
export interface Refusal<Code extends string = string> {
  readonly code: Code;
  readonly value: string;
  readonly limit: string;
}

/** The first row that refuses, null when all let pass. Rows after it are not looked at. */
export function firstRefusal<Input, Code extends string>(rows: readonly CheckRow<Input, Code>[], input: Input): Refusal<Code> | null {
  for (const row of rows) {
    const { state, value, limit } = row.look(input);
    if (state === 'failed' || (state === 'unknown' && row.fails === 'closed')) return { code: row.code, value, limit };
  }
  return null;
}

/** A finding about something that is known. */
export function found(isFailed: boolean, value: string, limit: string): Finding {
  return { state: isFailed ? 'failed' : 'passed', value, limit };
}

/** A finding about a number that may be missing, or is no number at all. */
export function foundNumber(value: number | null | undefined, limit: string, isFailed: (value: number) => boolean, write: (value: number) => string = rounded): Finding {
  if (value === null || value === undefined || !Number.isFinite(value)) return { state: 'unknown', value: 'unknown', limit };
  return found(isFailed(value), write(value), limit);
}

/** At most four digits after the point. */
export function rounded(value: number): string {
  return String(Number(value.toFixed(4)));
}
