import { KeelError } from '../../domain/errors.ts';
import { timeframeMs } from '../../domain/market/timeframe.ts';
import type { Row } from '../support/measurement.ts';
import { atMost, formatted } from '../support/measurement.ts';
import type { Keel } from './keel.ts';
import { countOf, waitedMs } from './keel.ts';

/** Candles come this often meanwhile: what is measured is the recovery, not the wait for a candle. */
const PACE_MS = 500;
const WORKING_AGAIN_S = 10;
const GIVE_UP_MS = 120_000;
/** Claimed after the kill and recorded: one could still be what was under way. */
const CYCLES_AGAIN = 2;

/** `kill -9` of each process once: how long until candles are traded on again, and whether one was left out. */
export async function benchKills(keel: Keel): Promise<readonly Row[]> {
  await keel.control('/clock', { mode: 'paced', paceMs: PACE_MS });
  const rows: Row[] = [];
  for (const { name } of keel.processes().filter((it) => it.pid !== null)) {
    await waitedMs('cycles before the kill', () => hasCycles(keel, Date.now() - 2 * PACE_MS), GIVE_UP_MS);
    rows.push(atMost(`kill -9 ${name}: working again`, (await killedMs(keel, name)) / 1_000, { goal: WORKING_AGAIN_S, unit: 's' }));
  }
  await keel.control('/clock', { mode: 'paused' });
  return [...rows, await missingRow(keel)];
}

async function killedMs(keel: Keel, name: string): Promise<number> {
  const pid = keel.processes().find((it) => it.name === name)?.pid;
  if (pid === undefined || pid === null) throw new KeelError('NOT_RUNNING', `${name} does not run`);
  const killedAt = Date.now();
  process.kill(pid, 'SIGKILL');
  return await waitedMs(`cycles after the kill of ${name}`, async () => {
    const now = keel.processes().find((it) => it.name === name);
    return now?.state === 'running' && now.pid !== pid && (await hasCycles(keel, killedAt));
  }, GIVE_UP_MS);
}

async function hasCycles({ database }: Keel, sinceMs: number): Promise<boolean> {
  return (await countOf(database, `SELECT count(*)::int AS n FROM cycles WHERE claimed_at > ${sinceMs} AND recorded_at IS NOT NULL`)) >= CYCLES_AGAIN;
}

/** Every candle that the venue closed since the first cycle has one that is recorded. */
async function missingRow(keel: Keel): Promise<Row> {
  const lengthMs = timeframeMs(keel.settings.timeframe);
  const lastClose = (await keel.closedOpenTime()) + lengthMs;
  const count = (): Promise<number> => countOf(keel.database, `SELECT (${lastClose} - min(close_time)) / ${lengthMs} + 1 - count(*) FILTER (WHERE recorded_at IS NOT NULL AND close_time <= ${lastClose}) AS n FROM cycles`);
  await waitedMs('the last candle is traded', async () => (await countOf(keel.database, `SELECT count(*)::int AS n FROM cycles WHERE close_time = ${lastClose} AND recorded_at IS NOT NULL`)) === 1, GIVE_UP_MS);
  const missing = Number(await count());
  return { what: 'candles without their cycle after these kills', measured: formatted(missing), goal: '0', isMet: missing === 0, ratio: null };
}
