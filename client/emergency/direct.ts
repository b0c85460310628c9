import { setTimeout as sleep } from 'node:timers/promises';
import { closingOrders } from '../../domain/emergency/closing.ts';
import { emergencyIdOf } from '../../domain/emergency/ids.ts';
import type { OurHoldings, Survey } from '../../domain/emergency/survey.ts';
import { isClear, ourHoldings } from '../../domain/emergency/survey.ts';
import { KeelError } from '../../domain/errors.ts';
import { FENCE_TIMES, isSealProven, sealableAt } from '../../domain/orders/fence.ts';
import type { EmergencyOrder, GuardResult } from '../../domain/ports/ledger.ts';
import type { Sweeper } from '../../domain/ports/sweeper.ts';
import { createBackOffLimiter, createVenue } from '../../venues/index.ts';
import { venueSettingsOf } from '../../venues/settings.ts';
import { createSweeper } from '../../venues/sweeper.ts';
import type { Chosen } from '../deployment-parts.ts';
import { withGuardLedger } from './guard-ledger.ts';

/** So long everything is tried; then a person has to look. */
const GIVE_UP_MS = 120_000;
const PAUSE_MS = 300;

interface Known {
  readonly emergencyId: string;
  readonly foreign: 'close' | 'exempt';
  readonly ours: OurHoldings | null;
  readonly instrumentIds: readonly string[];
}

/**
 * Closes everything at the venue from this process, as the engine would. Where the ledger answers, what is ours and
 * what the policy exempts is asked of it. The engine's own run, once it is back, proves it again and books it.
 */
export async function closeDirectly(chosen: Chosen, tripped: GuardResult | null): Promise<string> {
  const { settings, deployment } = chosen;
  const known = await askLedger(chosen, tripped);
  const limiter = createBackOffLimiter();
  const venue = createVenue(venueSettingsOf(settings, deployment), limiter);
  const sent: EmergencyOrder[] = [];
  try {
    await sweepUntilProven(createSweeper(venue), chosen, known, sent);
  } finally {
    await Promise.all([venue.close(), limiter.close()]);
    if (sent.length > 0) await withGuardLedger(chosen, (ledger) => ledger.recordEmergencyOrders(deployment.portfolioId, sent)).catch(() => undefined); // the venue's book holds them
  }
  return `nothing is open at the venue, looked at until nothing could be on its way any more (${sent.length} closing orders)`;
}

async function sweepUntilProven(sweeper: Sweeper, { deployment }: Chosen, known: Known, sent: EmergencyOrder[]): Promise<void> {
  const startedAt = Date.now();
  let raisedAt: number | null = null;
  let looks: { atMs: number }[] = [];
  while (Date.now() - startedAt < GIVE_UP_MS) {
    const seen: Survey = await sweeper.survey({ deploymentId: deployment.id, foreign: known.foreign, ours: known.ours, instrumentIds: known.instrumentIds });
    raisedAt ??= seen.atMs;
    looks = isClear(seen) ? [...looks, { atMs: seen.atMs }] : [];
    if (isSealProven(raisedAt, looks, FENCE_TIMES)) return;
    if (isClear(seen)) {
      await sleep(Math.max(PAUSE_MS, sealableAt(raisedAt, FENCE_TIMES) - seen.atMs));
      continue;
    }
    // Names count by the clock: none is used twice, neither by another try of this command nor by the engine's run.
    const round = { portfolioId: deployment.portfolioId, deploymentId: deployment.id, emergencyId: known.emergencyId, attempt: Date.now() };
    await sweeper.cancel(seen.openings);
    sent.push(...(await sweeper.close(seen.targets.flatMap(({ position, maxMarketQuantity, ours }) => closingOrders(position, round, { maxMarketQuantity, ours })))));
    await sweeper.cancel(seen.leftovers);
    await sleep(PAUSE_MS);
  }
  throw new KeelError('VENUE_REFUSED', `the venue still shows something open after ${GIVE_UP_MS / 1_000} s; look at the account, and run this again`);
}

async function askLedger(chosen: Chosen, tripped: GuardResult | null): Promise<Known> {
  const { portfolioId } = chosen.deployment;
  const emergencyId = tripped === null ? `ess/${portfolioId}/direct` : emergencyIdOf(portfolioId, tripped.state.emergency);
  try {
    return await withGuardLedger(chosen, async (ledger) => {
      const [{ limits }, { instrumentIds }, positions] = [await ledger.guard(portfolioId, { marketAt: null, wallAt: Date.now() }), await ledger.portfolio(portfolioId), await ledger.openPositions(portfolioId)];
      return { emergencyId, foreign: limits.foreign, ours: ourHoldings(positions), instrumentIds };
    });
  } catch {
    return { emergencyId, foreign: 'close', ours: null, instrumentIds: [] }; // the ledger is away: everything is closed
  }
}
