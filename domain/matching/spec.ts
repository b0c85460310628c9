/** A symbol's specification in scaled integers, computed once. */
import { ceilDiv, floorDiv, max, moneyOf, parseScaled, rateOf, scaleOf, timesRateUp } from './scaled.ts';
import type { Scale } from './scaled.ts';
import type { SymbolSpec } from './types.ts';

export interface ScaledBracket {
  readonly notionalCap: bigint;
  readonly maxLeverage: number;
  readonly maintenanceRate: bigint;
  /** Subtracted so that the tiers join: Binance's `cum`. */
  readonly cumulative: bigint;
}

export interface Spec {
  readonly symbol: string;
  readonly quoteAsset: string;
  readonly price: Scale;
  readonly quantity: Scale;
  /** Money of one tick × step is `unitMoney / unitDivisor`. */
  readonly unitMoney: bigint;
  readonly unitDivisor: bigint;
  readonly minSteps: number;
  readonly maxSteps: number;
  readonly maxMarketSteps: number;
  readonly minNotional: bigint;
  readonly makerRate: bigint;
  readonly takerRate: bigint;
  readonly liquidationFeeRate: bigint;
  readonly brackets: readonly ScaledBracket[];
}

/** @throws {RangeError} not retried: the specification contradicts itself. */
export function scaledSpec(spec: SymbolSpec): Spec {
  const { instrument } = spec;
  const price = scaleOf(instrument.tickSize);
  const quantity = scaleOf(instrument.stepSize);
  const exponent = 8 - price.digits - quantity.digits;
  const unit = BigInt(price.unit) * BigInt(quantity.unit);
  const steps = (text: string): number => {
    const parsed = parseScaled(text, quantity);
    if (typeof parsed === 'number') return parsed;
    throw new RangeError(`${instrument.id}: quantity ${text} is no multiple of the step size ${instrument.stepSize}`);
  };
  return {
    symbol: instrument.venueSymbol,
    quoteAsset: instrument.quote,
    price,
    quantity,
    unitMoney: exponent >= 0 ? unit * 10n ** BigInt(exponent) : unit,
    unitDivisor: exponent >= 0 ? 1n : 10n ** BigInt(-exponent),
    minSteps: steps(instrument.minQuantity),
    maxSteps: steps(instrument.maxQuantity),
    maxMarketSteps: steps(instrument.maxMarketQuantity),
    minNotional: moneyOf(instrument.minNotional),
    makerRate: rateOf(instrument.makerFeeRate),
    takerRate: rateOf(instrument.takerFeeRate),
    liquidationFeeRate: rateOf(spec.liquidationFeeRate),
    brackets: scaledBrackets(spec),
  };
}

function scaledBrackets(spec: SymbolSpec): ScaledBracket[] {
  const brackets: ScaledBracket[] = [];
  let previous: ScaledBracket | undefined;
  for (const bracket of spec.brackets) {
    const rate = rateOf(bracket.maintenanceRate);
    const cumulative: bigint = previous === undefined ? 0n : previous.cumulative + timesRateUp(previous.notionalCap, rate - previous.maintenanceRate);
    previous = { notionalCap: moneyOf(bracket.notionalCap), maxLeverage: bracket.maxLeverage, maintenanceRate: rate, cumulative };
    brackets.push(previous);
  }
  if (brackets.length === 0) throw new RangeError(`${spec.instrument.id}: no leverage brackets`);
  return brackets;
}

/** Money of a sum of ticks × steps, rounded down (toward −∞); exact where tick × step has at most 8 decimals. */
export function moneyOfProduct(spec: Spec, ticksSteps: bigint): bigint {
  const money = ticksSteps * spec.unitMoney;
  return spec.unitDivisor === 1n ? money : floorDiv(money, spec.unitDivisor);
}

export function bracketOf(spec: Spec, notional: bigint): ScaledBracket {
  const found = spec.brackets.find((bracket) => notional <= bracket.notionalCap) ?? spec.brackets.at(-1);
  if (found === undefined) throw new RangeError(`${spec.symbol}: no leverage brackets`);
  return found;
}

/** Rounded up. @param notional ≥ 0. */
export function maintenanceMargin(spec: Spec, notional: bigint): bigint {
  const bracket = bracketOf(spec, notional);
  return max(0n, timesRateUp(notional, bracket.maintenanceRate) - bracket.cumulative);
}

/** Largest notional of a position at a leverage. */
export function maxNotionalAt(spec: Spec, leverage: number): bigint {
  let cap = 0n;
  for (const bracket of spec.brackets) if (leverage <= bracket.maxLeverage) cap = max(cap, bracket.notionalCap);
  return cap;
}

export function maxLeverageOf(spec: Spec): number {
  return spec.brackets.reduce((most, bracket) => Math.max(most, bracket.maxLeverage), 1);
}

/** Rounded up: margin is never too small. */
export function marginOf(notional: bigint, leverage: number): bigint {
  return ceilDiv(notional, BigInt(leverage));
}


