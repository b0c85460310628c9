/**
 * What each size of a recorded signal would have brought. The cycle is planned again from what it saw, once per multiplier,
 * so that caps, minima and limits bind as they would have; the candles that followed give the rest. Numbers are float64:
 * statistics, no money moves.
 * @source learning.md, "Learned sizing".
 */
import { roundTripCostOf } from '../cycle/open-plan.ts';
import { planCycle } from '../cycle/plan-cycle.ts';
import type { VenueConditions } from '../cycle/risk-facts.ts';
import { NO_CONDITIONS } from '../cycle/risk-facts.ts';
import type { Observation, OpenPlan, SymbolObservation } from '../cycle/types.ts';
import type { Candle } from '../market/candle.ts';
import type { InstrumentId } from '../market/instrument.ts';
import { timeframeMs } from '../market/timeframe.ts';
import type { Direction } from '../orders/order.ts';
import type { Policy } from '../policy/policy.ts';
import { exitNumbersOf } from '../policy/policy.ts';
import { tradeOf } from '../predictions/label.ts';
import type { SizingSample } from './model.ts';
import { NEUTRAL, PRICED } from './multipliers.ts';
import type { LearnedSize } from './sight.ts';

/** Of the rewards: numbers of different definitions are never compared. */
export const REWARD_VERSION = 'growth/1';

/** Relative risk aversion: half of it times the squared loss at the stop comes off. 1 would be growth of the logarithm alone. */
const RISK_AVERSION = 3;
/** Of the worst open loss. */
const DRAWDOWN_WEIGHT = 0.1;
const BPS = 10_000;
const HOUR_MS = 3_600_000;

export interface RecordedSignals {
  readonly cycleId: string;
  readonly observation: Observation;
  /** Per symbol that followed, oldest first, from the first candle after the decision on. */
  readonly candles: ReadonlyMap<InstrumentId, readonly Candle[]>;
}

export interface PricedSignal extends SizingSample {
  readonly instrumentId: InstrumentId;
}

export interface PricedCycle {
  readonly signals: readonly PricedSignal[];
  /** Opened at neutral size, and their candles are not all there. */
  readonly unpriced: readonly InstrumentId[];
}

/** What was seen of sizes at the decision, by symbol. */
type SeenStates = Readonly<Record<InstrumentId, Pick<LearnedSize, 'state'>>>;

/**
 * Every signal that opens at neutral size, at every multiplier. The others of its cycle stay at neutral.
 * @param states of the symbols whose votes wanted a position.
 */
export function pricedCycleOf({ cycleId, observation, candles }: RecordedSignals, states: SeenStates): PricedCycle {
  const [signals, unpriced]: [PricedSignal[], InstrumentId[]] = [[], []];
  for (const [instrumentId, { state }] of Object.entries(states)) {
    const opensAt = (multiplier: number): OpenPlan | null => planCycle({ cycleId, observation: withMultiplier(observation, { [instrumentId]: { state, multiplier, gainBps: null, boundBps: null } }) }).opens.find((it) => it.instrument.id === instrumentId) ?? null;
    const [neutral, symbol] = [opensAt(NEUTRAL), observation.symbols.find((it) => it.instrument.id === instrumentId)];
    if (neutral === null || symbol === undefined) continue;
    const hold = holdCandlesOf(neutral, observation);
    const followed = followingOf(observation, candles.get(instrumentId) ?? [], hold);
    if (followed === null) {
      unpriced.push(instrumentId);
      continue;
    }
    const facts: TradeFacts = { symbol, conditions: observation.risk.conditions[instrumentId] ?? NO_CONDITIONS, equity: Number(observation.account.equity), policy: observation.account.policy, candles: followed, lengthMs: timeframeMs(observation.candle.timeframe) };
    const rewards = PRICED.map((multiplier) => rewardOf(multiplier === NEUTRAL ? neutral : opensAt(multiplier), facts));
    const decidedAt = observation.candle.closeTime;
    signals.push({ instrumentId, state, rewards, decidedAt, knownAt: decidedAt + hold * facts.lengthMs });
  }
  return { signals, unpriced };
}

/** What was seen, with these sizes in charge. */
function withMultiplier(observation: Observation, symbols: Readonly<Record<InstrumentId, LearnedSize>>): Observation {
  return { ...observation, sizing: { mode: 'primary', acts: 'primary', missing: null, modelId: null, symbols } };
}

/** Candles that a position of this plan is held at most. */
function holdCandlesOf({ exit }: Pick<OpenPlan, 'exit'>, { account, candle }: Observation): number {
  return Math.max(1, Math.ceil((exitNumbersOf(account.policy, exit.regime).maxHoldHours * HOUR_MS) / timeframeMs(candle.timeframe)));
}

