/** The emergency stop as a test drives and looks at it: from outside, as a person or as the venue sees it. */
import type { GuardState } from '../../domain/emergency/guard.ts';
import { emergencyIdOf } from '../../domain/emergency/ids.ts';
import { createBackOffLimiter, createVenue } from '../../venues/index.ts';
import { venueSettingsOf } from '../../venues/settings.ts';
import { portfolioGuardId } from '../../workflows/ids.ts';
import type { SealedAnswer, TripAnswer } from '../../workflows/messages.ts';
import { resumeUpdate, sealedUpdate, tripUpdate } from '../../workflows/messages.ts';
import { until } from './processes.ts';
import { oneRow, rowsOf } from './standstill.ts';
import type { System } from './system.ts';

export function guardOf(system: System) {
  return system.client.workflow.getHandle(portfolioGuardId(system.deployment.portfolioId));
}

export async function trip(system: System, reason = 'a test'): Promise<TripAnswer> {
  return await guardOf(system).executeUpdate(tripUpdate, { args: [{ reason, by: 'ada' }] });
}

export async function resume(system: System): Promise<void> {
  await guardOf(system).executeUpdate(resumeUpdate, { args: [{ by: 'ada', because: 'looked at it' }] });
}

/** Waits for the second answer of an emergency. */
export async function sealed(system: System, emergency = 1): Promise<SealedAnswer> {
  const run = system.client.workflow.getHandle(emergencyIdOf(system.deployment.portfolioId, emergency));
  await until('its run is there', async () => run.describe().then(() => true, () => false), 30_000);
  return await run.executeUpdate(sealedUpdate);
}

export async function guardState(system: System): Promise<GuardState> {
  return (await oneRow<{ state: GuardState }>(system, 'SELECT state FROM guard_state')).state;
}

export async function untilMode(system: System, mode: GuardState['mode'], timeoutMs = 60_000): Promise<void> {
  await until(`the guard is ${mode}`, async () => (await guardState(system)).mode === mode, timeoutMs);
}

/** A replay records health and does not act on it; the rest of Keel goes by the portfolio's row. */
export async function actOnHealth(system: System, acts: boolean): Promise<void> {
  await system.database.query('UPDATE portfolios SET mode = $1', [acts ? 'sim' : 'replay']);
}

/** What the account holds and has working, asked of the venue alone. */
export async function openAtVenue(system: System): Promise<{ positions: readonly string[]; orders: readonly string[] }> {
  const limiter = createBackOffLimiter();
  const venue = createVenue(venueSettingsOf(system.settings, system.deployment), limiter);
  try {
    const [account, orders] = [await venue.account(), await venue.openOrders()];
    return { positions: account.positions.map((it) => `${it.instrumentId} ${it.direction} ${it.quantity}`).sort(), orders: orders.map((it) => `${it.instrumentId} ${it.type} ${it.side}`).sort() };
  } finally {
    await Promise.all([venue.close(), limiter.close()]);
  }
}

/** Types of the emergency's events, oldest first. */
export async function emergencyEvents(system: System): Promise<readonly string[]> {
  return (await rowsOf<{ told: string }>(system, `SELECT type || CASE type WHEN 'emergencyRecovered' THEN ' ' || (payload->>'from') || ' ' || (payload->>'to') ELSE '' END told FROM domain_events WHERE type LIKE 'emergency%' ORDER BY seq`)).map((row) => row.told);
}

/** Close reasons of the positions that were open when it tripped. */
export async function closeReasons(system: System): Promise<readonly string[]> {
  return (await rowsOf<{ reason: string }>(system, `SELECT coalesce(p.close_reason, p.state) reason FROM positions p WHERE EXISTS (SELECT 1 FROM instructions n WHERE n.position_id = p.position_id AND n.kind = 'emergency') ORDER BY p.instrument_id`)).map((row) => row.reason);
}
