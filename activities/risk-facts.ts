import { foreignIn } from '../domain/cycle/foreign.ts';
import type { RiskFacts } from '../domain/cycle/risk-facts.ts';
import type { AccountObservation, SymbolObservation } from '../domain/cycle/types.ts';
import type { Losses } from '../domain/emergency/equity.ts';
import { KeelError } from '../domain/errors.ts';
import { ordersCountSince } from '../domain/guard/order-rate.ts';
import type { CandleRef, CandleSeries } from '../domain/market/candle.ts';
import type { AccountContext, Ledger } from '../domain/ports/ledger.ts';
import type { Venue, VenueAccount } from '../domain/ports/venue.ts';
import { returnSeriesOf } from '../domain/risk/returns.ts';
import { mayOpen } from '../domain/signals/combine.ts';

/** With the policy that holds. */
type HeldAccount = AccountContext['account'] & Pick<AccountObservation, 'policy'>;

export interface RiskQuestion {
  readonly candle: CandleRef;
  /** Market clock at the look. */
  readonly marketTime: number;
  readonly series: readonly CandleSeries[];
  readonly symbols: readonly SymbolObservation[];
  readonly context: Pick<AccountContext, 'memory' | 'priors'> & { readonly account: HeldAccount };
  readonly account: VenueAccount;
  readonly losses: Losses;
}

/** Conditions that cannot be read refuse every opening, and nothing else: what is open is managed all the same. */
export function createConditionsReader(venue: Pick<Venue, 'conditions'>): (query: Parameters<Venue['conditions']>[0]) => Promise<Pick<RiskFacts, 'conditions' | 'venueProblem'>> {
  return async (query) => {
    if (query.instrumentIds.length === 0) return { conditions: {}, venueProblem: null };
    try {
      return { conditions: await venue.conditions(query), venueProblem: null };
    } catch (error) {
      if (!(error instanceof KeelError)) throw error;
      return { conditions: {}, venueProblem: `${error.code}: ${error.message}` };
    }
  };
}

/** What the chain needs beside candles, votes and account: only of symbols that are held or might open, so that it costs little. */
export function createRiskReader({ ledger, venue }: { readonly ledger: Pick<Ledger, 'tradeRecord' | 'ordersSent'>; readonly venue: Pick<Venue, 'conditions'> }): (question: RiskQuestion) => Promise<RiskFacts> {
  const conditionsOf = createConditionsReader(venue);

  return async ({ candle: { portfolioId, timeframe, closeTime }, marketTime, series, symbols, context: { account: held, memory, priors }, account, losses }) => {
    const candidates = symbols.filter((symbol) => mayOpen(symbol, held)).map((it) => it.instrument.id);
    const watched = [...new Set([...held.positions.map((it) => it.instrumentId), ...candidates])];
    const [trades, venueSays, ordersSent] = await Promise.all([
      ledger.tradeRecord({ portfolioId, closeTime, symbols: candidates.map((instrumentId) => ({ instrumentId, lossesSince: memory.symbols[instrumentId]?.enabledAt ?? 0 })) }),
      conditionsOf({ instrumentIds: watched, deep: candidates, depthWithinBps: held.policy.depthWithinBps }),
      ledger.ordersSent(portfolioId, ordersCountSince(marketTime)),
    ]);
    const returns = watched.flatMap((id) => {
      const candles = series.find((it) => it.instrumentId === id)?.candles;
      return candles === undefined ? [] : [[id, returnSeriesOf(candles, { timeframe, closeTime })] as const];
    });
    return { trades, ...venueSays, losses, memory, priors, ordersSent, otherVenues: [], foreign: foreignIn(account.positions, held.positions), returns: Object.fromEntries(returns) };
  };
}
