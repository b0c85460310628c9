import type { Rule } from './rule.ts';

const atr = { kind: 'number', min: 0.1, max: 20, stricter: 'none', unit: 'ATR' } as const;
const profit = { kind: 'number', min: 0.05, max: 10, stricter: 'none', unit: 'R' } as const;
const hours = { kind: 'number', min: 1, max: 2_000, stricter: 'lower', unit: 'h, market clock' } as const;
const share = { kind: 'number', min: 0, max: 1, stricter: 'none', unit: '0-1' } as const;

/** Stops, targets and what moves them. The keys without a regime's name are those of regime `normal`. @source risk.md, "Exits". */
export const EXIT_RULES = {
  // By regime
  stopAtr: { ...atr, value: 1.5, help: 'stop, regime normal' },
  targetAtr: { ...atr, value: 3, help: 'target, regime normal' },
  breakevenR: { ...profit, value: 0.5, help: 'profit from which the stop is at breakeven, regime normal' },
  trailAtr: { ...atr, value: 2, help: 'trailing stop, regime normal' },
  maxHoldHours: { ...hours, value: 36, help: 'longest holding, regime normal' },
  lowVolStopAtr: { ...atr, value: 1.2, help: 'stop, low volatility' },
  lowVolTargetAtr: { ...atr, value: 3.5, help: 'target, low volatility' },
  lowVolBreakevenR: { ...profit, value: 0.3, help: 'breakeven, low volatility' },
  lowVolTrailAtr: { ...atr, value: 1.8, help: 'trailing stop, low volatility' },
  lowVolMaxHoldHours: { ...hours, value: 48, help: 'longest holding, low volatility' },
  highVolStopAtr: { ...atr, value: 2, help: 'stop, high volatility' },
  highVolTargetAtr: { ...atr, value: 4, help: 'target, high volatility' },
  highVolBreakevenR: { ...profit, value: 0.8, help: 'breakeven, high volatility' },
  highVolTrailAtr: { ...atr, value: 2.5, help: 'trailing stop, high volatility' },
  highVolMaxHoldHours: { ...hours, value: 24, help: 'longest holding, high volatility' },
  extremeStopAtr: { ...atr, value: 2.5, help: 'stop, extreme volatility' },
  extremeTargetAtr: { ...atr, value: 5, help: 'target, extreme volatility' },
  extremeBreakevenR: { ...profit, value: 1, help: 'breakeven, extreme volatility' },
  extremeTrailAtr: { ...atr, value: 3, help: 'trailing stop, extreme volatility' },
  extremeMaxHoldHours: { ...hours, value: 12, help: 'longest holding, extreme volatility' },
  trendingStopAtr: { ...atr, value: 1.8, help: 'stop, trending' },
  trendingTargetAtr: { ...atr, value: 4.5, help: 'target, trending' },
  trendingBreakevenR: { ...profit, value: 0.4, help: 'breakeven, trending' },
  trendingTrailAtr: { ...atr, value: 2.5, help: 'trailing stop, trending' },
  trendingMaxHoldHours: { ...hours, value: 72, help: 'longest holding, trending' },
  rangingStopAtr: { ...atr, value: 1, help: 'stop, ranging' },
  rangingTargetAtr: { ...atr, value: 2, help: 'target, ranging' },
  rangingBreakevenR: { ...profit, value: 0.3, help: 'breakeven, ranging' },
  rangingTrailAtr: { ...atr, value: 1.5, help: 'trailing stop, ranging' },
  rangingMaxHoldHours: { ...hours, value: 18, help: 'longest holding, ranging' },

  // Volatility class
  volatilityLowPercentile: { kind: 'number', value: 20, min: 0, max: 100, stricter: 'none', unit: 'percentile', help: 'of ATR over price, below it volatility is low' },
  volatilityHighPercentile: { kind: 'number', value: 80, min: 0, max: 100, stricter: 'none', unit: 'percentile', help: 'above it high' },
  volatilityExtremePercentile: { kind: 'number', value: 97, min: 0, max: 100, stricter: 'none', unit: 'percentile', help: 'above it extreme' },
  volatilityWindowDays: { kind: 'number', value: 90, min: 1, max: 1_000, stricter: 'none', unit: 'days', help: 'of the symbol\'s own past that the percentile looks at' },

  // Dynamic scaling
  scaleConfidenceFrom: { ...share, value: 0.4, help: 'confidence at which the target is nearest and the stop widest' },
  scaleConfidenceTo: { ...share, value: 0.95, help: 'confidence at which it is the other way round' },
  targetScaleMin: { kind: 'number', value: 0.5, min: 0.1, max: 1, stricter: 'none', unit: '×', help: 'on the target at the least confidence' },
  targetScaleMax: { kind: 'number', value: 1.5, min: 1, max: 5, stricter: 'none', unit: '×', help: 'on the target at the most' },
  volatilityScaleMin: { kind: 'number', value: 0.8, min: 0.1, max: 1, stricter: 'none', unit: '×', help: 'on both by calm against the 30-day median' },
  volatilityScaleMax: { kind: 'number', value: 1.5, min: 1, max: 5, stricter: 'none', unit: '×', help: 'on both by storm' },
  rewardRiskMin: { kind: 'number', value: 1.5, min: 0.1, max: 20, stricter: 'none', unit: 'reward ÷ risk', help: 'least' },
  rewardRiskMax: { kind: 'number', value: 4, min: 0.1, max: 50, stricter: 'none', unit: 'reward ÷ risk', help: 'most' },
  stopCostsMin: { kind: 'number', value: 1.5, min: 0, max: 20, stricter: 'none', unit: '× round trip', help: 'least distance of the stop, in costs' },

  // Ladder and stop moves
  tp1AtShare: { ...share, value: 0.6, help: 'of the target\'s distance: first rung' },
  tp1CloseShare: { ...share, value: 0.5, help: 'of the position that the first rung closes' },
  tp2CloseShare: { ...share, value: 0.3, help: 'of the position that the target closes; the rest trails' },
  breakevenMarginBps: { kind: 'number', value: 5, min: 0, max: 200, stricter: 'none', unit: 'bps', help: 'above entry and fees at breakeven' },
  stopMoveMinBps: { kind: 'number', value: 10, min: 1, max: 500, stricter: 'none', unit: 'bps', help: 'improvement that moves a stop' },
  trailTargetShare: { ...share, value: 0.4, help: 'of the target\'s distance: trail where the regime gives none' },
  lockAfterMin: { kind: 'number', value: 30, min: 0, max: 100_000, stricter: 'none', unit: 'min, market clock', help: 'age beyond which profit is locked, scaled to the timeframe' },
  lockAtShare: { ...share, value: 0.33334, help: 'of the target\'s distance beyond which profit is locked' }, // just beyond a third: a third itself locks nothing
  lockProfitShare: { ...share, value: 0.3, help: 'of the profit that is locked' },
  ageingFromShare: { ...share, value: 0.5, help: 'of the longest holding from which a flat position tightens' },
} as const satisfies Readonly<Record<string, Rule>>;
