import { setTimeout as sleep } from 'node:timers/promises';
import { emergencyOrderOf } from '../domain/emergency/closing.ts';
import type { OurHolding, VenueHistory } from '../domain/emergency/holdings.ts';
import { ourHoldings, oursLeft, withOrderNames } from '../domain/emergency/holdings.ts';
import type { Survey } from '../domain/emergency/survey.ts';
import { doubtfulHoldings, surveyOf } from '../domain/emergency/survey.ts';
import { isVenueTrouble, KeelError, messageOf } from '../domain/errors.ts';
import { PROTOCOL_TIMES } from '../domain/orders/protocol.ts';
import type { SurveyKnowledge, Sweeper } from '../domain/ports/sweeper.ts';
import type { SubmitTimes, Venue, VenueAccount } from '../domain/ports/venue.ts';

/** A survey ends within five seconds, or is none. */
const HISTORY_WAIT_MS = 1_500;
/** What it told tells of the past: older than this, it is asked anew. */
const HISTORY_AGE_MAX_MS = 5_000;
const URGENT = { priority: 'exit' } as const;

type Traded = VenueHistory['traded'];

/** A venue's history of one symbol, on its way or told to nobody yet. */
interface Reading {
  /** Transport clock, before it was asked for. */
  readonly atMs: number;
  /** What the venue held then, base currency. */
  readonly held: string;
  readonly traded: Promise<Traded>;
  isTold: boolean;
}

function keyOf({ instrumentId, tradedSince }: OurHolding): string {
  return `${instrumentId} ${tradedSince}`;
}

/** @param clock transport clock of this process, epoch milliseconds. */
export function createSweeper(venue: Venue, clock: () => number = Date.now): Sweeper {
  /** A slow history is waited for by the next looks as well, as long as they see the same, instead of asked for anew: so one comes to hear of it. */
  const readings = new Map<string, Reading>();

  async function times(deadlineMs: number, validUntil = Infinity): Promise<SubmitTimes> {
    const timestamp = await venue.serverTime();
    if (timestamp > validUntil) throw new KeelError('VENUE_UNREACHABLE', 'its time is over: what is open has to be looked at anew');
    return { deadlineMs, timestamp, recvWindowMs: PROTOCOL_TIMES.recvWindowMs };
  }

  function readingOf(holding: OurHolding, { atMs, held }: Pick<Reading, 'atMs' | 'held'>): Reading {
    const query = { instrumentId: holding.instrumentId, since: holding.tradedSince };
    const key = keyOf(holding);
    const known = readings.get(key);
    if (known?.held === held && (!known.isTold || atMs - known.atMs <= HISTORY_AGE_MAX_MS)) return known;
    const traded = Promise.all([venue.fills(query, URGENT), venue.orderHistory(query, URGENT)]).then(([fills, orders]): Traded => ({ fills: withOrderNames(fills, orders), orders })).catch((error: unknown) => {
      if (isVenueTrouble(error)) return null;
      throw error;
    });
    const reading: Reading = { atMs, held, traded: traded.finally(() => { reading.isTold = true; }), isTold: false };
    readings.set(key, reading);
    return reading;
  }

  /** A venue that does not tell its filters is sent whole lots, which it may refuse; the others go through. */
  async function maxMarketQuantities(): Promise<Readonly<Record<string, string>>> {
    const instruments = await venue.instruments().catch(() => []);
    return Object.fromEntries(instruments.map((it) => [it.id, it.maxMarketQuantity]));
  }

  /** A history that is not to be had, or not soon, must not keep from closing: then the ledger's word counts, less what was sent. */
  async function settledAt(holding: OurHolding, seen: { readonly atMs: number; readonly account: VenueAccount }, { sent, deploymentId }: SurveyKnowledge): Promise<OurHolding> {
    const held = seen.account.positions.find((it) => it.instrumentId === holding.instrumentId && it.positionSide === holding.positionSide);
    const reading = readingOf(holding, { atMs: seen.atMs, held: held?.quantity ?? '0' });
    const told = await Promise.race([reading.traded, sleep(HISTORY_WAIT_MS, 'late' as const, { ref: false })]);
    if (told !== 'late') readings.delete(keyOf(holding));
    return oursLeft(holding, { atMs: reading.atMs, traded: told === 'late' ? null : told, sent }, deploymentId);
  }

  return {
    async survey(known): Promise<Survey> {
      const atMs = await venue.serverTime(); // before it asks: a slow answer tells of earlier
      const [account, openOrders, largest] = await Promise.all([venue.account(URGENT), venue.openOrders(undefined, URGENT), maxMarketQuantities()]);
      const settled = await Promise.all(doubtfulHoldings({ ...known, account, openOrders }).map((it) => settledAt(it, { atMs, account }, known)));
      const ours = settled.length === 0 ? known.ours : { ...known.ours, ...ourHoldings(settled) };
      return surveyOf({ ...known, ours, atMs, account, openOrders, maxMarketQuantities: largest });
    },

    async cancel(orders) {
      await Promise.all(orders.map(async (order) => {
        const signed = await times(clock() + PROTOCOL_TIMES.attemptTimeoutMs).catch(() => null); // a venue that does not tell its time is asked again at the next survey
        if (signed !== null) await venue.cancel(order, signed);
      }));
    },

    async close(intents, validUntil) {
      const deadlineMs = clock() + PROTOCOL_TIMES.attemptTimeoutMs;
      return await Promise.all(intents.map(async (intent) => {
        const signed = await times(deadlineMs, validUntil).catch((error: unknown) => messageOf(error));
        if (typeof signed === 'string') return emergencyOrderOf(intent, clock(), { kind: 'notSent', message: signed });
        return emergencyOrderOf(intent, signed.timestamp, await venue.submit(intent, signed));
      }));
    },
  };
}
