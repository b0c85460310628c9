import { KeelError } from '../../domain/errors.ts';
import type { Fence } from '../../domain/orders/protocol.ts';
import type { Ledger, Mode, NotedDifference } from '../../domain/ports/ledger.ts';
import type { PositionRecord } from '../../domain/positions/position.ts';
import { LOOKS_APART_MS } from '../../domain/reconciliation/differences.ts';
import { writeEvents } from '../events/outbox.ts';
import type { Pool } from '../pool.ts';
import { inTransaction, run } from '../pool.ts';
import type { OrderRecord } from '../rows.ts';
import { ACCOUNT_CURRENCY } from '../../domain/ports/venue.ts';
import { exact, ORDER_COLUMNS, POSITION_COLUMNS, toOrderRow, toPositionRecord } from '../rows.ts';

type ReconciliationMethods = Pick<Ledger, 'reconciliationView' | 'noteDifferences' | 'resolveDifference'>;


export function createReconciliationMethods(pool: Pool): ReconciliationMethods {
  return {
    reconciliationView: async (portfolioId) => {
      const [fences, portfolios, positions, orders, fills, money] = await Promise.all([
        run<Fence>(pool, 'fence', { name: 'read-fence', text: 'SELECT epoch, halted FROM fence WHERE portfolio_id = $1', values: [portfolioId] }),
        run<{ deploymentId: string; mode: Mode; instrumentIds: string[] }>(pool, 'portfolio', { name: 'portfolio-ids', text: 'SELECT deployment_id AS "deploymentId", mode, instrument_ids AS "instrumentIds" FROM portfolios WHERE portfolio_id = $1', values: [portfolioId] }),
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
        run<{ booked: string }>(pool, 'money booked', { name: 'money-booked', text: 'SELECT booked::text FROM money WHERE portfolio_id = $1 AND currency = $2', values: [portfolioId, ACCOUNT_CURRENCY] }),
      ]);
      const portfolio = found(portfolios[0], portfolioId);
      return {
        ...portfolio, portfolioId, fence: found(fences[0], portfolioId), positions: positions.map(toPositionRecord), openOrders: orders.map(toOrderRow),
        lastFillAt: Object.fromEntries(fills.map((row) => [row.instrumentId, row.lastFillAt])),
        moneyBooked: exact(money[0]?.booked ?? '0'),
      };
    },

    noteDifferences: (portfolioId, differences, nowMs) => inTransaction(pool, `note differences of ${portfolioId}`, async (client) => {
      await client.query({ text: 'DELETE FROM differences WHERE portfolio_id = $1 AND NOT (key = ANY($2))', values: [portfolioId, differences.map((it) => it.key)] });
      const noted: NotedDifference[] = [];
      for (const it of differences) {
        const { rows } = await client.query<{ looks: number; firstSeenAt: number }>({
          text: `INSERT INTO differences (portfolio_id, key, kind, instrument_id, evidence, looks, first_seen_at, last_seen_at) VALUES ($1,$2,$3,$4,$5,1,$6,$6)
                 ON CONFLICT (portfolio_id, key) DO UPDATE SET evidence = $5, kind = $3,
                   looks = differences.looks + CASE WHEN $6 - differences.last_seen_at >= $7 THEN 1 ELSE 0 END,
                   last_seen_at = CASE WHEN $6 - differences.last_seen_at >= $7 THEN $6 ELSE differences.last_seen_at END
                 RETURNING looks, first_seen_at AS "firstSeenAt"`,
          values: [portfolioId, it.key, it.kind, it.instrumentId, JSON.stringify(it.evidence), nowMs, LOOKS_APART_MS],
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
  };
}

function found<T>(row: T | undefined, name: string): T {
  if (row === undefined) throw new KeelError('NOT_FOUND', `${name} is not in the ledger`);
  return row;
}
