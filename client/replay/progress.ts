import cliProgress from 'cli-progress';
import type { MarketControl } from '../../domain/ports/market-control.ts';
import { createMarketControl } from '../../venues/simulated-market.ts';

const EVERY_MS = 500;

/** A bar on stderr that follows the venue's market clock. @param options isShown: false makes it nothing at all */
export async function followProgress(controlUrl: string, { isShown }: { isShown: boolean }): Promise<{ end: () => void }> {
  if (!isShown) return { end: () => {} };
  const market = createMarketControl(controlUrl);
  const { candlesDone: before, candlesTotal } = await market.state();
  const bar = new cliProgress.SingleBar({ stream: process.stderr, hideCursor: true, etaBuffer: 200, format: '{bar} {percentage}% | {value}/{total} candles | {day} | {eta_formatted} left' });
  bar.start(Math.max((candlesTotal ?? 0) - before, 0), 0, { day: '' });
  const timer = setInterval(() => void show(bar, market, before), EVERY_MS);
  return {
    end: () => {
      clearInterval(timer);
      bar.update(bar.getTotal());
      bar.stop();
    },
  };
}

async function show(bar: cliProgress.SingleBar, market: MarketControl, before: number): Promise<void> {
  try {
    const { candlesDone, marketTime } = await market.state();
    bar.update(Math.max(candlesDone - before, 0), { day: new Date(marketTime).toISOString().slice(0, 10) });
  } catch {
    // The venue is being started again; the next look tells more.
  }
}
