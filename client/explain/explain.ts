import { engineUiUrl } from '../../config/temporal.ts';
import type { Settings } from '../../config/settings.ts';
import { run } from '../../db/pool.ts';
import type { Pool } from '../../db/pool.ts';
import { planCycle } from '../../domain/cycle/plan-cycle.ts';
import type { SymbolMemory, SymbolRecord, TradeRecord, VenueConditions } from '../../domain/cycle/risk-facts.ts';
import type { CyclePlan, DecisionStep, ModelSight, Observation, Vote } from '../../domain/cycle/types.ts';
import { DECISION_STEPS } from '../../domain/cycle/types.ts';
import type { Losses } from '../../domain/emergency/equity.ts';
import { KeelError } from '../../domain/errors.ts';
import type { SizingSight } from '../../domain/learned-sizing/sight.ts';
import { jsonDifferences } from './differences.ts';

/** What `keel explain --json` prints. */
export interface Explanation {
  readonly cycleId: string;
  readonly closeTime: string;
  readonly policyVersion: number;
  /** Where it came from; null in cycles from before that was told. */
  readonly policyRead: NonNullable<Observation['account']['policyRead']> | null;
  /** The symbol that was asked about; null: all of the cycle. */
  readonly instrumentId: string | null;
  readonly symbols: readonly ExplainedSymbol[];
  readonly account: Pick<Observation['account'], 'equity' | 'walletBalance' | 'availableMargin' | 'fence' | 'positionMode'>;
  /** What the whole portfolio brought to the decision. */
  readonly portfolio: Pick<TradeRecord, 'grossLoss24h' | 'lossesInARow'> & Losses & { readonly venueProblem: string | null; readonly recentSides: readonly string[]; readonly owners: Observation['account']['overlay']['owners']; readonly posture: NonNullable<Observation['account']['posture']> | null };
  /** Which models were named, and why one was not used; null in cycles from before there were any. */
  readonly models: ModelSight | null;
  /** What learned sizing saw, said and was allowed; null: nothing. */
  readonly sizing: SizingSight | null;
  readonly opens: CyclePlan['opens'];
  readonly instructions: CyclePlan['instructions'];
  readonly orders: readonly ExplainedOrder[];
  /** Addresses of the workflows in the Temporal UI, the bare ids where no UI is known. */
  readonly workflows: readonly string[];
  /** Where planning anew from the recorded observation gives something else; empty: the same. */
  readonly recomputed: readonly string[];
}

export interface ExplainedSymbol {
  readonly candle: Observation['symbols'][number]['candle'];
  readonly regime: Observation['symbols'][number]['regime'];
  readonly quality: Observation['symbols'][number]['quality'];
  readonly features: Observation['symbols'][number]['features'];
  readonly votes: Observation['symbols'][number]['votes'];
  /** What votes weighed; absent: all the same. */
  readonly weights?: Readonly<Record<string, number>>;
  /** What the model on trial said, without a say. */
  readonly shadows: readonly Vote[];
  /** What the venue said; null: nobody asked, since the symbol was neither held nor might open. */
  readonly conditions: VenueConditions | null;
  /** Closed trades of the symbol, where they were asked for. */
  readonly record: SymbolRecord | null;
  /** Of the cycle before; null: there was none. */
  readonly memory: SymbolMemory | null;
  readonly decision: CyclePlan['decisions'][number];
  /** Steps of the chain that were not looked at, since the last one refused. */
  readonly notReached: readonly DecisionStep['step'][];
}

export interface ExplainedOrder {
  readonly clientOrderId: string;
  readonly positionId: string;
  readonly leg: string;
  readonly revision: number;
  readonly side: string;
  readonly type: string;
  readonly quantity: string;
  readonly triggerPrice: string | null;
  readonly state: string;
  readonly attempt: number;
  readonly venueOrderId: string | null;
  readonly filledQuantity: string;
  readonly averagePrice: string | null;
  readonly reason: string | null;
  /** What was wanted and what was found, where the reason has two sides. */
  readonly detail: string | null;
  readonly fills: readonly { readonly tradeId: string; readonly price: string; readonly quantity: string; readonly fee: string; readonly realizedPnl: string; readonly filledAt: number }[];
}

interface Subject {
  readonly cycleId: string;
  readonly instrumentId: string | null;
  readonly positionId: string | null;
}

/** An order or a position leads to the cycle that decided it; an order that its position owed, to the position's. */
const SUBJECT = `
  SELECT cycle_id AS "cycleId", NULL AS "instrumentId", NULL AS "positionId" FROM cycles WHERE portfolio_id = $1 AND cycle_id = $2
  UNION ALL SELECT cycle_id, instrument_id, position_id FROM positions WHERE portfolio_id = $1 AND position_id = $2
  UNION ALL SELECT coalesce(i.cycle_id, p.cycle_id), i.instrument_id, i.position_id FROM intents i JOIN positions p USING (position_id) WHERE i.portfolio_id = $1 AND (i.client_order_id = $2 OR i.intent_id = $2)
  UNION ALL SELECT coalesce(i.cycle_id, p.cycle_id), i.instrument_id, i.position_id FROM orders o JOIN intents i USING (client_order_id) JOIN positions p ON p.position_id = i.position_id WHERE o.portfolio_id = $1 AND (o.venue_order_id = $2 OR o.triggered_order_id = $2)
  LIMIT 1`;

