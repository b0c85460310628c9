/** What an account owes and may still use. All money in 1e-8 of the quote currency; margin is rounded up, PnL down. */
import { markTicks } from './market.ts';
import { abs, max, product } from './scaled.ts';
import { maintenanceMargin, marginOf, moneyOfProduct } from './spec.ts';
import { closesOnly, exposureOf, marketOf, positionOf, settingOf, specOf } from './state.ts';
import type { AccountState, Core, OrderState, PositionState } from './state.ts';
import type { VenuePositionSide, VenueSide } from './types.ts';

/** Gives the mark price in ticks of a symbol: the present one, or an assumed one. */
export type MarkOf = (symbol: string) => number;

export function presentMark(core: Core): MarkOf {
  return (symbol) => markTicks(marketOf(core, symbol));
}

export function unrealizedPnl(core: Core, position: PositionState, markOf: MarkOf): bigint {
  if (position.steps === 0) return 0n;
  return moneyOfProduct(specOf(core, position.symbol), product(markOf(position.symbol), position.steps) - position.cost);
}

/** Unsigned, at mark price. */
export function notionalOf(core: Core, position: PositionState, markOf: MarkOf): bigint {
  return abs(moneyOfProduct(specOf(core, position.symbol), product(markOf(position.symbol), position.steps)));
}

export function positionMaintenance(core: Core, position: PositionState, markOf: MarkOf): bigint {
  return position.steps === 0 ? 0n : maintenanceMargin(specOf(core, position.symbol), notionalOf(core, position, markOf));
}

export function crossWallet(account: AccountState): bigint {
  let wallet = account.wallet;
  for (const position of account.positions.values()) wallet -= position.isolatedWallet;
  return wallet;
}

export function isIsolated(core: Core, account: AccountState, symbol: string): boolean {
  return settingOf(core, account, symbol).marginType === 'isolated';
}

/** Margin balance of the cross positions over their maintenance margin: liquidation at ≤ 0 while there is one. */
export function crossHealth(core: Core, account: AccountState, markOf: MarkOf): { equity: bigint; maintenance: bigint; exposed: boolean } {
  let equity = crossWallet(account);
  let maintenance = 0n;
  let exposed = false;
  for (const position of account.positions.values()) {
    if (position.steps === 0 || isIsolated(core, account, position.symbol)) continue;
    exposed = true;
    equity += unrealizedPnl(core, position, markOf);
    maintenance += positionMaintenance(core, position, markOf);
  }
  return { equity, maintenance, exposed };
}

export function isolatedHealth(core: Core, position: PositionState, markOf: MarkOf): { equity: bigint; maintenance: bigint } {
  return { equity: position.isolatedWallet + unrealizedPnl(core, position, markOf), maintenance: positionMaintenance(core, position, markOf) };
}

export interface SymbolMargin {
  readonly position: bigint;
  readonly openOrders: bigint;
}

/**
 * Initial margin of a symbol and position side. Opening orders count where they enlarge: the larger of position + buys and
 * position − sells, at their limit prices.
 * @param extra product of an order that is only considered, added to its side.
 */
export function symbolMargin(core: Core, account: AccountState, position: PositionState, extra?: { side: VenueSide; product: bigint }): SymbolMargin {
  const spec = specOf(core, position.symbol);
  const { leverage } = settingOf(core, account, position.symbol);
  const exposure = exposureOf(account, position.symbol, position.positionSide);
  const held = position.steps === 0 ? 0n : product(markTicks(marketOf(core, position.symbol)), position.steps);
  const buys = exposure.buyProduct + (extra?.side === 'BUY' ? extra.product : 0n);
  const sells = exposure.sellProduct + (extra?.side === 'SELL' ? extra.product : 0n);
  const worst = max(abs(held), max(abs(held + buys), abs(held - sells)));
  const positionMargin = marginOf(moneyOfProduct(spec, abs(held)), leverage);
  return { position: positionMargin, openOrders: marginOf(moneyOfProduct(spec, worst), leverage) - positionMargin };
}

/** Every symbol and side in which something is held or would be opened. */
export function* activePositions(account: AccountState): Generator<PositionState> {
  for (const position of account.positions.values()) {
    if (position.steps !== 0) yield position;
    else if (account.exposures.size > 0) {
      const exposure = exposureOf(account, position.symbol, position.positionSide);
      if (exposure.buyProduct !== 0n || exposure.sellProduct !== 0n) yield position;
    }
  }
}

/** What may be used for new positions: cross wallet + cross PnL − initial margins (isolated positions brought their own). */
export function availableBalance(core: Core, account: AccountState): bigint {
  const markOf = presentMark(core);
  let available = crossWallet(account);
  for (const position of activePositions(account)) {
    const margin = symbolMargin(core, account, position);
    available -= margin.openOrders;
    if (isIsolated(core, account, position.symbol)) continue;
    available += unrealizedPnl(core, position, markOf) - margin.position;
  }
  return available;
}

/** Money that an order would bind on top: its margin, and the loss of buying above (selling below) the mark at once. */
export function additionalMargin(core: Core, account: AccountState, order: {
  readonly symbol: string; readonly side: VenueSide; readonly positionSide: VenuePositionSide; readonly steps: number; readonly ticks: number;
}): bigint {
  const position = positionOf(account, order.symbol, order.positionSide);
  const before = symbolMargin(core, account, position);
  const after = symbolMargin(core, account, position, { side: order.side, product: product(order.ticks, order.steps) });
  const bound = after.position + after.openOrders - before.position - before.openOrders;
  if (bound <= 0n) return 0n;
  const mark = markTicks(marketOf(core, order.symbol));
  const lossTicks = order.side === 'BUY' ? order.ticks - mark : mark - order.ticks;
  return bound + (lossTicks > 0 ? moneyOfProduct(specOf(core, order.symbol), product(lossTicks, order.steps)) : 0n);
}

/** Adds (or takes) an order's open remainder to what opening orders bind. Orders that only close bind nothing. */
export function countExposure(account: AccountState, order: OrderState, steps: number): void {
  if (closesOnly(order) || order.ticks === 0) return;
  const exposure = exposureOf(account, order.symbol, order.positionSide);
  if (order.side === 'BUY') exposure.buyProduct += product(order.ticks, steps);
  else exposure.sellProduct += product(order.ticks, steps);
}
