import type { SymbolRecord } from '../cycle/risk-facts.ts';
import type { DecimalString } from '../decimal.ts';
import { d, Dec, text, ZERO } from '../decimal.ts';
import type { Instrument } from '../market/instrument.ts';
import { roundQuantityDown } from '../market/rounding.ts';
import type { OrderType } from '../orders/order.ts';
import type { Policy } from '../policy/policy.ts';
import { kellyShareOf } from './kelly.ts';

export interface SizeInput {
  readonly instrument: Instrument;
  readonly orderType: OrderType;
  /** Quote currency per unit, > 0. */
  readonly price: Dec;
  /** |price - stop|, quote currency per unit, > 0. */
  readonly stopDistance: Dec;
  readonly equity: Dec;
  readonly availableMargin: Dec;
  /** Room that the exposure limits leave for this symbol, quote currency; what is not above zero leaves none. */
  readonly exposureRoom: Dec;
  /** Whole number, ≥ 1. */
  readonly leverage: number;
  /** 0..1. */
  readonly confidence: number;
  /** Of the signal: one speaker alone, little confidence in high volatility. */
  readonly signalFactor: number;
  /** Halves in a spike of correlation or volatility. */
  readonly spikeFactor: number;
  /** The governor's multiplier, ≥ 0. */
  readonly governor: number;
  /** The learned multiplier, ≥ 0; null: it has no say. */
  readonly learned: number | null;
  /** Standard deviation of a day's return; null: unknown, taken for high. */
  readonly dailyVolatilityBps: number | null;
  readonly record: SymbolRecord;
  readonly policy: Policy;
}

export const SIZE_CAPS = ['risk', 'riskPerTrade', 'kelly', 'notional', 'exposure', 'margin'] as const;
type SizeCap = (typeof SIZE_CAPS)[number];

/** Before rounding. */
export interface WantedSize {
  /** ≥ 0, base currency. */
  readonly quantity: Dec;
  /** What bound it; `risk` when no cap did. */
  readonly cappedBy: SizeCap;
  /** Every factor on the risk, by name. */
  readonly factors: Readonly<Record<'policy' | 'signal' | 'spike' | 'governor' | 'volatility' | 'confidence' | 'symbol', number> & { learned?: number }>;
}

export type Size =
  | { readonly kind: 'sized'; readonly quantity: DecimalString }
  | { readonly kind: 'refused'; readonly code: string; readonly value: DecimalString; readonly limit: DecimalString };

/** Of the available margin: the rest pays fees and the first move against us. */
const MARGIN_SHARE = '0.9';
/** A quotient that was rounded up would, times its divisor, lie above the cap that it came from. Steps are far larger. */
const QUANTITY_PLACES = 20;

/**
 * How much to open: risk per trade ÷ stop distance × every factor, under every cap. Equity 10,000, 150 bps, a stop 30
 * away: 5 units at factor 1. Factors may add up to more than 1; the risk of one trade never exceeds the policy's.
 * @source risk.md, "From votes to an order", step 6.
 */
export function wantedSizeOf(input: SizeInput): WantedSize {
  const { policy, price, stopDistance, equity } = input;
  const factors = {
    policy: policy.sizeFactor, signal: input.signalFactor, spike: input.spikeFactor, governor: input.governor,
    volatility: volatilityFactor(input.dailyVolatilityBps, policy), confidence: confidenceFactor(input.confidence, policy), symbol: symbolFactor(input.record, policy),
    ...(input.learned === null ? {} : { learned: input.learned }),
  };
  const riskMax = equity.times(policy.riskPerTradeBps).div(10_000);
  const risk = Object.values(factors).reduce((product, factor) => product.times(d(factor)), riskMax);
  const caps: readonly { readonly cappedBy: SizeCap; readonly quantity: Dec }[] = [
    { cappedBy: 'risk', quantity: risk.div(stopDistance) },
    { cappedBy: 'riskPerTrade', quantity: riskMax.div(stopDistance) },
    ...(input.record.trades < policy.kellyTradesMin ? [] : [{ cappedBy: 'kelly' as const, quantity: equity.times(d(policy.kellyShare)).times(d(kellyShareOf(input.record))).div(stopDistance) }]),
    { cappedBy: 'notional', quantity: notionalCapOf(equity, policy).div(price) },
    { cappedBy: 'exposure', quantity: input.exposureRoom.div(price) },
    { cappedBy: 'margin', quantity: input.availableMargin.times(d(MARGIN_SHARE)).times(input.leverage).div(price) },
  ];
  const least = caps.reduce((smallest, cap) => (cap.quantity.lt(smallest.quantity) ? cap : smallest));
  return { quantity: least.quantity.gt(ZERO) ? least.quantity.toDecimalPlaces(QUANTITY_PLACES, Dec.ROUND_DOWN) : ZERO, cappedBy: least.cappedBy, factors };
}

/** Rounded down to the step; what is below a minimum is refused. */
export function roundedSize({ quantity, cappedBy }: WantedSize, { instrument, price, orderType, record }: Pick<SizeInput, 'instrument' | 'price' | 'orderType' | 'record'>): Size {
  if (cappedBy === 'kelly' && quantity.isZero()) return { kind: 'refused', code: 'negativeEdge', value: `${record.wins} of ${record.trades} won, on average ${record.averageWinR.toFixed(2)} R against ${record.averageLossR.toFixed(2)} R`, limit: 'an edge above zero' };
  const rounded = roundQuantityDown(quantity, { instrument, price, type: orderType });
  return rounded.kind === 'refused' ? rounded : { kind: 'sized', quantity: text(rounded.value) };
}

/** The smaller of the absolute cap and the share of equity, quote currency. */
export function notionalCapOf(equity: Dec, policy: Pick<Policy, 'notionalMax' | 'notionalMaxEquityBps'>): Dec {
  const byShare = equity.times(d(policy.notionalMaxEquityBps)).div(10_000);
  const absolute = d(policy.notionalMax);
  return byShare.lt(absolute) ? byShare : absolute;
}

/** Linear from the least factor at the policy's least confidence to the largest at full confidence. */
export function confidenceFactor(confidence: number, { confidenceMin, confidenceFull, confidenceFactorMin, confidenceFactorMax }: Pick<Policy, 'confidenceMin' | 'confidenceFull' | 'confidenceFactorMin' | 'confidenceFactorMax'>): number {
  if (confidenceMin >= confidenceFull) return confidenceFactorMin;
  const share = Math.min(Math.max((confidence - confidenceMin) / (confidenceFull - confidenceMin), 0), 1);
  return Number((confidenceFactorMin + share * (confidenceFactorMax - confidenceFactorMin)).toFixed(6));
}

/** The volatility that leaves the size as it is ÷ the symbol's own, clipped. */
export function volatilityFactor(dailyBps: number | null, { dailyVolatilityBps, volatilityFactorMin, volatilityFactorMax }: Pick<Policy, 'dailyVolatilityBps' | 'volatilityFactorMin' | 'volatilityFactorMax'>): number {
  if (dailyBps === null || !Number.isFinite(dailyBps)) return volatilityFactorMin;
  if (dailyBps <= 0) return volatilityFactorMax;
  return Number(Math.min(volatilityFactorMax, Math.max(volatilityFactorMin, dailyVolatilityBps / dailyBps)).toFixed(6));
}

/** A symbol that mostly lost shrinks; nothing raises it. */
function symbolFactor({ trades, wins }: SymbolRecord, policy: Policy): number {
  return trades >= policy.symbolTradesMin && wins / trades < policy.symbolWinRateMin ? policy.symbolFactor : 1;
}
