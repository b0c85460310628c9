import { lowered } from '../../domain/orders/fence.ts';
import type { Fence } from '../../domain/orders/protocol.ts';
import type { Ledger } from '../../domain/ports/ledger.ts';
import { writeEvents } from '../events/outbox.ts';
import { NOW_MS } from '../clock.ts';
import type { Client, Pool } from '../pool.ts';
import { inTransaction, run } from '../pool.ts';
import { ofPortfolio } from '../rows.ts';

type FenceMethods = Pick<Ledger, 'fence' | 'lowerFence' | 'arm' | 'armedBy'>;

export interface FenceChange {
  readonly portfolioId: string;
  readonly by: string;
  readonly reason: string;
}

/** Locks the row, then writes what changes with its history and event. @returns the fence after it */
export async function changeFence(client: Client, { portfolioId, by, reason }: FenceChange, next: (fence: Fence) => Fence): Promise<Fence> {
  const { rows } = await client.query<Fence>({ name: 'lock-fence', text: 'SELECT epoch, halted FROM fence WHERE portfolio_id = $1 FOR UPDATE', values: [portfolioId] });
  const before = ofPortfolio(rows[0], portfolioId);
  const after = next(before);
  if (after.epoch === before.epoch && after.halted === before.halted) return before;
  await client.query({ text: `UPDATE fence SET epoch = $2, halted = $3, changed_by = $4, reason = $5, changed_at = ${NOW_MS} WHERE portfolio_id = $1`, values: [portfolioId, after.epoch, after.halted, by, reason] });
  const history = await client.query<{ seq: number }>({ text: `INSERT INTO fence_history (portfolio_id, epoch, halted, changed_by, reason, changed_at) VALUES ($1,$2,$3,$4,$5,${NOW_MS}) RETURNING seq`, values: [portfolioId, after.epoch, after.halted, by, reason] });
  const type = after.halted ? 'fenceRaised' : 'fenceLowered';
  await writeEvents(client, [{ id: `${portfolioId}/fence/${history.rows[0]?.seq ?? after.epoch}`, type, subject: portfolioId, portfolioId, traceId: portfolioId, actor: by, payload: { epoch: after.epoch, reason } }]);
  return after;
}

export function createFenceMethods(pool: Pool): FenceMethods {
  async function fence(portfolioId: string): Promise<Fence> {
    const rows = await run<Fence>(pool, `fence of ${portfolioId}`, { name: 'read-fence', text: 'SELECT epoch, halted FROM fence WHERE portfolio_id = $1', values: [portfolioId] });
    return ofPortfolio(rows[0], portfolioId);
  }

  const changed = (change: FenceChange, next: (fence: Fence) => Fence): Promise<Fence> => inTransaction(pool, `fence of ${change.portfolioId}`, (client) => changeFence(client, change, next));

  return {
    fence,
    lowerFence: (change) => changed(change, lowered),

    arm: ({ portfolioId, by }) => inTransaction(pool, `arm ${portfolioId}`, async (client) => {
      const { rows } = await client.query<{ armedBy: string | null }>({ text: 'SELECT armed_by AS "armedBy" FROM portfolios WHERE portfolio_id = $1 FOR UPDATE', values: [portfolioId] });
      const before = ofPortfolio(rows[0], portfolioId).armedBy;
      await client.query({ text: 'UPDATE portfolios SET armed_by = $2 WHERE portfolio_id = $1', values: [portfolioId, by] });
      await writeEvents(client, [{ id: `${portfolioId}/armed/${by}`, type: 'portfolioArmed', subject: portfolioId, portfolioId, traceId: portfolioId, actor: by, payload: { before, after: by } }]);
    }),

    armedBy: async (portfolioId) => {
      const rows = await run<{ armedBy: string | null }>(pool, `armed by of ${portfolioId}`, { text: 'SELECT armed_by AS "armedBy" FROM portfolios WHERE portfolio_id = $1', values: [portfolioId] });
      return rows[0]?.armedBy ?? null;
    },
  };
}
