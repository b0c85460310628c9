/** What a replay's account did, as its ledger tells. */
import type { Pool } from '../db/pool.ts';
import { run } from '../db/pool.ts';

export interface Account {
  readonly cycles: number;
  /** Market clock and equity in quote currency, as each cycle saw it. */
  readonly equity: readonly (readonly [number, number])[];
  readonly trades: number;
  /** Trades with a result above zero, after fees. */
  readonly won: number;
  /** Quote currency, of closed trades, before funding. */
  readonly realized: number;
  readonly fees: number;
  /** Mean first notional of a trade, quote currency. */
  readonly notional: number;
  /** How often positions ended for which reason. */
  readonly endings: Readonly<Record<string, number>>;
}

const EQUITY = `SELECT close_time::float8 AS time, (observation->'account'->>'equity')::float8 AS equity FROM cycles WHERE recorded_at IS NOT NULL ORDER BY close_time`;

const TRADES = `SELECT coalesce(close_reason, 'open') AS reason, (realized_pnl - fees)::float8 AS net, realized_pnl::float8 AS realized, fees::float8 AS fees, (entry_quantity * entry_price)::float8 AS notional
  FROM positions WHERE state = 'closed' AND entry_quantity > 0`;

/** @param pool of the replay's own database, which holds one portfolio */
export async function readAccount(pool: Pool): Promise<Account> {
  const read = async <Row extends object>(what: string, text: string): Promise<readonly Row[]> => await run<Row & Record<string, unknown>>(pool, what, { text });
  const equity = await read<{ time: number; equity: number }>('equity of a replay', EQUITY);
  const trades = await read<{ reason: string; net: number; realized: number; fees: number; notional: number }>('trades of a replay', TRADES);
  const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
  const endings: Record<string, number> = {};
  for (const { reason } of trades) endings[reason] = (endings[reason] ?? 0) + 1;
  return {
    cycles: equity.length, equity: equity.map((row) => [row.time, row.equity] as const), trades: trades.length, won: trades.filter(({ net }) => net > 0).length,
    realized: sum(trades.map((it) => it.realized)), fees: sum(trades.map((it) => it.fees)), notional: sum(trades.map((it) => it.notional)) / Math.max(1, trades.length), endings,
  };
}

/** Share of the highest value so far that was lost at each point, 0 to 1. */
export function drawdowns(equity: Account['equity']): readonly (readonly [number, number])[] {
  let peak = 0;
  return equity.map(([time, value]) => {
    peak = Math.max(peak, value);
    return [time, peak === 0 ? 0 : 1 - value / peak] as const;
  });
}
