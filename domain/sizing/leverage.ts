import type { SymbolRecord } from '../cycle/risk-facts.ts';
import type { Policy } from '../policy/policy.ts';
import { kellyShareOf } from './kelly.ts';

export interface LeverageInput {
  /** ATR as a fraction of price, > 0. */
  readonly atrShare: number;
  readonly record: SymbolRecord;
  /** 0..1. */
  readonly confidence: number;
  /** 0..1 of equity. */
  readonly marginUse: number;
  readonly drawdownBps: number;
  /** 0..100; unknown counts as no trend. */
  readonly adx: number | null;
  /** The venue's own largest; null: not told. */
  readonly venueMax: number | null;
  readonly policy: Policy;
}

/** ADX at which a trend counts in full. @source Wilder 1978, New Concepts in Technical Trading Systems: 25. */
const TREND_ADX = 25;
const WEAK_TREND_FACTOR = 0.5;

/**
 * Leverage of a symbol, a whole number from 1 on: the geometric mean of quarter-Kelly and risk per trade, each ÷ 1.5 ATR
 * (so that such a move costs that share of the margin), × confidence^1.5, lowered by margin use, drawdown and a weak
 * trend. While there are too few trades for Kelly, risk per trade alone speaks. Never above policy or venue.
 * @source risk.md, "From votes to an order", step 6.
 */
export function leverageOf(input: LeverageInput): number {
  const { policy, record } = input;
  const largest = Math.floor(Math.min(policy.leverageMax, input.venueMax ?? policy.leverageMax, record.trades < policy.leverageTradesMin ? policy.leverageUnproven : Infinity));
  const move = policy.leverageStopAtr * input.atrShare;
  if (!(move > 0)) return 1;
  const byRisk = policy.riskPerTradeBps / 10_000 / move;
  const byKelly = record.trades < policy.kellyTradesMin ? byRisk : (policy.leverageKellyShare * kellyShareOf(record)) / move;
  const wanted = Math.sqrt(byRisk * byKelly) * Math.max(0, input.confidence) ** policy.leverageConfidencePower * loweringOf(input);
  return Math.max(1, Math.min(largest, Number.isFinite(wanted) ? Math.floor(wanted) : 1));
}

/** 0..1. */
function loweringOf({ marginUse, drawdownBps, adx, policy }: LeverageInput): number {
  const byMargin = share(1 - (marginUse * 10_000) / policy.marginUseMaxBps);
  const byDrawdown = share(1 - drawdownBps / policy.tripDrawdownBps);
  const byTrend = Math.max(WEAK_TREND_FACTOR, share((adx ?? 0) / TREND_ADX));
  return byMargin * byDrawdown * byTrend;
}

function share(value: number): number {
  return Math.min(1, Math.max(0, value));
}
