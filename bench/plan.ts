import { planCycle } from '../domain/cycle/plan-cycle.ts';
import type { Observation, SymbolObservation, Vote } from '../domain/cycle/types.ts';
import { PRESETS } from '../domain/policy/policy.ts';

const CLOSE_TIME = Date.UTC(2023, 0, 5, 14);

/** Every third symbol wants a position, every third disagrees, the rest abstain. */
function symbolOf(index: number): SymbolObservation {
  const vote = (action: Vote['action']): Vote => ({ voter: 'v', version: '1', action, confidence: action === 'abstain' ? 0 : 0.6, probabilities: null, because: '' });
  const votes = [[vote('buy'), vote('buy')], [vote('buy'), vote('sell')], [vote('abstain'), vote('abstain')]][index % 3] ?? [];
  return {
    instrument: {
      id: `S${index}-USDT-PERP`, venueSymbol: `S${index}USDT`, base: `S${index}`, quote: 'USDT', kind: 'perpetual', tickSize: '0.01', stepSize: '0.001', minQuantity: '0.001',
      maxQuantity: '10000', maxMarketQuantity: '1000', minNotional: '5', maxNotional: null, makerFeeRate: '0.0002', takerFeeRate: '0.0005',
    },
    candle: { openTime: CLOSE_TIME - 3_600_000, open: 99, high: 101, low: 98, close: 100 + index / 100, volume: 1_000 },
    quality: { score: 100, tradable: true, issues: [] }, features: { atr14: 2 }, regime: { regime: 'range', score: 1 }, votes,
  };
}

function observationOf(count: number): Observation {
  return {
    candle: { portfolioId: 'bench', strategy: 'ensemble', timeframe: '1h', closeTime: CLOSE_TIME }, late: false,
    symbols: Array.from({ length: count }, (_, index) => symbolOf(index)),
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
  }).slice(20).sort((a, b) => a - b); // the first twenty warm up
  return times[Math.floor(times.length / 2)] ?? Number.NaN;
}

/** Planning alone, a third of the symbols opening. @returns medians in milliseconds. */
export function benchPlan(): { ms50: number; ms400: number } {
  return { ms50: medianMs(50), ms400: medianMs(400) };
}
