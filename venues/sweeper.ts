import { setTimeout as sleep } from 'node:timers/promises';
import { emergencyOrderOf } from '../domain/emergency/closing.ts';
import type { OurHolding } from '../domain/emergency/holdings.ts';
import { ourHoldings, oursLeft, withOrderNames } from '../domain/emergency/holdings.ts';
import type { Survey } from '../domain/emergency/survey.ts';
import { doubtfulHoldings, surveyOf } from '../domain/emergency/survey.ts';
import { isVenueTrouble, messageOf } from '../domain/errors.ts';
import { PROTOCOL_TIMES } from '../domain/orders/protocol.ts';
import type { SurveyKnowledge, Sweeper } from '../domain/ports/sweeper.ts';
import type { SubmitTimes, Venue } from '../domain/ports/venue.ts';

/** A survey ends within five seconds, or is none. */
const HISTORY_WAIT_MS = 1_500;
const URGENT = { priority: 'exit' } as const;

/** @param clock transport clock of this process, epoch milliseconds. */
export function createSweeper(venue: Venue, clock: () => number = Date.now): Sweeper {
  async function times(): Promise<SubmitTimes> {
    return { deadlineMs: clock() + PROTOCOL_TIMES.attemptTimeoutMs, timestamp: await venue.serverTime(), recvWindowMs: PROTOCOL_TIMES.recvWindowMs };
  }

  /** A venue that does not tell its filters is sent whole lots, which it may refuse; the others go through. */
  async function maxMarketQuantities(): Promise<Readonly<Record<string, string>>> {
    const instruments = await venue.instruments().catch(() => []);
    return Object.fromEntries(instruments.map((it) => [it.id, it.maxMarketQuantity]));
  }

  /** A history that is not to be had, or not soon, must not keep from closing: then the ledger's word counts, less what was sent. */
  async function settledAt(holding: OurHolding, atMs: number, { sent, deploymentId }: SurveyKnowledge): Promise<OurHolding> {
    const query = { instrumentId: holding.instrumentId, since: holding.tradedSince };
    const reading = Promise.all([venue.fills(query), venue.orderHistory(query)]).then(([fills, orders]) => ({ fills: withOrderNames(fills, orders), orders })).catch((error: unknown) => {
      if (isVenueTrouble(error)) return null;
      throw error;
    });
    const traded = await Promise.race([reading, sleep(HISTORY_WAIT_MS, null, { ref: false })]);
    return { ...holding, quantity: oursLeft(holding, { atMs, traded, sent }, deploymentId) };
  }

  return {
    async survey(known): Promise<Survey> {
      const atMs = await venue.serverTime(); // before it asks: a slow answer tells of earlier
      const [account, openOrders, largest] = await Promise.all([venue.account(URGENT), venue.openOrders(undefined, URGENT), maxMarketQuantities()]);
      const settled = await Promise.all(doubtfulHoldings({ ...known, account, openOrders }).map((it) => settledAt(it, atMs, known)));
      const ours = settled.length === 0 ? known.ours : { ...known.ours, ...ourHoldings(settled) };
      return surveyOf({ ...known, ours, atMs, account, openOrders, maxMarketQuantities: largest });
    },

    async cancel(orders) {
      await Promise.all(orders.map(async (order) => {
        const signed = await times().catch(() => null); // a venue that does not tell its time is asked again at the next survey
        if (signed !== null) await venue.cancel(order, signed);
      }));
    },

    async close(intents) {
      return await Promise.all(intents.map(async (intent) => {
        const signed = await times().catch((error: unknown) => messageOf(error));
        if (typeof signed === 'string') return emergencyOrderOf(intent, clock(), { kind: 'notSent', message: signed });
        return emergencyOrderOf(intent, signed.timestamp, await venue.submit(intent, signed));
      }));
    },
  };
}
