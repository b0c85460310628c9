import type { RiskFacts, VenueConditions } from '../../../../domain/cycle/risk-facts.ts';
import { NO_MEMORY, NO_TRADES } from '../../../../domain/cycle/risk-facts.ts';
import type { AccountObservation, Observation, PositionView, RegimeReading, SymbolObservation, Vote } from '../../../../domain/cycle/types.ts';
import type { Instrument } from '../../../../domain/market/instrument.ts';
import { effectivePolicyOf } from '../../../../domain/policy/effective.ts';
import type { Policy } from '../../../../domain/policy/policy.ts';
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

/** One target for all of a position, exits by the regime's numbers alone. */
export const PLAIN: Policy = { ...PRESETS.normal, dynamicExits: false, tp1CloseShare: 0 };

/** Neither guard nor posture demands anything. */
export const NO_OVERLAY: AccountObservation['overlay'] = { emergencyMode: false, sizeFactor: 1, owners: effectivePolicyOf(PLAIN, []).owners };

/** A regime too young to set exits by, in usual volatility: they are those of regime `normal`. */
export function regimeWith(changes: Partial<RegimeReading> = {}): RegimeReading {
  return { regime: 'trendUp', score: 1, stability: 0.25, since: CLOSE_TIME - 24 * HOUR_MS, seen: [], volatility: { class: 'normal', percentile: 50, toMedian: 1 }, ...changes };
}

export function symbolWith(changes: Partial<SymbolObservation> = {}): SymbolObservation {
  return {
    instrument: INSTRUMENT,
    candle: { openTime: CLOSE_TIME - HOUR_MS, open: 99, high: 101, low: 98, close: 100, volume: 1_000 },
    quality: { score: 100, tradable: true, issues: [] },
    features: { atr14: 2, rsi14: 55, adx14: 30 },
    regime: regimeWith(),
    votes: [vote('buy', 0.7, 'one'), vote('buy', 0.7, 'two')],
    ...changes,
  };
}

export function accountWith(changes: Partial<AccountObservation> = {}): AccountObservation {
  return {
    portfolioId: 'sim', deploymentId: 'abcde', walletBalance: '10000', equity: '10000', availableMargin: '10000', fence: { epoch: 3, halted: false },
    policy: PLAIN, overlay: NO_OVERLAY, policyVersion: 1, positionMode: 'oneWay', positions: [], unsettledInstruments: [], foreignInstruments: [], observedAt: 5_000, ...changes,
  };
}

/** What passes the venue filter on both sides. */
export const LIQUID: VenueConditions = { volume24h: '50000000', spreadBps: 1, depth: '1000000', funding: { rateBps: 1, nextAt: CLOSE_TIME + 2 * HOUR_MS, intervalHours: 8 }, leverageMax: 20 };
/** A tenth of a per cent each four hours, up and down in turn. */
export const CALM_RETURNS = Array.from({ length: 180 }, (_, index) => (index % 2 === 0 ? 10 : -10));

/** A liquid market, thirty calm days, nothing traded yet. */
export function riskWith(changes: Partial<RiskFacts> = {}): RiskFacts {
  return {
    trades: NO_TRADES, losses: { dailyLossBps: 0, drawdownBps: 0, recoveryDrawdownBps: 0 }, venueProblem: null, foreign: [], otherVenues: [], memory: NO_MEMORY,
    conditions: { [INSTRUMENT.id]: LIQUID },
    returns: { [INSTRUMENT.id]: CALM_RETURNS },
    ...changes,
  };
}

/** Long 1 BTC from 100, stop 97, target 106, R = 3, five hours old. */
export function positionWith(changes: Partial<PositionView> = {}): PositionView {
  return {
    positionId: 'position/sim/ensemble/BTC-USDT-PERP/x/long', instrumentId: INSTRUMENT.id, direction: 'long', state: 'open', quantity: '1', entryPrice: '100', stopPrice: '97',
    targetPrice: '106', riskPerUnit: '3', openedAt: CLOSE_TIME - 5 * HOUR_MS, entryQuantity: '1', plannedQuantity: '1', score: 0.7,
    exit: { regime: 'normal', atr: '2', targetDistance: '6' }, ladder: null, ...changes,
  };
}

export function observationWith(changes: { symbols?: readonly SymbolObservation[]; account?: Partial<AccountObservation>; risk?: Partial<RiskFacts>; late?: boolean } = {}): Observation {
  return {
    candle: { portfolioId: 'sim', strategy: 'ensemble', timeframe: '1h', closeTime: CLOSE_TIME },
    late: changes.late ?? false,
    symbols: changes.symbols ?? [symbolWith()],
    account: accountWith(changes.account),
    risk: riskWith(changes.risk),
  };
}
