/** The model-based exploration at length: `npm run model -- [--runs <n>] [--seed <n>]`. */
import { parseArgs } from 'node:util';
import { exploreEmergency } from './emergency.ts';

const { values } = parseArgs({ options: { runs: { type: 'string', default: '20000' }, seed: { type: 'string' } } });
const runs = Number(values.runs);
const startedAt = performance.now();
exploreEmergency({ runs, ...(values.seed === undefined ? {} : { seed: Number(values.seed) }) });
console.log(`${runs} sequences of commands over guard, recovery and fence: no promise broken (${((performance.now() - startedAt) / 1_000).toFixed(1)} s)`);
