import { setTimeout as sleep } from 'node:timers/promises';
import type { Deployment } from '../../config/deployment.ts';
import type { OurHoldings } from '../../domain/emergency/holdings.ts';
import type { Survey } from '../../domain/emergency/survey.ts';
import { isClear, ordersToClose } from '../../domain/emergency/survey.ts';
import { isVenueTrouble, KeelError } from '../../domain/errors.ts';
import { instrumentIdOf } from '../../domain/market/instrument.ts';
import { FENCE_TIMES, isSealProven, sealableAt } from '../../domain/orders/fence.ts';
import type { EmergencyOrder } from '../../domain/ports/ledger.ts';
import type { Sweeper } from '../../domain/ports/sweeper.ts';
import { createBackOffLimiter, createVenue } from '../../venues/index.ts';
import { venueSettingsOf } from '../../venues/settings.ts';
import { createSweeper } from '../../venues/sweeper.ts';
import type { Chosen } from '../deployment-parts.ts';
import { withGuardLedger } from './guard-ledger.ts';

/** So long everything is tried; then a person has to look. */
const GIVE_UP_MS = 120_000;
const PAUSE_MS = 300;
/** So long the fence's rise is waited for before the first look, a database of our own has to start for it; then it goes on rising beside the closing. */
const FENCE_WAIT_MS = 3_000;
/** Between looks that fail the pause grows up to here. */
const PAUSE_MAX_MS = 5_000;

/** What the ledger says beside the fence. */
export interface Known {
  readonly emergencyId: string;
  readonly foreign: 'close' | 'exempt';
  readonly ours: OurHoldings | null;
  readonly instrumentIds: readonly string[];
}

/** What is closed while the ledger is away: everything. */
export function knowingNothing({ settings, deployment }: Chosen): Known {
  return { emergencyId: `ess/${deployment.portfolioId}/direct`, foreign: 'close', ours: null, instrumentIds: settings.symbols.map(instrumentIdOf) };
}

/**
 * Closes everything at the venue from this process, as the engine would. What is ours and what the policy exempts comes
 * with the fence; until that is up what lies on the symbols of the settings, or has an order of ours, is closed, and where the ledger is away
 * everything. The engine's own run, once it is back, proves it again and books it.
 * @param rising null: the ledger is away
 */
export async function closeDirectly(chosen: Chosen, rising: Promise<Known | null>): Promise<string> {
  const { settings, deployment } = chosen;
  const unknown = knowingNothing(chosen);
  let known: Known = { ...unknown, foreign: unknown.instrumentIds.length === 0 ? 'close' : 'exempt' };
  let isFenceSettled = false;
  const settling = rising.then((it) => {
    known = it ?? unknown;
    isFenceSettled = true;
  });
  await Promise.race([settling, sleep(FENCE_WAIT_MS)]);
  const limiter = createBackOffLimiter();
  const venue = createVenue(venueSettingsOf(settings, deployment), limiter);
  const sent: EmergencyOrder[] = [];
  try {
    await sweepUntilProven(createSweeper(venue), { deployment, known: () => known, sent, isFenceSettled: () => isFenceSettled });
  } finally {
    await Promise.all([venue.close(), limiter.close()]);
    if (sent.length > 0) await withGuardLedger(chosen, (ledger) => ledger.recordEmergencyOrders(deployment.portfolioId, sent)).catch(() => undefined); // the venue's book holds them
  }
  return `nothing is open at the venue, looked at until nothing could be on its way any more (${sent.length} closing orders)`;
}

export interface Sweep {
  readonly deployment: Pick<Deployment, 'id' | 'portfolioId'>;
  /** As far as the ledger has answered by now. */
  readonly known: () => Known;
  /** Takes what is sent. */
  readonly sent: EmergencyOrder[];
  /** Whether the fence is up, or could not be raised: an order that is written before may still come. */
  readonly isFenceSettled: () => boolean;
  readonly giveUpMs?: number;
}

