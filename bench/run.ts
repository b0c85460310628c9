/**
 * `npm run bench`: every measurement in one run on one machine.
 *   --quick          fewer rounds    --minutes <n>  how long memory is watched (2)
 *   --only <names>   some of them    --save         keep the output in bench/RESULTS.md (of some: beside what is kept)
 *   --compare        with what is kept: exit code 1 when a ratio is 10 % worse
 */
import { parseArgs } from 'node:util';
import { MEASUREMENTS } from './measurements.ts';
import type { Row } from './support/measurement.ts';
import { compare, keptHere, machineLine, save, tableOf } from './support/results.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false }, minutes: { type: 'string', default: '2' }, only: { type: 'string' },
    save: { type: 'boolean', default: false }, compare: { type: 'boolean', default: false },
  },
});
const names = values.only?.split(',') ?? MEASUREMENTS.map((it) => it.name);
const unknown = names.filter((name) => !MEASUREMENTS.some((it) => it.name === name));
if (unknown.length > 0) throw new Error(`--only ${unknown.join(',')}: no such measurement (there are: ${MEASUREMENTS.map((it) => it.name).join(', ')})`);
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error(`--minutes ${values.minutes}: must be above 0`);
const kept = values.save && values.only !== undefined ? keptHere() : new Map<string, string>();

process.stdout.write(`${machineLine()}${values.quick ? '; quick: fewer rounds' : ''}\n`);
const rows: Row[] = [];
for (const { name, run } of MEASUREMENTS.filter((it) => names.includes(it.name))) {
  process.stdout.write(`${name} …\n`);
  const startedMs = performance.now();
  const found = await run({ isQuick: values.quick, minutes });
  process.stdout.write(`${found.map(lineOf).join('\n')}\n  (${Math.round((performance.now() - startedMs) / 1_000)} s)\n`);
  rows.push(...found);
}
process.stdout.write(`\n${tableOf(rows)}\n`);
const flags = `${values.quick ? ' --quick' : ''}${values.only === undefined ? '' : ` --only ${values.only}`}`;
if (values.save) save(rows, `npm run bench${flags === '' ? '' : ` --${flags}`}`, kept);
process.exit(values.compare && printComparison(rows) ? 1 : 0);

function lineOf({ what, measured, goal, isMet }: Row): string {
  return `  ${what}: ${measured}${goal === '' ? '' : ` (goal ${goal}${isMet === false ? ': MISSED' : ''})`}`;
}

/** @returns whether any ratio is worse. */
function printComparison(measured: readonly Row[]): boolean {
  const comparisons = compare(measured);
  for (const { what, before, now, isWorse } of comparisons) process.stdout.write(`${isWorse ? 'WORSE ' : ''}${what}: ratio ${before.toFixed(2)} → ${now.toFixed(2)}\n`);
  return comparisons.some((it) => it.isWorse);
}
