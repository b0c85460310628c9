/** The scripts to copy, as their headers say: by the Node that a user has, on ports of their own. */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import type { Ended, Machine } from '../../support/machine.ts';
import { machine, untilUp } from '../../support/machine.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

/** The header's own command line. */
function commandOf(script: string): readonly string[] {
  const line = /^ \* {3}(node bin\/bootstrap\.mjs node client\/\S+)/m.exec(readFileSync(`${ROOT}/client/${script}`, 'utf8'))?.[1] ?? '';
  expect(line).toContain(`client/${script}`);
  return line.split(' ').slice(1);
}

function run(script: string, { env }: Machine, ...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, [...commandOf(script), ...args], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let [out, err] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, out, err })));
}

it('each script does what its header says', { timeout: 180_000 }, async () => {
  const own = await machine({ KEEL_WORKERS: '1', KEEL_SYMBOL_COUNT: '2', KEEL_TIMEFRAME: '4h' });
  const started = own.keel('start', '--json');
  await untilUp(started, 90_000);
  const [cycle, evaluation, retrain, predicted] = await Promise.all([run('start-trading-cycle.ts', own), run('evaluate-outcomes.ts', own), run('run-daily-retrain.ts', own), run('generate-predictions.ts', own, 'BTC')]);
  expect(cycle).toMatchObject({ code: 0, out: expect.stringMatching(/started tradingCycle\/by-hand\/\d+\n[^]*kind: '(done|duplicate)'/) as string });
  expect(evaluation).toMatchObject({ code: 0, out: expect.stringMatching(/started outcomeEvaluation\/sim\n[^]*\d/) as string });
  expect(retrain).toMatchObject({ code: 0, out: expect.stringMatching(/started dailyRetrain\/sim\n[^]*outcome: 'skipped'[^]*too few candles/) as string });
  expect(predicted).toMatchObject({ code: 0, out: expect.stringMatching(/started predictions\/sim\/[^]*kind: 'foretold'[^]*instrumentId: 'BTC-USDT-PERP'/) as string });
  expect(await own.json('models')).toEqual([]);
  expect(await own.json('runs')).toContainEqual(expect.objectContaining({ outcome: 'skipped' })); // the script's own, or that of the market's day, which it then waited for
  expect(await run('emergency-stop.ts', own, 'a test')).toMatchObject({ code: 0 });
  expect(JSON.stringify(await own.json('guard'))).toContain('a test');
  expect(await own.keel('stop').ended).toMatchObject({ code: 0 });
  expect(await started.ended).toMatchObject({ code: 0 });
});
