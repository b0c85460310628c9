/** Engine views as Binance's REST answers: its field names, its number texts, plus `transportTime`. */
import type { Instrument } from '../../domain/market/instrument.ts';
import { d, text } from '../../domain/decimal.ts';
import type { DecimalString } from '../../domain/decimal.ts';
import { bracketRows } from './brackets.ts';
import type { VenueCore } from './core.ts';
import type { TransportStamp } from './history.ts';
import type { AccountView, AlgoOrderView, FillView, IncomeView, OrderView, PositionView } from '../../domain/matching/types.ts';

/** Decimals of a step: "0.001" → 3. */
export function decimalsOf(step: DecimalString): number {
  const fraction = step.split('.')[1] ?? '';
  return fraction.replace(/0+$/, '').length;
}

export type OrderDetail = 'ack' | 'result' | 'query';

/** @param detail `ack` shows the order as it was accepted, `query` adds its creation time. */
export function orderJson(order: OrderView, stamp: TransportStamp, detail: OrderDetail): Record<string, unknown> {
  const shown = detail === 'ack'
    ? { ...order, status: 'NEW', executedQuantity: zeroLike(order.executedQuantity), cumulativeQuote: '0', averagePrice: '0.00' }
    : order;
  return {
    orderId: order.orderId, symbol: order.symbol, status: shown.status, clientOrderId: order.clientOrderId, price: order.price,
    avgPrice: shown.averagePrice === '0' ? '0.00' : shown.averagePrice, origQty: order.quantity, executedQty: shown.executedQuantity,
    ...(detail === 'query' ? {} : { cumQty: shown.executedQuantity }), cumQuote: shown.cumulativeQuote, timeInForce: order.timeInForce,
    type: order.type, reduceOnly: order.reduceOnly, closePosition: order.closePosition, side: order.side, positionSide: order.positionSide,
    stopPrice: '0', workingType: 'CONTRACT_PRICE', priceProtect: false, origType: order.origType, priceMatch: 'NONE',
    selfTradePreventionMode: 'EXPIRE_MAKER', goodTillDate: order.goodTillDate ?? 0,
    ...(detail === 'query' ? { time: order.createdAt } : {}),
    updateTime: order.updatedAt, transportTime: stamp.transportTime, transportCreatedAt: stamp.transportCreatedAt,
  };
}

function zeroLike(number: string): string {
  return number.replace(/[1-9]/g, '0').replace(/^0+(?=\d)/, '');
}

export function algoJson(algo: AlgoOrderView, stamp: TransportStamp): Record<string, unknown> {
  const trailing = algo.type === 'TRAILING_STOP_MARKET';
  return {
    algoId: algo.algoId, clientAlgoId: algo.clientAlgoId, algoType: 'CONDITIONAL', orderType: algo.type, symbol: algo.symbol,
    side: algo.side, positionSide: algo.positionSide, timeInForce: algo.timeInForce, quantity: algo.quantity, algoStatus: algo.status,
    actualOrderId: algo.actualOrderId === null ? '' : String(algo.actualOrderId), actualPrice: algo.averagePrice,
    actualQty: algo.executedQuantity, triggerPrice: algo.triggerPrice, price: algo.price, icebergQuantity: null,
    tpTriggerPrice: '0', tpPrice: '0', slTriggerPrice: '0', slPrice: '0', tpOrderType: '', selfTradePreventionMode: 'EXPIRE_MAKER',
    workingType: algo.workingType, priceMatch: 'NONE', closePosition: algo.closePosition, priceProtect: algo.priceProtect,
    reduceOnly: algo.reduceOnly, ...(trailing ? { activatePrice: algo.activatePrice ?? '', callbackRate: algo.callbackRate ?? '' } : {}),
    createTime: algo.createdAt, updateTime: algo.updatedAt, triggerTime: algo.triggeredAt, goodTillDate: algo.goodTillDate ?? 0,
    ...(algo.rejection === null ? {} : { rejectCode: algo.rejection.code, rejectReason: algo.rejection.message }),
    transportTime: stamp.transportTime, transportCreatedAt: stamp.transportCreatedAt,
  };
}

