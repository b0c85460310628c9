import { observeSymbol } from '../domain/cycle/observe.ts';
import { planCycle } from '../domain/cycle/plan-cycle.ts';
import { NO_MEMORY, NO_TRADES } from '../domain/cycle/risk-facts.ts';
import type { Observation, SymbolObservation, Vote } from '../domain/cycle/types.ts';
import { seededMarket } from '../domain/market/seeded/seeded-market.ts';
import { effectivePolicyOf } from '../domain/policy/effective.ts';
import { PRESETS } from '../domain/policy/policy.ts';
import { RISK_CANDLES } from '../domain/risk/returns.ts';
import { BUILT_IN } from '../strategies/built-in/index.ts';
import type { Row } from './support/measurement.ts';
import { atMostMs } from './support/measurement.ts';
import { median, quantile } from './support/statistics.ts';

const CLOSE_TIME = Date.UTC(2023, 0, 5, 14);

/** Every third symbol wants a position (every other one of these long), every third disagrees, the rest abstain. */
function symbolOf(index: number, closeTime: number): SymbolObservation {
  const vote = (action: Vote['action']): Vote => ({ voter: 'v', version: '1', action, confidence: action === 'abstain' ? 0 : 0.6 + index / 10_000, probabilities: null, because: '' });
  const side = index % 2 === 0 ? 'buy' : 'sell';
  const votes = [[vote(side), vote(side)], [vote('buy'), vote('sell')], [vote('abstain'), vote('abstain')]][index % 3] ?? [];
  return {
    instrument: {
      id: `S${index}-USDT-PERP`, venueSymbol: `S${index}USDT`, base: `S${index}`, quote: 'USDT', kind: 'perpetual', tickSize: '0.01', stepSize: '0.001', minQuantity: '0.001',
      maxQuantity: '10000', maxMarketQuantity: '1000', minNotional: '5', maxNotional: null, makerFeeRate: '0.0002', takerFeeRate: '0.0005',
    },
    candle: { openTime: closeTime - 3_600_000, open: 99, high: 101, low: 98, close: 100 + index / 100, volume: 1_000 },
    quality: { score: 100, tradable: true, issues: [] }, features: { atr14: 2, rsi14: 50, adx14: 30 }, votes,
    regime: { regime: 'trendUp', score: 1, stability: 1, since: 0, seen: [], volatility: { class: 'normal', percentile: 50, toMedian: 1 } },
  };
}

/** A month of returns that hang together, each with a will of its own. */
function returnsOf(index: number): readonly number[] {
  return Array.from({ length: 180 }, (_, at) => Math.round(100 * (Math.sin(at) + Math.sin(at * (2 + index / 7)))) / 10);
}

/** What a cycle might see of so many symbols; each third one wants to open, and all of these have a venue and a past. */
export function observationOf(count: number, { closeTime = CLOSE_TIME }: { closeTime?: number } = {}): Observation {
  const symbols = Array.from({ length: count }, (_, index) => symbolOf(index, closeTime));
  const wanting = symbols.flatMap((symbol, index) => (index % 3 === 0 ? [{ id: symbol.instrument.id, index }] : []));
  return {
    candle: { portfolioId: 'bench', strategy: 'ensemble', timeframe: '1h', closeTime }, late: false, symbols,
    account: {
      portfolioId: 'bench', deploymentId: 'abcde', walletBalance: '1000000', equity: '1000000', availableMargin: '1000000', fence: { epoch: 1, halted: false },
      policy: { ...PRESETS.normal, positionsMax: count, batchBuyShareMax: 1, ordersPerMinuteMax: 1_000, correlationMax: 1 },
      overlay: effectivePolicyOf(PRESETS.normal, []), policyVersion: 1, positionMode: 'oneWay', positions: [], unsettledInstruments: [], foreignInstruments: [], observedAt: 0,
    },
    risk: {
      trades: NO_TRADES, venueProblem: null, losses: { dailyLossBps: 0, drawdownBps: 0, recoveryDrawdownBps: 0 }, memory: NO_MEMORY, foreign: [], otherVenues: [],
      conditions: Object.fromEntries(wanting.map(({ id }) => [id, { volume24h: '50000000', spreadBps: 1, depth: '1000000', funding: null, leverageMax: 20 }])),
      returns: Object.fromEntries(wanting.map(({ id, index }) => [id, returnsOf(index)])),
    },
  };
}

function medianMs(count: number): number {
  const observation = observationOf(count);
  const times = Array.from({ length: 60 }, () => {
    const startedMs = performance.now();
    planCycle({ cycleId: 'bench', observation });
    return performance.now() - startedMs;
  });
  return median(times.slice(20)); // the first twenty warm up
}

const ROUNDS = 320;

/** Quality, features, regime, volatility and votes of eight symbols, then the plan: what a cycle computes when its candles are there. */
function newestCandleTimes(): readonly number[] {
  const [strategy] = BUILT_IN;
  if (strategy === undefined) throw new Error('no strategy is built in');
  const market = seededMarket({ seed: 'bench', timeframe: '1h', startTime: 0 });
  const { account, risk } = observationOf(8);
  const histories = market.instruments.map((instrument) => ({ instrument, candles: market.history(instrument.id, RISK_CANDLES + ROUNDS, RISK_CANDLES + ROUNDS) }));
  return Array.from({ length: ROUNDS }, (_, round) => {
    const closeTime = (RISK_CANDLES + round) * 3_600_000;
    const windows = histories.map(({ instrument, candles }) => ({ instrument, candles: candles.slice(round, RISK_CANDLES + round), strategy, timeframe: '1h' as const, closeTime, memory: undefined, policy: account.policy }));
    const startedMs = performance.now();
    const symbols = windows.map(observeSymbol);
    planCycle({ cycleId: 'bench', observation: { candle: { portfolioId: 'bench', strategy: strategy.name, timeframe: '1h', closeTime }, late: false, symbols, account, risk } });
    return performance.now() - startedMs;
  }).slice(20);
}

/** Planning alone, a third of the symbols opening; and everything from candles to plan. */
export function benchPlan(): Promise<readonly Row[]> {
  return Promise.resolve([
    atMostMs('planning, 50 symbols, p50', medianMs(50), 5),
    atMostMs('the whole chain votes → order, 400 symbols, p50', medianMs(400), 60),
    atMostMs('newest candle → plan, computation alone, 8 symbols, p99', quantile(newestCandleTimes(), 0.99), 50),
  ]);
}
