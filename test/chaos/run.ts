/** Kills parts of the system at random while it trades, then looks at its books: `npm run chaos -- --seconds <n> --seed <s>`. */
import { parseArgs } from 'node:util';
import { messageOf } from '../../domain/errors.ts';
import type { PrngState } from '../../domain/market/seeded/prng.ts';
import { prngOf, uniform } from '../../domain/market/seeded/prng.ts';
import type { Servers } from '../support/servers.ts';
import { startServers } from '../support/servers.ts';
import type { System } from '../support/system.ts';
import { startSystem } from '../support/system.ts';

const { values } = parseArgs({ options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } } });
const WORKERS = 2;
/** A session runs some five candles a second; what is left when the time is up is traded in peace. */
const CANDLES_PER_SECOND = 3;
/** Quiet time between two kills: from, and up to that much more. */
const QUIET_MS = { least: 1_000, more: 4_000 };
const SETTLING_MS = 600_000;
const REVIVE_MS = 100;

const VICTIMS = ['worker', 'worker', 'worker', 'engine', 'postgres', 'venue'] as const;
type Victim = (typeof VICTIMS)[number];

const killed: Record<Victim, number> = { worker: 0, engine: 0, postgres: 0, venue: 0 };
let failedStarts = 0;
const servers = await startServers();
let violations: readonly string[] = ['the session did not end'];
try {
  const candles = Math.max(60, Number(values.seconds) * CANDLES_PER_SECOND);
  const system = await startSystem({ ...servers, seed: values.seed, candles, workers: WORKERS, venueProcess: true });
  try {
    violations = await trade(system, Date.now() + Number(values.seconds) * 1_000);
  } finally {
    await system.close(violations.length > 0);
  }
} finally {
  await servers.stop();
}
console.log(`seed ${values.seed}: killed ${Object.entries(killed).map(([name, count]) => `${name} ${count}`).join(', ')}; starts of a worker that failed: ${failedStarts}`);
console.log(violations.length === 0 ? 'every invariant holds' : `BROKEN:\n${violations.join('\n')}`);
process.exit(violations.length === 0 ? 0 : 1);

async function trade(system: System, until: number): Promise<readonly string[]> {
  const random = prngOf(`chaos ${values.seed}`);
  await system.startReplay();
  const done = { value: false };
  const session = system.waitDone(SETTLING_MS).finally(() => { done.value = true; });
  const disorder = (async () => { while (!done.value && Date.now() < until) await killOne(system, random); })();
  const order = (async () => { while (!done.value) await reviveWorkers(system); })();
  const [cycles] = await Promise.all([session, disorder, order]);
  console.log(`${cycles} candles, ${(await system.trades()).length} trades`);
  return await system.checkInvariants();
}

async function killOne(system: System, random: PrngState): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, QUIET_MS.least + uniform(random) * QUIET_MS.more));
  const victim = VICTIMS[Math.floor(uniform(random) * VICTIMS.length)] ?? 'worker';
  const worker = Math.floor(uniform(random) * WORKERS);
  if (victim === 'worker') await system.killWorker(worker);
  else if (victim === 'venue') await system.restartVenue();
  else if (!killServer(servers, victim)) return;
  killed[victim] += 1;
}

/** Both servers are watched and come back by themselves. @returns false between two incarnations */
function killServer({ engine, postgres }: Servers, victim: 'engine' | 'postgres'): boolean {
  const { pid } = victim === 'engine' ? engine : postgres;
  if (pid === null) return false;
  process.kill(pid, 'SIGKILL');
  return true;
}

/** Each worker that ended gets a successor, as under the supervisor; one that cannot start while its servers are away is started again. */
async function reviveWorkers(system: System): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, REVIVE_MS));
  for (let index = 0; index < WORKERS; index += 1) {
    if (system.worker(index).isRunning) continue;
    try {
      await system.restartWorker(index);
    } catch (error) {
      failedStarts += 1;
      process.stderr.write(`worker ${index}: ${messageOf(error).slice(0, 200)}\n`);
    }
  }
}
