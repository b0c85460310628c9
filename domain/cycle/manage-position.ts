import type { Dec } from '../decimal.ts';
import { d, text } from '../decimal.ts';
import { AGED_SHARE, isAgedAndFlat, maxHoldMs, profitOf, stopMoveOf } from '../exits/stop-steps.ts';
import type { StopInput } from '../exits/stop-steps.ts';
import { paidBps } from '../guard/venue-filter.ts';
import { roundPrice } from '../market/rounding.ts';
import type { Timeframe } from '../market/timeframe.ts';
import { timeframeMs } from '../market/timeframe.ts';
import { entrySide } from '../orders/order.ts';
import type { Policy } from '../policy/policy.ts';
import type { CombinedSignal } from '../signals/combine.ts';
import type { VenueConditions } from './risk-facts.ts';
import { NO_CONDITIONS } from './risk-facts.ts';
import type { ExitReason, Instruction, PositionView, SymbolObservation } from './types.ts';

export interface Managing {
  readonly cycleId: string;
  /** Market clock. */
  readonly closeTime: number;
  readonly timeframe: Timeframe;
  readonly symbol: SymbolObservation;
  readonly signal: CombinedSignal;
  readonly position: PositionView;
  readonly conditions: VenueConditions | undefined;
  readonly policy: Policy;
}

/** What an open position does at this candle: close, or move its stop, its target or both; empty: it goes on as it is. */
export function managePosition(managing: Managing): readonly Instruction[] {
  const { position, symbol } = managing;
  if (position.state !== 'open' || position.entryPrice === null) return [];
  const entry = d(position.entryPrice);
  const reason = closeReasonOf(managing, entry);
  if (reason !== null) return [closeInstruction(managing, reason)];
  if (!symbol.quality.tradable || entry.lte(0)) return [];
  return [...moveStop(managing, entry), ...moveTarget(managing, entry)];
}

/** Everything of the position at market. @param managing.symbol where its price cannot be trusted, slippage counts from the entry. */
export function closeInstruction({ cycleId, symbol, position }: Pick<Managing, 'cycleId' | 'symbol' | 'position'>, reason: ExitReason): Instruction {
  const decisionPrice = symbol.quality.tradable ? text(d(symbol.candle.close)) : position.entryPrice ?? position.stopPrice;
  return { kind: 'close', instructionId: instructionIdOf(cycleId, position), positionId: position.positionId, reason, decisionPrice };
}

function instructionIdOf(cycleId: string, { positionId }: PositionView): string {
  return `${positionId}@${cycleId}`;
}

/** Stop and target rest on the venue; a candle that closed beyond one shows that the order did not act. */
function closeReasonOf(managing: Managing, entry: Dec): ExitReason | null {
  const { symbol, signal, position, policy, closeTime } = managing;
  const isTooOld = closeTime - position.openedAt >= maxHoldMs({ position, policy });
  if (!symbol.quality.tradable) return isTooOld ? 'age' : null; // a price that cannot be trusted closes nothing
  if (entry.lte(0)) return null;
  const isLong = position.direction === 'long';
  const close = d(symbol.candle.close); // finite: tradable candles are
  const beyond = (level: string, isBelow: boolean): boolean => (isBelow ? close.lt(d(level)) : close.gt(d(level)));
  if (beyond(position.stopPrice, isLong)) return 'stop';
  // With a ladder the rest trails on beyond the target; the position itself sees to rungs that did not act.
  if (position.targetPrice !== null && position.ladder === null && beyond(position.targetPrice, !isLong)) return 'target';
  if (signal.code === null && signal.action === (isLong ? 'sell' : 'buy')) return 'signal';
  if (isTooOld) return 'age';
  return costsFunding(managing, entry, close) ? 'funding' : null;
}

/** The side pays more than the policy bears, before the next candle closes, and its profit does not carry it. */
function costsFunding({ conditions, position, policy, closeTime, timeframe }: Managing, entry: Dec, close: Dec): boolean {
  const { funding } = conditions ?? NO_CONDITIONS;
  if (funding === null || funding.nextAt <= closeTime || funding.nextAt > closeTime + timeframeMs(timeframe)) return false;
  const bps = paidBps({ side: entrySide(position.direction), conditions: conditions ?? NO_CONDITIONS }) ?? 0;
  const profitBps = profitOf({ position, entry, close }).div(entry).times(10_000);
  return bps > policy.fundingBlockBps && profitBps.lt(d(bps));
}

function moveStop(managing: Managing, entry: Dec): readonly Instruction[] {
  const move = stopMoveOf(stopInputOf(managing, entry));
  if (move === null) return [];
  return [{ kind: 'moveStop', instructionId: instructionIdOf(managing.cycleId, managing.position), positionId: managing.position.positionId, stopPrice: text(move.stopPrice), reason: move.reason }];
}

/** Old and flat: the target comes half the way nearer, once. */
function moveTarget(managing: Managing, entry: Dec): readonly Instruction[] {
  const { position, symbol } = managing;
  if (position.targetPrice === null || position.exit === null || !isAgedAndFlat(stopInputOf(managing, entry))) return [];
  const sign = position.direction === 'long' ? 1 : -1;
  const rounded = roundPrice(entry.plus(d(position.exit.targetDistance).times(d(AGED_SHARE)).times(sign)), { instrument: symbol.instrument, purpose: 'targetTrigger', direction: position.direction });
  if (rounded.kind === 'refused' || d(position.targetPrice).minus(rounded.value).times(sign).lte(0)) return [];
  return [{ kind: 'moveTarget', instructionId: `${instructionIdOf(managing.cycleId, position)}/target`, positionId: position.positionId, targetPrice: text(rounded.value), reason: 'age' }];
}

function stopInputOf({ position, symbol, timeframe, closeTime, policy }: Managing, entry: Dec): StopInput {
  return { position, entry, close: d(symbol.candle.close), instrument: symbol.instrument, timeframe, closeTime, policy };
}
