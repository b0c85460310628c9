/**
 * How often learned sizing finds something where there is nothing, and what it finds where there is, by counts:
 * `node bin/bootstrap.mjs node test/study/sizing/run.ts [--seeds 200] [--only crowd]`.
 */
import { parseArgs } from 'node:util';
import { boundOf, compareSizing } from '../../../domain/learned-sizing/compare.ts';
import { chooseSize, fitSizing } from '../../../domain/learned-sizing/model.ts';
import { NEUTRAL } from '../../../domain/learned-sizing/multipliers.ts';
import type { SizingSample } from '../../../domain/learned-sizing/model.ts';
import { crowdOf, NOTHING_TO_LEARN, signalsOf } from '../../support/sizing-market.ts';

const { values: { seeds: given, only } } = parseArgs({ options: { seeds: { type: 'string', default: '200' }, only: { type: 'string', default: '' } } });
const seeds = Number(given);

function tried(name: string, market: (seed: string) => readonly SizingSample[]): void {
  if (!name.includes(only)) return;
  const runs = Array.from({ length: seeds }, (_, index) => {
    const signals = market(`${name} ${index}`);
    const model = fitSizing(signals);
    const off = signals.filter(({ state }) => chooseSize(model, state).multiplier !== NEUTRAL).length / signals.length;
    const compared = compareSizing(signals, String(index));
    return { off, boundBps: boundOf(compared), meanBps: 'notCompared' in compared ? 0 : compared.primary.meanBps };
  });
  const meanOf = (values: readonly number[]): string => (values.reduce((sum, it) => sum + it, 0) / seeds).toFixed(3);
  console.log(`${name.padEnd(44)} bound above 0: ${runs.filter((it) => (it.boundBps ?? 0) > 0).length} of ${seeds}, not compared: ${runs.filter((it) => it.boundBps === null).length}; off neutral: ${meanOf(runs.map((it) => it.off))} of the states; mean gain ${meanOf(runs.map((it) => it.meanBps))} bps`);
}

for (const count of [200, 400, 1_000]) for (const memory of [0, 0.5]) tried(`nothing, ${count} signals, memory ${memory}`, (seed) => signalsOf({ seed, count, memory, edgeBps: NOTHING_TO_LEARN }));
for (const [symbols, count, days] of [[30, 400, 13], [60, 1_000, 16], [30, 1_000, 33], [10, 400, 39], [30, 2_000, 90], [30, 4_000, 180], [10, 1_000, 120]] as const) tried(`nothing, crowd of ${symbols} symbols, ${count} in ${days} days`, (seed) => crowdOf({ seed, symbols, count, days }));
for (const [count, bps] of [[400, 60], [1_000, 60], [1_000, 30], [2_000, 30]] as const) tried(`${bps} bps by confidence, ${count} signals`, (seed) => signalsOf({ seed, count, edgeBps: (confidence) => (confidence > 0.725 ? bps : -bps) }));
