import { SIZING_MODES } from '../learned-sizing/multipliers.ts';
import type { Rule } from './rule.ts';

/** From votes to an order. @source risk.md, "Policy" and "From votes to an order"; orders: order-protocol.md, "Steps". */
export const OPENING_RULES = {
  // Caps of the presets
  leverageMax: { kind: 'number', value: 5, min: 1, max: 125, stricter: 'lower', unit: '×', help: 'largest leverage of a position' },
  riskPerTradeBps: { kind: 'number', value: 150, min: 1, max: 1_000, stricter: 'lower', unit: 'bps of equity', help: 'lost when the first stop is hit' },
  dailyLossMaxBps: { kind: 'number', value: 500, min: 10, max: 5_000, stricter: 'lower', unit: 'bps of equity', help: 'loss of the day that ends opening' },
  positionsMax: { kind: 'integer', value: 30, min: 0, max: 500, stricter: 'lower', unit: 'positions', help: 'open at the same time' },
  confidenceMin: { kind: 'number', value: 0.5, min: 0, max: 1, stricter: 'higher', unit: '0-1', help: 'mean confidence of the votes that agree' },
  sizeFactor: { kind: 'number', value: 1, min: 0.05, max: 3, stricter: 'lower', unit: '×', help: 'on every size' },
  notionalMax: { kind: 'decimal', value: '1000', min: '0', max: '1000000000', stricter: 'lower', unit: 'quote', help: 'of one position, absolute' },
  notionalMaxEquityBps: { kind: 'number', value: 100_000, min: 0, max: 1_000_000, stricter: 'lower', unit: 'bps of equity', help: 'of one position as a share of equity; the smaller of both holds' },
  allowNewTrades: { kind: 'toggle', value: true, stricter: 'off', unit: '', help: 'off: nothing is opened, closing goes on' },

  // Entry orders
  entryStyle: { kind: 'choice', value: 'market', choices: ['market', 'limit'], stricter: 'none', unit: '', help: 'type of entry orders' },
  limitTimeS: { kind: 'number', value: 20, min: 1, max: 3_600, stricter: 'lower', unit: 's, market clock', help: 'how long a limit entry works' },
  limitReprices: { kind: 'integer', value: 2, min: 0, max: 20, stricter: 'lower', unit: 'times', help: 'a limit entry is priced anew' },
  entryValidityS: { kind: 'number', value: 30, min: 1, max: 600, stricter: 'lower', unit: 's, wall', help: 'how long an entry may wait to be sent' },
  entryDriftBpsMax: { kind: 'number', value: 50, min: 1, max: 1_000, stricter: 'lower', unit: 'bps', help: 'price move since the decision that drops an entry' },
  positionMode: { kind: 'choice', value: 'oneWay', choices: ['oneWay', 'hedge'], stricter: 'kept', unit: '', help: 'position mode wanted on the account' },
  marginMode: { kind: 'choice', value: 'cross', choices: ['cross', 'isolated'], stricter: 'kept', unit: '', help: 'margin of each position' },

  // Data and signal
  candleJumpBps: { kind: 'number', value: 2_000, min: 100, max: 10_000, stricter: 'lower', unit: 'bps', help: 'move within a candle, or from the close before it, that is flagged' },
  candleStaleTimeframes: { kind: 'number', value: 2, min: 1, max: 20, stricter: 'lower', unit: 'timeframes', help: 'an older candle opens nothing' },
  invalidPointsMaxBps: { kind: 'number', value: 500, min: 0, max: 5_000, stricter: 'lower', unit: 'bps of points', help: 'share of invalid points from which the day of a symbol counts as bad' },
  agreementMin: { kind: 'number', value: 0.75, min: 0, max: 1, stricter: 'higher', unit: '0-1', help: 'share of the votes that do not abstain' },
  soleSpeakerFactor: { kind: 'number', value: 0.5, min: 0, max: 1, stricter: 'lower', unit: '×', help: 'on the size when only one voter speaks' },
  highVolatilityAtrBps: { kind: 'number', value: 300, min: 10, max: 5_000, stricter: 'lower', unit: 'bps of price', help: 'ATR from which volatility is high' },
  highVolatilityConfidenceMin: { kind: 'number', value: 0.65, min: 0, max: 1, stricter: 'higher', unit: '0-1', help: 'mean confidence needed in high volatility' },
  highVolatilityHalveBelow: { kind: 'number', value: 0.75, min: 0, max: 1, stricter: 'higher', unit: '0-1', help: 'confidence below which the size shrinks in high volatility' },
  highVolatilityFactor: { kind: 'number', value: 0.5, min: 0, max: 1, stricter: 'lower', unit: '×', help: 'on the size of such a signal' },
  rsiBuyMax: { kind: 'number', value: 80, min: 50, max: 100, stricter: 'lower', unit: 'RSI', help: 'a buy above it is vetoed' },
  rsiSellMin: { kind: 'number', value: 20, min: 0, max: 50, stricter: 'higher', unit: 'RSI', help: 'a sell below it is vetoed' },
  cooldownS: { kind: 'number', value: 300, min: 0, max: 86_400, stricter: 'higher', unit: 's, market clock', help: 'between two entries of a symbol' },
  sideShareMax: { kind: 'number', value: 0.7, min: 0.5, max: 1, stricter: 'lower', unit: '0-1', help: 'share of the recent signals above which that side is blocked' },
  sideWindowSignals: { kind: 'integer', value: 20, min: 2, max: 500, stricter: 'none', unit: 'signals', help: 'that count as recent' },
  batchBuyShareMax: { kind: 'number', value: 0.4, min: 0, max: 1, stricter: 'lower', unit: '0-1', help: 'share of buys in a large batch; the weakest drop out' },
  batchFree: { kind: 'integer', value: 5, min: 0, max: 500, stricter: 'lower', unit: 'signals', help: 'a batch is large above this' },

  // Venue
  volume24hMin: { kind: 'decimal', value: '5000000', min: '0', max: '1000000000000', stricter: 'higher', unit: 'quote', help: '24 h volume of a symbol' },
  spreadBpsMax: { kind: 'number', value: 3, min: 0, max: 500, stricter: 'lower', unit: 'bps', help: 'spread' },
  depthMin: { kind: 'decimal', value: '200000', min: '0', max: '1000000000', stricter: 'higher', unit: 'quote', help: 'depth within `depthWithinBps`' },
  depthWithinBps: { kind: 'number', value: 10, min: 1, max: 500, stricter: 'lower', unit: 'bps', help: 'how far from the price depth counts' },
  fundingBlockBps: { kind: 'number', value: 10, min: 0, max: 500, stricter: 'lower', unit: 'bps per 8 h', help: 'funding above it blocks the paying side' },
  fundingWarnBps: { kind: 'number', value: 5, min: 0, max: 500, stricter: 'lower', unit: 'bps per 8 h', help: 'funding above it warns' },
  fundingBeforeMin: { kind: 'number', value: 40, min: 0, max: 240, stricter: 'higher', unit: 'min, market clock', help: 'no entry of the paying side before a funding time' },
  fundingAfterMin: { kind: 'number', value: 20, min: 0, max: 240, stricter: 'higher', unit: 'min, market clock', help: 'nor after it' },

  // Size
  dailyVolatilityBps: { kind: 'number', value: 100, min: 10, max: 2_000, stricter: 'lower', unit: 'bps a day', help: 'volatility at which the size stays as it is' },
  volatilityFactorMin: { kind: 'number', value: 0.5, min: 0, max: 1, stricter: 'lower', unit: '×', help: 'smallest factor by volatility' },
  volatilityFactorMax: { kind: 'number', value: 1, min: 0, max: 3, stricter: 'lower', unit: '×', help: 'largest factor by volatility' },
  confidenceFactorMin: { kind: 'number', value: 0.5, min: 0, max: 1, stricter: 'lower', unit: '×', help: 'factor at the least confidence' },
  confidenceFactorMax: { kind: 'number', value: 1.2, min: 1, max: 3, stricter: 'lower', unit: '×', help: 'factor at full confidence' },
  confidenceFull: { kind: 'number', value: 0.95, min: 0.01, max: 1, stricter: 'higher', unit: '0-1', help: 'confidence that counts as full' },
  kellyShare: { kind: 'number', value: 0.5, min: 0, max: 1, stricter: 'lower', unit: '× Kelly', help: 'cap of the size by past trades' },
  kellyTradesMin: { kind: 'integer', value: 20, min: 1, max: 1_000, stricter: 'lower', unit: 'closed trades', help: 'from which that cap holds' },
  symbolTradesMin: { kind: 'integer', value: 5, min: 1, max: 1_000, stricter: 'lower', unit: 'closed trades', help: 'from which a symbol\'s win rate counts' },
  symbolWinRateMin: { kind: 'number', value: 0.3, min: 0, max: 1, stricter: 'higher', unit: '0-1', help: 'win rate below which a symbol shrinks' },
  symbolFactor: { kind: 'number', value: 0.5, min: 0, max: 1, stricter: 'lower', unit: '×', help: 'on the size of such a symbol' },

  // Leverage
  leverageKellyShare: { kind: 'number', value: 0.25, min: 0, max: 1, stricter: 'lower', unit: '× Kelly', help: 'part of leverage by past trades' },
  leverageStopAtr: { kind: 'number', value: 1.5, min: 0.1, max: 20, stricter: 'higher', unit: 'ATR', help: 'distance that leverage must survive' },
  leverageConfidencePower: { kind: 'number', value: 1.5, min: 0, max: 5, stricter: 'higher', unit: 'power', help: 'how confidence bends leverage' },
  leverageUnproven: { kind: 'number', value: 5, min: 1, max: 125, stricter: 'lower', unit: '×', help: 'largest leverage until a symbol has its trades' },
  leverageTradesMin: { kind: 'integer', value: 5, min: 0, max: 1_000, stricter: 'higher', unit: 'closed trades', help: 'that a symbol needs for more' },

  // Subsystems
  rlSizing: { kind: 'choice', value: 'shadow', choices: SIZING_MODES, stricter: ['advise', 'off', 'shadow', 'primary'], unit: '', help: 'what the learned multiplier may do: nothing, be recorded, only reduce, size' },
  metaStrategy: { kind: 'toggle', value: true, stricter: 'off', unit: '', help: 'the learned weighing of strategies' },
  retraining: { kind: 'toggle', value: true, stricter: 'off', unit: '', help: 'models are trained anew' },
  promotionAsked: { kind: 'toggle', value: false, stricter: 'on', unit: '', help: 'a person agrees before a model that won its trial acts' },
  promotionAnswerMin: { kind: 'integer', value: 1_440, min: 5, max: 1_440, stricter: 'higher', unit: 'min, market clock', help: 'how long that answer is waited for' },
  promotionUnanswered: { kind: 'choice', value: 'retire', choices: ['retire', 'promote'], stricter: ['retire', 'promote'], unit: '', help: 'what becomes of the model when nobody answers' },
  dynamicExits: { kind: 'toggle', value: true, stricter: 'off', unit: '', help: 'stop and target scale with confidence and volatility' },
} as const satisfies Readonly<Record<string, Rule>>;