const ORDERS = `
  SELECT i.client_order_id AS "clientOrderId", i.position_id AS "positionId", i.leg, i.revision, i.side, i.type, i.quantity::text, i.trigger_price::text AS "triggerPrice", o.state, o.attempt,
    o.venue_order_id AS "venueOrderId", o.filled_quantity::text AS "filledQuantity", o.average_price::text AS "averagePrice", o.reason,
    (SELECT e.event->>'detail' FROM order_events e WHERE e.client_order_id = i.client_order_id AND e.kind = o.state ORDER BY e.seq DESC LIMIT 1) AS detail,
    coalesce((SELECT jsonb_agg(jsonb_build_object('tradeId', f.trade_id, 'price', f.price::text, 'quantity', f.quantity::text, 'fee', f.fee::text, 'realizedPnl', f.realized_pnl::text, 'filledAt', f.filled_at) ORDER BY f.seq)
      FROM fills f WHERE f.client_order_id = i.client_order_id), '[]') AS fills
  FROM orders o JOIN intents i USING (client_order_id) WHERE i.position_id = ANY($1) ORDER BY o.seq`;

export interface ExplainInput {
  readonly pool: Pool;
  readonly settings: Settings;
  readonly portfolioId: string;
  /** A cycle's or position's id, an order's client id, intent id or id at the venue. */
  readonly id: string;
}

/** From the record alone. @throws {KeelError} NOT_FOUND when nothing has that id, or its cycle is not recorded yet. */
export async function explain({ pool, settings, portfolioId, id }: ExplainInput): Promise<Explanation> {
  const [subject] = await run<Subject & Record<string, unknown>>(pool, `find ${id}`, { text: SUBJECT, values: [portfolioId, id] });
  if (subject === undefined) throw new KeelError('NOT_FOUND', `${portfolioId} holds no cycle, position or order "${id}"; \`keel cycles\`, \`keel positions\`, \`keel trades\` and \`keel orders\` list them`);
  const { cycleId, instrumentId, positionId } = subject;
  const [record] = await run<{ observation: Observation; plan: CyclePlan }>(pool, `read ${cycleId}`, { text: 'SELECT observation, plan FROM cycles WHERE cycle_id = $1 AND recorded_at IS NOT NULL', values: [cycleId] });
  if (record === undefined) throw new KeelError('NOT_FOUND', `${cycleId} is claimed and not recorded yet; ask again when it is done`);
  const { observation, plan } = record;
  const isWanted = (it: string): boolean => instrumentId === null || it === instrumentId;
  const opens = plan.opens.filter((it) => isWanted(it.instrument.id));
  const instructions = plan.instructions.filter((it) => positionId === null || it.positionId === positionId);
  const positionIds = positionId === null ? [...new Set([...opens, ...instructions].map((it) => it.positionId))] : [positionId];
  const { equity, walletBalance, availableMargin, fence, positionMode } = observation.account;
  return {
    cycleId, instrumentId, closeTime: new Date(observation.candle.closeTime).toISOString(), policyVersion: observation.account.policyVersion, policyRead: observation.account.policyRead ?? null,
    symbols: symbolsOf(record, isWanted), account: { equity, walletBalance, availableMargin, fence, positionMode }, portfolio: portfolioOf(observation), models: observation.models ?? null, sizing: observation.sizing ?? null, opens, instructions,
    orders: await run<ExplainedOrder & Record<string, unknown>>(pool, `orders of ${id}`, { text: ORDERS, values: [positionIds] }),
    workflows: [cycleId, ...positionIds].map((workflowId) => addressOf(settings, workflowId)),
    recomputed: jsonDifferences(plan, JSON.parse(JSON.stringify(planCycle({ cycleId, observation })))),
  };
}

function symbolsOf({ observation, plan }: { observation: Observation; plan: CyclePlan }, isWanted: (instrumentId: string) => boolean): ExplainedSymbol[] {
  return plan.decisions.filter((it) => isWanted(it.instrumentId)).flatMap((decision) => {
    const symbol = observation.symbols.find((it) => it.instrument.id === decision.instrumentId);
    if (symbol === undefined) return [];
    const { candle, regime, quality, features, votes, weights, served } = symbol;
    const { conditions, trades, memory } = observation.risk;
    const id = decision.instrumentId;
    return [{ candle, regime, quality, features, votes, ...(weights === undefined ? {} : { weights }), shadows: served?.shadows ?? [], conditions: conditions[id] ?? null, record: trades.bySymbol[id] ?? null, memory: memory.symbols[id] ?? null, decision, notReached: notReachedBy(decision) }];
  });
}

function portfolioOf({ risk, account }: Observation): Explanation['portfolio'] {
  const { grossLoss24h, lossesInARow } = risk.trades;
  return { grossLoss24h, lossesInARow, ...risk.losses, owners: account.overlay.owners, posture: account.posture ?? null, venueProblem: risk.venueProblem, recentSides: risk.memory.sides };
}

/** A position is managed, not opened: no step of the chain was ever due. */
function notReachedBy({ outcome, steps }: CyclePlan['decisions'][number]): readonly DecisionStep['step'][] {
  if (outcome === 'manage') return [];
  const last = steps.at(-1);
  return last === undefined ? DECISION_STEPS : DECISION_STEPS.slice(DECISION_STEPS.indexOf(last.step) + 1);
}

function addressOf(settings: Settings, workflowId: string): string {
  const base = engineUiUrl(settings);
  return base === null ? workflowId : `${base}/${encodeURIComponent(workflowId)}`;
}
