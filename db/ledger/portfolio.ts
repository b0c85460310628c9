import type { Instrument } from '../../domain/market/instrument.ts';
import { KeelError } from '../../domain/errors.ts';
import { raised } from '../../domain/orders/fence.ts';
import { FIRST_POSTURE } from '../../domain/oversight/posture.ts';
import { BUILT_IN_VERSION, PRESETS } from '../../domain/policy/policy.ts';
import type { Ledger, PortfolioSpec } from '../../domain/ports/ledger.ts';
import { NOW_MS } from '../clock.ts';
import type { Pool } from '../pool.ts';
import { inTransaction, run } from '../pool.ts';
import { exact, exactOrNull } from '../rows.ts';
import { changeFence } from './fence.ts';

type PortfolioMethods = Pick<Ledger, 'ensurePortfolio' | 'portfolio' | 'upsertInstruments' | 'instruments'>;

export function createPortfolioMethods(pool: Pool): PortfolioMethods {
  return {
    ensurePortfolio: (spec, haltedBecause = null) => inTransaction(pool, `make portfolio ${spec.portfolioId}`, async (client) => {
      const { rows } = await client.query<{ deploymentId: string }>({
        text: `INSERT INTO portfolios (portfolio_id, deployment_id, venue_account_id, mode, strategy, timeframe, instrument_ids) VALUES ($1,$2,$3,$4,$5,$6,$7)
               ON CONFLICT (portfolio_id) DO UPDATE SET strategy = $5, timeframe = $6, instrument_ids = $7 RETURNING deployment_id AS "deploymentId"`,
        values: [spec.portfolioId, spec.deploymentId, spec.venueAccountId, spec.mode, spec.strategy, spec.timeframe, spec.instrumentIds],
      });
      assertOneMaster(spec, rows[0]?.deploymentId); // before anything else: what was written is taken back
      const fence = await client.query({ text: `INSERT INTO fence (portfolio_id, epoch, halted, changed_by, reason, changed_at) VALUES ($1,1,false,'keel','portfolio made',${NOW_MS}) ON CONFLICT DO NOTHING`, values: [spec.portfolioId] });
      if (haltedBecause !== null && fence.rowCount === 1) await changeFence(client, { portfolioId: spec.portfolioId, by: 'keel', reason: haltedBecause }, raised);
      await client.query({ text: `INSERT INTO guard_state (portfolio_id, state, updated_at) VALUES ($1,'{"mode":"armed"}',${NOW_MS}) ON CONFLICT DO NOTHING`, values: [spec.portfolioId] });
      await client.query({ text: `INSERT INTO oversight (portfolio_id, state, updated_at) VALUES ($1,$2,${NOW_MS}) ON CONFLICT DO NOTHING`, values: [spec.portfolioId, JSON.stringify(FIRST_POSTURE)] });
      await client.query({
        text: `INSERT INTO policy_versions (portfolio_id, version, policy, kind, preset, changes, changed_by, reason)
               VALUES ($1,${BUILT_IN_VERSION},$2,'builtIn','defensive','[]','keel','holds when no policy can be read'), ($1,${BUILT_IN_VERSION + 1},$3,'initial','normal','[]','keel','preset normal') ON CONFLICT DO NOTHING`,
        values: [spec.portfolioId, JSON.stringify(PRESETS.defensive), JSON.stringify(PRESETS.normal)],
      });
    }),

    portfolio: async (portfolioId) => {
      const rows = await run<PortfolioSpec>(pool, `portfolio ${portfolioId}`, {
        text: `SELECT portfolio_id AS "portfolioId", deployment_id AS "deploymentId", venue_account_id AS "venueAccountId", mode, strategy, timeframe, instrument_ids AS "instrumentIds" FROM portfolios WHERE portfolio_id = $1`,
        values: [portfolioId],
      });
      if (rows[0] === undefined) throw new KeelError('NOT_FOUND', `portfolio ${portfolioId} is not in the ledger; keel start makes it`);
      return rows[0];
    },

    upsertInstruments: (instruments) => inTransaction(pool, 'write instruments', async (client) => {
      for (const it of instruments) {
        await client.query({
          text: `INSERT INTO instruments (instrument_id, venue_symbol, base, quote, kind, tick_size, step_size, min_quantity, max_quantity, max_market_quantity, min_notional, max_notional, maker_fee_rate, taker_fee_rate)
                 VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14) ON CONFLICT (instrument_id) DO UPDATE SET tick_size = $6, step_size = $7, min_quantity = $8, max_quantity = $9,
                   max_market_quantity = $10, min_notional = $11, max_notional = $12, maker_fee_rate = $13, taker_fee_rate = $14, written_at = ${NOW_MS}`,
          values: [it.id, it.venueSymbol, it.base, it.quote, it.kind, it.tickSize, it.stepSize, it.minQuantity, it.maxQuantity, it.maxMarketQuantity, it.minNotional, it.maxNotional, it.makerFeeRate, it.takerFeeRate],
        });
      }
    }),

    instruments: async (ids) => {
      const rows = await run<Instrument>(pool, 'read instruments', {
        text: `SELECT instrument_id AS id, venue_symbol AS "venueSymbol", base, quote, kind, tick_size AS "tickSize", step_size AS "stepSize", min_quantity AS "minQuantity", max_quantity AS "maxQuantity",
                 max_market_quantity AS "maxMarketQuantity", min_notional AS "minNotional", max_notional AS "maxNotional", maker_fee_rate AS "makerFeeRate", taker_fee_rate AS "takerFeeRate"
               FROM instruments WHERE instrument_id = ANY($1) ORDER BY instrument_id`,
        values: [ids],
      });
      return rows.map((it) => ({
        ...it, tickSize: exact(it.tickSize), stepSize: exact(it.stepSize), minQuantity: exact(it.minQuantity), maxQuantity: exact(it.maxQuantity), maxMarketQuantity: exact(it.maxMarketQuantity),
        minNotional: exact(it.minNotional), maxNotional: exactOrNull(it.maxNotional), makerFeeRate: exact(it.makerFeeRate), takerFeeRate: exact(it.takerFeeRate),
      }));
    },
  };
}

/** Orders carry the deployment's id: under another one a Keel would take its own for those of a stranger. */
function assertOneMaster({ portfolioId, deploymentId }: PortfolioSpec, known: string | undefined): void {
  if (known === deploymentId) return;
  throw new KeelError('TWO_MASTERS', `the ledger of ${portfolioId} belongs to the deployment ${known ?? '(none)'}, and this Keel is ${deploymentId}: KEEL_HOME's ${portfolioId}/deployment.json is new, or of another Keel. If no other Keel trades with this ledger, write {"id": "${known ?? ''}"} to it; else give this one a database and an account of its own`);
}
