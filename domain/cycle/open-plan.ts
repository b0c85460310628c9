import type { Dec, DecimalString } from '../decimal.ts';
import { d, text, ZERO } from '../decimal.ts';
import type { ExitDistances } from '../exits/exit-plan.ts';
import { ladderOf } from '../exits/ladder.ts';
import { roundPrice } from '../market/rounding.ts';
import { clientOrderIdOf, intentIdOf } from '../orders/identity.ts';
import type { Direction, OrderIntent, OrderType } from '../orders/order.ts';
import { entrySide } from '../orders/order.ts';
import type { Policy } from '../policy/policy.ts';
import { positionIdOf } from './ids.ts';
import type { AccountObservation, Observation, OpenPlan, SymbolObservation } from './types.ts';

export function orderTypeOf(policy: Policy): OrderType {
  return policy.entryStyle;
}

export interface Opening {
  readonly cycleId: string;
  readonly observation: Observation;
  readonly symbol: SymbolObservation;
  readonly direction: Direction;
  readonly quantity: DecimalString;
  readonly exits: ExitDistances;
  readonly leverage: number;
  readonly confidence: number;
  readonly score: number;
}

/** A position to open, with its entry order, stop and targets. */
export function openPlanOf(opening: Opening): OpenPlan {
  const { observation, symbol, direction, exits, quantity } = opening;
  const { policy } = observation.account;
  const { stop, target } = exitPricesOf(symbol, direction, exits);
  return {
    positionId: positionIdOf(observation.candle, symbol.instrument.id, direction),
    instrument: symbol.instrument,
    direction,
    entry: entryOf(opening),
    stopPrice: stop,
    targetPrice: target,
    riskPerUnit: text(exits.stop),
    exit: { regime: exits.regime, atr: text(exits.atr), targetDistance: text(exits.target) },
    ladder: target === null ? null : ladderOf(quantity, symbol.instrument, policy),
    leverage: opening.leverage,
    marginMode: policy.marginMode,
    confidence: opening.confidence,
    score: opening.score,
    repricesMax: policy.entryStyle === 'limit' ? policy.limitReprices : 0,
    entryValidForMs: entryValidForMs(observation.account),
    decidedAt: observation.candle.closeTime,
  };
}

/** On the instrument's ticks. A short's target may lie at zero or below: then it has none. */
export function exitPricesOf({ candle, instrument }: SymbolObservation, direction: Direction, exits: Pick<ExitDistances, 'stop' | 'target'>): { readonly stop: DecimalString; readonly target: DecimalString | null } {
  const price = d(candle.close);
  const sign = direction === 'long' ? 1 : -1;
  const stop = roundPrice(price.minus(exits.stop.times(sign)), { instrument, purpose: 'stopTrigger', direction });
  const target = roundPrice(price.plus(exits.target.times(sign)), { instrument, purpose: 'targetTrigger', direction });
  return { stop: stop.kind === 'rounded' ? text(stop.value) : instrument.tickSize, target: target.kind === 'rounded' ? text(target.value) : null };
}

function entryOf({ cycleId, observation, symbol, direction, quantity }: Opening): OrderIntent {
  const { account, candle } = observation;
  const { policy } = account;
  const positionId = positionIdOf(candle, symbol.instrument.id, direction);
  const intentId = intentIdOf({ positionId, leg: 'entry', revision: 1 });
  const isLimit = policy.entryStyle === 'limit';
  const validForMs = entryValidForMs(account);
  return {
    intentId,
    clientOrderId: clientOrderIdOf(account.deploymentId, intentId),
    portfolioId: account.portfolioId,
    positionId,
    cycleId,
    leg: 'entry',
    revision: 1,
    instrumentId: symbol.instrument.id,
    side: entrySide(direction),
    positionSide: policy.positionMode === 'hedge' ? direction : 'both',
    type: orderTypeOf(policy),
    timeInForce: 'GTC',
    quantity,
    price: isLimit ? limitPrice(symbol, direction) : null,
    triggerPrice: null,
    reduceOnly: false,
    closesPosition: false,
    decisionPrice: text(d(symbol.candle.close)),
    epoch: account.fence.epoch,
    validUntil: validForMs === null ? null : account.observedAt + validForMs,
    maxDriftBps: policy.entryDriftBpsMax,
    workUntilMarketTime: isLimit ? candle.closeTime + policy.limitTimeS * 1_000 : null,
    policyVersion: account.policyVersion,
  };
}

/** Null: an entry never expires, so that a replay that was away for long sends what it would have sent. */
function entryValidForMs({ policy, doesMarketWait }: AccountObservation): number | null {
  return doesMarketWait === true ? null : policy.entryValidityS * 1_000;
}

function limitPrice(symbol: SymbolObservation, direction: Direction): DecimalString {
  const rounded = roundPrice(d(symbol.candle.close), { instrument: symbol.instrument, purpose: 'entryLimit', direction });
  return rounded.kind === 'rounded' ? text(rounded.value) : text(ZERO.plus(symbol.instrument.tickSize));
}

/** Fees of entry and exit, and the spread, as a share of the price. @param spreadBps null: only the fees are known. */
export function roundTripCostOf({ instrument }: Pick<SymbolObservation, 'instrument'>, spreadBps: number | null): Dec {
  return d(instrument.takerFeeRate).times(2).plus(d(spreadBps ?? 0).div(10_000));
}
