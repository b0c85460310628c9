import type { Rule } from './rule.ts';

/** Guard, governor, emergency, recovery and postures. @source risk.md, the sections of those names. */
export const LIMIT_RULES = {
  // Guard
  slotsTrendShare: { kind: 'number', value: 1, min: 0, max: 1, stricter: 'lower', unit: '× positionsMax', help: 'slots in a strong trend, rounded down' },
  slotsUsualShare: { kind: 'number', value: 0.6667, min: 0, max: 1, stricter: 'lower', unit: '× positionsMax', help: 'slots usually' },
  slotsChopShare: { kind: 'number', value: 0.5, min: 0, max: 1, stricter: 'lower', unit: '× positionsMax', help: 'slots in chop or a spike' },
  marginUseMaxBps: { kind: 'number', value: 6_500, min: 100, max: 10_000, stricter: 'lower', unit: 'bps of margin', help: 'margin use from which nothing opens' },
  grossLoss24hMaxBps: { kind: 'number', value: 800, min: 10, max: 5_000, stricter: 'lower', unit: 'bps of equity', help: 'rolling gross losses of 24 h' },
  grossExposureMax: { kind: 'number', value: 3, min: 0, max: 125, stricter: 'lower', unit: '× equity', help: 'of the whole book' },
  symbolExposureMax: { kind: 'number', value: 1, min: 0, max: 125, stricter: 'lower', unit: '× equity', help: 'of one symbol' },
  correlationMax: { kind: 'number', value: 0.8, min: 0, max: 1, stricter: 'lower', unit: '0-1', help: 'with an open position of the same direction' },
  correlationReturnsMin: { kind: 'integer', value: 20, min: 5, max: 5_000, stricter: 'lower', unit: 'returns', help: 'that a correlation needs' },
  groupCorrelationMin: { kind: 'number', value: 0.7, min: 0, max: 1, stricter: 'lower', unit: '0-1', help: '30-day correlation that makes a group' },
  groupShareMax: { kind: 'number', value: 0.5, min: 0, max: 1, stricter: 'lower', unit: '0-1 of gross', help: 'of one group' },
  hhiMax: { kind: 'number', value: 0.4, min: 0, max: 1, stricter: 'lower', unit: '0-1', help: 'concentration (Herfindahl) of the book' },
  symbolShareMax: { kind: 'number', value: 0.6, min: 0, max: 1, stricter: 'lower', unit: '0-1 of gross', help: 'of one symbol' },
  concentrationFrom: { kind: 'integer', value: 4, min: 2, max: 500, stricter: 'lower', unit: 'th position', help: 'from which group, concentration and symbol share bind' },
  venueShareMax: { kind: 'number', value: 0.8, min: 0, max: 1, stricter: 'lower', unit: '0-1 of gross', help: 'of one venue, from the second venue on' },
  var95MaxBps: { kind: 'number', value: 1_000, min: 10, max: 10_000, stricter: 'lower', unit: 'bps of equity', help: 'value at risk 95 of the book after the trade' },
  var99MaxBps: { kind: 'number', value: 2_000, min: 10, max: 10_000, stricter: 'lower', unit: 'bps of equity', help: 'value at risk 99' },
  shortfallMaxBps: { kind: 'number', value: 2_500, min: 10, max: 10_000, stricter: 'lower', unit: 'bps of equity', help: 'expected shortfall 97.5' },
  correlationSpike: { kind: 'number', value: 0.2, min: 0, max: 1, stricter: 'lower', unit: 'above 30-day mean', help: 'correlation that is a spike' },
  volatilitySpike: { kind: 'number', value: 2, min: 1, max: 20, stricter: 'lower', unit: '× usual', help: 'volatility that is a spike' },
  spikeFactor: { kind: 'number', value: 0.5, min: 0, max: 1, stricter: 'lower', unit: '×', help: 'on the size in a spike' },
  symbolLossesMax: { kind: 'integer', value: 10, min: 1, max: 100, stricter: 'lower', unit: 'losses in a row', help: 'that disable a symbol' },
  paperWinsToEnable: { kind: 'integer', value: 3, min: 1, max: 100, stricter: 'higher', unit: 'paper wins', help: 'that enable it again' },
  ordersPerMinuteMax: { kind: 'integer', value: 60, min: 1, max: 1_000, stricter: 'lower', unit: 'orders a minute', help: 'of a portfolio' },
  rotationAdvantage: { kind: 'number', value: 0.15, min: 0, max: 5, stricter: 'higher', unit: '0-1', help: 'how much better a candidate must score to replace the weakest' },

  // Governor
  dailyLossSlowShare: { kind: 'number', value: 0.7, min: 0, max: 1, stricter: 'lower', unit: '× dailyLossMaxBps', help: 'daily loss from which sizes shrink' },
  dailyLossSlowFactor: { kind: 'number', value: 0.85, min: 0, max: 1, stricter: 'lower', unit: '×', help: 'on the size then' },
  streakSlow: { kind: 'integer', value: 5, min: 1, max: 100, stricter: 'lower', unit: 'losses in a row', help: 'from which sizes shrink' },
  streakSlowFactor: { kind: 'number', value: 0.75, min: 0, max: 1, stricter: 'lower', unit: '×', help: 'on the size then' },
  streakBlock: { kind: 'integer', value: 8, min: 1, max: 100, stricter: 'lower', unit: 'losses in a row', help: 'from which nothing opens' },
  withoutModelFactor: { kind: 'number', value: 0.5, min: 0, max: 1, stricter: 'lower', unit: '×', help: 'on the size of the rules once a model acted and none is usable' },

  // Emergency
  tripDailyLossBps: { kind: 'number', value: 1_000, min: 10, max: 10_000, stricter: 'lower', unit: 'bps of equity', help: 'daily loss that trips' },
  tripDrawdownBps: { kind: 'number', value: 1_000, min: 10, max: 10_000, stricter: 'lower', unit: 'bps of peak', help: 'drawdown from peak that trips' },
  tripOpenLossBps: { kind: 'number', value: 1_000, min: 10, max: 10_000, stricter: 'lower', unit: 'bps of equity', help: 'open loss that trips' },
  tripStopOuts: { kind: 'integer', value: 5, min: 1, max: 500, stricter: 'lower', unit: 'stop-outs', help: 'more than these trip' },
  tripStopOutsMin: { kind: 'number', value: 15, min: 1, max: 1_440, stricter: 'higher', unit: 'min, market clock', help: 'within this time' },
  tripErrors: { kind: 'integer', value: 5, min: 1, max: 500, stricter: 'lower', unit: 'execution errors', help: 'that trip' },
  tripErrorsMin: { kind: 'number', value: 5, min: 1, max: 1_440, stricter: 'higher', unit: 'min, wall', help: 'within this time' },
  tripVenueFailureShare: { kind: 'number', value: 0.3, min: 0.01, max: 1, stricter: 'lower', unit: '0-1', help: 'failing venue calls, of all workers, that trip' },
  tripVenueCallsMin: { kind: 'integer', value: 20, min: 1, max: 10_000, stricter: 'lower', unit: 'calls', help: 'that this share needs' },
  tripVenueWindowS: { kind: 'number', value: 60, min: 10, max: 3_600, stricter: 'none', unit: 's, wall', help: 'within this time' },
  tripFeedStaleS: { kind: 'number', value: 300, min: 10, max: 3_600, stricter: 'lower', unit: 's, wall', help: 'age of a feed that trips' },
  tripDifferenceLooks: { kind: 'integer', value: 2, min: 1, max: 20, stricter: 'lower', unit: 'looks', help: 'that ledger and venue may differ' },
  machineryInReplay: { kind: 'toggle', value: false, stricter: 'on', unit: '', help: 'health, feeds, errors and differences stop and slow a replay too, whose trades then hang on more than data' },
  foreignPositions: { kind: 'choice', value: 'close', choices: ['close', 'exempt'], stricter: 'kept', unit: '', help: 'what a trip does to positions that are not ours' },

  // Recovery
  emergencyFromBps: { kind: 'number', value: 1_000, min: 1, max: 10_000, stricter: 'lower', unit: 'bps drawdown', help: 'from which recovery is `emergency`' },
  protectiveFromBps: { kind: 'number', value: 400, min: 1, max: 10_000, stricter: 'lower', unit: 'bps drawdown', help: 'from which it is `protective`' },
  cautiousFromBps: { kind: 'number', value: 200, min: 1, max: 10_000, stricter: 'lower', unit: 'bps drawdown', help: 'from which it is `cautious`' },
  recoveryDwellS: { kind: 'number', value: 300, min: 0, max: 86_400, stricter: 'higher', unit: 's', help: 'before each step up, and of a healthy condition' },
  recoveryWindowHours: { kind: 'number', value: 24, min: 1, max: 720, stricter: 'higher', unit: 'h', help: 'whose high recovery drawdown counts from' },
  protectiveNotionalMax: { kind: 'decimal', value: '100', min: '0', max: '1000000000', stricter: 'lower', unit: 'quote', help: 'of one position in `protective`' },
  protectiveLeverageMax: { kind: 'number', value: 5, min: 1, max: 125, stricter: 'lower', unit: '×', help: 'leverage in `protective`' },
  protectiveConfidenceMin: { kind: 'number', value: 0.75, min: 0, max: 1, stricter: 'higher', unit: '0-1', help: 'confidence in `protective`' },
  cautiousNotionalMax: { kind: 'decimal', value: '300', min: '0', max: '1000000000', stricter: 'lower', unit: 'quote', help: 'of one position in `cautious`' },
  cautiousLeverageMax: { kind: 'number', value: 10, min: 1, max: 125, stricter: 'lower', unit: '×', help: 'leverage in `cautious`' },
  cautiousConfidenceMin: { kind: 'number', value: 0.55, min: 0, max: 1, stricter: 'higher', unit: '0-1', help: 'confidence in `cautious`' },

  // Health
  healthCheckS: { kind: 'number', value: 10, min: 1, max: 600, stricter: 'lower', unit: 's, wall', help: 'between two checks' },
  healthRecheckS: { kind: 'number', value: 5, min: 1, max: 600, stricter: 'lower', unit: 's, wall', help: 'after a failed check' },
  healthStaleS: { kind: 'number', value: 300, min: 10, max: 3_600, stricter: 'lower', unit: 's, wall', help: 'age of data that is degraded' },

  // Postures
  postureDwellMin: { kind: 'number', value: 15, min: 0, max: 1_440, stricter: 'higher', unit: 'min', help: 'least time in a posture' },
  postureAlikeMin: { kind: 'number', value: 0.95, min: 0.9, max: 1, stricter: 'lower', unit: '0-1', help: 'likeness from which a change is none' },
  criticalDrawdownBps: { kind: 'number', value: 800, min: 1, max: 10_000, stricter: 'lower', unit: 'bps drawdown', help: 'from which the posture is `critical`' },
  criticalUnhealthyParts: { kind: 'integer', value: 2, min: 1, max: 50, stricter: 'lower', unit: 'parts', help: 'unhealthy parts that make it `critical`' },
  safeDrawdownBps: { kind: 'number', value: 300, min: 1, max: 10_000, stricter: 'lower', unit: 'bps drawdown', help: 'above which it is `safe`' },
  safeConfidenceMin: { kind: 'number', value: 0.75, min: 0, max: 1, stricter: 'higher', unit: '0-1', help: 'confidence in `safe`' },
  safeSizeFactor: { kind: 'number', value: 0.6, min: 0, max: 1, stricter: 'lower', unit: '×', help: 'on the size in `safe`' },
  safePositionsMax: { kind: 'integer', value: 5, min: 0, max: 500, stricter: 'lower', unit: 'positions', help: 'in `safe`' },
  aggressiveDrawdownBps: { kind: 'number', value: 150, min: 0, max: 10_000, stricter: 'lower', unit: 'bps drawdown', help: 'below which it may be `aggressive`' },
  aggressiveSlotsShareMax: { kind: 'number', value: 0.8, min: 0, max: 1, stricter: 'lower', unit: '0-1 of slots', help: 'used slots below which it may be' },
  aggressiveConfidenceMin: { kind: 'number', value: 0.6, min: 0, max: 1, stricter: 'higher', unit: '0-1', help: 'confidence in `aggressive`' },
  aggressiveSizeFactor: { kind: 'number', value: 1.3, min: 1, max: 3, stricter: 'lower', unit: '×', help: 'on the size in `aggressive`, the most that a posture may add' },

  // The policy itself
  lastGoodMaxS: { kind: 'number', value: 300, min: 0, max: 300, stricter: 'lower', unit: 's, wall', help: 'how long the last good copy serves while the store is down' },
} as const satisfies Readonly<Record<string, Rule>>;
