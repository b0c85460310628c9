/** Every crash point, one session each: `npm run crash -- [--only <part of a name>] [--at-once <n>]`. Exits 1 when one broke something or was never reached. */
import { parseArgs } from 'node:util';
import { messageOf } from '../../domain/errors.ts';
import { CRASH_POINTS, crashAt } from '../support/crash.ts';
import { inParallel } from '../support/fault-session.ts';
import { startServers } from '../support/servers.ts';
import { situationOf } from '../support/situations.ts';

const { values } = parseArgs({ options: { only: { type: 'string', default: '' }, 'at-once': { type: 'string', default: '2' } } });
const atOnce = Number(values['at-once']);
if (!Number.isInteger(atOnce) || atOnce < 1) throw new Error(`--at-once ${values['at-once']}: wanted is a whole number from 1`);
const points = CRASH_POINTS.filter((point) => point.includes(values.only));
if (points.length === 0) throw new Error(`--only ${values.only}: no such crash point (there are: ${CRASH_POINTS.join(', ')})`);
points.forEach((point) => situationOf(point)); // one without a situation is named before anything runs

const servers = await startServers();
const totals = { sound: 0, broken: 0, unreached: 0 };
let done = 0;
try {
  await inParallel(atOnce, points.map((point) => async () => {
    const startedAt = performance.now();
    const { verdict, said } = await judge(point);
    totals[verdict] += 1;
    done += 1;
    console.log(`${done}/${points.length} ${point}: ${said} (${((performance.now() - startedAt) / 1000).toFixed(1)} s)`);
  }));
} finally {
  await servers.stop();
}
console.log(`${points.length} crash points: ${totals.sound} sound, ${totals.broken} broken, ${totals.unreached} never reached`);
process.exit(totals.sound === points.length ? 0 : 1);

async function judge(point: (typeof points)[number]): Promise<{ verdict: keyof typeof totals; said: string }> {
  try {
    const { mark, violations, cycles, trades } = await crashAt(point, servers);
    if (violations.length > 0) return { verdict: 'broken', said: `BROKEN: ${violations.join('; ')}` };
    if (mark === null) return { verdict: 'unreached', said: 'NEVER REACHED' };
    return { verdict: 'sound', said: `sound, ${cycles} candles, ${trades} trades` };
  } catch (error) {
    return { verdict: 'broken', said: `BROKEN: ${messageOf(error)}` };
  }
}
