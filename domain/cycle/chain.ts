/** The chain that one candidate goes through: venue filter, guard, governor, size. The first step that refuses ends it. */
import type { Refusal } from '../checks/check.ts';
import { firstRefusal } from '../checks/check.ts';
import { d, roundToStep, text } from '../decimal.ts';
import type { ExitDistances } from '../exits/exit-plan.ts';
import { exitDistancesOf } from '../exits/exit-plan.ts';
import { ladderOf } from '../exits/ladder.ts';
import { bookAfter } from '../guard/book-checks.ts';
import { FULL_BOOK, GUARD } from '../guard/guard.ts';
import type { GuardCode } from '../guard/guard.ts';
import type { GuardInput } from '../guard/input.ts';
import { ordersOf } from '../guard/order-rate.ts';
import { slotsOf } from '../guard/slots.ts';
import type { Spike } from '../guard/spikes.ts';
import { spikeOf } from '../guard/spikes.ts';
import { paidBps, VENUE_FILTER, warnsOfFunding } from '../guard/venue-filter.ts';
import type { Direction } from '../orders/order.ts';
import { grossOf } from '../risk/book.ts';
import { dailyVolatilityBps } from '../risk/returns.ts';
import type { CombinedSignal } from '../signals/combine.ts';
import type { SizingSight } from '../learned-sizing/sight.ts';
import { learnedFactorOf } from '../learned-sizing/sight.ts';
import { NEUTRAL } from '../learned-sizing/multipliers.ts';
import { leverageOf } from '../sizing/leverage.ts';
import type { SizeInput, WantedSize } from '../sizing/size.ts';
import { roundedSize, wantedSizeOf } from '../sizing/size.ts';
import { exitPricesOf, openPlanOf, orderTypeOf, roundTripCostOf } from './open-plan.ts';
import type { Books, PlanBook } from './plan-book.ts';
import type { PlanContext } from './plan-context.ts';
import { NO_CONDITIONS, NO_RECORD } from './risk-facts.ts';
import type { DecisionStep, OpenPlan, SymbolObservation } from './types.ts';

/** A symbol whose votes want a position, and that nothing speaks against so far. */
export interface Candidate {
  readonly symbol: SymbolObservation;
  readonly signal: CombinedSignal;
  readonly direction: Direction;
  /** Confidence × agreement. */
  readonly score: number;
  readonly steps: readonly DecisionStep[];
}

export type ChainResult =
  /** `plan` without advice: what takes its place in the book; `opened` with it, null where advice leaves nothing. Else the same. */
  | { readonly kind: 'open'; readonly plan: OpenPlan; readonly opened: OpenPlan | null; readonly steps: readonly DecisionStep[] }
  /** `exits` of what would have been opened, for a trade on paper; null where there are none. */
  | { readonly kind: 'refused'; readonly code: string; readonly steps: readonly DecisionStep[]; readonly exits: ExitDistances | null }
  /** Full: a rotation may make room. */
  | { readonly kind: 'full'; readonly steps: readonly DecisionStep[] };

export function runChain(context: PlanContext, candidate: Candidate, books: Books): ChainResult {
  const { symbol } = candidate;
  const { risk, candle: { closeTime }, marketTime } = context.observation;
  const conditions = risk.conditions[symbol.instrument.id] ?? NO_CONDITIONS;
  const venueInput = { side: candidate.direction === 'long' ? 'buy' as const : 'sell' as const, conditions, closeTime, marketTime, policy: context.policy };
  const venue = firstRefusal(VENUE_FILTER, venueInput);
  if (venue !== null) return refusedAt('venue', candidate.steps, venue, null);
  const steps = [...candidate.steps, passed('venue', warnsOfFunding(venueInput) ? `pays ${(paidBps(venueInput) ?? 0).toFixed(2)} bps of funding` : null)];

  const exits = exitDistancesOf({
    regime: symbol.regime, atr: symbol.features['atr14'] ?? null, price: d(symbol.candle.close > 0 ? symbol.candle.close : 0), confidence: candidate.signal.confidence,
    roundTripCost: roundTripCostOf(symbol, conditions.spreadBps), policy: context.policy,
  });
  if (exits === null) return refusedAt('size', steps, { code: 'noStopDistance', value: String(symbol.features['atr14']), limit: '> 0 and below the price' }, null);
  return runSizes(context, { candidate, steps, exits }, books);
}

