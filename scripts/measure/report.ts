/** Coverage for people, and what it must reach. */
import { relative, sep } from 'node:path';
import type { CoverageMap, CoverageSummary } from '@vitest/istanbul-lib-coverage';
import { createCoverageMap } from '@vitest/istanbul-lib-coverage';

const METRICS = ['statements', 'branches', 'functions', 'lines'] as const;
export type Metric = (typeof METRICS)[number];
/** Branches are told and not asked for: the packer of the workflows rewrites `??` and `?.`, which then cannot be counted as written. */
const ASKED_FOR: readonly Metric[] = ['statements', 'functions', 'lines'];

/** @property min percent that each metric that is asked for must reach. */
interface Area {
  readonly name: string;
  readonly folder: string;
  readonly min: number;
}

/** @source goals.md, "Reliability" */
export const AREAS: readonly Area[] = [
  { name: 'domain', folder: 'domain', min: 90 },
  { name: 'workflows', folder: 'workflows', min: 90 },
  { name: 'overall', folder: '', min: 80 },
];
const LEAST_COVERED = 10;

export interface AreaCoverage extends Area {
  readonly files: number;
  /** Percent, 0-100. */
  readonly percent: Readonly<Record<Metric, number>>;
  /** Metrics below the minimum. */
  readonly missed: readonly Metric[];
}

export function areasOf(map: CoverageMap, root: string): readonly AreaCoverage[] {
  return AREAS.map((area) => {
    const files = map.files().filter((path) => area.folder === '' || relative(root, path).startsWith(area.folder + sep));
    const summary = summaryOf(map, files);
    const percent = Object.fromEntries(METRICS.map((metric) => [metric, percentOf(summary, metric)])) as Record<Metric, number>;
    return { ...area, files: files.length, percent, missed: ASKED_FOR.filter((metric) => percent[metric] < area.min) };
  });
}

function summaryOf(map: CoverageMap, files: readonly string[]): CoverageSummary {
  return createCoverageMap(Object.fromEntries(files.map((path) => [path, map.fileCoverageFor(path)]))).getCoverageSummary();
}

/** Of nothing, all is covered. */
function percentOf(summary: CoverageSummary, metric: Metric): number {
  const { pct } = summary[metric];
  return pct === 'Unknown' ? 100 : pct;
}

/** One table, and the files to begin with when something is missed. */
export function coverageText(areas: readonly AreaCoverage[], map: CoverageMap, root: string): string {
  const rows = areas.map(({ name, files, percent, min, missed }) => [name, String(files), ...METRICS.map((metric) => `${percent[metric].toFixed(1)} %${missed.includes(metric) ? ' !' : ''}`), `${min} %`]);
  const table = [['coverage', 'files', ...METRICS, 'at least'], ...rows];
  const widths = table[0]?.map((_head, column) => Math.max(...table.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = table.map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  '));
  const told = areas.flatMap(({ name, missed, percent, min }) => missed.map((metric) => `${name}: ${metric} are covered to ${percent[metric].toFixed(1)} %, at least ${min} % are asked for`));
  return [...lines, ...told, ...(told.length > 0 ? leastCovered(map, root) : [])].join('\n');
}

/** Where most statements never ran. */
function leastCovered(map: CoverageMap, root: string): readonly string[] {
  const open = map.files().map((path) => {
    const { statements } = map.fileCoverageFor(path).toSummary();
    return { path: relative(root, path), missing: statements.total - statements.covered, lines: map.fileCoverageFor(path).getUncoveredLines() };
  });
  const worst = open.filter(({ missing }) => missing > 0).sort((a, b) => b.missing - a.missing).slice(0, LEAST_COVERED);
  return ['most is missing in:', ...worst.map(({ path, missing, lines }) => `  ${path}: ${missing} statements, lines ${lines.slice(0, 12).join(', ')}${lines.length > 12 ? ', …' : ''}`)];
}
