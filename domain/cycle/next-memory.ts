import type { InstrumentId } from '../market/instrument.ts';
import type { Side } from '../orders/order.ts';
import { scoresOf } from '../predictions/prediction.ts';
import { withScores } from '../predictions/scores.ts';
import type { CombinedSignal } from '../signals/combine.ts';
import type { Candidate, ChainResult } from './chain.ts';
import type { PlanContext } from './plan-context.ts';
import type { CycleMemory, PaperTrade, SymbolMemory } from './risk-facts.ts';
import type { OpenPlan, SymbolObservation } from './types.ts';

export interface Planned {
  readonly signals: ReadonlyMap<InstrumentId, CombinedSignal>;
  readonly opens: readonly OpenPlan[];
  readonly onPaper: ReadonlyMap<InstrumentId, { readonly candidate: Candidate; readonly result: ChainResult & { readonly kind: 'refused' } }>;
}

/** What this cycle leaves for the next. Symbols that are not watched any more are forgotten. */
export function nextMemory(context: PlanContext, planned: Planned): CycleMemory {
  const { observation, policy } = context;
  const { memory, priors } = observation.risk;
  const sides = planned.opens.map((it): Side => it.entry.side);
  return {
    symbols: Object.fromEntries(observation.symbols.map((symbol) => [symbol.instrument.id, symbolMemory(context, planned, symbol)])),
    sides: [...memory.sides, ...sides].slice(-policy.sideWindowSignals),
    ...(priors === undefined ? {} : { scores: withScores(memory.scores ?? {}, scoresOf(observation, planned.signals)) }), // a cycle from before comes to the same plan again
  };
}

function symbolMemory({ observation, states }: PlanContext, { opens, onPaper }: Planned, { instrument, regime, quality }: SymbolObservation): SymbolMemory {
  const before = observation.risk.memory.symbols[instrument.id];
  const state = states.get(instrument.id) ?? { disabled: null, enabledAt: null };
  const isOpened = opens.some((it) => it.instrument.id === instrument.id);
  const paper = onPaper.get(instrument.id);
  const disabled = state.disabled === null || state.disabled.paper !== null || paper === undefined ? state.disabled : { ...state.disabled, paper: paperOf(paper) };
  const seen = quality.tradable || before === undefined ? { regime: regime.regime, since: regime.since, seen: regime.seen } : { regime: before.regime, since: before.since, seen: before.seen };
  return { ...seen, lastEntryAt: isOpened ? observation.candle.closeTime : (before?.lastEntryAt ?? null), disabled, enabledAt: state.enabledAt };
}

function paperOf({ candidate: { symbol, direction }, result: { exits } }: { readonly candidate: Candidate; readonly result: ChainResult & { readonly kind: 'refused' } }): PaperTrade | null {
  if (exits === null) return null;
  const sign = direction === 'long' ? 1 : -1;
  return { direction, stopPrice: symbol.candle.close - sign * Number(exits.stop), targetPrice: symbol.candle.close + sign * Number(exits.target) };
}