export function fillJson(fill: FillView, stamp: TransportStamp): Record<string, unknown> {
  return {
    symbol: fill.symbol, id: fill.tradeId, orderId: fill.orderId, side: fill.side, price: fill.price, qty: fill.quantity,
    realizedPnl: fill.realizedPnl, marginAsset: fill.commissionAsset, quoteQty: fill.quoteQuantity, commission: fill.commission,
    commissionAsset: fill.commissionAsset, time: fill.time, positionSide: fill.positionSide, buyer: fill.side === 'BUY', maker: fill.maker,
    clientOrderId: fill.clientOrderId, transportTime: stamp.transportTime,
  };
}

export function incomeJson(income: IncomeView): Record<string, unknown> {
  return {
    symbol: income.symbol, incomeType: income.type, income: income.amount, asset: income.asset, info: income.info,
    time: income.time, tranId: income.transactionId, tradeId: income.tradeId,
  };
}

/** Positions with a size, or all of a symbol in v2. */
export function positionRiskJson(core: VenueCore, position: PositionView, version: 2 | 3): Record<string, unknown> {
  const shared = {
    symbol: position.symbol, positionSide: position.positionSide, positionAmt: position.quantity, entryPrice: position.entryPrice,
    breakEvenPrice: position.breakEvenPrice, markPrice: position.markPrice, unRealizedProfit: position.unrealizedPnl,
    liquidationPrice: position.liquidationPrice, isolatedMargin: isolatedMargin(position), notional: position.notional,
    isolatedWallet: position.isolatedWallet, updateTime: position.updatedAt,
  };
  if (version === 2) {
    return {
      ...shared, leverage: String(position.leverage), maxNotionalValue: maxNotionalAt(core, position.symbol, position.leverage),
      marginType: position.marginType, isAutoAddMargin: 'false',
    };
  }
  return {
    ...shared, marginAsset: 'USDT', initialMargin: position.initialMargin, maintMargin: position.maintenanceMargin,
    positionInitialMargin: text(d(position.initialMargin).minus(position.openOrderInitialMargin)),
    openOrderInitialMargin: position.openOrderInitialMargin, adl: isFlat(position) ? 0 : 2, bidNotional: '0', askNotional: '0',
  };
}

/** Zero in cross margin, as Binance shows it: ccxt reads the margin mode from it. */
function isolatedMargin(position: PositionView): string {
  return position.marginType === 'cross' ? '0' : text(d(position.isolatedWallet).plus(position.unrealizedPnl));
}

export function isFlat(position: PositionView): boolean {
  return Number(position.quantity) === 0;
}

function maxNotionalAt(core: VenueCore, symbol: string, leverage: number): string {
  const fitting = bracketRows(core, symbol).filter((row) => leverage <= row.initialLeverage);
  return String(fitting.at(-1)?.notionalCap ?? 0);
}

export function accountJson(core: VenueCore, account: AccountView, positions: readonly PositionView[], version: 2 | 3): Record<string, unknown> {
  const totals = {
    totalInitialMargin: account.initialMargin, totalMaintMargin: account.maintenanceMargin, totalWalletBalance: account.walletBalance,
    totalUnrealizedProfit: account.unrealizedPnl, totalMarginBalance: account.marginBalance,
    totalPositionInitialMargin: account.positionInitialMargin, totalOpenOrderInitialMargin: account.openOrderInitialMargin,
    totalCrossWalletBalance: account.crossWalletBalance, totalCrossUnPnl: account.unrealizedPnl,
    availableBalance: account.availableBalance, maxWithdrawAmount: account.maxWithdrawAmount,
  };
  const asset = {
    asset: account.asset, walletBalance: account.walletBalance, unrealizedProfit: account.unrealizedPnl, marginBalance: account.marginBalance,
    maintMargin: account.maintenanceMargin, initialMargin: account.initialMargin, positionInitialMargin: account.positionInitialMargin,
    openOrderInitialMargin: account.openOrderInitialMargin, crossWalletBalance: account.crossWalletBalance,
    crossUnPnl: account.unrealizedPnl, availableBalance: account.availableBalance, maxWithdrawAmount: account.maxWithdrawAmount,
    ...(version === 2 ? { marginAvailable: true } : {}), updateTime: account.updatedAt,
  };
  const head = version === 2
    ? { feeTier: 0, feeBurn: false, canTrade: true, canDeposit: true, canWithdraw: true, updateTime: 0, multiAssetsMargin: false, tradeGroupId: -1 }
    : {};
  return { ...head, ...totals, assets: [asset], positions: positions.map((position) => accountPositionJson(core, position, version)) };
}

