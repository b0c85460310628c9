import type { MarginType, PositionView, VenuePositionSide } from '../../domain/matching/types.ts';
import { bracketRows } from './brackets.ts';
import type { VenueCore } from './core.ts';
import { refusal } from './errors.ts';
import { accountJson, balanceJson, incomeJson, isFlat, positionRiskJson } from './format.ts';
import { historyQuery } from './history-query.ts';
import type { Limiter } from './limits.ts';
import type { AccountOptions } from './options.ts';
import { readSymbol } from './order-params.ts';
import type { Params } from './params.ts';
import type { Route, VenueRequest } from './route.ts';

/** Account, positions, settings, income. @source https://developers.binance.com/docs/derivatives/usds-margined-futures/account/rest-api */
export function accountRoutes(core: VenueCore, limiter: Limiter, accounts: readonly AccountOptions[]): Route[] {
  const signed = (method: Route['method'], path: string, weight: Route['weight'], handle: Route['handle'], more: Partial<Route> = {}): Route =>
    ({ method, path, security: 'signed', weight, handle, ...more });
  return [
    ...([2, 3] as const).flatMap((version) => [
      signed('GET', `/fapi/v${version}/account`, 5, ({ accountId }) => account(core, accountId, version)),
      signed('GET', `/fapi/v${version}/balance`, 5, ({ accountId }) => [balanceJson(core.engine.account(accountId))]),
      signed('GET', `/fapi/v${version}/positionRisk`, 5, (request) => positionRisk(core, request, version)),
    ]),
    signed('GET', '/fapi/v1/leverageBracket', 1, ({ params }) => symbolsOf(core, params).map((symbol) => ({ symbol, notionalCoef: 1, brackets: bracketRows(core, symbol) }))),
    signed('GET', '/fapi/v1/symbolConfig', 5, ({ params, accountId }) => symbolsOf(core, params).map((symbol) => symbolConfig(core, accountId, symbol))),
    signed('GET', '/fapi/v1/accountConfig', 5, ({ accountId }) => accountConfig(core, accountId)),
    signed('POST', '/fapi/v1/leverage', 1, (request) => setLeverage(core, request), { trades: true }),
    signed('POST', '/fapi/v1/marginType', 1, (request) => setMarginType(core, request), { trades: true }),
    signed('POST', '/fapi/v1/positionMargin', 1, (request) => moveMargin(core, request), { trades: true }),
    signed('GET', '/fapi/v1/positionSide/dual', 30, ({ accountId }) => ({ dualSidePosition: core.engine.account(accountId).hedgeMode })),
    signed('POST', '/fapi/v1/positionSide/dual', 1, (request) => setHedgeMode(core, request), { trades: true }),
    signed('GET', '/fapi/v1/multiAssetsMargin', 30, () => ({ multiAssetsMargin: false })),
    signed('POST', '/fapi/v1/multiAssetsMargin', 1, ({ params }) => setMultiAssets(params), { trades: true }),
    signed('GET', '/fapi/v1/feeBurn', 30, () => ({ feeBurn: false })),
    signed('GET', '/fapi/v1/income', 30, (request) => income(core, request)),
    signed('GET', '/fapi/v1/commissionRate', 20, ({ params }) => commissionRate(core, readSymbol(params, core))),
    signed('GET', '/fapi/v1/rateLimit/order', 1, () => orderLimits(limiter)),
    signed('GET', '/fapi/v1/adlQuantile', 5, ({ accountId }) => openPositions(core, accountId).map((position) => ({ symbol: position.symbol, adlQuantile: { LONG: 1, SHORT: 1, BOTH: 1 } }))),
    signed('GET', '/sapi/v1/account/apiRestrictions', 1, ({ accountId }) => apiRestrictions(accounts, accountId)),
  ];
}

function symbolsOf(core: VenueCore, params: Params): string[] {
  return params.has('symbol') ? [readSymbol(params, core)] : [...core.instruments.keys()];
}

