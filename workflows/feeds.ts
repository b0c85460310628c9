import { feeds } from './proxies.ts';
import type { FeedInput } from './messages.ts';

/**
 * Owns the stream of the account for ever: one heartbeating activity that writes what happened to the ledger and wakes
 * the positions concerned. A broken stream or dead worker is replaced by the activity's retry, so the history stays short.
 */
export async function accountFeed(input: FeedInput): Promise<void> {
  await feeds.streamAccount.executeWithOptions({ summary: `account stream of ${input.portfolioId}` }, [input]);
}

/** Owns the stream of the market for ever: candles into the ledger, time limits to positions, and in sim and replay the cycles. */
export async function marketFeed(input: FeedInput): Promise<void> {
  await feeds.streamMarket.executeWithOptions({ summary: `${input.instrumentIds.length} symbols, ${input.timeframe}` }, [input]);
}
