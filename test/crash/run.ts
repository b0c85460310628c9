/** Every crash point and every step that has its own, one session each: `npm run crash -- [--only <part of a name>] [--at-once <n>]`. Exits 1 when one broke something or was never reached. */
import { parseArgs } from 'node:util';
import { messageOf } from '../../domain/errors.ts';
import type { CrashResult } from '../support/crash.ts';
import { CRASH_POINTS, crashAt, crashDuring } from '../support/crash.ts';
import { STEP_POINTS } from '../support/crash-steps.ts';
import { inParallel } from '../support/fault-session.ts';
import { startServers } from '../support/servers.ts';
import { situationOf } from '../support/situations.ts';

const { values } = parseArgs({ options: { only: { type: 'string', default: '' }, 'at-once': { type: 'string', default: '2' } } });
const atOnce = Number(values['at-once']);
if (!Number.isInteger(atOnce) || atOnce < 1) throw new Error(`--at-once ${values['at-once']}: wanted is a whole number from 1`);
const all = [
  ...CRASH_POINTS.map((point) => ({ name: point as string, run: async () => await crashAt(point, servers) })),
  ...STEP_POINTS.map((it) => ({ name: it.name, run: async () => await crashDuring(it, servers) })),
];
const chosen = all.filter(({ name }) => name.includes(values.only));
if (chosen.length === 0) throw new Error(`--only ${values.only}: no such crash point (there are: ${all.map(({ name }) => name).join(', ')})`);
CRASH_POINTS.filter((point) => point.includes(values.only)).forEach((point) => situationOf(point)); // one without a situation is named before anything runs

const servers = await startServers();
const totals = { sound: 0, broken: 0, unreached: 0 };
let done = 0;
try {
  await inParallel(atOnce, chosen.map(({ name, run }) => async () => {
    const startedAt = performance.now();
    const { verdict, said } = await judge(run);
    totals[verdict] += 1;
    done += 1;
    console.log(`${done}/${chosen.length} ${name}: ${said} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
  }));
} finally {
  await servers.stop();
}
console.log(`${chosen.length} crash points: ${totals.sound} sound, ${totals.broken} broken, ${totals.unreached} never reached`);
process.exit(totals.sound === chosen.length ? 0 : 1);

async function judge(run: () => Promise<CrashResult>): Promise<{ verdict: keyof typeof totals; said: string }> {
  try {
    const { mark, violations, cycles, trades } = await run();
    if (violations.length > 0) return { verdict: 'broken', said: `BROKEN: ${violations.join('; ')}` };
    if (mark === null) return { verdict: 'unreached', said: 'NEVER REACHED' };
    return { verdict: 'sound', said: `sound, ${cycles} candles, ${trades} trades` };
  } catch (error) {
    return { verdict: 'broken', said: `BROKEN: ${messageOf(error)}` };
  }
}
