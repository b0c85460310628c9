import { observeSymbol } from '../domain/cycle/observe.ts';
import { planCycle } from '../domain/cycle/plan-cycle.ts';
import type { Observation, SymbolObservation, Vote } from '../domain/cycle/types.ts';
import { seededMarket } from '../domain/market/seeded/seeded-market.ts';
import { PRESETS } from '../domain/policy/policy.ts';
import { BUILT_IN } from '../strategies/built-in/index.ts';
import type { Row } from './support/measurement.ts';
import { atMostMs } from './support/measurement.ts';
import { median, quantile } from './support/statistics.ts';

const CLOSE_TIME = Date.UTC(2023, 0, 5, 14);

/** Every third symbol wants a position, every third disagrees, the rest abstain. */
function symbolOf(index: number, closeTime: number): SymbolObservation {
  const vote = (action: Vote['action']): Vote => ({ voter: 'v', version: '1', action, confidence: action === 'abstain' ? 0 : 0.6, probabilities: null, because: '' });
  const votes = [[vote('buy'), vote('buy')], [vote('buy'), vote('sell')], [vote('abstain'), vote('abstain')]][index % 3] ?? [];
  return {
    instrument: {
      id: `S${index}-USDT-PERP`, venueSymbol: `S${index}USDT`, base: `S${index}`, quote: 'USDT', kind: 'perpetual', tickSize: '0.01', stepSize: '0.001', minQuantity: '0.001',
      maxQuantity: '10000', maxMarketQuantity: '1000', minNotional: '5', maxNotional: null, makerFeeRate: '0.0002', takerFeeRate: '0.0005',
    },
    candle: { openTime: closeTime - 3_600_000, open: 99, high: 101, low: 98, close: 100 + index / 100, volume: 1_000 },
    quality: { score: 100, tradable: true, issues: [] }, features: { atr14: 2 }, regime: { regime: 'range', score: 1 }, votes,
  };
}

/** What a cycle might see of so many symbols; each third one wants to open. */
export function observationOf(count: number, { closeTime = CLOSE_TIME }: { closeTime?: number } = {}): Observation {
  return {
    candle: { portfolioId: 'bench', strategy: 'ensemble', timeframe: '1h', closeTime }, late: false,
    symbols: Array.from({ length: count }, (_, index) => symbolOf(index, closeTime)),
    account: {
      portfolioId: 'bench', deploymentId: 'abcde', walletBalance: '1000000', equity: '1000000', availableMargin: '1000000', fence: { epoch: 1, halted: false },
      policy: { ...PRESETS.normal, positionsMax: count }, policyVersion: 1, positionMode: 'oneWay', positions: [], unsettledInstruments: [], foreignInstruments: [], observedAt: 0,
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

/** Quality, features, regime and votes of eight symbols, then the plan: what a cycle computes when its candles are there. */
function newestCandleTimes(): readonly number[] {
  const [strategy] = BUILT_IN;
  if (strategy === undefined) throw new Error('no strategy is built in');
  const market = seededMarket({ seed: 'bench', timeframe: '1h', startTime: 0 });
  const account = observationOf(8).account;
  return Array.from({ length: 320 }, (_, round) => {
    const last = strategy.warmupCandles + round;
    const closeTime = last * 3_600_000;
    const windows = market.instruments.map((instrument) => ({ instrument, candles: market.history(instrument.id, last, strategy.warmupCandles), strategy, timeframe: '1h' as const, closeTime }));
    const startedMs = performance.now();
    const symbols = windows.map(observeSymbol);
    planCycle({ cycleId: 'bench', observation: { candle: { portfolioId: 'bench', strategy: strategy.name, timeframe: '1h', closeTime }, late: false, symbols, account } });
    return performance.now() - startedMs;
  }).slice(20);
}

/** Planning alone, a third of the symbols opening; and everything from candles to plan. */
export function benchPlan(): Promise<readonly Row[]> {
  return Promise.resolve([
    atMostMs('planning, 50 symbols, p50', medianMs(50), 5),
    atMostMs('planning, 400 symbols, p50', medianMs(400), 40),
    atMostMs('newest candle → plan, computation alone, 8 symbols, p99', quantile(newestCandleTimes(), 0.99), 50),
  ]);
}
