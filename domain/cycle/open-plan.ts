import type { Dec, DecimalString } from '../decimal.ts';
import { d, text, ZERO } from '../decimal.ts';
import { roundPrice } from '../market/rounding.ts';
import { clientOrderIdOf, intentIdOf } from '../orders/identity.ts';
import type { Direction, OrderIntent, OrderType } from '../orders/order.ts';
import { entrySide } from '../orders/order.ts';
import type { Policy } from '../policy/policy.ts';
import { positionIdOf } from './ids.ts';
import type { Observation, OpenPlan, SymbolObservation } from './types.ts';

export function orderTypeOf(policy: Policy): OrderType {
  return policy.entryStyle;
}

/** Distance from price to stop: the policy's multiple of ATR(14). Null when it cannot be a stop. */
export function stopDistanceOf(symbol: SymbolObservation, policy: Policy): Dec | null {
  const atr = symbol.features['atr14'];
  if (atr === null || atr === undefined || !(atr > 0)) return null;
  const distance = d(atr).times(d(policy.stopAtr));
  return distance.gte(d(symbol.candle.close)) ? null : distance;
}

export interface Opening {
  readonly cycleId: string;
  readonly observation: Observation;
  readonly symbol: SymbolObservation;
  readonly direction: Direction;
  readonly quantity: DecimalString;
  readonly stopDistance: Dec;
  readonly confidence: number;
}

/** A position to open, with its entry order, stop and target. */
export function openPlanOf(opening: Opening): OpenPlan {
  const { observation, symbol, direction, stopDistance } = opening;
  const { policy } = observation.account;
  const price = d(symbol.candle.close);
  const sign = direction === 'long' ? 1 : -1;
  const stop = roundPrice(price.minus(stopDistance.times(sign)), { instrument: symbol.instrument, purpose: 'stopTrigger', direction });
  const target = roundPrice(price.plus(stopDistance.div(d(policy.stopAtr)).times(d(policy.targetAtr)).times(sign)), { instrument: symbol.instrument, purpose: 'targetTrigger', direction });
  return {
    positionId: positionIdOf(observation.candle, symbol.instrument.id, direction),
    instrument: symbol.instrument,
    direction,
    entry: entryOf(opening),
    stopPrice: stop.kind === 'rounded' ? text(stop.value) : symbol.instrument.tickSize,
    targetPrice: target.kind === 'rounded' ? text(target.value) : null,
    riskPerUnit: text(stopDistance),
    confidence: opening.confidence,
    repricesMax: policy.entryStyle === 'limit' ? policy.limitReprices : 0,
    decidedAt: observation.candle.closeTime,
  };
}

function entryOf({ cycleId, observation, symbol, direction, quantity }: Opening): OrderIntent {
  const { account, candle } = observation;
  const { policy } = account;
  const positionId = positionIdOf(candle, symbol.instrument.id, direction);
  const intentId = intentIdOf({ positionId, leg: 'entry', revision: 1 });
  const isLimit = policy.entryStyle === 'limit';
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
    positionSide: account.positionMode === 'hedge' ? direction : 'both',
    type: orderTypeOf(policy),
    timeInForce: 'GTC',
    quantity,
    price: isLimit ? limitPrice(symbol, direction) : null,
    triggerPrice: null,
    reduceOnly: false,
    closesPosition: false,
    decisionPrice: text(d(symbol.candle.close)),
    epoch: account.fence.epoch,
    validUntil: account.observedAt + policy.entryValidityS * 1_000,
    maxDriftBps: policy.entryDriftBpsMax,
    workUntilMarketTime: isLimit ? candle.closeTime + policy.limitTimeS * 1_000 : null,
    policyVersion: account.policyVersion,
  };
}

function limitPrice(symbol: SymbolObservation, direction: Direction): DecimalString {
  const rounded = roundPrice(d(symbol.candle.close), { instrument: symbol.instrument, purpose: 'entryLimit', direction });
  return rounded.kind === 'rounded' ? text(rounded.value) : text(ZERO.plus(symbol.instrument.tickSize));
}