interface Reached {
  readonly candidate: Candidate;
  readonly steps: readonly DecisionStep[];
  readonly exits: ExitDistances;
}

/**
 * Advice leaves the plan as it is without it, and then scales or drops what that opens. What is left must pass the guard
 * as well, in the book that advice leaves: a smaller hedge can make a book worse.
 */
function runSizes(context: PlanContext, reached: Reached, { plain, advised }: Books): ChainResult {
  const spike = spikeOf({ level: context.level, toMedian: reached.candidate.symbol.regime.volatility.toMedian, policy: context.policy });
  const sizing = sizeInputOf(context, reached, { spike, gross: grossOf(plain.holdings) });
  const isSame = plain === advised && (sizing.learned ?? NEUTRAL) === NEUTRAL;
  if (context.observation.sizing?.acts !== 'advise' || isSame) return runGuard(context, { ...reached, book: plain, spike }, sizing);
  const neutral = runGuard(context, { ...reached, book: plain, spike }, { ...sizing, learned: null });
  if (neutral.kind !== 'open') return neutral;
  if (sizing.learned === 0) return { ...neutral, opened: null, steps: [...neutral.steps.slice(0, -1), refused('size', LEARNED_ZERO)] };
  const left = runGuard(context, { ...reached, book: advised, spike }, sizing);
  return { ...neutral, opened: left.kind === 'open' ? left.plan : null, steps: left.steps };
}

interface Guarded extends Reached {
  readonly book: PlanBook;
  readonly spike: Spike;
}

const LEARNED_ZERO: Refusal = { code: 'learnedZero', value: 'learned sizing says × 0', limit: 'above 0' };

function runGuard(context: PlanContext, reached: Guarded, sizing: SizeInput): ChainResult {
  const { candidate, book, exits, spike } = reached;
  const wanted = wantedSizeOf(sizing);
  const draft = { direction: candidate.direction, price: sizing.price, quantity: wanted.quantity, stopDistance: exits.stop, leverage: sizing.leverage, orders: ordersBrought(context, reached, wanted) };
  const { policy, observation: { candle: { timeframe }, risk: { returns } } } = context;
  const refusal = firstRefusal<GuardInput, GuardCode>(GUARD, {
    symbol: candidate.symbol, account: context.observation.account, late: context.observation.late, policy, isEmergency: context.isEmergency,
    draft, book, after: bookAfter({ draft, book, instrumentId: candidate.symbol.instrument.id, series: returns, timeframe, returnsMin: policy.correlationReturnsMin }), slots: slotsOf(candidate.symbol.regime, { isSpike: spike.kind !== null, policy: context.policy }),
    trades: context.observation.risk.trades, facts: context.observation.risk, correlations: context.correlations,
    dailyLossBps: context.losses.dailyLossBps, isDisabled: (context.states.get(candidate.symbol.instrument.id)?.disabled ?? null) !== null,
  });
  if (refusal !== null && FULL_BOOK.includes(refusal.code)) return { kind: 'full', steps: [...reached.steps, refused('guard', refusal)] };
  if (refusal !== null) return refusedAt('guard', reached.steps, refusal, exits);
  const steps = [...reached.steps, passed('guard', spike.kind === null ? null : `halved by a spike of ${spike.kind}: ${spike.value}`)];
  return runSize(context, { ...reached, steps }, sizing, wanted);
}

/** What the opening sends, of the size that it would have. */
function ordersBrought({ observation }: PlanContext, { candidate: { symbol, direction }, book, exits }: Guarded, { quantity }: WantedSize): number {
  if (!book.countsOrders) return 1;
  const size = text(roundToStep(quantity, d(symbol.instrument.stepSize), 'down'));
  return ordersOf({ targetPrice: exitPricesOf(symbol, direction, exits).target, ladder: ladderOf(size, symbol.instrument, observation.account.policy) });
}

