/** What a multiplier is chosen by, as known at the decision. */
import type { Regime } from '../cycle/types.ts';
import type { Direction } from '../orders/order.ts';

/** Plain; recorded with the cycle. Null: not known. */
export interface SizingState {
  readonly direction: Direction;
  readonly regime: Regime;
  readonly volatility: {
    /** 0..100 of the symbol's own past. */
    readonly percentile: number | null;
    /** As the signal filter has it; unknown counts as high. */
    readonly isHigh: boolean;
  };
  /** 0..1, of the combined signal. */
  readonly confidence: number;
  /** Gross notional of everything held before this cycle ÷ equity, ≥ 0. */
  readonly exposure: number | null;
  /** 0..1: wins among the newest closed positions; null without any. */
  readonly winRate: number | null;
  /** Profit of the last seven days per day, basis points of equity. */
  readonly slopeBps: number | null;
}

export const STATE_FEATURES = ['withTrend', 'breakout', 'choppy', 'volatility', 'isHighVolatility', 'confidence', 'exposure', 'winRate', 'equitySlope'] as const;

/** In the order of `STATE_FEATURES`; NaN where not known. */
export function stateVectorOf({ direction, regime, volatility, confidence, exposure, winRate, slopeBps }: SizingState): readonly number[] {
  const trend = regime === 'trendUp' ? 1 : regime === 'trendDown' ? -1 : 0;
  return [
    trend * (direction === 'long' ? 1 : -1) + 0, Number(regime === 'breakout'), Number(regime === 'choppy'),
    (volatility.percentile ?? NaN) / 100, Number(volatility.isHigh), confidence, exposure ?? NaN, winRate ?? NaN, slopeBps ?? NaN,
  ];
}
