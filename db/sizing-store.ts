/** Learned sizing in PostgreSQL. */
import { KeelError } from '../domain/errors.ts';
import { PRICED } from '../domain/learned-sizing/multipliers.ts';
import type { SizingSample } from '../domain/learned-sizing/model.ts';
import type { SizingFacts } from '../domain/learned-sizing/sight.ts';
import { TRADES_MIN } from '../domain/learned-sizing/sight.ts';
import type { Acknowledgement, SignalCycle, SizingRecord, SizingStore } from '../domain/ports/sizing-store.ts';
import { NOW_MS } from './clock.ts';
import { writeEvents } from './events/outbox.ts';
import type { Client, Pool } from './pool.ts';
import { inTransaction, run } from './pool.ts';

/** Closed positions that the recent win rate is of. */
const RECENT_TRADES = 20;
const PROFIT_MS = 7 * 86_400_000;

/** Whatever is counted is bounded: no more rows are read however long the history is. */
const FACTS = `
  SELECT m.model_id AS "modelId", (m.comparison->'primary'->>'boundBps')::float8 AS "boundBps", m.comparison->>'notCompared' AS "notCompared",
    EXISTS (SELECT 1 FROM sizing_acknowledgements a WHERE a.portfolio_id = $1) AS "isAcknowledged",
    (SELECT count(*)::int FROM (SELECT 1 FROM positions p WHERE p.portfolio_id = $1 AND p.state = 'closed' AND p.entry_quantity > 0 AND p.closed_at <= $3::bigint ORDER BY p.closed_at DESC LIMIT ${TRADES_MIN}) closed) AS "closedTrades",
    (SELECT avg((r.realized_pnl > r.fees)::int)::float8 FROM (SELECT p.realized_pnl, p.fees FROM positions p WHERE p.portfolio_id = $1 AND p.state = 'closed' AND p.entry_quantity > 0 AND p.closed_at <= $3::bigint ORDER BY p.closed_at DESC LIMIT ${RECENT_TRADES}) r) AS "winRate",
    (SELECT coalesce(sum(p.realized_pnl - p.fees), 0)::float8 FROM positions p WHERE p.portfolio_id = $1 AND p.state = 'closed' AND p.entry_quantity > 0 AND p.closed_at <= $3::bigint AND p.closed_at > $3::bigint - ${PROFIT_MS}) AS "profit7d"
  FROM (SELECT 1) one LEFT JOIN LATERAL (SELECT model_id, comparison FROM sizing_models WHERE portfolio_id = $1 AND version = $2 ORDER BY seq DESC LIMIT 1) m ON true`;

const cursorOf = (version: string): string => `sizing/${version}`;

