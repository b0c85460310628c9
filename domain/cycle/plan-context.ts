/** What all candidates of one plan share, computed once. */
import type { Losses } from '../emergency/equity.ts';
import type { Governed } from '../guard/governor.ts';
import { directivesOf, govern } from '../guard/governor.ts';
import type { InstrumentId } from '../market/instrument.ts';
import type { Policy } from '../policy/policy.ts';
import type { CorrelationLevel, Correlations } from '../risk/correlation.ts';
import { correlationLevelOf, correlationsOf } from '../risk/correlation.ts';
import type { SymbolState } from './symbol-state.ts';
import { symbolStateOf } from './symbol-state.ts';
import { NO_RECORD } from './risk-facts.ts';
import type { Observation } from './types.ts';

export interface PlanContext {
  readonly cycleId: string;
  readonly observation: Observation;
  readonly policy: Policy;
  readonly isEmergency: boolean;
  readonly losses: Losses;
  readonly governed: Governed;
  readonly correlations: Correlations;
  readonly level: CorrelationLevel | null;
  readonly states: ReadonlyMap<InstrumentId, SymbolState>;
}

export function planContextOf(cycleId: string, observation: Observation): PlanContext {
  const { account, risk, candle } = observation;
  const { policy } = account;
  const { losses } = risk;
  const overlay = { isEmergency: account.overlay.emergencyMode, sizeFactor: account.overlay.owners.sizeFactor === 'policy' && account.overlay.sizeFactor === 1 ? null : account.overlay.sizeFactor };
  return {
    cycleId, observation, policy, losses, isEmergency: overlay.isEmergency,
    governed: govern(directivesOf({ dailyLossBps: losses.dailyLossBps, trades: risk.trades, closeTime: candle.closeTime, overlay, models: observation.models, policy })),
    correlations: correlationsOf(risk.returns, policy.correlationReturnsMin),
    level: correlationLevelOf(risk.returns, policy.correlationReturnsMin),
    states: new Map(observation.symbols.map((symbol) => [symbol.instrument.id, symbolStateOf({
      memory: risk.memory.symbols[symbol.instrument.id], record: risk.trades.bySymbol[symbol.instrument.id] ?? NO_RECORD,
      candle: symbol.quality.tradable ? symbol.candle : null, closeTime: candle.closeTime, policy,
    })])),
  };
}
