/** A mutant: the real code with one guard left out. Tests must turn red over it. */

export interface Edit {
  /** From the repository's root. */
  readonly file: string;
  /** Source text that occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
}

export interface TestChoice {
  readonly project: 'unit' | 'integration';
  /** From the repository's root. */
  readonly paths: readonly string[];
  /** Only these of them: a pattern of their names. For files whose tests each need a database. */
  readonly named?: string;
}

export interface Mutant {
  readonly name: string;
  /** What holds as long as the guard stands. */
  readonly guard: string;
  /** More than one where the guard is an order of two steps far apart. */
  readonly edits: readonly Edit[];
  /** Turn red without the guard. */
  readonly tests: TestChoice;
}

export function edit(file: string, find: string, replace: string): Edit {
  return { file, find, replace };
}

export function unit(...paths: string[]): TestChoice {
  return { project: 'unit', paths: paths.map((path) => `test/unit/${path}.test.ts`) };
}

export function integration(path: string, named: string): TestChoice {
  return { project: 'integration', paths: [`test/integration/${path}.test.ts`], named };
}

/**
 * The file's text without the guard.
 * @throws when the text to find is not there exactly once: the mutant is stale, and would prove nothing.
 */
export function mutated(source: string, { file, find, replace }: Edit): string {
  const count = source.split(find).length - 1;
  if (count !== 1) throw new Error(`stale mutant: ${file} holds this text ${count} times (needed: once):\n${find}`);
  if (find === replace) throw new Error(`${file}: the mutant changes nothing:\n${find}`);
  return source.replace(find, () => replace);
}