/** @throws {KeelError} that of the last look where it failed, else VENUE_REFUSED, with what is open or unknown when the time is over. */
export async function sweepUntilProven(sweeper: Sweeper, { deployment, known, sent, isFenceSettled, giveUpMs = GIVE_UP_MS }: Sweep): Promise<void> {
  const startedAt = Date.now();
  let raisedAt: number | null = null;
  let looks: { atMs: number }[] = [];
  let last: LastLooks = { seen: null, failure: null };
  let failures = 0;
  while (Date.now() - startedAt < giveUpMs) {
    const isSettled = isFenceSettled();
    const { emergencyId, ...told } = known();
    const seen = await look(sweeper, { ...told, deploymentId: deployment.id, sent });
    if (seen instanceof KeelError) {
      failures += 1;
      last = { ...last, failure: seen };
      await sleep(Math.min(PAUSE_MS * 2 ** (failures - 1), PAUSE_MAX_MS));
      continue;
    }
    failures = 0;
    last = { seen, failure: null };
    if (isSettled) raisedAt ??= seen.atMs;
    looks = isClear(seen) ? [...looks, { atMs: seen.atMs }] : [];
    if (raisedAt !== null && isSealProven(raisedAt, looks, FENCE_TIMES)) return;
    if (!isClear(seen)) await closeSeen(sweeper, seen, { deployment, emergencyId, sent });
    await sleep(isClear(seen) && raisedAt !== null ? Math.max(PAUSE_MS, sealableAt(raisedAt, FENCE_TIMES) - seen.atMs) : PAUSE_MS);
  }
  throw givenUp(last, { giveUpMs, isFenceSettled: isFenceSettled() });
}

/** A venue in trouble is asked again; a bug is thrown. */
async function look(sweeper: Sweeper, known: Parameters<Sweeper['survey']>[0]): Promise<Survey | KeelError> {
  try {
    return await sweeper.survey(known);
  } catch (error) {
    if (isVenueTrouble(error)) return error;
    throw error;
  }
}

async function closeSeen(sweeper: Sweeper, { openings, targets, leftovers }: Survey, { deployment, emergencyId, sent }: Pick<Sweep, 'deployment' | 'sent'> & { readonly emergencyId: string }): Promise<void> {
  // Names count by the clock: none is used twice, neither by another try of this command nor by the engine's run.
  const round = { portfolioId: deployment.portfolioId, deploymentId: deployment.id, emergencyId, attempt: Date.now() };
  await sweeper.cancel(openings);
  sent.push(...(await sweeper.close(ordersToClose(targets, round))));
  await sweeper.cancel(leftovers);
}

interface LastLooks {
  /** The last that was answered. */
  readonly seen: Survey | null;
  /** Of a later one. */
  readonly failure: KeelError | null;
}

function givenUp({ seen, failure }: LastLooks, { giveUpMs, isFenceSettled }: { readonly giveUpMs: number; readonly isFenceSettled: boolean }): KeelError {
  const open = seen === null ? 'what is open is not known' : isClear(seen) ? 'nothing was open at the last look, which proves nothing yet' : `open at the last look: ${openText(seen)}`;
  const left = isFenceSettled ? '' : '; the database has not answered which others are to be closed: what is on no symbol of KEEL_SYMBOLS and has no order of this deployment was left';
  const text = `gave up after ${giveUpMs / 1_000} s: ${open}${left}${failure === null ? '' : `; its last answer: ${failure.message}`}; look at the account, and run this again`;
  return new KeelError(failure?.code ?? 'VENUE_REFUSED', text, failure === null ? undefined : { cause: failure });
}

function openText({ targets, openings, leftovers, moving = [] }: Survey): string {
  const orders = openings.length + leftovers.length;
  const unclear = moving.map((it) => `${it} (whether our closing order took its part is not known)`);
  return [...targets.map(({ position }) => `${position.instrumentId} ${position.direction} ${position.quantity}`), ...unclear, ...(orders === 0 ? [] : [`${orders} orders`])].join(', ');
}
