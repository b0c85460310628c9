/** `npm run chaos -- [--seconds <n>] [--seed <s>]`: exits 1 when an invariant is broken, 2 for a wrong flag. */
import { parseArgs } from 'node:util';
import { messageOf } from '../../domain/errors.ts';
import type { ChaosOptions, ChaosResult } from '../support/chaos.ts';
import { runChaos } from '../support/chaos.ts';
import { startServers } from '../support/servers.ts';

const SECONDS_MAX = 24 * 3_600;

try {
  process.exit((await campaign(optionsOf(process.argv.slice(2)))) ? 0 : 1);
} catch (error) {
  process.stderr.write(`chaos: ${messageOf(error)}\n`);
  process.exit(2);
}

/** @throws for a flag or a number that it does not know */
function optionsOf(args: readonly string[]): ChaosOptions {
  const { values } = parseArgs({ args: [...args], options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } } });
  const seconds = Number(values.seconds);
  if (!(seconds >= 1 && seconds <= SECONDS_MAX)) throw new Error(`--seconds ${values.seconds}: wanted is a number from 1 to ${SECONDS_MAX}, such as --seconds 60`);
  if (values.seed === '') throw new Error('--seed is empty: wanted is any word, such as --seed 1');
  return { seconds, seed: values.seed };
}

async function campaign(options: ChaosOptions): Promise<boolean> {
  const servers = await startServers();
  try {
    const result = await runChaos(servers, options);
    console.log(textOf(options, result));
    return result.violations.length === 0;
  } finally {
    await servers.stop();
  }
}

function textOf({ seconds, seed }: ChaosOptions, { done, failedStarts, cycles, trades, heldUp, violations }: ChaosResult): string {
  return [
    `seed ${seed}, ${seconds} s: ${Object.entries(done).map(([deed, count]) => `${deed} ${count}`).join(', ')}`,
    `${cycles} candles, ${trades} trades; starts of a worker that failed: ${failedStarts}`,
    ...(heldUp.length === 0 ? [] : ['without a stop through several deaths:', ...heldUp]),
    violations.length === 0 ? 'every invariant holds' : `BROKEN:\n${violations.join('\n')}`,
  ].join('\n');
}
