import type { Candle, CandleSeries } from '../../domain/market/candle.ts';
import { timeframeMs } from '../../domain/market/timeframe.ts';
import type { Ledger } from '../../domain/ports/ledger.ts';
import { NOW_MS } from '../clock.ts';
import type { Pool } from '../pool.ts';
import { run } from '../pool.ts';

type MarketMethods = Pick<Ledger, 'writeCandles' | 'candles' | 'recordIncome' | 'recordEquity' | 'cursor' | 'setCursor'>;

export function createMarketMethods(pool: Pool): MarketMethods {
  return {
    writeCandles: async (series) => {
      const all = series.flatMap(({ instrumentId, timeframe, candles }) => candles.map((candle) => ({ instrumentId, timeframe, ...candle })));
      if (all.length === 0) return;
      const column = <K extends keyof (typeof all)[number]>(name: K): (typeof all)[number][K][] => all.map((it) => it[name]);
      await run(pool, `write ${all.length} candles`, {
        name: 'write-candles',
        text: `INSERT INTO candles (instrument_id, timeframe, open_time, open, high, low, close, volume)
               SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::float8[], $5::float8[], $6::float8[], $7::float8[], $8::float8[]) ON CONFLICT DO NOTHING`,
        values: [column('instrumentId'), column('timeframe'), column('openTime'), column('open'), column('high'), column('low'), column('close'), column('volume')],
      });
    },

    candles: async ({ instrumentIds, timeframe, until, limit }) => {
      const rows = await run<Candle & { instrumentId: string }>(pool, 'read candles', {
        name: 'read-candles',
        text: `SELECT c.* FROM unnest($1::text[]) AS u(id) JOIN LATERAL (
                 SELECT instrument_id AS "instrumentId", open_time AS "openTime", open, high, low, close, volume FROM candles
                 WHERE instrument_id = u.id AND timeframe = $2 AND open_time <= $3 ORDER BY open_time DESC LIMIT $4) c ON true`,
        values: [instrumentIds, timeframe, until - timeframeMs(timeframe), limit],
      });
      const byId = new Map<string, Candle[]>(instrumentIds.map((id) => [id, []]));
      for (const { instrumentId, ...candle } of rows) byId.get(instrumentId)?.push(candle);
      return [...byId].map(([instrumentId, candles]): CandleSeries => ({ instrumentId, timeframe, candles: candles.reverse() }));
    },

    recordIncome: async (portfolioId, records) => {
      if (records.length === 0) return;
      await run(pool, `write ${records.length} income records`, {
        name: 'write-income',
        text: `INSERT INTO income (portfolio_id, income_id, type, instrument_id, amount, currency, trade_id, time)
               SELECT $1, r.* FROM jsonb_to_recordset($2::jsonb) AS r("incomeId" text, type text, "instrumentId" text, amount numeric, currency text, "tradeId" text, time bigint) ON CONFLICT DO NOTHING`,
        values: [portfolioId, JSON.stringify(records)],
      });
    },

    recordEquity: async (portfolioId, account, marketTime) => {
      await run(pool, 'write equity', {
        name: 'insert-equity',
        text: `INSERT INTO equity (portfolio_id, market_time, wallet_balance, equity, available_margin, open_positions) VALUES ($1,$2,$3,$4,$5,$6) ON CONFLICT DO NOTHING`,
        values: [portfolioId, marketTime, account.walletBalance, account.equity, account.availableMargin, account.positions.length],
      });
    },

    cursor: async (portfolioId, name) => {
      const rows = await run<{ value: number }>(pool, `cursor ${name}`, { name: 'read-cursor', text: 'SELECT value FROM venue_cursors WHERE portfolio_id = $1 AND name = $2', values: [portfolioId, name] });
      return rows[0]?.value ?? null;
    },

    setCursor: async (portfolioId, name, value) => {
      await run(pool, `set cursor ${name}`, {
        name: 'set-cursor',
        text: `INSERT INTO venue_cursors (portfolio_id, name, value) VALUES ($1,$2,$3) ON CONFLICT (portfolio_id, name) DO UPDATE SET value = $3, written_at = ${NOW_MS}`,
        values: [portfolioId, name, value],
      });
    },
  };
}
