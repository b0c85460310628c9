/**
 * Replays the same candles with each preset of the policy, one after the other, and compares what came of it: tables on
 * standard output, plots as SVG. What stands in the folder of work already is not replayed again.
 *
 *     node bin/bootstrap.mjs node scripts/compare-presets.ts --data candles --symbols BTC,ETH,SOL --from 2023-01-01 --to 2023-03-31
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { withLedger } from '../client/deployment-parts.ts';
import { loadDeployment } from '../config/deployment.ts';
import { readSettings, ROOT } from '../config/settings.ts';
import { messageOf } from '../domain/errors.ts';
import { PRESET_NAMES } from '../domain/policy/policy.ts';
import type { PresetName } from '../domain/policy/policy.ts';
import { drawdowns } from './account.ts';
import type { PresetFacts } from './presets/ledger.ts';
import { readFacts } from './presets/ledger.ts';
import { barChart, lineChart } from './plot.ts';

const { values: flags } = parseArgs({
  options: {
    data: { type: 'string' }, symbols: { type: 'string' }, from: { type: 'string' }, to: { type: 'string' }, seed: { type: 'string', default: 'presets' },
    work: { type: 'string', default: '.keel/presets' }, plots: { type: 'string', default: 'docs/plots' },
  },
});
const work = resolve(flags.work);

const report = z.object({ deployment: z.string(), cycles: z.number(), trades: z.number(), openPositions: z.number(), finalEquity: z.string(), violations: z.number() });

interface Compared extends PresetFacts {
  readonly preset: PresetName;
  readonly report: z.output<typeof report>;
}

/** Each preset has a home of its own, so that it begins alike. */
async function replayed(preset: PresetName): Promise<z.output<typeof report>> {
  const path = join(work, `${preset}.json`);
  if (!existsSync(path)) {
    const given = (['data', 'symbols', 'from', 'to', 'seed'] as const).flatMap((name) => (flags[name] === undefined ? [] : [`--${name}`, flags[name]]));
    mkdirSync(join(work, preset), { recursive: true });
    const child = spawn(process.execPath, [join(ROOT, 'bin/keel.mjs'), 'replay', ...given, '--preset', preset, '--json'], { env: { ...process.env, KEEL_HOME: join(work, preset) }, stdio: ['ignore', 'pipe', 'inherit'] });
    const [said] = await Promise.all([text(child.stdout), once(child, 'close')]);
    if (said.trim() === '') throw new Error(`the replay of ${preset} ended with ${child.exitCode ?? 'a signal'} and no report`);
    writeFileSync(path, said);
  }
  return report.parse(JSON.parse(readFileSync(path, 'utf8')));
}

async function compared(preset: PresetName): Promise<Compared> {
  const outcome = await replayed(preset);
  const settings = await readSettings({ ...process.env, KEEL_HOME: join(work, preset) });
  const facts = await withLedger({ settings, deployment: loadDeployment(settings, outcome.deployment) }, readFacts);
  return { preset, report: outcome, ...facts };
}

function summary(all: readonly Compared[]): string {
  const worst = ({ equity }: Compared): number => Math.max(...drawdowns(equity).map(([, share]) => share));
  const change = ({ equity }: Compared): number => (equity.at(-1)?.[1] ?? NaN) / (equity[0]?.[1] ?? NaN) - 1;
  const rows: readonly (readonly [string, (it: Compared) => string])[] = [
    ['cycles', (it) => String(it.cycles)],
    ['equity, first and last', ({ equity }) => `${(equity[0]?.[1] ?? NaN).toFixed(2)} → ${(equity.at(-1)?.[1] ?? NaN).toFixed(2)}`],
    ['change', (it) => percent(change(it))],
    ['deepest drawdown', (it) => percent(worst(it))],
    ['trades closed (open at the end)', (it) => `${it.trades} (${it.report.openPositions})`],
    ['won, after fees', (it) => `${it.won} (${percent(it.won / Math.max(1, it.trades))})`],
    ['realised before fees', (it) => it.realized.toFixed(2)],
    ['fees', (it) => it.fees.toFixed(2)],
    ['mean notional', (it) => it.notional.toFixed(0)],
    ['emergency stops', (it) => String(it.trips)],
    ['violations (`keel verify`)', (it) => String(it.report.violations)],
  ];
  return table(all, rows);
}

function counts(all: readonly Compared[], of: (it: Compared) => Readonly<Record<string, number>>): string {
  const names = [...new Set(all.flatMap((it) => Object.keys(of(it))))];
  const total = (name: string): number => all.reduce((sum, it) => sum + (of(it)[name] ?? 0), 0);
  return table(all, names.sort((a, b) => total(b) - total(a) || (a < b ? -1 : 1)).map((name) => [`\`${name}\``, (it: Compared) => String(of(it)[name] ?? 0)] as const));
}

function table(all: readonly Compared[], rows: readonly (readonly [string, (it: Compared) => string])[]): string {
  return [['', ...all.map(({ preset }) => `\`${preset}\``)], ['---', ...all.map(() => '---:')], ...rows.map(([name, read]) => [name, ...all.map(read)])].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

try {
  const all: Compared[] = [];
  for (const preset of PRESET_NAMES) all.push(await compared(preset));
  mkdirSync(flags.plots, { recursive: true });
  const plots = {
    'presets-equity.svg': lineChart('Equity by preset (quote currency)', all.map(({ preset: name, equity: points }) => ({ name, points })), (value) => value.toFixed(0)),
    'presets-drawdown.svg': lineChart('Drawdown from the peak by preset', all.map(({ preset: name, equity }) => ({ name, points: drawdowns(equity) })), percent),
    'presets-refusals.svg': barChart('Refused decisions by code', all.map(({ preset: name, refusals: values }) => ({ name, values }))),
  };
  for (const [name, content] of Object.entries(plots)) writeFileSync(join(flags.plots, name), content);
  console.log([summary(all), counts(all, (it) => it.refusals), counts(all, (it) => it.endings)].join('\n\n'));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
