/**
 * What the gate lets through when the truth is known, by counts:
 * `npm run study -- [--seeds 300] [--sharpe 0] [--cost 10] [--learner linear] [--weeks 52] [--from 0]`.
 * `--sharpe` is the annual net Sharpe ratio of an oracle (0: random walks); with `--weeks` each seed retrains weekly and stands trial.
 */
import { parseArgs } from 'node:util';
import { carriersOf, strengthOf } from './market.ts';
import { oneGate, RECIPES, weekly } from './study.ts';

const { values } = parseArgs({ options: { seeds: { type: 'string', default: '300' }, from: { type: 'string', default: '0' }, sharpe: { type: 'string', default: '0' }, cost: { type: 'string', default: '10' }, learner: { type: 'string', default: 'linear' }, weeks: { type: 'string' } } });
const [seeds, from, sharpe, costBps] = [Number(values.seeds), Number(values.from), Number(values.sharpe), Number(values.cost)];
const recipe = RECIPES[values.learner];
if (recipe === undefined || ![seeds, from, sharpe, costBps].every(Number.isFinite)) throw new Error(`--learner is one of ${Object.keys(RECIPES).join(', ')}; the others are numbers`);

const startedAt = performance.now();
const strength = strengthOf(sharpe, costBps);
const options = Array.from({ length: seeds }, (_, index) => ({ seed: `study ${from + index}`, strength, carriers: carriersOf(sharpe), costBps, recipe }));
const market = sharpe === 0 ? 'random walks' : `an edge worth a net Sharpe of ${sharpe} a year to an oracle (strength ${strength.toFixed(4)}, ${carriersOf(sharpe)} carriers)`;
console.log(`${seeds} seeds from ${from}, ${market}, costs of ${costBps} bps a round trip, ${values.learner}`);
if (values.weeks === undefined) {
  const verdicts = options.map(oneGate);
  console.log(`gate passed: ${verdicts.filter((it) => it.isPassed).length} of ${seeds}`);
  const codes = verdicts[0]?.rules.map((it) => it.code) ?? [];
  for (const code of codes) {
    const refused = verdicts.filter((it) => it.refusedBy.includes(code)).length;
    const alone = verdicts.filter((it) => it.refusedBy.length === 1 && it.refusedBy[0] === code).length;
    if (refused > 0) console.log(`  refused by ${code.padEnd(24)} ${String(refused).padStart(4)}, by it alone ${alone}`);
  }
} else {
  const runs = options.map((it) => weekly({ ...it, weeks: Number(values.weeks) }));
  console.log(`${values.weeks} weekly retrains each: promoted at least once ${runs.filter((it) => it.promotedIn !== null).length} of ${seeds}, stood trial ${runs.filter((it) => it.trials > 0).length}, passed a gate ${runs.filter((it) => it.gatesPassed > 0).length}`);
}
console.log(`${((performance.now() - startedAt) / 1_000).toFixed(1)} s, ${((performance.now() - startedAt) / 1_000 / seeds).toFixed(2)} s a seed`);
