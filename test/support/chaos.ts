/** Kills parts of the system at random while it trades, trips and resumes its emergency stop, then looks at its books. */
import type { PrngState } from '../../domain/market/seeded/prng.ts';
import { prngOf, uniform } from '../../domain/market/seeded/prng.ts';
import { messageOf } from '../../domain/errors.ts';
import { timeframeMs } from '../../domain/market/timeframe.ts';
import type { Violation } from '../../domain/verify/facts.ts';
import { violationText } from '../../client/verify/text.ts';
import { isListening } from '../../stack/supervisor/ports.ts';
import { emergencyStopSignal } from '../../workflows/messages.ts';
import { guardOf, guardState, resume } from './emergency.ts';
import { METRONOME } from './fault-session.ts';
import { until } from './processes.ts';
import type { Servers } from './servers.ts';
import { allowCorrelated } from './set-policy.ts';
import { oneRow, settled } from './standstill.ts';
import type { System } from './system.ts';
import { startSystem } from './system.ts';

export interface ChaosOptions {
  /** Wall time in which there is disorder; then the market stands still, and everything has to come to rest. */
  readonly seconds: number;
  readonly seed: string;
}

const DEEDS = ['worker', 'worker', 'worker', 'engine', 'postgres', 'venue', 'trip'] as const;
export type Deed = (typeof DEEDS)[number];

export interface ChaosResult {
  readonly done: Readonly<Record<Deed, number>>;
  /** A worker that could not start while its servers were away. */
  readonly failedStarts: number;
  readonly cycles: number;
  readonly trades: number;
  /** Positions that waited for a stop for longer than the limit of one death, through several of them. */
  readonly heldUp: readonly string[];
  /** Broken invariants, and what `keel verify` finds; empty when all is well. */
  readonly violations: readonly string[];
}

const WORKERS = 2;
/** More than a session gets through: it is stopped when the time is up. */
const CANDLES_PER_SECOND = 10;
/** Quiet time between two deeds: from, and up to that much more. */
const QUIET_MS = { least: 1_000, more: 4_000 };
const SETTLING_MS = 600_000;
const EMERGENCY_MS = 120_000;
const POLL_MS = 100;

/** @param servers of its own: they are killed too. @throws when the session does not come to its end */
export async function runChaos(servers: Servers, { seconds, seed }: ChaosOptions): Promise<ChaosResult> {
  const system = await startSystem({ ...servers, seed, strategy: METRONOME, candles: Math.ceil(seconds * CANDLES_PER_SECOND), workers: WORKERS, venueProcess: true });
  let isSound = false;
  try {
    await allowCorrelated(system);
    const result = await new Disorder(system, servers, prngOf(`chaos ${seed}`)).run(seconds * 1_000);
    isSound = result.violations.length === 0;
    return result;
  } finally {
    await system.close(!isSound);
  }
}

class Disorder {
  readonly #system: System;
  readonly #servers: Servers;
  readonly #random: PrngState;
  readonly #done: Record<Deed, number> = { worker: 0, engine: 0, postgres: 0, venue: 0, trip: 0 };
  #failedStarts = 0;
  #isOver = false;
  /** Wall clock of moments at which something died or was away. */
  readonly #troubles: number[] = [];
  #venueIsAway = false;

  constructor(system: System, servers: Servers, random: PrngState) {
    this.#system = system;
    this.#servers = servers;
    this.#random = random;
  }

