/** Reads the parameters of new orders. What the engine itself checks (size, precision, margin, position) is left to it. */
import { randomBytes } from 'node:crypto';
import { d, roundToStep, text } from '../../domain/decimal.ts';
import type { AlgoOrderType, AlgoTimeInForce, NewAlgoOrder, NewOrder, VenuePositionSide, VenueSide, VenueTimeInForce, WorkingType } from '../../domain/matching/types.ts';
import type { VenueCore } from './core.ts';
import { refusal } from './errors.ts';
import { MAX_PRICE, PERCENT_PRICE } from './format.ts';
import type { Params } from './params.ts';

const ALGO_TYPES: readonly AlgoOrderType[] = ['STOP', 'STOP_MARKET', 'TAKE_PROFIT', 'TAKE_PROFIT_MARKET', 'TRAILING_STOP_MARKET'];
const TIMES_IN_FORCE: readonly VenueTimeInForce[] = ['GTC', 'IOC', 'FOK', 'GTX', 'GTD'];
const ALGO_TIMES_IN_FORCE: readonly AlgoTimeInForce[] = [...TIMES_IN_FORCE, 'GTE_GTC'];
const POSITION_SIDES: readonly VenuePositionSide[] = ['BOTH', 'LONG', 'SHORT'];
const WORKING_TYPES: readonly WorkingType[] = ['CONTRACT_PRICE', 'MARK_PRICE'];
const GOOD_TILL_MIN_MS = 600_000;
const GOOD_TILL_MAX = 253_402_300_799_000;
const CALLBACK_RATE = { min: 0.1, max: 10 } as const;

export interface OrderContext {
  readonly core: VenueCore;
  readonly accountId: string;
  readonly fillShare: number | null;
}

/** @throws {VenueError} -1102, -1115, -1116, -1117, -1121, -4001, -4015, -4016, -4024, -4060, -4120 and kin. */
export function readOrder(params: Params, context: OrderContext): NewOrder {
  const symbol = readSymbol(params, context.core);
  const side = readSide(params);
  const type = params.mandatory('type');
  if ((ALGO_TYPES as readonly string[]).includes(type)) throw refusal('-4120');
  if (type !== 'MARKET' && type !== 'LIMIT') throw refusal('-1116');
  const positionSide = readPositionSide(params);
  const reduceOnly = readReduceOnly(params, context);
  const timeInForce = type === 'LIMIT' ? readTimeInForce(params, params.mandatory('timeInForce')) : readMarketTime(params);
  if (params.boolean('closePosition')) throw refusal('-4136', type, 'true');
  const quantity = readQuantity(params);
  const price = type === 'LIMIT' ? readPrice(params.mandatoryDecimal('price')) : null;
  if (price !== null) checkBand(context.core, { symbol, side, price });
  const clientOrderId = params.clientId('newClientOrderId') ?? newClientId();
  const order = { symbol, side, positionSide, type, timeInForce, quantity, price, reduceOnly, clientOrderId, goodTillDate: readGoodTillDate(params, timeInForce, context.core) } as const;
  return context.fillShare === null ? order : { ...order, cancelAfter: shareOf(context.core, symbol, quantity, context.fillShare) };
}

/** New terms of an open order. @throws {VenueError} -1102, -1117, -1121, -4001, -4003, -4016, -4024 and kin. */
export function readTerms(params: Params, core: VenueCore): { readonly symbol: string; readonly side: VenueSide; readonly quantity: string; readonly price: string } {
  const symbol = readSymbol(params, core);
  const side = readSide(params);
  const quantity = readQuantity(params);
  const price = readPrice(params.mandatoryDecimal('price'));
  checkBand(core, { symbol, side, price });
  return { symbol, side, quantity, price };
}

/** @throws {VenueError} as `readOrder`, and -1130, -4006, -4031, -4136, -4137. */
export function readAlgoOrder(params: Params, context: OrderContext): NewAlgoOrder {
  if (params.mandatory('algoType') !== 'CONDITIONAL') throw refusal('-1130', 'algoType');
  const symbol = readSymbol(params, context.core);
  const side = readSide(params);
  const type = readAlgoType(params);
  const closePosition = params.boolean('closePosition');
  if (closePosition && type !== 'STOP_MARKET' && type !== 'TAKE_PROFIT_MARKET') throw refusal('-4136', type, 'true');
  if (closePosition && params.has('quantity')) throw refusal('-4137');
  if (closePosition && params.has('reduceOnly')) throw refusal('-1106', 'reduceonly');
  const trailing = type === 'TRAILING_STOP_MARKET';
  const limited = type === 'STOP' || type === 'TAKE_PROFIT';
  const timeInForce = readAlgoTime(params);
  return {
    symbol, side, positionSide: readPositionSide(params), type, timeInForce,
    quantity: closePosition ? null : readQuantity(params),
    price: limited ? readPrice(params.mandatoryDecimal('price')) : null,
    triggerPrice: trailing ? null : readTrigger(params),
    workingType: readWorkingType(params), priceProtect: params.boolean('priceProtect'), reduceOnly: readReduceOnly(params, context), closePosition,
    clientAlgoId: params.clientId('clientAlgoId') ?? newClientId(),
    activatePrice: trailing ? readActivation(params) : null, callbackRate: trailing ? readCallbackRate(params) : null,
    goodTillDate: readGoodTillDate(params, timeInForce, context.core),
  };
}

