/** One execution: position, wallet, income, events. Exact: what a position cost and what its parts realise always add up. */
import { expireIdle } from './expiry.ts';
import { book, emitAccount, emitOrder } from './events.ts';
import { isIsolated } from './margin.ts';
import { abs, floorDiv, moneyText, product, scaledText, timesRateUp } from './scaled.ts';
import { marginOf, moneyOfProduct } from './spec.ts';
import type { Spec } from './spec.ts';
import { positionOf, settingOf, specOf } from './state.ts';
import type { AccountState, Core, OrderState, PositionState } from './state.ts';
import type { FillView, IncomeView, OrderView } from './types.ts';

export interface Execution {
  readonly ticks: number;
  /** > 0. */
  readonly steps: number;
  readonly maker: boolean;
}

/** Books one execution of an order and tells the account. The order's own end is the caller's. @returns the order as it was told. */
export function applyFill(core: Core, account: AccountState, order: OrderState, execution: Execution): OrderView {
  const spec = specOf(core, order.symbol);
  const position = positionOf(account, order.symbol, order.positionSide);
  const notional = moneyOfProduct(spec, product(execution.ticks, execution.steps));
  const realized = changePosition(core, account, position, order.side === 'BUY' ? execution.steps : -execution.steps, execution.ticks);
  const fee = timesRateUp(notional, execution.maker ? spec.makerRate : spec.takerRate);
  position.feesPaid = position.steps === 0 ? 0n : position.feesPaid + fee - realized;

  order.filledSteps += execution.steps;
  order.filledProduct += product(execution.ticks, execution.steps);
  order.status = order.filledSteps === order.steps ? 'FILLED' : 'PARTIALLY_FILLED';
  order.updatedAt = core.state.time;
  core.state.tradeId += 1;
  const fill: FillView = {
    accountId: account.accountId, tradeId: core.state.tradeId, orderId: order.orderId, clientOrderId: order.clientOrderId,
    symbol: order.symbol, side: order.side, positionSide: order.positionSide,
    price: scaledText(execution.ticks, spec.price), quantity: scaledText(execution.steps, spec.quantity), quoteQuantity: moneyText(notional),
    commission: moneyText(fee), commissionAsset: spec.quoteAsset, realizedPnl: moneyText(realized), maker: execution.maker, time: core.state.time,
  };
  core.history.appendFill(fill);
  const income = bookFill(core, account, fill, { realized, fee });
  emitAccount(core, account, { reason: 'ORDER', balanceChange: 0n, positions: [position], income });
  const view = emitOrder(core, account, order, order.type === 'LIQUIDATION' ? 'CALCULATED' : 'TRADE', fill);
  expireIdle(core, account, position, order);
  return view;
}

function bookFill(core: Core, account: AccountState, fill: FillView, money: { realized: bigint; fee: bigint }): IncomeView[] {
  const entry = { symbol: fill.symbol, info: String(fill.tradeId), tradeId: String(fill.tradeId) };
  const income: IncomeView[] = [];
  if (money.realized !== 0n) income.push(book(core, account, { ...entry, type: 'REALIZED_PNL', amount: money.realized }));
  if (money.fee !== 0n) income.push(book(core, account, { ...entry, type: 'COMMISSION', amount: -money.fee }));
  return income;
}

/** Closes what is against it first, opens with the rest. @param signed steps, negative sells. @returns realised PnL. */
function changePosition(core: Core, account: AccountState, position: PositionState, signed: number, ticks: number): bigint {
  const spec = specOf(core, position.symbol);
  const closing = position.steps !== 0 && position.steps > 0 !== signed > 0 ? Math.min(Math.abs(signed), Math.abs(position.steps)) : 0;
  let realized = 0n;
  if (closing > 0) realized = closePart(spec, position, closing, ticks);
  const opening = (Math.abs(signed) - closing) * Math.sign(signed);
  if (opening !== 0) {
    position.steps += opening;
    position.cost += product(ticks, opening);
    if (isIsolated(core, account, position.symbol)) {
      const notional = moneyOfProduct(spec, abs(product(ticks, opening)));
      position.isolatedWallet += marginOf(notional, settingOf(core, account, position.symbol).leverage);
    }
  }
  position.updatedAt = core.state.time;
  return realized;
}

/** The cost leaves in proportion (a whole number of ticks × steps), the last part takes the rest. */
function closePart(spec: Spec, position: PositionState, closing: number, ticks: number): bigint {
  const size = Math.abs(position.steps);
  const share = (whole: bigint): bigint => (closing === size ? whole : floorDiv(whole * BigInt(closing), BigInt(size)));
  const cost = share(position.cost);
  const sign = Math.sign(position.steps);
  position.isolatedWallet -= share(position.isolatedWallet);
  position.cost -= cost;
  position.steps -= sign * closing;
  return moneyOfProduct(spec, product(ticks, sign * closing) - cost);
}
