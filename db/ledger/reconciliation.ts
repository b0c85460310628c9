import { KeelError } from '../../domain/errors.ts';
import type { Fence } from '../../domain/orders/protocol.ts';
import { lowered, raised } from '../../domain/orders/fence.ts';
import type { Ledger, NotedDifference } from '../../domain/ports/ledger.ts';
import type { PositionRecord } from '../../domain/positions/position.ts';
import { writeEvents } from '../events/outbox.ts';
import type { Pool } from '../pool.ts';
import { inTransaction, run } from '../pool.ts';
import type { OrderRecord } from '../rows.ts';
import { ORDER_COLUMNS, POSITION_COLUMNS, toOrderRow, toPositionRecord } from '../rows.ts';

type ReconciliationMethods = Pick<Ledger, 'reconciliationView' | 'noteDifferences' | 'resolveDifference' | 'fence' | 'raiseFence' | 'lowerFence' | 'arm' | 'armedBy'>;

const NOW = `(extract(epoch from clock_timestamp()) * 1000)::bigint`;

export function createReconciliationMethods(pool: Pool): ReconciliationMethods {
  async function fence(portfolioId: string): Promise<Fence> {
    const rows = await run<Fence>(pool, `fence of ${portfolioId}`, { name: 'read-fence', text: 'SELECT epoch, halted FROM fence WHERE portfolio_id = $1', values: [portfolioId] });
    return found(rows[0], portfolioId);
  }

  function changeFence(change: { portfolioId: string; by: string; reason: string }, next: (fence: Fence) => Fence, type: 'fenceRaised' | 'fenceLowered'): Promise<Fence> {
    const { portfolioId, by, reason } = change;
    return inTransaction(pool, `${type} for ${portfolioId}`, async (client) => {
      const { rows } = await client.query<Fence>({ text: 'SELECT epoch, halted FROM fence WHERE portfolio_id = $1 FOR UPDATE', values: [portfolioId] });
      const before = found(rows[0], portfolioId);
      const after = next(before);
      if (after.epoch === before.epoch && after.halted === before.halted) return before;
      await client.query({ text: `UPDATE fence SET epoch = $2, halted = $3, changed_by = $4, reason = $5, changed_at = ${NOW} WHERE portfolio_id = $1`, values: [portfolioId, after.epoch, after.halted, by, reason] });
      const history = await client.query<{ seq: number }>({ text: `INSERT INTO fence_history (portfolio_id, epoch, halted, changed_by, reason, changed_at) VALUES ($1,$2,$3,$4,$5,${NOW}) RETURNING seq`, values: [portfolioId, after.epoch, after.halted, by, reason] });
      await writeEvents(client, [{ id: `${portfolioId}/fence/${history.rows[0]?.seq ?? after.epoch}`, type, subject: portfolioId, portfolioId, traceId: portfolioId, actor: by, payload: { epoch: after.epoch, reason } }]);
      return after;
    });
  }

  return {
    fence,
    raiseFence: (change) => changeFence(change, raised, 'fenceRaised'),
    lowerFence: (change) => changeFence(change, lowered, 'fenceLowered'),

    reconciliationView: async (portfolioId) => {
      const [portfolios, positions, orders, fills] = await Promise.all([
        run<{ deploymentId: string; instrumentIds: string[] }>(pool, 'portfolio', { name: 'portfolio-ids', text: 'SELECT deployment_id AS "deploymentId", instrument_ids AS "instrumentIds" FROM portfolios WHERE portfolio_id = $1', values: [portfolioId] }),
        run<PositionRecord>(pool, 'open positions', { name: 'open-positions', text: `SELECT ${POSITION_COLUMNS} FROM positions p WHERE p.portfolio_id = $1 AND p.state <> 'closed' ORDER BY p.seq`, values: [portfolioId] }),
        run<OrderRecord>(pool, 'open orders', {
          name: 'open-orders', values: [portfolioId],
          text: `SELECT ${ORDER_COLUMNS} FROM orders o JOIN intents i ON i.client_order_id = o.client_order_id WHERE o.portfolio_id = $1 AND o.state NOT IN ('filled', 'canceled', 'rejected', 'halted', 'expired') ORDER BY o.seq`,
        }),
        run<{ instrumentId: string; lastFillAt: number }>(pool, 'last fills', {
          name: 'last-fills', values: [portfolioId],
          text: `SELECT u.id AS "instrumentId", f.filled_at AS "lastFillAt" FROM (SELECT unnest(instrument_ids) AS id FROM portfolios WHERE portfolio_id = $1) u
                 JOIN LATERAL (SELECT filled_at FROM fills WHERE portfolio_id = $1 AND instrument_id = u.id ORDER BY filled_at DESC LIMIT 1) f ON true`,
        }),
      ]);
      const portfolio = found(portfolios[0], portfolioId);
      return {
        ...portfolio, portfolioId, fence: await fence(portfolioId), positions: positions.map(toPositionRecord), openOrders: orders.map(toOrderRow),
        lastFillAt: Object.fromEntries(fills.map((row) => [row.instrumentId, row.lastFillAt])),
      };
    },

    noteDifferences: (portfolioId, differences, nowMs) => inTransaction(pool, `note differences of ${portfolioId}`, async (client) => {
      await client.query({ text: 'DELETE FROM differences WHERE portfolio_id = $1 AND NOT (key = ANY($2))', values: [portfolioId, differences.map((it) => it.key)] });
      const noted: NotedDifference[] = [];
      for (const it of differences) {
        const { rows } = await client.query<{ looks: number; firstSeenAt: number }>({
          text: `INSERT INTO differences (portfolio_id, key, kind, instrument_id, evidence, looks, first_seen_at, last_seen_at) VALUES ($1,$2,$3,$4,$5,1,$6,$6)
                 ON CONFLICT (portfolio_id, key) DO UPDATE SET looks = differences.looks + 1, last_seen_at = $6, evidence = $5, kind = $3 RETURNING looks, first_seen_at AS "firstSeenAt"`,
          values: [portfolioId, it.key, it.kind, it.instrumentId, JSON.stringify(it.evidence), nowMs],
        });
        noted.push({ ...it, ...found(rows[0], it.key) });
      }
      await writeEvents(client, noted.filter((it) => it.looks === 1).map((it) => ({
        id: `${portfolioId}/difference/${it.key}/${it.firstSeenAt}`, type: 'differenceFound' as const, subject: portfolioId, portfolioId, traceId: portfolioId, actor: 'reconciliation',
        payload: { key: it.key, kind: it.kind, instrumentId: it.instrumentId, evidence: it.evidence },
      })));
      return noted;
    }),

    resolveDifference: (portfolioId, it, outcome) => inTransaction(pool, `resolve ${it.key}`, async (client) => {
      const { rows } = await client.query<{ firstSeenAt: number }>({
        text: 'UPDATE differences SET outcome = $3 WHERE portfolio_id = $1 AND key = $2 AND outcome IS DISTINCT FROM $3 RETURNING first_seen_at AS "firstSeenAt"', values: [portfolioId, it.key, outcome],
      });
      if (rows[0] === undefined) return; // the same outcome was told before: a foreign position is reported once, not each minute
      await writeEvents(client, [{
        id: `${portfolioId}/resolved/${it.key}/${rows[0].firstSeenAt}/${outcome}`, type: 'differenceResolved', subject: portfolioId, portfolioId, traceId: portfolioId, actor: 'reconciliation',
        payload: { key: it.key, kind: it.kind, instrumentId: it.instrumentId, evidence: it.evidence, outcome },
      }]);
    }),

    arm: ({ portfolioId, by }) => inTransaction(pool, `arm ${portfolioId}`, async (client) => {
      const { rows } = await client.query<{ armedBy: string | null }>({ text: 'SELECT armed_by AS "armedBy" FROM portfolios WHERE portfolio_id = $1 FOR UPDATE', values: [portfolioId] });
      const before = found(rows[0], portfolioId).armedBy;
      await client.query({ text: 'UPDATE portfolios SET armed_by = $2 WHERE portfolio_id = $1', values: [portfolioId, by] });
      await writeEvents(client, [{ id: `${portfolioId}/armed/${by}`, type: 'portfolioArmed', subject: portfolioId, portfolioId, traceId: portfolioId, actor: by, payload: { before, after: by } }]);
    }),

    armedBy: async (portfolioId) => {
      const rows = await run<{ armedBy: string | null }>(pool, `armed by of ${portfolioId}`, { text: 'SELECT armed_by AS "armedBy" FROM portfolios WHERE portfolio_id = $1', values: [portfolioId] });
      return rows[0]?.armedBy ?? null;
    },
  };
}

function found<T>(row: T | undefined, name: string): T {
  if (row === undefined) throw new KeelError('NOT_FOUND', `${name} is not in the ledger`);
  return row;
}