export function readSymbol(params: Params, core: VenueCore): string {
  const symbol = params.mandatory('symbol');
  if (!core.instruments.has(symbol)) throw refusal('-1121');
  return symbol;
}

function readSide(params: Params): VenueSide {
  const side = params.mandatory('side');
  if (side !== 'BUY' && side !== 'SELL') throw refusal('-1117');
  return side;
}

function readAlgoType(params: Params): AlgoOrderType {
  const type = params.mandatory('type');
  const found = ALGO_TYPES.find((candidate) => candidate === type);
  if (found === undefined) throw refusal('-1116');
  return found;
}

function readPositionSide(params: Params): VenuePositionSide {
  const given = params.text('positionSide') ?? 'BOTH';
  const found = POSITION_SIDES.find((candidate) => candidate === given);
  if (found === undefined) throw refusal('-4060');
  return found;
}

function readReduceOnly(params: Params, { core, accountId }: OrderContext): boolean {
  if (params.has('reduceOnly') && core.engine.account(accountId).hedgeMode) throw refusal('-1106', 'reduceonly');
  return params.boolean('reduceOnly');
}

function readTimeInForce(params: Params, given: string): VenueTimeInForce {
  const found = TIMES_IN_FORCE.find((candidate) => candidate === given);
  if (found === undefined) throw refusal('-1115');
  return found;
}

function readMarketTime(params: Params): VenueTimeInForce {
  if (params.has('timeInForce')) throw refusal('-1106', 'timeinforce');
  return 'GTC';
}

function readAlgoTime(params: Params): AlgoTimeInForce {
  const given = params.text('timeInForce') ?? 'GTC';
  const found = ALGO_TIMES_IN_FORCE.find((candidate) => candidate === given);
  if (found === undefined) throw refusal('-1115');
  return found;
}

function readQuantity(params: Params): string {
  const quantity = params.mandatoryDecimal('quantity');
  if (d(quantity).lte(0)) throw refusal('-4003');
  return quantity;
}

function readPrice(price: string): string {
  const value = d(price);
  if (value.lte(0)) throw refusal('-4001');
  if (value.gt(MAX_PRICE)) throw refusal('-4002');
  return price;
}

/** `triggerPrice` since December 2025; `stopPrice` is its older name. */
function readTrigger(params: Params): string {
  const trigger = params.decimal('stopPrice') ?? params.mandatoryDecimal('triggerPrice');
  const value = d(trigger);
  if (value.lte(0)) throw refusal('-4006');
  if (value.gt(MAX_PRICE)) throw refusal('-4007');
  return trigger;
}

function readActivation(params: Params): string | null {
  const price = params.decimal('activatePrice') ?? params.decimal('activationPrice');
  return price === undefined ? null : readPrice(price);
}

function readCallbackRate(params: Params): string {
  const rate = params.mandatoryDecimal('callbackRate');
  if (Number(rate) < CALLBACK_RATE.min || Number(rate) > CALLBACK_RATE.max) throw refusal('-1130', 'callbackRate');
  return rate;
}

function readWorkingType(params: Params): WorkingType {
  const given = params.text('workingType') ?? 'CONTRACT_PRICE';
  const found = WORKING_TYPES.find((candidate) => candidate === given);
  if (found === undefined) throw refusal('-4031', given);
  return found;
}

function readGoodTillDate(params: Params, timeInForce: AlgoTimeInForce, core: VenueCore): number | null {
  if (timeInForce !== 'GTD') return null;
  const date = params.mandatoryInteger('goodTillDate');
  if (date <= core.marketTime() + GOOD_TILL_MIN_MS || date >= GOOD_TILL_MAX) throw refusal('-5040');
  return date;
}

/** PERCENT_PRICE: a buy may not lie far above the mark price, a sell not far below it. */
function checkBand(core: VenueCore, order: { symbol: string; side: VenueSide; price: string }): void {
  const mark = d(core.engine.quote(order.symbol).markPrice);
  const tick = d(core.instrument(order.symbol).tickSize);
  if (order.side === 'BUY') {
    const cap = mark.times(PERCENT_PRICE.up);
    if (d(order.price).gt(cap)) throw refusal('-4016', text(roundToStep(cap, tick, 'down')));
  } else {
    const floor = mark.times(PERCENT_PRICE.down);
    if (d(order.price).lt(floor)) throw refusal('-4024', text(roundToStep(floor, tick, 'up')));
  }
}

/** At least one step, rounded down. */
function shareOf(core: VenueCore, symbol: string, quantity: string, share: number): string {
  const step = d(core.instrument(symbol).stepSize);
  const part = roundToStep(d(quantity).times(share), step, 'down');
  return text(part.lt(step) ? step : part);
}

/** As Binance names orders of clients that gave no name: 22 letters and digits. */
function newClientId(): string {
  return randomBytes(17).toString('base64url').replace(/[-_]/g, 'x').slice(0, 22);
}
