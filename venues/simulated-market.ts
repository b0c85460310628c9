import { z } from 'zod';
import { KeelError, messageOf } from '../domain/errors.ts';
import type { MarketControl } from '../domain/ports/market-control.ts';

const state = z.object({
  mode: z.enum(['paced', 'paused', 'lockstep']), marketTime: z.number(), ended: z.boolean(), candleIndex: z.number(), length: z.number().nullish(),
  lastEventId: z.number(), acknowledgedId: z.number(),
});
const advanced = z.object({ stoppedAt: z.enum(['accountEvent', 'candleClose', 'until', 'end']), marketTime: z.number(), eventId: z.number() });

/** Longer than any walk through one candle. */
const TIMEOUT_MS = 30_000;

/** The market clock of a simulated venue, over its control endpoint. @param controlUrl origin, such as `http://127.0.0.1:17801`. */
export function createMarketControl(controlUrl: string): MarketControl {
  async function ask(method: 'GET' | 'POST', path: string, body?: object): Promise<unknown> {
    try {
      const response = await fetch(`${controlUrl}${path}`, {
        method, signal: AbortSignal.timeout(TIMEOUT_MS), ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
      });
      const answer: unknown = await response.json();
      if (!response.ok) throw new KeelError('VENUE_REFUSED', `${method} ${controlUrl}${path}: HTTP ${response.status} ${JSON.stringify(answer)}`);
      return answer;
    } catch (error) {
      if (error instanceof KeelError) throw error;
      throw new KeelError('VENUE_UNREACHABLE', `${method} ${controlUrl}${path}: ${messageOf(error)}. Is the simulated venue running (keel status)?`, { cause: error });
    }
  }

  return {
    state: async () => {
      const it = state.parse(await ask('GET', '/state'));
      return {
        marketTime: it.marketTime, mode: it.mode, ended: it.ended, candlesDone: it.candleIndex + 1, candlesTotal: it.length ?? null,
        lastEventId: it.lastEventId, acknowledgedEventId: it.acknowledgedId,
      };
    },
    advance: async ({ requestId, untilMarketTime }) => {
      const it = advanced.parse(await ask('POST', '/advance', { requestId, candles: 1, ...(untilMarketTime === null ? {} : { untilMarketTime }) }));
      return { stoppedAt: it.stoppedAt, marketTime: it.marketTime, lastEventId: it.eventId };
    },
  };
}
