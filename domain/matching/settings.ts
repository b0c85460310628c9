/** Account settings: leverage, margin type, position mode, isolated margin. */
import { emit, emitAccount } from './events.ts';
import { availableBalance, isIsolated } from './margin.ts';
import { rejection } from './rejections.ts';
import { maxLeverageOf, maxNotionalAt } from './spec.ts';
import { moneyText } from './scaled.ts';
import { positionOf, settingOf, specOf } from './state.ts';
import type { AccountState, Core, PositionState } from './state.ts';
import type { MarginType, Rejection, VenuePositionSide } from './types.ts';

export function setLeverage(core: Core, account: AccountState, symbol: string, leverage: number): Rejection | { leverage: number; maxNotional: string } {
  const spec = specOf(core, symbol);
  if (!Number.isInteger(leverage) || leverage < 1 || leverage > maxLeverageOf(spec)) return rejection(-4028);
  const setting = settingOf(core, account, symbol);
  const before = setting.leverage;
  if (leverage < before && setting.marginType === 'isolated' && hasPosition(account, symbol)) return rejection(-4161);
  setting.leverage = leverage;
  if (leverage < before && availableBalance(core, account) < 0n) {
    setting.leverage = before;
    return rejection(-2028);
  }
  if (leverage !== before) emit(core, account, { kind: 'accountConfigUpdate', symbol, leverage });
  return { leverage, maxNotional: moneyText(maxNotionalAt(spec, leverage)) };
}

export function setMarginType(core: Core, account: AccountState, symbol: string, marginType: MarginType): Rejection | null {
  const setting = settingOf(core, account, symbol);
  if (setting.marginType === marginType) return rejection(-4046);
  if (hasOrders(account, symbol)) return rejection(-4047);
  if (hasPosition(account, symbol)) return rejection(-4048);
  setting.marginType = marginType;
  return null;
}

export function setHedgeMode(account: AccountState, hedgeMode: boolean): Rejection | null {
  if (account.hedgeMode === hedgeMode) return rejection(-4059);
  if (hasOrders(account)) return rejection(-4067);
  if (hasPosition(account)) return rejection(-4068);
  account.hedgeMode = hedgeMode;
  return null;
}

export function moveIsolatedMargin(core: Core, account: AccountState, symbol: string, positionSide: VenuePositionSide, amount: bigint): Rejection | PositionState {
  const position = positionOf(account, symbol, positionSide);
  if (position.steps === 0 || !isIsolated(core, account, symbol)) return rejection(-4054);
  if (amount > availableBalance(core, account)) return rejection(-4050);
  if (position.isolatedWallet + amount < 0n) return rejection(-4051);
  position.isolatedWallet += amount;
  emitAccount(core, account, { reason: 'MARGIN_TRANSFER', balanceChange: 0n, positions: [position], income: [] });
  return position;
}

function hasOrders(account: AccountState, symbol?: string): boolean {
  for (const order of account.orders.values()) if (symbol === undefined || order.symbol === symbol) return true;
  for (const algo of account.algos.values()) if (symbol === undefined || algo.symbol === symbol) return true;
  return false;
}

function hasPosition(account: AccountState, symbol?: string): boolean {
  for (const position of account.positions.values()) {
    if (position.steps !== 0 && (symbol === undefined || position.symbol === symbol)) return true;
  }
  return false;
}
