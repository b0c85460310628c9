import { databaseUrlOf } from '../config/database.ts';
import type { Deployment } from '../config/deployment.ts';
import type { Settings } from '../config/settings.ts';
import { createPool } from '../db/pool.ts';
import { statusCounters } from '../db/status.ts';

/** What the trading part adds to the live line of `keel start`. Close it before the database stops. */
export interface TradingLine {
  read(): Promise<string>;
  close(): Promise<void>;
}

export function createTradingLine(settings: Settings, deployment: Deployment): TradingLine {
  const pool = createPool(databaseUrlOf(settings, deployment), { connectionsMax: 1, applicationName: 'keel-status' });
  return {
    read: async () => {
      const it = await statusCounters(pool, deployment.portfolioId);
      const candle = it.lastCloseTime === null ? 'no cycle yet' : `candle ${new Date(it.lastCloseTime).toISOString().slice(0, 16)}Z`;
      return `${candle} · ${it.cycles} cycles · ${it.orders} orders · ${it.fills} fills · ${it.openPositions} open${it.equity === null ? '' : ` · equity ${Number(it.equity).toFixed(2)}`}`;
    },
    close: () => pool.end(),
  };
}
