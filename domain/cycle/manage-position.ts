import type { Dec } from '../decimal.ts';
import { bpsBetween, d, text } from '../decimal.ts';
import { roundPrice } from '../market/rounding.ts';
import type { Policy } from '../policy/policy.ts';
import type { combineVotes } from '../signals/combine.ts';
import type { ExitReason, Instruction, PositionView, SymbolObservation } from './types.ts';

const HOUR_MS = 3_600_000;
/** A stop moves only for an improvement above this. @source risk.md, "Exits": 0.1 % */
const STOP_MOVE_MIN_BPS = 10;
/** Breakeven covers both fees and this. @source risk.md, "Exits" */
const BREAKEVEN_MARGIN_BPS = 5;

export interface Managing {
  readonly cycleId: string;
  /** Market clock. */
  readonly closeTime: number;
  readonly symbol: SymbolObservation;
  readonly signal: ReturnType<typeof combineVotes>;
  readonly position: PositionView;
  readonly policy: Policy;
}

/** What an open position does at this candle; null: it goes on as it is. */
export function managePosition(managing: Managing): Instruction | null {
  const { position } = managing;
  if (position.state !== 'open' || position.entryPrice === null) return null;
  const { quality, candle } = managing.symbol;
  const reason = closeReasonOf(managing, d(position.entryPrice));
  const decisionPrice = quality.tradable ? text(d(candle.close)) : position.entryPrice;
  if (reason !== null) return { kind: 'close', instructionId: instructionIdOf(managing), positionId: position.positionId, reason, decisionPrice };
  return quality.tradable ? breakevenOf(managing, d(position.entryPrice)) : null;
}

function instructionIdOf({ cycleId, position }: Managing): string {
  return `${position.positionId}@${cycleId}`;
}

/** Stop and target rest on the venue; a candle that closed beyond one shows that the order did not act. */
function closeReasonOf({ symbol, signal, position, policy, closeTime }: Managing, entry: Dec): ExitReason | null {
  const isTooOld = closeTime - position.openedAt >= policy.maxHoldHours * HOUR_MS;
  if (!symbol.quality.tradable) return isTooOld ? 'age' : null; // a price that cannot be trusted closes nothing
  const isLong = position.direction === 'long';
  const close = d(symbol.candle.close); // finite: tradable candles are
  const beyond = (level: string, isBelow: boolean): boolean => (isBelow ? close.lt(d(level)) : close.gt(d(level)));
  if (entry.lte(0)) return null;
  if (beyond(position.stopPrice, isLong)) return 'stop';
  if (position.targetPrice !== null && beyond(position.targetPrice, !isLong)) return 'target';
  if (signal.code === null && signal.action === (isLong ? 'sell' : 'buy')) return 'signal';
  return isTooOld ? 'age' : null;
}

/** From `breakevenR` of profit on, the stop covers entry, fees and a margin. A stop only tightens. */
function breakevenOf(managing: Managing, entry: Dec): Instruction | null {
  const { symbol, position, policy } = managing;
  const { instrument } = symbol;
  const sign = position.direction === 'long' ? 1 : -1;
  const close = d(symbol.candle.close);
  const profitR = close.minus(entry).times(sign).div(d(position.riskPerUnit));
  if (profitR.lt(d(policy.breakevenR))) return null;
  const costs = d(instrument.takerFeeRate).times(2).plus(d(BREAKEVEN_MARGIN_BPS).div(10_000));
  const rounded = roundPrice(entry.times(costs.times(sign).plus(1)), { instrument, purpose: 'stopTrigger', direction: position.direction });
  if (rounded.kind === 'refused') return null;
  const isBeforeMarket = close.minus(rounded.value).times(sign).gt(0); // else it would trigger at once
  const improvementBps = bpsBetween(rounded.value, d(position.stopPrice)).times(sign);
  if (!isBeforeMarket || improvementBps.lte(STOP_MOVE_MIN_BPS)) return null;
  return { kind: 'moveStop', instructionId: instructionIdOf(managing), positionId: position.positionId, stopPrice: text(rounded.value), reason: 'breakeven' };
}
