/**
 * Account events as user-data stream messages. Beside Binance's fields each carries `eventId` (monotonically
 * increasing) and `transportTime` (wall clock, ms), also inside the part that ccxt keeps as `info`.
 * @source https://developers.binance.com/docs/derivatives/usds-margined-futures/user-data-streams
 */
import type { AccountUpdateEvent, AlgoUpdateEvent, LiquidationEvent, MarginCallEvent, OrderUpdateEvent, PositionUpdate, PositionView } from '../../domain/matching/types.ts';
import type { StampedEvent } from './core.ts';

interface Extras {
  readonly eventId: number;
  readonly transportTime: number;
}

export interface UserMessage extends Extras {
  /** Event type. */
  readonly e: string;
  /** Event time, market clock. */
  readonly E: number;
  readonly [field: string]: unknown;
}

export function userMessage({ event, transportTime }: StampedEvent): UserMessage {
  const extras = { eventId: event.eventId, transportTime };
  const times = { E: event.marketTime, T: event.marketTime };
  switch (event.kind) {
    case 'orderUpdate':
      return { e: 'ORDER_TRADE_UPDATE', ...times, o: orderUpdate(event, extras), ...extras };
    case 'algoUpdate':
      return { e: 'ALGO_UPDATE', ...times, o: algoUpdate(event, extras), ...extras };
    case 'accountUpdate':
      return { e: 'ACCOUNT_UPDATE', ...times, a: accountUpdate(event, extras), ...extras };
    case 'accountConfigUpdate':
      return { e: 'ACCOUNT_CONFIG_UPDATE', ...times, ac: { s: event.symbol, l: event.leverage }, ...extras };
    case 'marginCall':
      return marginCall(event, extras);
    case 'liquidation':
      // Binance announces a liquidation by its margin call and by orders whose id begins with "autoclose-".
      return { ...marginCall(event, extras), liquidation: true };
  }
}

function orderUpdate(event: OrderUpdateEvent, extras: Extras): Record<string, unknown> {
  const { order, fill } = event;
  return {
    s: order.symbol, c: order.clientOrderId, S: order.side, o: order.type, f: order.timeInForce, q: order.quantity, p: order.price,
    ap: order.averagePrice, sp: '0', x: event.executionType, X: order.status, i: order.orderId, l: fill?.quantity ?? '0',
    z: order.executedQuantity, L: fill?.price ?? '0', ...(fill === null ? {} : { n: fill.commission, N: fill.commissionAsset }),
    T: event.marketTime, t: fill?.tradeId ?? 0, b: '0', a: '0', m: fill?.maker ?? false, R: order.reduceOnly, wt: 'CONTRACT_PRICE',
    ot: order.origType, ps: order.positionSide, cp: order.closePosition, rp: fill?.realizedPnl ?? '0', pP: false, si: 0, ss: 0,
    V: 'EXPIRE_MAKER', pm: 'NONE', gtd: order.goodTillDate ?? 0, ...extras,
  };
}

function algoUpdate(event: AlgoUpdateEvent, extras: Extras): Record<string, unknown> {
  const { algo } = event;
  const triggered = algo.actualOrderId !== null;
  return {
    caid: algo.clientAlgoId, aid: algo.algoId, at: 'CONDITIONAL', o: algo.type, s: algo.symbol, S: algo.side, ps: algo.positionSide,
    f: algo.timeInForce, q: algo.quantity, X: algo.status, ai: triggered ? String(algo.actualOrderId) : '',
    ...(triggered ? { ap: algo.averagePrice, aq: algo.executedQuantity, act: actualType(algo.type) } : {}),
    tp: algo.triggerPrice, p: algo.price, V: 'EXPIRE_MAKER', wt: algo.workingType, pm: 'NONE', cp: algo.closePosition, pP: algo.priceProtect,
    R: algo.reduceOnly, tt: algo.triggeredAt, gtd: algo.goodTillDate ?? 0,
    ...(algo.activatePrice === null ? {} : { AP: algo.activatePrice }), ...(algo.callbackRate === null ? {} : { cr: algo.callbackRate }),
    rm: algo.rejection?.message ?? '', ...(algo.rejection === null ? {} : { rc: algo.rejection.code }), ...extras,
  };
}

function actualType(type: AlgoUpdateEvent['algo']['type']): 'LIMIT' | 'MARKET' {
  return type === 'STOP' || type === 'TAKE_PROFIT' ? 'LIMIT' : 'MARKET';
}

function accountUpdate(event: AccountUpdateEvent, extras: Extras): Record<string, unknown> {
  return {
    m: event.reason,
    B: [{ a: 'USDT', wb: event.walletBalance, cw: event.crossWalletBalance, bc: event.balanceChange }],
    P: event.positions.map((position) => positionUpdate(position, extras)),
    ...extras,
  };
}

function positionUpdate(position: PositionUpdate, extras: Extras): Record<string, unknown> {
  return {
    s: position.symbol, pa: position.quantity, ep: position.entryPrice, bep: position.breakEvenPrice, cr: '0', up: position.unrealizedPnl,
    mt: position.marginType, iw: position.isolatedWallet, ps: position.positionSide, ...extras,
  };
}

function marginCall(event: MarginCallEvent | LiquidationEvent, extras: Extras): UserMessage {
  const wallet = event.kind === 'marginCall' ? { cw: event.crossWalletBalance } : {};
  return { e: 'MARGIN_CALL', E: event.marketTime, ...wallet, p: event.positions.map(callPosition), ...extras };
}

function callPosition(position: PositionView): Record<string, unknown> {
  return {
    s: position.symbol, ps: position.positionSide, pa: position.quantity, mt: position.marginType.toUpperCase(), iw: position.isolatedWallet,
    mp: position.markPrice, up: position.unrealizedPnl, mm: position.maintenanceMargin,
  };
}
