import { setCurrentDetails } from '@temporalio/workflow';
import type { ReplayInput, ReplayOutcome } from './messages.ts';
import { reconciling, replay } from './proxies.ts';

/**
 * Drives the simulated venue in lockstep over its recorded candles: one cycle per candle, each account event answered for
 * before the market moves on. Killed anywhere, it goes on with the candle at which it was.
 */
export async function replaySession(input: ReplayInput): Promise<ReplayOutcome> {
  const startedAt = Date.now();
  setCurrentDetails(`replaying ${input.timeframe} candles with ${input.strategy}`);
  const { cycles } = await replay.driveReplay.executeWithOptions({ summary: `lockstep, ${input.timeframe}` }, [input]);
  await reconciling.compareWithVenue(input.portfolioId);
  await reconciling.recordMoney(input.portfolioId);
  setCurrentDetails(`done: ${cycles} cycles`);
  return { cycles, startedAt, endedAt: Date.now() };
}
