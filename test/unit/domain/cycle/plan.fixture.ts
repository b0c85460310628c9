import type { AccountObservation, Observation, PositionView, SymbolObservation, Vote } from '../../../../domain/cycle/types.ts';
import type { Instrument } from '../../../../domain/market/instrument.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';

export const HOUR_MS = 3_600_000;
export const CLOSE_TIME = Date.UTC(2023, 0, 5, 14);

export const INSTRUMENT: Instrument = {
  id: 'BTC-USDT-PERP', venueSymbol: 'BTCUSDT', base: 'BTC', quote: 'USDT', kind: 'perpetual', tickSize: '0.1', stepSize: '0.001', minQuantity: '0.001',
  maxQuantity: '1000', maxMarketQuantity: '100', minNotional: '5', maxNotional: null, makerFeeRate: '0.0002', takerFeeRate: '0.0005',
};

export function vote(action: Vote['action'], confidence = 0.7, voter = 'one'): Vote {
  return { voter, version: '1', action, confidence: action === 'abstain' ? 0 : confidence, probabilities: action === 'abstain' ? null : { buy: 0.4, sell: 0.3, hold: 0.3 }, because: 'because' };
}

export function symbolWith(changes: Partial<SymbolObservation> = {}): SymbolObservation {
  return {
    instrument: INSTRUMENT,
    candle: { openTime: CLOSE_TIME - HOUR_MS, open: 99, high: 101, low: 98, close: 100, volume: 1_000 },
    quality: { score: 100, tradable: true, issues: [] },
    features: { atr14: 2 },
    regime: { regime: 'trendUp', score: 1 },
    votes: [vote('buy', 0.7, 'one'), vote('buy', 0.7, 'two')],
    ...changes,
  };
}

export function accountWith(changes: Partial<AccountObservation> = {}): AccountObservation {
  return {
    portfolioId: 'sim', deploymentId: 'abcde', walletBalance: '10000', equity: '10000', availableMargin: '10000', fence: { epoch: 3, halted: false },
    policy: PRESETS.normal, policyVersion: 1, positionMode: 'oneWay', positions: [], unsettledInstruments: [], foreignInstruments: [], observedAt: 5_000, ...changes,
  };
}

/** Long 1 BTC from 100, stop 97, target 106, R = 3, five hours old. */
export function positionWith(changes: Partial<PositionView> = {}): PositionView {
  return {
    positionId: 'position/sim/ensemble/BTC-USDT-PERP/x/long', instrumentId: INSTRUMENT.id, direction: 'long', state: 'open', quantity: '1', entryPrice: '100', stopPrice: '97',
    targetPrice: '106', riskPerUnit: '3', openedAt: CLOSE_TIME - 5 * HOUR_MS, ...changes,
  };
}

export function observationWith(changes: { symbols?: readonly SymbolObservation[]; account?: Partial<AccountObservation>; late?: boolean } = {}): Observation {
  return {
    candle: { portfolioId: 'sim', strategy: 'ensemble', timeframe: '1h', closeTime: CLOSE_TIME },
    late: changes.late ?? false,
    symbols: changes.symbols ?? [symbolWith()],
    account: accountWith(changes.account),
  };
}
