/** The matching core alone: orders a second, accepted, matched, booked and told, on one core. */
import { MatchingEngine } from '../domain/matching/engine.ts';
import { defaultEngineConfig } from '../domain/matching/defaults.ts';
import type { HistoryStore, NewOrder } from '../domain/matching/types.ts';
import { seededMarket } from '../domain/market/seeded/seeded-market.ts';

const ORDERS = 300_000;
const WARM_UP = 50_000;
const ACCOUNT = 'bench';

/** Takes what is over and forgets it, so that the engine alone is measured. */
const NO_HISTORY: HistoryStore = {
  appendOrder: () => undefined, appendAlgo: () => undefined, appendFill: () => undefined, appendIncome: () => undefined,
  orders: () => [], algos: () => [], fills: () => [], income: () => [], findOrder: () => undefined, findAlgo: () => undefined,
};

function readyEngine(): MatchingEngine {
  const market = seededMarket({ seed: 'bench', timeframe: '1h', startTime: 1_700_006_400_000 });
  const engine = new MatchingEngine(defaultEngineConfig(market.instruments), NO_HISTORY);
  engine.execute({ kind: 'openAccount', accountId: ACCOUNT, wallet: '100000000' });
  const bars = market.instruments.flatMap(({ id, venueSymbol }) => {
    const candle = market.candleAt(id, 0);
    return candle === undefined ? [] : [{ ...candle, symbol: venueSymbol, fundingRate: null }];
  });
  engine.execute({ kind: 'loadBars', batch: { openTime: market.startTime, lengthMs: 3_600_000, bars } });
  engine.execute({ kind: 'step', untilTime: null });
  return engine;
}

/** Of four orders: a limit that rests and is cancelled, a limit that takes, a market sell that closes, a post-only that is refused. */
function run(engine: MatchingEngine, orders: number, prefix: string): number {
  const base = { symbol: 'BTCUSDT', positionSide: 'BOTH', reduceOnly: false, goodTillDate: null } as const;
  const ask = Number(engine.quote('BTCUSDT').askPrice);
  const below = (ask * 0.99).toFixed(1);
  const above = (ask * 1.001).toFixed(1);
  const cycle: readonly Omit<NewOrder, 'clientOrderId'>[] = [
    { ...base, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.002', price: below },
    { ...base, side: 'BUY', type: 'LIMIT', timeInForce: 'GTC', quantity: '0.002', price: above },
    { ...base, side: 'SELL', type: 'MARKET', timeInForce: 'GTC', quantity: '0.002', price: null },
    { ...base, side: 'BUY', type: 'LIMIT', timeInForce: 'GTX', quantity: '0.002', price: above },
  ];
  const start = performance.now();
  for (let i = 0; i < orders; i += 1) {
    const order = cycle[i % cycle.length];
    if (order === undefined) throw new Error('the cycle of orders is empty');
    const clientOrderId = `${prefix}${i}`;
    const outcome = engine.execute({ kind: 'placeOrder', accountId: ACCOUNT, order: { ...order, clientOrderId } });
    if (!outcome.ok && outcome.rejection.code !== -5022) throw new Error(`order ${clientOrderId} was refused: ${outcome.rejection.message}`);
    if (i % cycle.length === 0) engine.execute({ kind: 'cancelOrder', accountId: ACCOUNT, symbol: 'BTCUSDT', key: { clientOrderId } });
  }
  return (orders / (performance.now() - start)) * 1_000;
}

/** @returns placed orders a second; the cancels among them come on top. */
export async function benchMatching(): Promise<{ ordersPerSecond: number }> {
  const engine = readyEngine();
  run(engine, WARM_UP, 'w');
  return Promise.resolve({ ordersPerSecond: Math.round(run(engine, ORDERS, 'm')) });
}
