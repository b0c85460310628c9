import type { Dec, DecimalString } from '../decimal.ts';
import { d, text } from '../decimal.ts';
import type { Instrument } from '../market/instrument.ts';
import { roundQuantityDown } from '../market/rounding.ts';
import type { OrderType } from '../orders/order.ts';
import type { Policy } from '../policy/policy.ts';

export interface SizeInput {
  readonly instrument: Instrument;
  readonly orderType: OrderType;
  /** Quote currency per unit, > 0. */
  readonly price: Dec;
  /** |price - stop|, quote currency per unit, > 0. */
  readonly stopDistance: Dec;
  readonly equity: Dec;
  readonly availableMargin: Dec;
  /** Room that the guard left for this symbol, quote currency. */
  readonly exposureRoom: Dec;
  /** 0..1. */
  readonly confidence: number;
  /** Halves when only one voter speaks. */
  readonly factor: number;
  readonly policy: Policy;
}

export type Size =
  | { readonly kind: 'sized'; readonly quantity: DecimalString; readonly cappedBy: 'risk' | 'notional' | 'exposure' | 'margin' }
  | { readonly kind: 'refused'; readonly code: string; readonly value: DecimalString; readonly limit: DecimalString };

/** Confidence at which the size is largest, and the factors at both ends. @source risk.md, "Size" */
const CONFIDENCE_FULL = 0.95;
const FACTOR_LOW = 0.5;
const FACTOR_HIGH = 1.2;
/** Of the available margin: the rest pays fees and the first move against us. */
const MARGIN_SHARE = '0.9';

/**
 * How much to open: risk per trade ÷ stop distance, × the policy's factor, × confidence, under every cap, rounded
 * down to the step. Equity 10,000, 150 bps, a stop 30 away: 5 units at factor 1.
 */
export function sizeOf(input: SizeInput): Size {
  const { policy, price } = input;
  const risk = input.equity.times(policy.riskPerTradeBps).div(10_000);
  const byRisk = risk.div(input.stopDistance).times(d(policy.sizeFactor)).times(d(input.factor)).times(d(confidenceFactor(input.confidence, policy.confidenceMin)));
  const caps = [
    { cappedBy: 'risk', quantity: byRisk },
    { cappedBy: 'notional', quantity: d(policy.notionalMax).div(price) },
    { cappedBy: 'exposure', quantity: input.exposureRoom.div(price) },
    { cappedBy: 'margin', quantity: input.availableMargin.times(d(MARGIN_SHARE)).times(policy.leverageMax).div(price) },
  ] as const;
  const least = caps.reduce((smallest, cap) => (cap.quantity.lt(smallest.quantity) ? cap : smallest));
  const rounded = roundQuantityDown(least.quantity, { instrument: input.instrument, price, type: input.orderType });
  if (rounded.kind === 'refused') return rounded;
  return { kind: 'sized', quantity: text(rounded.value), cappedBy: least.cappedBy };
}

/** Linear from 0.5 at the policy's minimum to 1.2 at 0.95. */
export function confidenceFactor(confidence: number, confidenceMin: number): number {
  if (confidenceMin >= CONFIDENCE_FULL) return FACTOR_LOW;
  const share = Math.min(Math.max((confidence - confidenceMin) / (CONFIDENCE_FULL - confidenceMin), 0), 1);
  return Number((FACTOR_LOW + share * (FACTOR_HIGH - FACTOR_LOW)).toFixed(6));
}