  async run(forMs: number): Promise<ChaosResult> {
    const endsAt = performance.now() + forMs;
    await this.#system.startReplay();
    const deeds = (async () => { while (performance.now() < endsAt) await this.#doOne(); })();
    const ending = deeds.then(() => this.#comeToRest()).finally(() => { this.#isOver = true; });
    await Promise.all([ending, this.#reviveWorkers(), this.#watchTroubles()]);
    const cycles = await this.#system.cycleCount();
    const found = await this.#system.violations();
    const heldUp = found.filter((it) => isHeldUp(it, this.#troubles));
    return {
      done: this.#done, failedStarts: this.#failedStarts, cycles, trades: (await this.#system.trades()).length,
      heldUp: heldUp.map(violationText), violations: [...await this.#system.checkInvariants(), ...found.filter((it) => !heldUp.includes(it)).map(violationText)],
    };
  }

  /** The market stands still; what it made due is done in peace. */
  async #comeToRest(): Promise<void> {
    await until('the session is stopped', async () => await orNull(this.#system.stopReplay().then(() => true)) === true, SETTLING_MS);
    await until('each candle has its cycle', async () => await orNull(this.#isCaughtUp()) === true, SETTLING_MS);
    await until('everything is settled', async () => await orNull(settled(this.#system, SETTLING_MS).then(() => true)) === true, SETTLING_MS);
    await until('it is reconciled', async () => await orNull(this.#system.reconcile().then(() => true)) === true, SETTLING_MS);
  }

  async #isCaughtUp(): Promise<boolean> {
    const { closedOpenTime } = (await this.#system.control('/state')) as { closedOpenTime: number };
    const { newest, open } = await oneRow<{ newest: number; open: number }>(this.#system, 'SELECT max(close_time)::float8 newest, count(*) FILTER (WHERE recorded_at IS NULL)::int open FROM cycles');
    return open === 0 && newest === closedOpenTime + timeframeMs(this.#system.settings.timeframe);
  }

  async #doOne(): Promise<void> {
    await pause(QUIET_MS.least + uniform(this.#random) * QUIET_MS.more);
    const deed = DEEDS[Math.floor(uniform(this.#random) * DEEDS.length)] ?? 'worker';
    const worker = Math.floor(uniform(this.#random) * WORKERS);
    if (await this.#carryOut(deed, worker)) this.#done[deed] += 1;
  }

  /** @returns false when it could not be done now: what it strikes is between two incarnations */
  async #carryOut(deed: Deed, worker: number): Promise<boolean> {
    switch (deed) {
      case 'worker':
        return await this.#killWorker(worker);
      case 'venue':
        this.#venueIsAway = true;
        await this.#system.restartVenue().finally(() => { this.#venueIsAway = false; });
        return true;
      case 'engine':
      case 'postgres':
        this.#troubles.push(Date.now());
        return killServer(this.#servers[deed].pid);
      case 'trip':
        return await this.#tripAndResume(worker);
    }
  }

  async #killWorker(index: number): Promise<boolean> {
    if (!this.#system.worker(index).isRunning) return false;
    this.#troubles.push(Date.now());
    await this.#system.killWorker(index);
    return true;
  }

  /** Somebody stops everything, a worker dies in the same second, somebody resumes. */
  async #tripAndResume(worker: number): Promise<boolean> {
    const before = await orNull(guardState(this.#system));
    if (before === null || before.mode === 'tripping' || before.mode === 'emergency') return false;
    if (await orNull(guardOf(this.#system).signal(emergencyStopSignal, { reason: 'chaos', by: 'chaos' }).then(() => true)) === null) return false;
    await this.#killWorker(worker);
    await until('the stop is sealed', async () => (await orNull(guardState(this.#system)))?.mode === 'emergency', EMERGENCY_MS);
    await until('it is resumed', async () => await orNull(resume(this.#system).then(() => true)) === true || (await orNull(guardState(this.#system)))?.mode !== 'emergency', EMERGENCY_MS);
    return true;
  }

  /** Each worker that ended gets a successor, as under the supervisor; one that cannot start while its servers are away is started again. */
  async #reviveWorkers(): Promise<void> {
    while (!this.#isOver) {
      await pause(POLL_MS);
      for (let index = 0; index < WORKERS; index += 1) {
        if (this.#system.worker(index).isRunning) continue;
        try {
          await this.#system.restartWorker(index);
        } catch (error) {
          this.#failedStarts += 1;
          process.stderr.write(`worker ${index}: ${messageOf(error).slice(0, 200)}\n`);
        }
      }
    }
  }

  async #watchTroubles(): Promise<void> {
    const ports = [this.#servers.temporalAddress, new URL(this.#servers.postgresUrl).host].map((address) => Number(address.split(':')[1]));
    while (!this.#isOver) {
      await pause(POLL_MS);
      const isServed = (await Promise.all(ports.map(async (port) => await isListening(port)))).every(Boolean);
      const hasWorker = Array.from({ length: WORKERS }, (_, index) => this.#system.worker(index).isRunning).some(Boolean);
      if (!isServed || !hasWorker || this.#venueIsAway) this.#troubles.push(Date.now());
    }
  }
}

/** Both servers are watched and come back by themselves. */
function killServer(pid: number | null): boolean {
  if (pid === null) return false;
  process.kill(pid, 'SIGKILL');
  return true;
}

/** The limit is one death's: it begins anew with each that comes before the stop stands. */
function isHeldUp({ invariant, evidence: { seconds, limit, since } }: Violation, troubles: readonly number[]): boolean {
  if (invariant !== 4 || typeof seconds !== 'number' || typeof limit !== 'number' || typeof since !== 'string') return false;
  const protectedAt = Date.parse(since) + seconds * 1_000;
  const last = troubles.findLast((at) => at <= protectedAt) ?? 0;
  return last >= Date.parse(since) && protectedAt - last <= limit * 1_000;
}

/** Null while what answers is away. */
async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  return await answer.catch(() => null);
}

async function pause(ms: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms));
}
