import { setCurrentDetails } from '@temporalio/workflow';
import { feeds } from './proxies.ts';
import type { FeedInput } from './messages.ts';

/**
 * Owns the stream of the account for ever: one heartbeating activity that writes what happened to the ledger and wakes
 * the positions concerned. A broken stream or dead worker is replaced by the activity's retry, so the history stays short.
 */
export async function accountFeed(input: FeedInput): Promise<void> {
  setCurrentDetails(`Streams orders, fills and balances of **${input.portfolioId}** into the ledger and wakes the positions concerned.\n\nOne pending activity owns the stream; its attempt counts how often it was opened anew.`);
  await feeds.streamAccount.executeWithOptions({ summary: `account stream of ${input.portfolioId}` }, [input]);
}

/** Owns the stream of the market for ever: candles into the ledger, time limits to positions, and in sim and replay the cycles. */
export async function marketFeed(input: FeedInput): Promise<void> {
  const starts = input.startsCycles ? `, and starts a trading cycle (${input.strategy}) at each close` : '';
  setCurrentDetails(`Streams ${input.timeframe} candles of ${input.instrumentIds.join(', ')} into the ledger${starts}.`);
  await feeds.streamMarket.executeWithOptions({ summary: `${input.instrumentIds.length} symbols, ${input.timeframe}` }, [input]);
}
