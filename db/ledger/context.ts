/** What a cycle asks of the ledger before it decides. */
import type { ClassCounts, CycleMemory, SymbolRecord, TradeRecord } from '../../domain/cycle/risk-facts.ts';
import { NO_MEMORY, NO_TRADES } from '../../domain/cycle/risk-facts.ts';
import type { CandleRef } from '../../domain/market/candle.ts';
import type { RegisteredModel } from '../../domain/promotion/registry.ts';
import type { AccountContext, Ledger } from '../../domain/ports/ledger.ts';
import type { Pool } from '../pool.ts';
import { run } from '../pool.ts';
import { exact, exactOrNull, ofPortfolio } from '../rows.ts';

type ContextMethods = Pick<Ledger, 'accountContext' | 'tradeRecord'>;

export function createContextMethods(pool: Pool): ContextMethods {
  return {
    accountContext: (candle) => accountContext(pool, candle),
    tradeRecord: (query) => tradeRecord(pool, query),
  };
}

interface ContextRecord {
  readonly deploymentId: string;
  readonly positions: AccountContext['account']['positions'] | null;
  readonly unsettled: readonly string[] | null;
  readonly foreign: readonly string[] | null;
  readonly memory: CycleMemory | null;
  readonly priors: Readonly<Record<string, ClassCounts>> | null;
  readonly posture: AccountContext['posture'];
  readonly health: AccountContext['health'];
  readonly isReplay: boolean;
  readonly champion: RegisteredModel | null;
  readonly onTrial: RegisteredModel | null;
  readonly hadChampion: boolean;
  readonly canaryStage: number | null;
  readonly weights: AccountContext['weights'] | null;
}

const DAY_MS = 86_400_000;

/** A registered model, by the alias of its table. @param validatedAt since when its age counts, where that is not as of the gate */
const registered = (alias: string, validatedAt: string): string => `CASE WHEN ${alias}.model_id IS NULL THEN NULL ELSE jsonb_build_object('modelId', ${alias}.model_id, 'recipeId', ${alias}.recipe_id, 'validatedAt', coalesce(${validatedAt}, ${alias}.validated_at)) END`;

/**
 * One statement: the whole of what a cycle asks of the ledger about its account. A foreign position counts from the first look
 * on; in a replay from the second, since what one look finds between a fill and its booking depends on the wall clock, and
 * the same replay has to come out twice.
 */
const CONTEXT = `
  SELECT pf.deployment_id AS "deploymentId", pf.mode = 'replay' AS "isReplay", o.state AS posture,
    ${registered('champion', 'r.champion_validated_at')} AS champion, ${registered('trial', 'NULL')} AS "onTrial", CASE r.trial->'state'->>'phase' WHEN 'canary' THEN (r.trial->'state'->>'stage')::int END AS "canaryStage",
    champion.model_id IS NOT NULL OR EXISTS (SELECT 1 FROM model_steps s WHERE s.portfolio_id = $1 AND s.kind ~ '^(promoted|refreshed|rolledBack|expired)') AS "hadChampion",
    (SELECT jsonb_build_object('at', h.checked_at, 'level', h.level) FROM health_checks h WHERE h.portfolio_id = $1 ORDER BY h.seq DESC LIMIT 1) AS health,
    (SELECT jsonb_agg(jsonb_build_object('positionId', p.position_id, 'instrumentId', p.instrument_id, 'direction', p.direction, 'state', p.state,
       'quantity', p.quantity::text, 'entryQuantity', p.entry_quantity::text, 'plannedQuantity', p.plan->'entry'->>'quantity', 'entryPrice', p.entry_price::text,
       'stopPrice', p.stop_price::text, 'targetPrice', p.target_price::text, 'riskPerUnit', p.plan->>'riskPerUnit', 'openedAt', p.decided_at,
       'score', coalesce(p.plan->'score', p.plan->'confidence'), 'exit', p.plan->'exit', 'ladder', p.plan->'ladder') ORDER BY p.position_id)
     FROM positions p WHERE p.portfolio_id = $1 AND p.state <> 'closed') AS positions,
    (SELECT array_agg(DISTINCT o.instrument_id ORDER BY o.instrument_id) FROM orders o WHERE o.portfolio_id = $1 AND o.state IN ('planned', 'submitting', 'unknown')) AS unsettled,
    (SELECT array_agg(DISTINCT x.instrument_id ORDER BY x.instrument_id) FROM differences x WHERE x.portfolio_id = $1 AND x.kind = 'foreignPosition' AND (x.looks > 1 OR pf.mode <> 'replay')) AS foreign,
    (SELECT c.plan->'memory' FROM cycles c WHERE c.portfolio_id = $1 AND c.strategy = $2 AND c.timeframe = $3 AND c.close_time < $4 AND c.recorded_at IS NOT NULL ORDER BY c.close_time DESC LIMIT 1) AS memory,
    (SELECT jsonb_object_agg(k.label_version, jsonb_build_object('buy', k.buys, 'sell', k.sells, 'hold', k.holds)) FROM outcome_counts k WHERE k.portfolio_id = $1) AS priors,
    (SELECT s.weights FROM supervisions s WHERE s.portfolio_id = $1 AND s.at < $4::bigint - $4::bigint % ${DAY_MS} ORDER BY s.at DESC LIMIT 1) AS weights
  FROM portfolios pf JOIN oversight o USING (portfolio_id)
  LEFT JOIN model_registry r ON r.portfolio_id = pf.portfolio_id
  LEFT JOIN models champion ON champion.portfolio_id = r.portfolio_id AND champion.model_id = r.champion
  LEFT JOIN models trial ON trial.portfolio_id = r.portfolio_id AND trial.model_id = r.on_trial
  WHERE pf.portfolio_id = $1`;