/** The longest that any position of this policy is held, from its decision on. */
export function longestHoldMs(policy: Policy, lengthMs: number): number {
  const regimes = ['lowVol', 'normal', 'highVol', 'extreme', 'trending', 'ranging'] as const;
  return Math.ceil((Math.max(...regimes.map((it) => exitNumbersOf(policy, it).maxHoldHours)) * HOUR_MS) / lengthMs) * lengthMs;
}

/** Exactly so many, each right after the one before; null where one is missing. */
function followingOf({ candle }: Observation, candles: readonly Candle[], count: number): readonly Candle[] | null {
  const lengthMs = timeframeMs(candle.timeframe);
  const followed = candles.filter((it) => it.openTime >= candle.closeTime).slice(0, count);
  return followed.length === count && followed.every((it, index) => it.openTime === candle.closeTime + index * lengthMs) ? followed : null;
}

export interface TradeFacts {
  readonly symbol: Pick<SymbolObservation, 'instrument'>;
  readonly conditions: VenueConditions;
  /** Quote currency. */
  readonly equity: number;
  readonly policy: Pick<Policy, 'depthMin' | 'depthWithinBps'>;
  /** As long as the position is held at most. */
  readonly candles: readonly Candle[];
  readonly lengthMs: number;
}

/**
 * Profit after fees, spread, impact and funding, less a share of the worst open loss and of the risk at the stop, basis
 * points of equity. Entry at the next open, out at stop, target or the longest hold.
 * @param open null: nothing is opened, which brings nothing.
 */
export function rewardOf(open: Pick<OpenPlan, 'direction' | 'entry' | 'riskPerUnit' | 'targetPrice' | 'exit'> | null, facts: TradeFacts): number {
  const [first] = facts.candles;
  if (open === null || first === undefined || !(facts.equity > 0)) return 0;
  const decided = Number(open.entry.decisionPrice);
  const stopBps = (BPS * Number(open.riskPerUnit)) / decided;
  const targetBps = open.targetPrice === null ? null : (BPS * Number(open.exit.targetDistance)) / decided;
  const { netBps: grossBps, exitIndex, exitBy } = tradeOf({ direction: open.direction, stopBps, targetBps, costBps: 0 }, facts.candles);
  const notional = Number(open.entry.quantity) * first.open;
  const share = notional / facts.equity;
  const costBps = BPS * Number(roundTripCostOf(facts.symbol, facts.conditions.spreadBps)) + impactBpsOf(notional, facts) + fundingBpsOf(open.direction, facts, exitIndex);
  const worstBps = exitBy === 'stop' ? -grossBps : worstBpsOf(open.direction, facts.candles.slice(0, exitIndex + 1));
  return rounded(share * (grossBps - costBps) - DRAWDOWN_WEIGHT * share * worstBps - (RISK_AVERSION / 2) * ((share * stopBps) ** 2 / BPS));
}

/**
 * Of entry and exit together, basis points: an order that takes a book whose depth lies evenly pays, on average, half of
 * how far it reaches. Of an unknown depth, the least that may be traded on.
 */
function impactBpsOf(notional: number, { conditions: { depth }, policy }: TradeFacts): number {
  const known = Number(depth ?? policy.depthMin);
  return known > 0 ? (notional * policy.depthWithinBps) / known : 0;
}

/** Paid at each funding time until the exit, at the rate of the decision; negative: received. Unknown counts as none. */
function fundingBpsOf(direction: Direction, { conditions: { funding }, candles, lengthMs }: TradeFacts, exitIndex: number): number {
  const [enteredAt, leftAt] = [candles[0]?.openTime ?? 0, (candles[exitIndex]?.openTime ?? 0) + lengthMs];
  if (funding === null || !(funding.intervalHours > 0)) return 0;
  const intervalMs = funding.intervalHours * HOUR_MS;
  const before = Math.floor((enteredAt - funding.nextAt) / intervalMs);
  const times = Math.max(0, Math.floor((leftAt - funding.nextAt) / intervalMs) - before);
  return times * funding.rateBps * (funding.intervalHours / 8) * (direction === 'long' ? 1 : -1);
}

/** How far below the entry its price stood, ≥ 0. */
function worstBpsOf(direction: Direction, candles: readonly Candle[]): number {
  const entry = candles[0]?.open ?? 0;
  return Math.max(0, ...candles.map(({ high, low }) => BPS * (direction === 'long' ? 1 - low / entry : high / entry - 1)));
}

/** To a millionth: a float's noise is no reward. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6 + 0;
}