function accountPositionJson(core: VenueCore, position: PositionView, version: 2 | 3): Record<string, unknown> {
  const shared = {
    symbol: position.symbol, positionSide: position.positionSide, positionAmt: position.quantity, unrealizedProfit: position.unrealizedPnl,
    isolatedMargin: isolatedMargin(position), notional: position.notional, isolatedWallet: position.isolatedWallet,
    initialMargin: position.initialMargin, maintMargin: position.maintenanceMargin, updateTime: position.updatedAt,
  };
  if (version === 3) return shared;
  return {
    ...shared, positionInitialMargin: text(d(position.initialMargin).minus(position.openOrderInitialMargin)),
    openOrderInitialMargin: position.openOrderInitialMargin, leverage: String(position.leverage), isolated: position.marginType === 'isolated',
    entryPrice: position.entryPrice, breakEvenPrice: position.breakEvenPrice,
    maxNotional: maxNotionalAt(core, position.symbol, position.leverage), bidNotional: '0', askNotional: '0',
  };
}

export function balanceJson(account: AccountView): Record<string, unknown> {
  return {
    accountAlias: 'SgsR', asset: account.asset, balance: account.walletBalance, crossWalletBalance: account.crossWalletBalance,
    crossUnPnl: account.unrealizedPnl, availableBalance: account.availableBalance, maxWithdrawAmount: account.maxWithdrawAmount,
    marginAvailable: true, updateTime: account.updatedAt,
  };
}

/** One symbol of exchange information, with its filters. */
export function symbolJson(instrument: Instrument, onboardDate: number): Record<string, unknown> {
  return {
    symbol: instrument.venueSymbol, pair: instrument.venueSymbol, contractType: 'PERPETUAL', deliveryDate: 4133404800000, onboardDate,
    status: 'TRADING', maintMarginPercent: '2.5000', requiredMarginPercent: '5.0000', baseAsset: instrument.base, quoteAsset: instrument.quote,
    marginAsset: instrument.quote, pricePrecision: decimalsOf(instrument.tickSize), quantityPrecision: decimalsOf(instrument.stepSize),
    baseAssetPrecision: 8, quotePrecision: 8, underlyingType: 'COIN', underlyingSubType: [], triggerProtect: '0.0500',
    liquidationFee: '0.012500', marketTakeBound: '0.05', maxMoveOrderLimit: 10_000, filters: filtersJson(instrument),
    orderTypes: ['LIMIT', 'MARKET', 'STOP', 'STOP_MARKET', 'TAKE_PROFIT', 'TAKE_PROFIT_MARKET', 'TRAILING_STOP_MARKET'],
    timeInForce: ['GTC', 'IOC', 'FOK', 'GTX', 'GTD'], permissionSets: ['GRID', 'COPY'],
  };
}

/** Of price bands: a limit price may lie this far from the mark price. */
export const PERCENT_PRICE = { up: '1.0500', down: '0.9500', decimals: 4 } as const;

function filtersJson(instrument: Instrument): Record<string, unknown>[] {
  return [
    { filterType: 'PRICE_FILTER', minPrice: instrument.tickSize, maxPrice: MAX_PRICE, tickSize: instrument.tickSize },
    { filterType: 'LOT_SIZE', minQty: instrument.minQuantity, maxQty: instrument.maxQuantity, stepSize: instrument.stepSize },
    { filterType: 'MARKET_LOT_SIZE', minQty: instrument.minQuantity, maxQty: instrument.maxMarketQuantity, stepSize: instrument.stepSize },
    { filterType: 'MAX_NUM_ORDERS', limit: 200 },
    { filterType: 'MAX_NUM_ALGO_ORDERS', limit: 200 },
    { filterType: 'MIN_NOTIONAL', notional: instrument.minNotional },
    { filterType: 'PERCENT_PRICE', multiplierUp: PERCENT_PRICE.up, multiplierDown: PERCENT_PRICE.down, multiplierDecimal: String(PERCENT_PRICE.decimals) },
  ];
}

export const MAX_PRICE = '4529764';
