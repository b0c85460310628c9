import { setTimeout as sleep } from 'node:timers/promises';
import { createAccountWatch } from '../activities/account-watch.ts';
import type { Engine } from '../activities/feeds.ts';
import { createHealthMonitor } from '../activities/health.ts';
import { databaseUrlOf } from '../config/database.ts';
import { createHealthStore } from '../db/health-store.ts';
import { createLedger } from '../db/ledger.ts';
import { createPool } from '../db/pool.ts';
import { ARMED } from '../domain/emergency/guard.ts';
import { NORMAL_LIMITS } from '../domain/emergency/limits.ts';
import type { AccountSight, BalanceSight, RiskSight, WatchMemory } from '../domain/emergency/watch.ts';
import { lookAtRisk, NOTHING_SEEN } from '../domain/emergency/watch.ts';
import type { AccountEvent } from '../domain/ports/venue.ts';
import { startServers } from '../test/support/servers.ts';
import type { SystemOptions } from '../test/support/system.ts';
import { startSystem } from '../test/support/system.ts';
import { createCallCounter } from '../venues/call-counter.ts';
import { createBackOffLimiter, createVenue } from '../venues/index.ts';
import { venueSettingsOf } from '../venues/settings.ts';
import type { BenchOptions, Row } from './support/measurement.ts';
import { atLeast, atMostMs } from './support/measurement.ts';
import { quantile, timedMs } from './support/statistics.ts';

const PER_SECOND = 500;
const TICK_MS = 20;
const HOLDINGS = 50;
const UNREALIZED = 0.01;
const WALLET = 10_000;
/** Money of one event alone: who never saw that event knows no such peak. */
const PEAK = 10_050;

/** The emergency stop's eye at five hundred account events a second, each of fifty positions, over a real ledger. */
export async function benchAccountWatch({ isQuick }: BenchOptions): Promise<readonly Row[]> {
  const servers = await startServers();
  try {
    return await watched(servers, isQuick ? 3 : 10);
  } finally {
    await servers.stop();
  }
}

async function watched(servers: Pick<SystemOptions, 'postgresUrl' | 'temporalAddress'>, seconds: number): Promise<readonly Row[]> {
  const system = await startSystem({ ...servers, mode: 'sim', symbolCount: 1, workers: 0 });
  const { settings, deployment: { portfolioId } } = system;
  const pool = createPool(databaseUrlOf(settings, system.deployment), { applicationName: 'keel-bench' });
  const limiter = createBackOffLimiter();
  const venue = createVenue(venueSettingsOf(settings, system.deployment), limiter);
  const ledger = createLedger(pool);
  try {
    const engine = { wakeGuard: () => Promise.resolve(), tripGuard: () => Promise.reject(new Error('nothing is lost here')) } as unknown as Engine;
    const watch = createAccountWatch({ ledger, venue, engine, calls: createCallCounter(), health: createHealthMonitor({ store: createHealthStore(pool), clock: Date.now }), clock: Date.now }, portfolioId);
    await watch.look(); // what is held by now: events tell changes alone
    const at = await venue.marketTime();
    const events = seconds * PER_SECOND;
    const took: number[] = [];
    const told: Promise<void>[] = [];
    const startedMs = performance.now();
    for (let event = 0; event < events; event += 1) {
      if (event % (PER_SECOND / (1_000 / TICK_MS)) === 0) await sleep(Math.max(0, startedMs + (event / PER_SECOND) * 1_000 - performance.now()));
      told.push(timedMs(() => watch.tell(eventOf(event, events, at))).then((ms) => void took.push(ms)));
    }
    await Promise.all(told);
    const perSecond = events / ((performance.now() - startedMs) / 1_000);
    await assertNoneLost(ledger, portfolioId, events);
    return [
      atLeast('account events watched, none lost', perSecond, { goal: PER_SECOND * 0.98, unit: 'events/s' }),
      atMostMs('account event to what the guard knows of it, p99', quantile(took, 0.99), 100),
      atMostMs(`guard evaluation of one account event, ${HOLDINGS} positions, p99`, quantile(evaluationTimes(), 0.99), 1),
    ];
  } finally {
    await Promise.all([venue.close(), limiter.close()]);
    await ledger.close();
    await system.close();
  }
}

const walletOf = (event: number, events: number): number => (event === Math.floor(events / 2) ? PEAK : WALLET + event / events);

function eventOf(event: number, events: number, at: number): AccountEvent {
  return {
    kind: 'balance', eventId: null, reason: 'ORDER', walletBalance: walletOf(event, events).toFixed(8), at: at + event,
    positions: Array.from({ length: HOLDINGS }, (_, place) => ({ instrumentId: `S${place}-USDT-PERP`, positionSide: 'both' as const, quantity: '1', unrealizedPnl: String(UNREALIZED) })),
  };
}

async function assertNoneLost(ledger: ReturnType<typeof createLedger>, portfolioId: string, events: number): Promise<void> {
  const { memory } = await ledger.guard(portfolioId, { marketAt: null, wallAt: Date.now() });
  const [peak, wallet] = [PEAK + HOLDINGS * UNREALIZED, walletOf(events - 1, events).toFixed(8)];
  if (Math.abs((memory.equity.peak ?? 0) - peak) > 0.001 || memory.wallet !== wallet) throw new Error(`the guard knows of a peak of ${memory.equity.peak ?? 'none'} and a wallet of ${memory.wallet ?? 'none'}; told were ${peak} and ${wallet}`);
}

const QUARTER_MS = 15 * 60_000;
const QUARTERS = 96;
const EVALUATIONS = 5_000;

/** The evaluation alone, after a day that only fell: its memory is as long as it gets. Milliseconds of each. */
function evaluationTimes(): readonly number[] {
  const context = { guard: ARMED, ledger: { stopOuts: 0, executionErrors: 0, ledgerDiffers: null, transferred: '0', incomeReadAt: null, callsTold: [] }, limits: NORMAL_LIMITS, isReplay: false, trustsStream: true };
  const unrealized = Object.fromEntries(Array.from({ length: HOLDINGS }, (_, place) => [`S${place}-USDT-PERP/both`, String(UNREALIZED)]));
  const sightAt = (at: number, money: AccountSight | BalanceSight): RiskSight => ({ at, seenAt: at, machinery: null, money });
  const balanceAt = (at: number, wallet: number): RiskSight => sightAt(at, { kind: 'balance', isTransfer: false, walletBalance: wallet.toFixed(8), unrealized });
  const account: AccountSight = { kind: 'account', walletBalance: String(WALLET), equity: String(WALLET), unrealized };
  const fallen = Array.from({ length: QUARTERS }, (_, quarter) => balanceAt((quarter + 1) * QUARTER_MS, WALLET - quarter / 10));
  let memory: WatchMemory = lookAtRisk(NOTHING_SEEN, [sightAt(0, account), ...fallen], context).memory;
  return Array.from({ length: EVALUATIONS }, (_, event) => {
    const sight = balanceAt(QUARTERS * QUARTER_MS + event, WALLET - QUARTERS / 10 - event / 10_000);
    const startedMs = performance.now();
    const look = lookAtRisk(memory, [sight], context);
    const ms = performance.now() - startedMs;
    if (look.command !== null) throw new Error(`the guard was to look, not to act: ${look.command.kind}`);
    memory = look.memory;
    return ms;
  });
}