function openPositions(core: VenueCore, accountId: string, symbol?: string): PositionView[] {
  return core.engine.positions(accountId, symbol).filter((position) => !isFlat(position) || Number(position.openOrderInitialMargin) > 0);
}

function account(core: VenueCore, accountId: string, version: 2 | 3): unknown {
  const positions = version === 3 ? openPositions(core, accountId) : allPositions(core, accountId);
  return accountJson(core, core.engine.account(accountId), positions, version);
}

function positionRisk(core: VenueCore, { params, accountId }: VenueRequest, version: 2 | 3): unknown {
  const symbol = params.has('symbol') ? readSymbol(params, core) : undefined;
  const positions = version === 3 ? openPositions(core, accountId, symbol) : allPositions(core, accountId, symbol);
  return positions.map((position) => positionRiskJson(core, position, version));
}

/** Every symbol, also where nothing was ever held. */
function allPositions(core: VenueCore, accountId: string, symbol?: string): PositionView[] {
  const symbols = symbol === undefined ? [...core.instruments.keys()] : [symbol];
  const sides: readonly VenuePositionSide[] = core.engine.account(accountId).hedgeMode ? ['LONG', 'SHORT'] : ['BOTH'];
  const known = core.engine.positions(accountId, symbol);
  return symbols.flatMap((each) => sides.map((side) =>
    known.find((position) => position.symbol === each && position.positionSide === side) ?? flatPosition(core, accountId, { symbol: each, side })));
}

function flatPosition(core: VenueCore, accountId: string, { symbol, side }: { symbol: string; side: VenuePositionSide }): PositionView {
  const { leverage, marginType } = core.engine.symbolSetting(accountId, symbol);
  return {
    accountId, symbol, positionSide: side, quantity: '0', entryPrice: '0', breakEvenPrice: '0', markPrice: core.engine.quote(symbol).markPrice,
    liquidationPrice: '0', unrealizedPnl: '0', notional: '0', leverage, marginType, isolatedWallet: '0', initialMargin: '0',
    openOrderInitialMargin: '0', maintenanceMargin: '0', updatedAt: 0,
  };
}

function symbolConfig(core: VenueCore, accountId: string, symbol: string): unknown {
  const { leverage, marginType } = core.engine.symbolSetting(accountId, symbol);
  const fitting = bracketRows(core, symbol).filter((row) => leverage <= row.initialLeverage);
  return {
    symbol, marginType: marginType === 'cross' ? 'CROSSED' : 'ISOLATED', isAutoAddMargin: false, leverage,
    maxNotionalValue: String(fitting.at(-1)?.notionalCap ?? 0),
  };
}

function accountConfig(core: VenueCore, accountId: string): unknown {
  return {
    feeTier: 0, canTrade: true, canDeposit: true, canWithdraw: true, dualSidePosition: core.engine.account(accountId).hedgeMode,
    updateTime: 0, multiAssetsMargin: false, tradeGroupId: -1,
  };
}

function setLeverage(core: VenueCore, { params, accountId }: VenueRequest): unknown {
  const symbol = readSymbol(params, core);
  const leverage = params.mandatoryInteger('leverage');
  if (leverage < 1 || leverage > 125) throw refusal('-4028', leverage);
  const set = core.command<'setLeverage'>({ kind: 'setLeverage', accountId, symbol, leverage });
  return { symbol, leverage: set.leverage, maxNotionalValue: String(Number(set.maxNotional)) };
}

function setMarginType(core: VenueCore, { params, accountId }: VenueRequest): unknown {
  const symbol = readSymbol(params, core);
  const given = params.mandatory('marginType');
  const marginTypes: Readonly<Record<string, MarginType>> = { ISOLATED: 'isolated', CROSSED: 'cross' };
  const marginType = marginTypes[given];
  if (marginType === undefined) throw refusal('-1130', 'marginType');
  core.command<'setMarginType'>({ kind: 'setMarginType', accountId, symbol, marginType });
  return { code: 200, msg: 'success' };
}

