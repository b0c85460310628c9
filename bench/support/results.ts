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

export function tableOf(rows: readonly Row[]): string {
  const cells = rows.map((row) => [row.what, row.measured, row.goal, row.ratio === null ? '' : row.ratio.toFixed(2), row.isMet === null ? '' : row.isMet ? 'yes' : 'NO']);
  return ['| what | measured | goal | ratio | met |', '|---|---|---|---|---|', ...cells.map((row) => `| ${row.join(' | ')} |`)].join('\n');
}

export function save(rows: readonly Row[], command: string): void {
  const day = new Date().toISOString().slice(0, 10);
  writeFileSync(RESULTS_FILE, `# Results\n\nThe last kept output of \`${command}\`, ${day}. Ratios are to the engine's floor of the same run.\n\n${machineLine()}\n\n${tableOf(rows)}\n`);
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
  const cells = text.split('\n').filter((line) => line.startsWith('| ')).map((line) => line.slice(2, -2).split(' | '));
  return new Map(cells.flatMap(([what = '', , , ratio = '']) => (/^\d+\.\d+$/.test(ratio.trim()) ? [[what, Number(ratio)] as const] : [])));
}
