/**
 * How often learned sizing finds something where there is nothing, and what it finds where there is, by counts:
 * `node bin/bootstrap.mjs node test/study/sizing/run.ts [--seeds 200]`.
 */
import { parseArgs } from 'node:util';
import { compareSizing } from '../../../domain/learned-sizing/compare.ts';
import { chooseSize, fitSizing } from '../../../domain/learned-sizing/model.ts';
import { NEUTRAL } from '../../../domain/learned-sizing/multipliers.ts';
import { NOTHING_TO_LEARN, signalsOf } from '../../support/sizing-market.ts';

const seeds = Number(parseArgs({ options: { seeds: { type: 'string', default: '200' } } }).values.seeds);

function tried(name: string, market: Omit<Parameters<typeof signalsOf>[0], 'seed'>): void {
  const runs = Array.from({ length: seeds }, (_, index) => {
    const signals = signalsOf({ ...market, seed: `${name} ${index}` });
    const model = fitSizing(signals);
    const off = signals.filter(({ state }) => chooseSize(model, state).multiplier !== NEUTRAL).length / signals.length;
    return { off, gain: compareSizing(signals, String(index))?.primary ?? { meanBps: 0, boundBps: -Infinity } };
  });
  const meanOf = (values: readonly number[]): string => (values.reduce((sum, it) => sum + it, 0) / seeds).toFixed(3);
  console.log(`${name.padEnd(44)} bound above 0: ${runs.filter((it) => it.gain.boundBps > 0).length} of ${seeds}; off neutral: ${meanOf(runs.map((it) => it.off))} of the states; mean gain ${meanOf(runs.map((it) => it.gain.meanBps))} bps`);
}

for (const count of [200, 400, 1_000]) for (const memory of [0, 0.5]) tried(`nothing, ${count} signals, memory ${memory}`, { count, memory, edgeBps: NOTHING_TO_LEARN });
for (const [count, bps] of [[400, 60], [1_000, 60], [1_000, 30], [2_000, 30]] as const) tried(`${bps} bps by confidence, ${count} signals`, { count, edgeBps: (confidence) => (confidence > 0.725 ? bps : -bps) });
