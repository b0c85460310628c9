import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { clientConnectionOptions } from '../config/temporal.ts';
import { loadSettings } from '../config/settings.ts';
import { startTestEngine } from '../test/support/servers.ts';
import type { Floor } from './floor/floor.ts';
import { startFloor } from './floor/floor.ts';
import type { BenchOptions, Row } from './support/measurement.ts';
import { formatted, plainRow } from './support/measurement.ts';
import { median, quantile, timedMs } from './support/statistics.ts';

const ROUNDS = { whole: 120, quick: 20 };
const WARM_UP_ROUNDS = 10;
const AT_ONCE = 16;
const WORKFLOWS = { whole: 480, quick: 64 };

const SHAPES: readonly (readonly [string, (floor: Floor) => Promise<number>])[] = [
  ['empty workflow', (floor) => floor.workflowMs('empty')],
  ['one activity', (floor) => floor.workflowMs('oneActivity')],
  ['five activities in sequence', (floor) => floor.workflowMs('fiveActivities')],
  ['parent and one child', (floor) => floor.workflowMs('parentAndChild')],
  ['shape of a cycle (local, remote, local)', (floor) => floor.workflowMs('cycleShape')],
  ['shape of an order (child start, two activities)', (floor) => floor.orderMs()],
  ['Update', (floor) => floor.updateMs('ping')],
  ['Update with an activity', (floor) => floor.updateMs('pingWithActivity')],
];

/** The engine's floor: what nothing costs. Shapes take turns, so that what else the machine does falls on all alike. */
export async function benchEngine({ isQuick }: BenchOptions): Promise<readonly Row[]> {
  const home = mkdtempSync(join(tmpdir(), 'keel-bench-engine-'));
  const engine = await startTestEngine(home);
  const settings = loadSettings({ TEMPORAL_ADDRESS: engine.address });
  const connection = await Connection.connect(clientConnectionOptions(settings));
  const floor = await startFloor(new Client({ connection }), { address: engine.address, home });
  try {
    const times = SHAPES.map((): number[] => []);
    const rounds = isQuick ? ROUNDS.quick : ROUNDS.whole;
    for (let round = -WARM_UP_ROUNDS; round < rounds; round += 1) {
      for (const [index, [, measure]] of SHAPES.entries()) {
        const ms = await measure(floor);
        if (round >= 0) times[index]?.push(ms);
      }
    }
    const rows = SHAPES.map(([name], index) => {
      const all = times[index] ?? [];
      return plainRow(`engine: ${name}, p50 / p99`, `${formatted(median(all))} / ${formatted(quantile(all, 0.99))} ms`);
    });
    return [...rows, plainRow(`engine: one-activity workflows, ${AT_ONCE} at a time`, `${formatted(await throughput(floor, isQuick ? WORKFLOWS.quick : WORKFLOWS.whole))} /s`)];
  } finally {
    await floor.stop();
    await connection.close();
    await engine.stop();
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function throughput(floor: Floor, workflows: number): Promise<number> {
  const ms = await timedMs(() => Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (let count = 0; count < workflows / AT_ONCE; count += 1) await floor.workflowMs('oneActivity');
  })));
  return (workflows / ms) * 1_000;
}
