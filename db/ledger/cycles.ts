import type { CyclePlan, Observation } from '../../domain/cycle/types.ts';
import { KeelError } from '../../domain/errors.ts';
import type { Ledger } from '../../domain/ports/ledger.ts';
import { predictionsOf } from '../../domain/predictions/prediction.ts';
import type { NewEvent } from '../events/outbox.ts';
import { writeEvents } from '../events/outbox.ts';
import type { Client, Pool } from '../pool.ts';
import { inTransaction, run, together } from '../pool.ts';
import { announceChange } from './announce.ts';
import { insertIntents } from './orders.ts';
import { insertInstruction } from './positions.ts';
import { columnsOf, PREDICTION_COLUMNS, PREDICTION_NAMES } from './prediction-rows.ts';

type CycleMethods = Pick<Ledger, 'claimCycle' | 'recordCycle' | 'cycleState' | 'recordedCycle'>;

export function createCycleMethods(pool: Pool): CycleMethods {
  return {
    claimCycle: async ({ cycleId, workflowId, candle }) => {
      const rows = await run<{ workflowId: string }>(pool, `claim ${cycleId}`, {
        name: 'claim-cycle',
        text: `WITH claimed AS (
                 INSERT INTO cycles (cycle_id, portfolio_id, strategy, timeframe, close_time, workflow_id, claimed_at)
                 VALUES ($1,$2,$3,$4,$5,$6,(extract(epoch from clock_timestamp()) * 1000)::bigint) ON CONFLICT DO NOTHING RETURNING workflow_id)
               SELECT workflow_id AS "workflowId" FROM claimed UNION ALL SELECT workflow_id FROM cycles WHERE cycle_id = $1`,
        values: [cycleId, candle.portfolioId, candle.strategy, candle.timeframe, candle.closeTime, workflowId],
      });
      const holder = rows[0]?.workflowId ?? (await holderOf(pool, cycleId));
      return holder === workflowId ? 'claimed' : 'duplicate';
    },

    recordCycle: ({ cycleId, observation, plan }) => inTransaction(pool, `record ${cycleId}`, (client) => recordCycle(client, cycleId, observation, plan)),

    cycleState: async (cycleId) => {
      const rows = await run<{ recorded: boolean }>(pool, `state of ${cycleId}`, { name: 'cycle-state', text: 'SELECT recorded_at IS NOT NULL AS recorded FROM cycles WHERE cycle_id = $1', values: [cycleId] });
      return rows[0] === undefined ? 'absent' : rows[0].recorded ? 'recorded' : 'claimed';
    },

    recordedCycle: async (cycleId) => {
      const rows = await run<{ observation: Observation; plan: CyclePlan }>(pool, `read ${cycleId}`, {
        name: 'recorded-cycle', text: 'SELECT observation, plan FROM cycles WHERE cycle_id = $1 AND recorded_at IS NOT NULL', values: [cycleId],
      });
      return rows[0] ?? null;
    },
  };
}

/** A claim that waited for another's sees that one only in a statement of its own. */
async function holderOf(pool: Pool, cycleId: string): Promise<string | null> {
  const rows = await run<{ workflowId: string }>(pool, `holder of ${cycleId}`, { name: 'cycle-holder', text: 'SELECT workflow_id AS "workflowId" FROM cycles WHERE cycle_id = $1', values: [cycleId] });
  return rows[0]?.workflowId ?? null;
}

