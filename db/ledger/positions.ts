import type { Instruction } from '../../domain/cycle/types.ts';
import type { OurHolding } from '../../domain/emergency/holdings.ts';
import { ourHoldings } from '../../domain/emergency/holdings.ts';
import { KeelError } from '../../domain/errors.ts';
import type { Ledger } from '../../domain/ports/ledger.ts';
import type { PositionRecord } from '../../domain/positions/position.ts';
import { tradedSince } from '../../domain/positions/position.ts';
import { writeEvents } from '../events/outbox.ts';
import type { Client, Pool } from '../pool.ts';
import { inTransaction, run, together } from '../pool.ts';
import type { SnapshotRecord } from '../rows.ts';
import { exact, exactOrNull, ORDER_COLUMNS, POSITION_COLUMNS, toOrderRow, toPositionRecord } from '../rows.ts';
import { announceChange } from './announce.ts';
import { bookFill } from './fills.ts';

type PositionMethods = Pick<Ledger, 'positionSnapshot' | 'settlePosition' | 'openPositions' | 'openHoldings' | 'closePosition' | 'instruct' | 'applyOutsideFills' | 'settlement'>;

/** Position, orders and waiting instructions in one statement: one consistent view. */
const SNAPSHOT = `
  SELECT to_jsonb(pos) AS position,
    (SELECT jsonb_agg(to_jsonb(ord) ORDER BY ord."plannedSeq") FROM (SELECT o.seq AS "plannedSeq", ${ORDER_COLUMNS} FROM orders o JOIN intents i ON i.client_order_id = o.client_order_id WHERE o.position_id = $1) ord) AS orders,
    (SELECT jsonb_agg(n.instruction ORDER BY n.seq) FROM instructions n WHERE n.position_id = $1 AND n.handled_at IS NULL) AS instructions,
    (SELECT sum(f.quantity)::text FROM fills f WHERE f.position_id = $1 AND f.client_order_id IS NULL) AS outside
  FROM (SELECT ${POSITION_COLUMNS} FROM positions p WHERE p.position_id = $1) pos`;

export function createPositionMethods(pool: Pool): PositionMethods {
  return {
    positionSnapshot: async (positionId) => {
      const rows = await run<{ [K in keyof SnapshotRecord]: SnapshotRecord[K] | null }>(pool, `read ${positionId}`, { name: 'position-snapshot', text: SNAPSHOT, values: [positionId] });
      const row = rows[0];
      if (row?.position === undefined || row.position === null) throw new KeelError('NOT_FOUND', `position ${positionId} is not in the ledger`);
      return { position: toPositionRecord(row.position), orders: (row.orders ?? []).map(toOrderRow), instructions: row.instructions ?? [], ...(row.outside === null ? {} : { outside: exact(row.outside) }) };
    },

    settlePosition: ({ positionId, handledSeq, handledInstructionIds, state, stopPrice, targetPrice }) => inTransaction(pool, `settle ${positionId}`, async (client) => {
      await together(
        handledInstructionIds.length === 0 ? Promise.resolve() : client.query({ name: 'handle-instructions', text: `UPDATE instructions SET handled_at = (extract(epoch from clock_timestamp()) * 1000)::bigint WHERE instruction_id = ANY($1) AND handled_at IS NULL`, values: [handledInstructionIds] }),
        client.query({
          name: 'settle-position',
          text: `UPDATE positions SET handled_seq = greatest(handled_seq, least($2, inbox_seq)), state = $3, stop_price = $4, target_price = $5 WHERE position_id = $1 AND state <> 'closed'`,
          values: [positionId, handledSeq, state, stopPrice, targetPrice],
        }),
        announceChange(client),
      );
    }),

    openPositions: async (portfolioId) => (await run<PositionRecord>(pool, `open positions of ${portfolioId}`, {
      name: 'open-positions', text: `SELECT ${POSITION_COLUMNS} FROM positions p WHERE p.portfolio_id = $1 AND p.state <> 'closed' ORDER BY p.seq`, values: [portfolioId],
    })).map(toPositionRecord),

    openHoldings: async (portfolioId) => ourHoldings((await run<Omit<OurHolding, 'tradedSince'> & { readonly decidedAt: number }>(pool, `open holdings of ${portfolioId}`, {
      name: 'open-holdings',
      text: `SELECT p.instrument_id AS "instrumentId", p.plan->'entry'->>'positionSide' AS "positionSide", p.direction, p.quantity::text, (p.plan->>'decidedAt')::bigint AS "decidedAt",
               ARRAY(SELECT f.trade_id FROM fills f WHERE f.portfolio_id = $1 AND f.instrument_id = p.instrument_id AND f.filled_at >= (p.plan->>'decidedAt')::bigint - 1000) AS "bookedTrades"
             FROM positions p WHERE p.portfolio_id = $1 AND p.state <> 'closed' ORDER BY p.seq`,
      values: [portfolioId],
    })).map(({ decidedAt, ...row }) => ({ ...row, quantity: exact(row.quantity), tradedSince: tradedSince({ decidedAt }) }))),

    closePosition: (close) => inTransaction(pool, `close ${close.positionId}`, (client) => closePosition(client, close)),

    instruct: (instruction) => inTransaction(pool, `instruct ${instruction.positionId}`, async (client) => {
      await insertInstruction(client, instruction);
      await announceChange(client);
    }),

    applyOutsideFills: (positionId, fills, { upToHeld } = { upToHeld: false }) => inTransaction(pool, `outside fills of ${positionId}`, async (client) => {
      for (const fill of fills) await bookFill(client, { positionId, intent: null, fill, upToHeld });
    }),

    // An absent order counts: it is sent again or withdrawn at once, and at which price must not depend on how fast.
    settlement: async (portfolioId) => {
      const rows = await run<{ waiting: string }>(pool, `settlement of ${portfolioId}`, {
        name: 'settlement',
        text: `SELECT 'order ' || client_order_id || ' is ' || state AS waiting FROM orders WHERE portfolio_id = $1 AND state IN ('planned', 'submitting', 'unknown', 'absent')
               UNION ALL SELECT 'position ' || position_id || ' has news' FROM positions WHERE portfolio_id = $1 AND inbox_seq > handled_seq AND state <> 'closed'
               UNION ALL SELECT 'order ' || client_order_id || ' has fills to book' FROM orders WHERE portfolio_id = $1 AND booked_quantity <> filled_quantity
               UNION ALL SELECT 'the emergency stop closes' FROM guard_state WHERE portfolio_id = $1 AND state->>'mode' = 'tripping'`,
        values: [portfolioId],
      });
      return { settled: rows.length === 0, waitingFor: rows.map((row) => row.waiting) };
    },
  };
}