function runSize({ cycleId, observation, governed }: PlanContext, { candidate, steps, exits }: Reached, sizing: SizeInput, wanted: WantedSize): ChainResult {
  const said = governed.directives.find((it) => it.owner === governed.owner);
  if (governed.multiplier === 0) return refusedAt('governor', steps, { code: governed.owner === 'none' ? 'noDirective' : governed.owner, value: said?.value ?? 'none', limit: said?.limit ?? 'at least one directive' }, exits);
  const governor = passed('governor', `× ${governed.multiplier} by ${governed.owner}${said === undefined ? '' : `: ${said.value}`}`);
  if (sizing.learned === 0) return refusedAt('size', [...steps, governor], LEARNED_ZERO, exits);
  const size = roundedSize(wanted, sizing);
  if (size.kind === 'refused') return refusedAt('size', [...steps, governor], size, exits);
  const plan = openPlanOf({ cycleId, observation, symbol: candidate.symbol, direction: candidate.direction, quantity: size.quantity, exits, leverage: sizing.leverage, confidence: candidate.signal.confidence, score: candidate.score });
  const factors = Object.entries(wanted.factors).map(([name, factor]) => `${name} ${factor}`).join(', ');
  return { kind: 'open', plan, opened: plan, steps: [...steps, governor, passed('size', `${size.quantity} by ${wanted.cappedBy} (${factors}), leverage ${sizing.leverage}${shadowNote(observation.sizing, candidate.symbol.instrument.id)}`)] };
}

/** What learned sizing would have done, where it only watches. */
function shadowNote(sight: SizingSight | undefined, instrumentId: string): string {
  const learned = sight?.symbols[instrumentId];
  return sight?.acts !== 'shadow' || learned === undefined ? '' : `; learned sizing would say × ${learned.multiplier}`;
}

function sizeInputOf({ observation, policy, losses, governed }: PlanContext, { candidate, exits }: Reached, { spike, gross }: { readonly spike: Spike; readonly gross: number }): SizeInput {
  const { account, risk } = observation;
  const { symbol, signal } = candidate;
  const id = symbol.instrument.id;
  const [price, equity, available] = [d(symbol.candle.close), d(account.equity), d(account.availableMargin)];
  const record = risk.trades.bySymbol[id] ?? NO_RECORD;
  const room = equity.times(d(policy.grossExposureMax)).minus(d(gross));
  const symbolRoom = equity.times(d(policy.symbolExposureMax));
  return {
    instrument: symbol.instrument, orderType: orderTypeOf(policy), price, stopDistance: exits.stop, equity, availableMargin: available, exposureRoom: room.lt(symbolRoom) ? room : symbolRoom,
    leverage: leverageOf({
      atrShare: Number(exits.atr) / symbol.candle.close, record, confidence: signal.confidence,
      marginUse: equity.gt(0) ? Math.min(1, Math.max(0, 1 - Number(text(available)) / Number(text(equity)))) : 1,
      drawdownBps: losses.drawdownBps ?? 0, adx: symbol.features['adx14'] ?? null, venueMax: risk.conditions[id]?.leverageMax ?? null, policy,
    }),
    confidence: signal.confidence, signalFactor: signal.factor, spikeFactor: spike.factor, governor: governed.multiplier, learned: learnedFactorOf(observation.sizing, id),
    dailyVolatilityBps: dailyVolatilityBps(risk.returns[id] ?? [], observation.candle.timeframe), record, policy,
  };
}

export function passed(step: DecisionStep['step'], value: string | null = null): DecisionStep {
  return { step, verdict: 'passed', code: null, value, limit: null };
}

export function refused(step: DecisionStep['step'], { code, value, limit }: Refusal): DecisionStep {
  return { step, verdict: 'refused', code, value, limit };
}

function refusedAt(step: DecisionStep['step'], before: readonly DecisionStep[], refusal: Refusal, exits: ExitDistances | null): ChainResult {
  return { kind: 'refused', code: refusal.code, steps: [...before, refused(step, refusal)], exits };
}
