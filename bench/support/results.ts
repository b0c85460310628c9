/** The kept output, and what a later run says about it. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { join } from 'node:path';
import type { Row } from './measurement.ts';

export const RESULTS_FILE = join(import.meta.dirname, '../RESULTS.md');
/** A ratio may be this much worse than the saved one. */
const WORSE_MAX = 1.1;
const GIB = 1024 ** 3;

export function machineLine(): string {
  return `${cpus().length} cores, ${cpus()[0]?.model ?? 'unknown'}, ${Math.round(totalmem() / GIB)} GiB, Linux ${release()}, Node ${process.version}`;
}

const HEAD = ['| what | measured | goal | ratio | met |', '|---|---|---|---|---|'];

export function tableOf(rows: readonly Row[]): string {
  return [...HEAD, ...rows.map(lineOf)].join('\n');
}

function lineOf(row: Row): string {
  const cells = [row.what, row.measured, row.goal, row.ratio === null ? '' : row.ratio.toFixed(2), row.isMet === null ? '' : row.isMet ? 'yes' : 'NO'];
  return `| ${cells.join(' | ')} |`;
}

/** The rows that are kept, by what each measured. */
export type KeptRows = ReadonlyMap<string, string>;

/** What a run of some measurements adds to. @throws when it was kept on another machine: times of two machines do not make one table */
export function keptHere(): KeptRows {
  if (!existsSync(RESULTS_FILE)) return new Map();
  const text = readFileSync(RESULTS_FILE, 'utf8');
  if (!text.includes(`\n${machineLine()}\n`)) throw new Error(`--only with --save adds to ${RESULTS_FILE}, which was kept on another machine: save a whole run here first`);
  return keptRows(text);
}

/** A row takes the place of the kept one of its name; new ones come last. */
export function save(rows: readonly Row[], command: string, kept: KeptRows): void {
  const day = new Date().toISOString().slice(0, 10);
  const lines = new Map([...kept, ...rows.map((row) => [row.what, lineOf(row)] as const)]);
  const origin = `The last kept output of \`${command}\`, ${day}${kept.size > 0 ? '; what it did not measure is as it was kept before' : ''}.`;
  writeFileSync(RESULTS_FILE, `# Results\n\n${origin} Ratios are to the engine's floor of the same run.\n\n${machineLine()}\n\n${[...HEAD, ...lines.values()].join('\n')}\n`);
}

export interface Comparison {
  readonly what: string;
  readonly before: number;
  readonly now: number;
  readonly isWorse: boolean;
}

/** Ratios only: times depend on the machine and on what else runs there. @throws when nothing was saved */
export function compare(rows: readonly Row[]): readonly Comparison[] {
  if (!existsSync(RESULTS_FILE)) throw new Error(`${RESULTS_FILE} is not there: npm run bench -- --save writes it`);
  const saved = savedRatios(readFileSync(RESULTS_FILE, 'utf8'));
  return rows.flatMap(({ what, ratio }) => {
    const before = saved.get(what);
    return before === undefined || ratio === null ? [] : [{ what, before, now: ratio, isWorse: ratio > before * WORSE_MAX }];
  });
}

function savedRatios(text: string): Map<string, number> {
  return new Map([...keptRows(text)].flatMap(([what, line]) => {
    const ratio = cellsOf(line)[3]?.trim() ?? '';
    return /^\d+\.\d+$/.test(ratio) ? [[what, Number(ratio)] as const] : [];
  }));
}

function keptRows(text: string): KeptRows {
  return new Map(text.split('\n').flatMap((line) => (line.startsWith('| ') && line !== HEAD[0] ? [[cellsOf(line)[0] ?? '', line] as const] : [])));
}

function cellsOf(line: string): readonly string[] {
  return line.slice(2, -2).split(' | ');
}