async function recordCycle(client: Client, cycleId: string, observation: Observation, plan: CyclePlan): Promise<CyclePlan | null> {
  const { account, candle } = observation;
  const recorded = await client.query({
    name: 'record-cycle',
    text: `UPDATE cycles SET policy_version = $2, late = $3, observation = $4, plan = $5, opens = $6, instructions = $7, refused = $8, holds = $9,
             recorded_at = (extract(epoch from clock_timestamp()) * 1000)::bigint WHERE cycle_id = $1 AND recorded_at IS NULL`,
    values: [cycleId, account.policyVersion, observation.late, JSON.stringify(observation), JSON.stringify(plan), plan.opens.length, plan.instructions.length, countOf(plan, 'refused'), countOf(plan, 'hold')],
  });
  if (recorded.rowCount === 0) return await recordedPlan(client, cycleId);
  await together(
    insertPredictions(client, cycleId, observation, plan),
    ...plan.opens.map((open) => client.query({
      name: 'insert-position',
      text: `INSERT INTO positions (position_id, portfolio_id, instrument_id, cycle_id, direction, plan, state, stop_price, target_price, inbox_seq, handled_seq, decided_at)
             VALUES ($1,$2,$3,$4,$5,$6,'opening',$7,$8,1,0,$9)`,
      values: [open.positionId, account.portfolioId, open.instrument.id, cycleId, open.direction, JSON.stringify(open), open.stopPrice, open.targetPrice, open.decidedAt],
    })),
    insertIntents(client, plan.opens.map((open) => open.entry), account.observedAt),
    ...plan.instructions.map((instruction) => insertInstruction(client, instruction)),
    client.query({
      name: 'insert-equity',
      text: `INSERT INTO equity (portfolio_id, market_time, wallet_balance, equity, available_margin, open_positions) VALUES ($1,$2,$3,$4,$5,$6) ON CONFLICT DO NOTHING`,
      values: [account.portfolioId, candle.closeTime, account.walletBalance, account.equity, account.availableMargin, account.positions.length],
    }),
    writeEvents(client, [recordedEvent(cycleId, observation, plan)]),
    announceChange(client),
  );
  return null;
}

function countOf(plan: CyclePlan, outcome: string): number {
  return plan.decisions.filter((it) => it.outcome === outcome).length;
}

function recordedEvent(cycleId: string, { account, candle, late }: Observation, plan: CyclePlan): NewEvent<'cycleRecorded'> {
  return {
    id: cycleId, type: 'cycleRecorded', subject: cycleId, portfolioId: account.portfolioId, traceId: cycleId, actor: 'keel',
    payload: {
      cycleId, closeTime: candle.closeTime,
      opens: plan.opens.map((it) => ({ positionId: it.positionId, instrumentId: it.instrument.id, direction: it.direction })),
      instructions: plan.instructions.map((it) => ({ positionId: it.positionId, kind: it.kind })),
      refused: plan.decisions.filter((it) => it.outcome === 'refused').map((it) => ({ instrumentId: it.instrumentId, reason: it.reason })),
      holds: countOf(plan, 'hold'), late, policyVersion: account.policyVersion,
    },
  };
}

async function recordedPlan(client: Client, cycleId: string): Promise<CyclePlan> {
  const { rows } = await client.query<{ plan: CyclePlan }>({ text: 'SELECT plan FROM cycles WHERE cycle_id = $1 AND recorded_at IS NOT NULL', values: [cycleId] });
  if (rows[0] === undefined) throw new KeelError('INVARIANT', `${cycleId} was recorded without having been claimed`);
  return rows[0].plan;
}

async function insertPredictions(client: Client, cycleId: string, observation: Observation, plan: CyclePlan): Promise<void> {
  const { account, candle } = observation;
  const predictions = predictionsOf(observation, plan);
  if (predictions.length === 0) return;
  await together(
    client.query({
      name: 'insert-predictions',
      text: `INSERT INTO predictions (cycle_id, trace_id, portfolio_id, made_at, ${PREDICTION_NAMES})
             SELECT $1, $1, $2, $3, r.* FROM jsonb_to_recordset($4::jsonb) AS r(${PREDICTION_COLUMNS}) ON CONFLICT DO NOTHING`,
      values: [cycleId, account.portfolioId, candle.closeTime, JSON.stringify(predictions.map(columnsOf))],
    }),
    client.query({
      name: 'insert-due-evaluations',
      text: `INSERT INTO due_evaluations (portfolio_id, due_at, cycle_id, timeframe, predictions)
             SELECT $2, due_at, $1, $3, count(*) FROM predictions WHERE cycle_id = $1 AND due_at IS NOT NULL GROUP BY due_at`,
      values: [cycleId, account.portfolioId, candle.timeframe],
    }),
  );
}
