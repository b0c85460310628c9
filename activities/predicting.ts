import { observeWithModels } from '../domain/cycle/observe.ts';
import type { SymbolObservation } from '../domain/cycle/types.ts';
import { KeelError } from '../domain/errors.ts';
import type { CandleRef } from '../domain/market/candle.ts';
import type { Instrument } from '../domain/market/instrument.ts';
import { candleOpenTime } from '../domain/market/timeframe.ts';
import type { Ledger } from '../domain/ports/ledger.ts';
import type { Venue } from '../domain/ports/venue.ts';
import type { Foreseen } from '../domain/predictions/prediction.ts';
import { meantBy } from '../domain/predictions/request.ts';
import { RISK_CANDLES } from '../domain/risk/returns.ts';
import { mayOpen } from '../domain/signals/combine.ts';
import type { Strategy } from '../strategies/define-strategy.ts';
import { createLazyServing, createMarketReader } from './market-reader.ts';
import type { PolicyReaderDeps } from './policy.ts';
import { createPolicyReader } from './policy.ts';
import { createConditionsReader } from './risk-facts.ts';
import type { ServingDeps } from './serving.ts';
import type { PredictingActivities } from './types.ts';

export interface PredictingDeps extends PolicyReaderDeps, Pick<ServingDeps, 'models' | 'features' | 'open' | 'retrainIntervalMs'> {
  readonly ledger: Pick<Ledger, 'portfolio' | 'instruments' | 'candles' | 'writeCandles' | 'accountContext' | 'predictionRequest' | 'recordPredictionRequest'>;
  readonly venue: Pick<Venue, 'candles' | 'marketTime' | 'conditions'>;
  readonly strategy: Strategy;
}

/** Predictions on demand. What it keeps of candles, features and models is its own: cycles do not notice that somebody asked. */
export function createPredictingActivities(deps: PredictingDeps): PredictingActivities {
  const { ledger, venue, strategy } = deps;
  const reader = createMarketReader(deps, Math.max(strategy.warmupCandles, RISK_CANDLES));
  const [readPolicy, conditionsOf, serve] = [createPolicyReader(deps), createConditionsReader(venue), createLazyServing(deps)];

  /** As a cycle of this candle sees it, without account, limits or orders. Models see every symbol, also where few are asked for. */
  async function see(candle: CandleRef, instruments: readonly Instrument[], meant: readonly string[]): Promise<Foreseen> {
    const [series, { account, memory, priors, registry, weights }, { policy }] = await Promise.all([reader.candlesOf(candle, instruments), ledger.accountContext(candle), readPolicy(candle.portfolioId)]);
    const { symbols: said } = await serve({ candle, registry, series });
    const seen = (instrument: Instrument): SymbolObservation => {
      const candles = series.find((it) => it.instrumentId === instrument.id)?.candles ?? [];
      return observeWithModels({ instrument, candles, strategy, timeframe: candle.timeframe, closeTime: candle.closeTime, memory: memory.symbols[instrument.id], policy }, said.get(instrument.id), weights);
    };
    const symbols = instruments.filter((it) => meant.includes(it.id)).map(seen);
    // The costs of the same symbols know their spread as in a cycle: of those that are held or might be.
    const watched = symbols.filter((it) => mayOpen(it, { ...account, policy }) || account.positions.some((held) => held.instrumentId === it.instrument.id)).map((it) => it.instrument.id);
    const { conditions } = await conditionsOf({ instrumentIds: watched, deep: [], depthWithinBps: policy.depthWithinBps });
    return { candle, symbols, account: { policy }, risk: { conditions, memory, priors } };
  }

  return {
    predict: async ({ requestId, portfolioId, symbols }) => {
      const known = await ledger.predictionRequest(requestId);
      if (known !== null) return { kind: 'foretold', ...known };
      const { spec: { strategy: name, timeframe }, instruments } = await reader.portfolioOf(portfolioId);
      const { meant, unknown } = meantBy(symbols, instruments);
      if (unknown.length > 0) return { kind: 'refused', unknown, allowed: instruments.map((it) => it.base) };
      await ledger.recordPredictionRequest(requestId, await see({ portfolioId, strategy: name, timeframe, closeTime: candleOpenTime(await venue.marketTime(), timeframe) }, instruments, meant));
      const recorded = await ledger.predictionRequest(requestId);
      if (recorded === null) throw new KeelError('INVARIANT', `${requestId} was recorded and is not there`);
      return { kind: 'foretold', ...recorded };
    },
  };
}
