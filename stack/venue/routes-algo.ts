import type { AlgoKey, AlgoOrderView } from '../../domain/matching/types.ts';
import type { VenueCore } from './core.ts';
import { refusal, VenueError } from './errors.ts';
import { algoJson } from './format.ts';
import { historyQuery, isVisible } from './history-query.ts';
import { readAlgoOrder, readSymbol } from './order-params.ts';
import type { Params } from './params.ts';
import type { Route, VenueRequest } from './route.ts';

const SEVEN_DAYS = 7;

/** The algo service: conditional orders. @source https://developers.binance.com/docs/derivatives/usds-margined-futures/trade/rest-api/New-Algo-Order */
export function algoRoutes(core: VenueCore): Route[] {
  const signed = (method: Route['method'], path: string, weight: Route['weight'], handle: Route['handle'], more: Partial<Route> = {}): Route =>
    ({ method, path: `/fapi/v1/${path}`, security: 'signed', weight, handle, ...more });
  return [
    signed('POST', 'algoOrder', 0, (request) => placeAlgo(core, request), { orders: { tenSeconds: 1, minute: 1 }, trades: true }),
    signed('GET', 'algoOrder', 1, (request) => queryAlgo(core, request)),
    signed('DELETE', 'algoOrder', 1, (request) => cancelAlgo(core, request), { trades: true }),
    signed('DELETE', 'algoOpenOrders', 1, (request) => cancelAllAlgos(core, request), { trades: true }),
    signed('GET', 'openAlgoOrders', (params) => (params.has('symbol') ? 1 : 40), (request) => openAlgos(core, request)),
    signed('GET', 'allAlgoOrders', 5, (request) => allAlgos(core, request)),
  ];
}

function placeAlgo(core: VenueCore, { params, accountId, fillShare }: VenueRequest): unknown {
  const order = readAlgoOrder(params, { core, accountId, fillShare });
  const placed = core.command<'placeAlgo'>({ kind: 'placeAlgo', accountId, order });
  return algoJson(placed, core.stampOf('algo', placed));
}

function readKey(params: Params): AlgoKey {
  const algoId = params.integer('algoId');
  if (algoId !== undefined) return { algoId };
  const clientAlgoId = params.text('clientAlgoId');
  if (clientAlgoId !== undefined) return { clientAlgoId };
  throw new VenueError(-1102, "Param 'algoId' or 'clientAlgoId' must be sent, but both were empty/null!");
}

function queryAlgo(core: VenueCore, { params, accountId, lagMs }: VenueRequest): unknown {
  const algo = core.engine.findAlgo(accountId, readKey(params));
  if (algo === undefined || !isVisible(core, core.stampOf('algo', algo), lagMs)) throw refusal('-2013');
  return algoJson(algo, core.stampOf('algo', algo));
}

function cancelAlgo(core: VenueCore, { params, accountId, cancelLost }: VenueRequest): unknown {
  const key = readKey(params);
  const canceled = cancelLost ? core.engine.findAlgo(accountId, key) : core.command<'cancelAlgo'>({ kind: 'cancelAlgo', accountId, key });
  if (canceled === undefined) throw refusal('-2011');
  return { algoId: canceled.algoId, clientAlgoId: canceled.clientAlgoId, code: '200', msg: 'success' };
}

function cancelAllAlgos(core: VenueCore, { params, accountId, cancelLost }: VenueRequest): unknown {
  const symbol = readSymbol(params, core);
  if (!cancelLost) core.command<'cancelAllAlgos'>({ kind: 'cancelAllAlgos', accountId, symbol });
  return { code: 200, msg: 'The operation of cancel all open order is done.' };
}

function openAlgos(core: VenueCore, { params, accountId, lagMs }: VenueRequest): unknown {
  const symbol = params.has('symbol') ? readSymbol(params, core) : undefined;
  const algoId = params.integer('algoId');
  const open = core.engine.openAlgos(accountId, symbol).filter((algo) => algoId === undefined || algo.algoId === algoId);
  return listed(core, open, lagMs);
}

function allAlgos(core: VenueCore, { params, accountId, lagMs }: VenueRequest): unknown {
  const symbol = readSymbol(params, core);
  const limit = params.limit(500, 1_000);
  const fromId = params.integer('algoId');
  const { query, since } = historyQuery(params, { accountId, symbol, fromId, now: core.marketTime(), daysMax: SEVEN_DAYS, limit });
  return listed(core, core.engine.algos(query).filter((algo) => algo.createdAt >= since), lagMs);
}

function listed(core: VenueCore, algos: readonly AlgoOrderView[], lagMs: number): unknown[] {
  return algos.flatMap((algo) => {
    const stamp = core.stampOf('algo', algo);
    return isVisible(core, stamp, lagMs) ? [algoJson(algo, stamp)] : [];
  });
}