export function createSizingStore(pool: Pool): SizingStore {
  return {
    facts: async ({ portfolioId, version, closeTime }) => {
      const [row] = await run<SizingFacts & Record<string, unknown>>(pool, `sizing of ${portfolioId}`, { name: 'sizing-facts', text: FACTS, values: [portfolioId, version, closeTime] });
      if (row === undefined) throw new Error('a select of one row gives one');
      return row;
    },

    artefact: async (portfolioId, modelId) => {
      const [row] = await run<{ artefact: Buffer }>(pool, `sizing model ${modelId}`, { text: 'SELECT artefact FROM sizing_models WHERE portfolio_id = $1 AND model_id = $2', values: [portfolioId, modelId] });
      if (row === undefined) throw new KeelError('NOT_FOUND', `${portfolioId} has no sizing model ${modelId}; \`keel sizing\` shows the newest`);
      return new Uint8Array(row.artefact);
    },

    pricedUntil: async (portfolioId, version) => {
      const [row] = await run<{ value: number }>(pool, `sizing of ${portfolioId}`, { text: 'SELECT value FROM venue_cursors WHERE portfolio_id = $1 AND name = $2', values: [portfolioId, cursorOf(version)] });
      return row?.value ?? 0;
    },

    signalCycles: ({ portfolioId, strategy, timeframe, after, until, limit }) => run<SignalCycle & Record<string, unknown>>(pool, `signals of ${portfolioId}`, {
      text: `SELECT cycle_id AS "cycleId", observation FROM cycles
             WHERE portfolio_id = $1 AND strategy = $2 AND timeframe = $3 AND close_time > $4 AND close_time <= $5 AND recorded_at IS NOT NULL AND observation ? 'sizing' ORDER BY close_time LIMIT $6`,
      values: [portfolioId, strategy, timeframe, after, until, limit],
    }),

    recordPriced: (priced) => inTransaction(pool, `price signals of ${priced.portfolioId}`, (client) => recordPriced(client, priced)),

    samples: async ({ portfolioId, version, asOf, limit }) => {
      const rows = await run<SizingSample & Record<string, unknown>>(pool, `samples of ${portfolioId}`, {
        text: `SELECT state, rewards, decided_at AS "decidedAt", known_at AS "knownAt" FROM sizing_samples
               WHERE portfolio_id = $1 AND version = $2 AND known_at <= $3 AND multipliers = $4 ORDER BY decided_at DESC, instrument_id DESC LIMIT $5`,
        values: [portfolioId, version, asOf, [...PRICED], limit],
      });
      return rows.reverse();
    },

    recordModel: async ({ portfolioId, modelId, version, asOf, samples, comparison, artefact }) => {
      await run(pool, `sizing model ${modelId}`, {
        text: 'INSERT INTO sizing_models (portfolio_id, model_id, version, as_of, samples, comparison, artefact) VALUES ($1,$2,$3,$4,$5,$6,$7) ON CONFLICT (portfolio_id, model_id) DO NOTHING',
        values: [portfolioId, modelId, version, asOf, samples, comparison === null ? null : JSON.stringify(comparison), Buffer.from(artefact)],
      });
    },

    newest: async (portfolioId, version) => {
      const [row] = await run<SizingRecord & Record<string, unknown>>(pool, `sizing model of ${portfolioId}`, {
        text: 'SELECT portfolio_id AS "portfolioId", model_id AS "modelId", version, as_of AS "asOf", samples, comparison FROM sizing_models WHERE portfolio_id = $1 AND version = $2 ORDER BY seq DESC LIMIT 1',
        values: [portfolioId, version],
      });
      return row ?? null;
    },

    acknowledgement: async (portfolioId) => {
      const [row] = await run<Acknowledgement & Record<string, unknown>>(pool, `acknowledgement of ${portfolioId}`, {
        text: 'SELECT model_id AS "modelId", acknowledged_by AS by, reason AS because, written_at AS at FROM sizing_acknowledgements WHERE portfolio_id = $1 ORDER BY seq DESC LIMIT 1', values: [portfolioId],
      });
      return row ?? null;
    },

    acknowledge: ({ portfolioId, modelId, boundBps, by, because }) => inTransaction(pool, `acknowledge sizing of ${portfolioId}`, async (client) => {
      const { rows: [written] } = await client.query<{ seq: number }>({ text: 'INSERT INTO sizing_acknowledgements (portfolio_id, model_id, acknowledged_by, reason) VALUES ($1,$2,$3,$4) RETURNING seq', values: [portfolioId, modelId, by, because] });
      await writeEvents(client, [{ id: `${portfolioId}/sizing/acknowledged/${String(written?.seq)}`, type: 'sizingAcknowledged', subject: portfolioId, portfolioId, traceId: portfolioId, actor: by, payload: { modelId, boundBps, because } }]);
    }),
  };
}

async function recordPriced(client: Client, { portfolioId, version, until, signals }: Parameters<SizingStore['recordPriced']>[0]): Promise<void> {
  await client.query({
    text: `INSERT INTO sizing_samples (portfolio_id, cycle_id, instrument_id, version, decided_at, known_at, state, multipliers, rewards)
           SELECT $1, s."cycleId", s."instrumentId", $2, s."decidedAt", s."knownAt", s.state, $3, s.rewards
           FROM jsonb_to_recordset($4::jsonb) AS s("cycleId" text, "instrumentId" text, "decidedAt" bigint, "knownAt" bigint, state jsonb, rewards float8[]) ON CONFLICT DO NOTHING`,
    values: [portfolioId, version, [...PRICED], JSON.stringify(signals)],
  });
  await client.query({
    text: `INSERT INTO venue_cursors (portfolio_id, name, value) VALUES ($1,$2,$3) ON CONFLICT (portfolio_id, name) DO UPDATE SET value = greatest(venue_cursors.value, excluded.value), written_at = ${NOW_MS}`,
    values: [portfolioId, cursorOf(version), until],
  });
}