/** Into the inbox once; a closed position hears nothing any more. */
export async function insertInstruction(client: Client, instruction: Instruction): Promise<void> {
  const inserted = await client.query({
    name: 'insert-instruction',
    text: 'INSERT INTO instructions (instruction_id, position_id, kind, instruction) VALUES ($1,$2,$3,$4) ON CONFLICT (instruction_id) DO NOTHING',
    values: [instruction.instructionId, instruction.positionId, instruction.kind, JSON.stringify(instruction)],
  });
  if (inserted.rowCount === 0) return;
  await client.query({ name: 'raise-inbox', text: `UPDATE positions SET inbox_seq = inbox_seq + 1 WHERE position_id = $1 AND state <> 'closed'`, values: [instruction.positionId] });
}

interface ClosedRecord {
  readonly portfolioId: string;
  readonly instrumentId: string;
  readonly cycleId: string;
  readonly direction: 'long' | 'short';
  readonly entryPrice: string | null;
  readonly exitPrice: string | null;
  readonly quantity: string;
  readonly realizedPnl: string;
  readonly fees: string;
  readonly decidedAt: number;
  readonly closedAt: number;
}

async function closePosition(client: Client, { positionId, reason, closedAt }: Parameters<Ledger['closePosition']>[0]): Promise<boolean> {
  const { rows } = await client.query<ClosedRecord>({
    name: 'close-position',
    text: `UPDATE positions SET state = 'closed', handled_seq = inbox_seq, close_reason = $2, closed_at = coalesce(last_fill_at, $3) WHERE position_id = $1 AND state <> 'closed'
           RETURNING portfolio_id AS "portfolioId", instrument_id AS "instrumentId", cycle_id AS "cycleId", direction, entry_price::text AS "entryPrice", exit_price::text AS "exitPrice",
             entry_quantity::text AS quantity, realized_pnl::text AS "realizedPnl", fees::text, decided_at AS "decidedAt", closed_at AS "closedAt"`,
    values: [positionId, reason, closedAt],
  });
  const closed = rows[0];
  if (closed === undefined) return false;
  const { portfolioId, cycleId, ...rest } = closed;
  await together(client.query({ name: 'handle-all-instructions', text: `UPDATE instructions SET handled_at = (extract(epoch from clock_timestamp()) * 1000)::bigint WHERE position_id = $1 AND handled_at IS NULL`, values: [positionId] }), writeEvents(client, [{
    id: `${positionId}/closed`, type: 'positionClosed', subject: positionId, portfolioId, traceId: cycleId, actor: 'keel',
    payload: { ...rest, positionId, reason, entryPrice: exactOrNull(closed.entryPrice), exitPrice: exactOrNull(closed.exitPrice), quantity: exact(closed.quantity), realizedPnl: exact(closed.realizedPnl), fees: exact(closed.fees) },
  }]), announceChange(client));
  return true;
}