function moveMargin(core: VenueCore, { params, accountId }: VenueRequest): unknown {
  const symbol = readSymbol(params, core);
  const amount = params.mandatoryDecimal('amount');
  if (!(Number(amount) > 0)) throw refusal('-4055');
  const type = params.mandatoryInteger('type');
  if (type !== 1 && type !== 2) throw refusal('-1130', 'type');
  const side = params.text('positionSide') ?? 'BOTH';
  if (side !== 'BOTH' && side !== 'LONG' && side !== 'SHORT') throw refusal('-4060');
  core.command<'moveIsolatedMargin'>({ kind: 'moveIsolatedMargin', accountId, symbol, positionSide: side, amount: type === 1 ? amount : `-${amount}` });
  return { amount: Number(amount), code: 200, msg: 'Successfully modify position margin.', type };
}

function setHedgeMode(core: VenueCore, { params, accountId }: VenueRequest): unknown {
  params.mandatory('dualSidePosition');
  core.command<'setHedgeMode'>({ kind: 'setHedgeMode', accountId, hedgeMode: params.boolean('dualSidePosition') });
  return { code: 200, msg: 'success' };
}

/** One asset exists: the mode cannot change. */
function setMultiAssets(params: Params): unknown {
  params.mandatory('multiAssetsMargin');
  if (params.boolean('multiAssetsMargin')) throw refusal('-1020');
  throw refusal('-4171');
}

function income(core: VenueCore, { params, accountId }: VenueRequest): unknown {
  const symbol = params.has('symbol') ? readSymbol(params, core) : undefined;
  const type = params.text('incomeType');
  const limit = params.limit(100, 1_000);
  const page = params.integer('page') ?? 1;
  if (page < 1) throw refusal('-1130', 'page');
  const { query, since } = historyQuery(params, { accountId, symbol, fromId: undefined, now: core.marketTime(), daysMax: Infinity, limit: limit * page });
  const rows = core.engine.income({ ...query, ...(type === undefined ? {} : { type }) }).filter((row) => row.time >= since);
  return pageOf(rows, { page, limit, fromStart: params.has('startTime') }).map(incomeJson);
}

/** From a start time on, pages follow each other; without one the first page holds the newest rows, and each further one older rows. */
function pageOf<T>(rows: readonly T[], { page, limit, fromStart }: { page: number; limit: number; fromStart: boolean }): readonly T[] {
  const begin = fromStart ? limit * (page - 1) : Math.max(0, rows.length - limit * page);
  const end = fromStart ? begin + limit : Math.max(0, rows.length - limit * (page - 1));
  return rows.slice(begin, end);
}

function commissionRate(core: VenueCore, symbol: string): unknown {
  const instrument = core.instrument(symbol);
  return { symbol, makerCommissionRate: instrument.makerFeeRate, takerCommissionRate: instrument.takerFeeRate };
}

function orderLimits(limiter: Limiter): unknown {
  return [
    { rateLimitType: 'ORDERS', interval: 'SECOND', intervalNum: 10, limit: limiter.options.ordersPer10Seconds },
    { rateLimitType: 'ORDERS', interval: 'MINUTE', intervalNum: 1, limit: limiter.options.ordersPerMinute },
  ];
}

/** @source https://developers.binance.com/docs/wallet/account/api-key-permission */
function apiRestrictions(accounts: readonly AccountOptions[], accountId: string): unknown {
  const permissions = accounts.find((candidate) => candidate.accountId === accountId)?.permissions;
  return {
    ipRestrict: permissions?.ipRestricted ?? false, createTime: 0, enableReading: true, enableWithdrawals: permissions?.withdraw ?? false,
    enableInternalTransfer: false, enableMargin: false, enableFutures: permissions?.trade ?? false, permitsUniversalTransfer: false,
    enableVanillaOptions: false, enableFixApiTrade: false, enableFixReadOnly: false, enableSpotAndMarginTrading: false, enablePortfolioMarginTrading: false,
  };
}
