/** The steps of a stop: breakeven, lock, trail, age. It only tightens. @source risk.md, "Exits". */
import type { PositionView, StopReason } from '../cycle/types.ts';
import type { Dec } from '../decimal.ts';
import { bpsBetween, d } from '../decimal.ts';
import type { Instrument } from '../market/instrument.ts';
import { roundPrice } from '../market/rounding.ts';
import type { Timeframe } from '../market/timeframe.ts';
import { timeframeMs } from '../market/timeframe.ts';
import type { Policy } from '../policy/policy.ts';
import { exitNumbersOf } from '../policy/policy.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** The policy's waiting time before profit is locked is that of candles of five minutes: others wait as many candles. */
const LOCK_TIMEFRAME_MS = 5 * MINUTE_MS;
/** A position within a quarter of its risk from the entry is flat. */
const FLAT_R = '0.25';
/** An old and flat position keeps this share of the way to stop and target. */
export const AGED_SHARE = '0.5';

export interface StopInput {
  readonly position: PositionView;
  /** Average price of the entry. */
  readonly entry: Dec;
  readonly close: Dec;
  readonly instrument: Instrument;
  readonly timeframe: Timeframe;
  /** Market clock. */
  readonly closeTime: number;
  readonly policy: Policy;
}

export interface StopMove {
  /** On the instrument's tick. */
  readonly stopPrice: Dec;
  readonly reason: StopReason;
}

/** Where the stop moves at this candle, null: nowhere. The tightest of all steps that are due, if it is worth a move. */
export function stopMoveOf(input: StopInput): StopMove | null {
  const { position, close, instrument, policy } = input;
  const sign = signOf(position);
  const moves = [breakeven(input), lock(input), trail(input), aged(input)].flatMap((step): StopMove[] => {
    if (step === null) return [];
    const rounded = roundPrice(step.price, { instrument, purpose: 'stopTrigger', direction: position.direction });
    return rounded.kind === 'rounded' ? [{ stopPrice: rounded.value, reason: step.reason }] : [];
  }).filter(({ stopPrice }) => close.minus(stopPrice).times(sign).gt(0)); // beyond the market it would trigger at once
  const [first, ...rest] = moves;
  if (first === undefined) return null;
  const tightest = rest.reduce((best, it) => (it.stopPrice.minus(best.stopPrice).times(sign).gt(0) ? it : best), first);
  return bpsBetween(tightest.stopPrice, d(position.stopPrice)).times(sign).gt(policy.stopMoveMinBps) ? tightest : null;
}

interface Step {
  readonly price: Dec;
  readonly reason: StopReason;
}

/** From the regime's profit on: entry, both fees and a margin. */
function breakeven(input: StopInput): Step | null {
  const { position, entry, instrument, policy } = input;
  if (profitOf(input).lt(d(position.riskPerUnit).times(d(numbersOf(input).breakevenR)))) return null;
  const costs = d(instrument.takerFeeRate).times(2).plus(d(policy.breakevenMarginBps).div(10_000));
  return { price: entry.times(costs.times(signOf(position)).plus(1)), reason: 'breakeven' };
}

/** Old and won, each by more than the policy's bound: part of the profit is kept. */
function lock(input: StopInput): Step | null {
  const { position, entry, policy, timeframe, closeTime } = input;
  const waitMs = policy.lockAfterMin * MINUTE_MS * Math.max(1, timeframeMs(timeframe) / LOCK_TIMEFRAME_MS);
  const target = targetDistanceOf(input);
  const profit = profitOf(input);
  if (target === null || closeTime - position.openedAt <= waitMs || profit.lte(target.times(d(policy.lockAtShare)))) return null;
  return { price: entry.plus(profit.times(d(policy.lockProfitShare)).times(signOf(position))), reason: 'lock' };
}

/** From the first rung on (or once one was taken) the stop follows the closes: a wick moves nothing. */
function trail(input: StopInput): Step | null {
  const { position, close, policy } = input;
  const target = targetDistanceOf(input);
  const firstAtShare = position.ladder?.firstAtShare ?? policy.tp1AtShare; // where the rung rests, whatever the policy has become
  const isReached = target !== null && profitOf(input).gte(target.times(d(firstAtShare)));
  const isPartlyTaken = d(position.quantity).lt(d(position.entryQuantity));
  if (!isReached && !isPartlyTaken) return null;
  const distance = position.exit === null ? target?.times(d(policy.trailTargetShare)) : d(position.exit.atr).times(d(numbersOf(input).trailAtr));
  return distance === undefined ? null : { price: close.minus(distance.times(signOf(position))), reason: 'trail' };
}

function aged(input: StopInput): Step | null {
  const { position, entry } = input;
  return isAgedAndFlat(input) ? { price: entry.minus(d(position.riskPerUnit).times(d(AGED_SHARE)).times(signOf(position))), reason: 'age' } : null;
}

/** Over half of the longest holding, and still where it began. */
export function isAgedAndFlat(input: StopInput): boolean {
  const { position, closeTime, policy } = input;
  const isOld = closeTime - position.openedAt > maxHoldMs(input) * policy.ageingFromShare;
  return isOld && profitOf(input).abs().lte(d(position.riskPerUnit).times(d(FLAT_R)));
}

export function maxHoldMs(input: Pick<StopInput, 'position' | 'policy'>): number {
  return numbersOf(input).maxHoldHours * HOUR_MS;
}

/** Per unit, quote currency; negative is a loss. */
export function profitOf({ position, close, entry }: Pick<StopInput, 'position' | 'close' | 'entry'>): Dec {
  return close.minus(entry).times(signOf(position));
}

/** The regime of the entry, the numbers of today's policy. */
function numbersOf({ position, policy }: Pick<StopInput, 'position' | 'policy'>): ReturnType<typeof exitNumbersOf> {
  return exitNumbersOf(policy, position.exit?.regime ?? 'normal');
}

function targetDistanceOf({ position, entry }: StopInput): Dec | null {
  if (position.exit !== null) return d(position.exit.targetDistance);
  return position.targetPrice === null ? null : d(position.targetPrice).minus(entry).abs();
}

function signOf({ direction }: PositionView): 1 | -1 {
  return direction === 'long' ? 1 : -1;
}
