import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connectClient } from '../../client/install.ts';
import type { BenchOptions, Row } from '../support/measurement.ts';
import { atMost, atMostMs, formatted, plainRow } from '../support/measurement.ts';
import { cpuMsOf, memoryOf, treeOf } from '../support/process-tree.ts';
import type { Keel } from './keel.ts';
import { countOf, scratchEnvironment, startKeel, waitedMs } from './keel.ts';
import { benchKills } from './kills.ts';

const UP_WITHIN_MS = 8_000;
const FIRST_ORDER_WITHIN_S = 60;
const FIRST_ORDER_GIVE_UP_MS = 180_000;
const IDLE_SECONDS = { whole: 60, quick: 15 };
const IDLE_CPU_PERCENT_MAX = 5;
const MEMORY_MIB_MAX = { all: 1.2 * 1_024, one: 512 };
const MIB = 1024 ** 2;
const LOOKS_PER_MINUTE = 12;

/** The whole of `npm start`: how fast it is up, what it holds and uses, and what a killed process costs. */
export async function benchStart({ isQuick, minutes }: BenchOptions): Promise<readonly Row[]> {
  const home = mkdtempSync(join(tmpdir(), 'keel-bench-start-'));
  const env = await scratchEnvironment(home);
  try {
    await (await startKeel(env)).stop(); // cold: makes the cluster and the engine's file
    const keel = await startKeel(env);
    try {
      const up = atMostMs('warm npm start → all processes up', keel.upMs, UP_WITHIN_MS);
      const order = await firstOrder(keel);
      return [up, order, ...await memory(keel, isQuick ? Math.min(minutes, 0.5) : minutes), await idle(keel, isQuick ? IDLE_SECONDS.quick : IDLE_SECONDS.whole), ...await benchKills(keel)];
    } finally {
      await keel.stop();
    }
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function firstOrder({ database, startedMs }: Keel): Promise<Row> {
  const at = Date.now() - (performance.now() - startedMs);
  await waitedMs('the first order', async () => (await countOf(database, `SELECT count(*)::int AS n FROM orders WHERE accepted_at > ${Math.floor(at)}`)) > 0, FIRST_ORDER_GIVE_UP_MS);
  return atMost('warm npm start → first order accepted', (performance.now() - startedMs) / 1_000, { goal: FIRST_ORDER_WITHIN_S, unit: 's' });
}

function memoryNow({ supervisorPid }: Keel): { readonly all: number; readonly largest: number } {
  const found = treeOf(supervisorPid).flatMap((pid) => memoryOf(pid) ?? []);
  return { all: found.reduce((sum, it) => sum + it.pssBytes, 0) / MIB, largest: Math.max(...found.map((it) => it.rssBytes)) / MIB };
}

/** While it trades at its usual pace. */
async function memory(keel: Keel, minutes: number): Promise<readonly Row[]> {
  const looks = Math.max(2, Math.round(minutes * LOOKS_PER_MINUTE));
  const first = memoryNow(keel);
  let most = first;
  for (let look = 0; look < looks; look += 1) {
    await sleep((minutes * 60_000) / looks);
    const now = memoryNow(keel);
    most = { all: Math.max(most.all, now.all), largest: Math.max(most.largest, now.largest) };
  }
  const growth = (memoryNow(keel).all - first.all) / minutes;
  return [
    atMost(`memory of npm start, ${formatted(minutes)} min, most PSS of all processes`, most.all, { goal: MEMORY_MIB_MAX.all, unit: 'MiB' }),
    atMost('memory: largest RSS of one process', most.largest, { goal: MEMORY_MIB_MAX.one, unit: 'MiB' }),
    plainRow('memory: growth', `${formatted(growth)} MiB/min`),
  ];
}

/** Nothing is due: the market stands and the Schedules are paused. */
async function idle(keel: Keel, seconds: number): Promise<Row> {
  const client = await connectClient(keel.settings);
  try {
    const ids: string[] = [];
    for await (const { scheduleId } of client.schedule.list()) ids.push(scheduleId);
    await keel.control('/clock', { mode: 'paused' });
    for (const id of ids) await client.schedule.getHandle(id).pause();
    await sleep(2_000); // what was under way ends
    const before = cpuMsOf(keel.supervisorPid);
    await sleep(seconds * 1_000);
    const percent = (cpuMsOf(keel.supervisorPid) - before) / (seconds * 10);
    for (const id of ids) await client.schedule.getHandle(id).unpause();
    return atMost(`idle: processor time over ${seconds} s`, percent, { goal: IDLE_CPU_PERCENT_MAX, unit: '% of one core' });
  } finally {
    await client.connection.close();
  }
}