async function accountContext(pool: Pool, { portfolioId, strategy, timeframe, closeTime }: CandleRef): Promise<AccountContext> {
  const rows = await run<ContextRecord>(pool, `account of ${portfolioId}`, { name: 'account-context', text: CONTEXT, values: [portfolioId, strategy, timeframe, closeTime] });
  const row = ofPortfolio(rows[0], portfolioId);
  return {
    account: {
      deploymentId: row.deploymentId,
      positions: (row.positions ?? []).map((it) => ({
        ...it, quantity: exact(it.quantity), entryQuantity: exact(it.entryQuantity), plannedQuantity: exact(it.plannedQuantity), entryPrice: exactOrNull(it.entryPrice), stopPrice: exact(it.stopPrice), targetPrice: exactOrNull(it.targetPrice),
      })),
      unsettledInstruments: row.unsettled ?? [],
      foreignInstruments: row.foreign ?? [],
    },
    memory: row.memory ?? NO_MEMORY,
    priors: row.priors ?? {},
    posture: row.posture, health: row.health, isReplay: row.isReplay, registry: { champion: row.champion, onTrial: row.onTrial, hadChampion: row.hadChampion, canaryStage: row.canaryStage }, weights: row.weights ?? {},
  };
}

/** @source domain/cycle/risk-facts.ts, which says what these windows are. */
const RECENT_TRADES = 100;
const RECENT_MS = 30 * DAY_MS;
const LOSSES_MS = DAY_MS;

interface PortfolioTrades {
  readonly grossLoss: string;
  readonly lossesInARow: number;
  readonly lastLossAt: number | null;
}

const PORTFOLIO_TRADES = `
  SELECT (SELECT coalesce(sum(p.fees - p.realized_pnl), 0)::text FROM positions p
      WHERE p.portfolio_id = $1 AND p.state = 'closed' AND p.entry_quantity > 0 AND p.closed_at > $2::bigint - ${LOSSES_MS} AND p.realized_pnl < p.fees) AS "grossLoss",
    count(*) FILTER (WHERE streak.wins = 0)::int AS "lossesInARow", max(streak.closed_at) FILTER (WHERE streak.wins = 0) AS "lastLossAt"
  FROM (
    SELECT newest.closed_at, count(*) FILTER (WHERE newest.realized_pnl > newest.fees) OVER (ORDER BY newest.closed_at DESC, newest.seq DESC) AS wins
    FROM (SELECT p.closed_at, p.seq, p.realized_pnl, p.fees FROM positions p WHERE p.portfolio_id = $1 AND p.state = 'closed' AND p.entry_quantity > 0 ORDER BY p.closed_at DESC LIMIT ${RECENT_TRADES}) newest) streak`;

const SYMBOL_TRADES = `
  SELECT wanted.instrument_id AS "instrumentId", count(*)::int AS trades, count(*) FILTER (WHERE t.result > 0)::int AS wins,
    count(*) FILTER (WHERE t.wins = 0 AND t.closed_at > wanted.losses_since)::int AS "lossesInARow",
    coalesce(avg(t.result) FILTER (WHERE t.result > 0), 0)::float8 AS "averageWinR", coalesce(-avg(t.result) FILTER (WHERE t.result <= 0), 0)::float8 AS "averageLossR"
  FROM unnest($2::text[], $3::bigint[]) AS wanted(instrument_id, losses_since) CROSS JOIN LATERAL (
    SELECT newest.closed_at, newest.result, count(*) FILTER (WHERE newest.result > 0) OVER (ORDER BY newest.closed_at DESC, newest.seq DESC) AS wins
    FROM (
      SELECT p.closed_at, p.seq, coalesce((p.realized_pnl - p.fees) / nullif((p.plan->>'riskPerUnit')::numeric * p.entry_quantity, 0), 0) AS result FROM positions p
      WHERE p.portfolio_id = $1 AND p.instrument_id = wanted.instrument_id AND p.state = 'closed' AND p.entry_quantity > 0 AND p.closed_at > $4::bigint - ${RECENT_MS}
      ORDER BY p.closed_at DESC LIMIT ${RECENT_TRADES}) newest) t
  GROUP BY wanted.instrument_id`;

async function tradeRecord(pool: Pool, { portfolioId, closeTime, symbols }: Parameters<Ledger['tradeRecord']>[0]): Promise<TradeRecord> {
  const [portfolio, bySymbol] = await Promise.all([
    run<PortfolioTrades & Record<string, unknown>>(pool, `trades of ${portfolioId}`, { name: 'portfolio-trades', text: PORTFOLIO_TRADES, values: [portfolioId, closeTime] }),
    symbols.length === 0 ? [] : run<SymbolRecord & { instrumentId: string } & Record<string, unknown>>(pool, `trades by symbol of ${portfolioId}`, {
      name: 'symbol-trades', text: SYMBOL_TRADES, values: [portfolioId, symbols.map((it) => it.instrumentId), symbols.map((it) => it.lossesSince), closeTime],
    }),
  ]);
  const totals = portfolio[0];
  return {
    grossLoss24h: totals === undefined ? NO_TRADES.grossLoss24h : exact(totals.grossLoss), lossesInARow: totals?.lossesInARow ?? 0, lastLossAt: totals?.lastLossAt ?? null,
    bySymbol: Object.fromEntries(bySymbol.map(({ instrumentId, trades, wins, lossesInARow, averageWinR, averageLossR }) => [instrumentId, { trades, wins, lossesInARow, averageWinR, averageLossR }])),
  };
}
