import { observeWithModels } from '../domain/cycle/observe.ts';
import { roomOf } from '../domain/cycle/room.ts';
import type { Observation, SymbolObservation } from '../domain/cycle/types.ts';
import type { Losses } from '../domain/emergency/equity.ts';
import type { GuardState } from '../domain/emergency/guard.ts';
import { overlayOf } from '../domain/emergency/overlay.ts';
import type { GuardMode } from '../domain/emergency/types.ts';
import { KeelError } from '../domain/errors.ts';
import { isLate } from '../domain/guard/guard.ts';
import type { CandleRef, CandleSeries } from '../domain/market/candle.ts';
import type { Fence } from '../domain/orders/protocol.ts';
import type { PostureState } from '../domain/oversight/posture.ts';
import { heededHealth, isSameState, nextPosture, postureOverlayOf } from '../domain/oversight/posture.ts';
import { effectivePolicyOf } from '../domain/policy/effective.ts';
import type { Policy } from '../domain/policy/policy.ts';
import type { AccountContext, Ledger } from '../domain/ports/ledger.ts';
import type { Venue, VenueAccount } from '../domain/ports/venue.ts';
import { RISK_CANDLES } from '../domain/risk/returns.ts';
import type { Strategy } from '../strategies/define-strategy.ts';
import { accountSightOf } from './account-watch.ts';
import type { Engine } from './feeds.ts';
import type { PolicyReaderDeps } from './policy.ts';
import { createLazyServing, createMarketReader } from './market-reader.ts';
import { createPolicyReader } from './policy.ts';
import { createRiskReader } from './risk-facts.ts';
import type { SizingDeps } from './sizing.ts';
import { createSizingReader } from './sizing.ts';
import type { ServingDeps } from './serving.ts';
import type { MarketActivities } from './types.ts';

export interface MarketDeps extends PolicyReaderDeps, Pick<ServingDeps, 'models' | 'features' | 'open' | 'retrainIntervalMs'> {
  readonly ledger: Ledger;
  readonly venue: Venue;
  readonly engine: Pick<Engine, 'wakeGuard'>;
  readonly strategy: Strategy;
  readonly sizing: Pick<SizingDeps['sizing'], 'facts' | 'artefact'>;
}

/** An attempt waits so long for the candle's end, and then says so; the engine tries again. */
const CLOSE_WAIT_MAX_MS = 10_000;
const CLOSE_LOOK_EVERY_MS = 200;

/** What a cycle sees: candles from the ledger (missing ones from the venue), the account from the venue. */
export function createMarketActivities(deps: MarketDeps): MarketActivities {
  const { ledger, venue, engine, strategy, clock } = deps;
  const readPolicy = createPolicyReader(deps);
  const windowCandles = Math.max(strategy.warmupCandles, RISK_CANDLES);
  const { portfolioOf, candlesOf } = createMarketReader(deps, windowCandles);
  const serve = createLazyServing(deps);
  const [readRisk, withSizing] = [createRiskReader({ ledger, venue }), createSizingReader(deps)];

  /**
   * A Schedule fires by the engine's clock; the venue's market may be a moment behind it (by seconds where its prices are
   * polled), and a candle that still runs there is not to be decided on, nor the one before it in its stead.
   */
  async function untilClosed({ closeTime }: CandleRef): Promise<number> {
    const giveUpAt = clock() + CLOSE_WAIT_MAX_MS;
    for (;;) {
      const marketTime = await venue.marketTime();
      if (marketTime >= closeTime) return marketTime;
      if (clock() > giveUpAt) throw new KeelError('VENUE_UNREACHABLE', `the candle of ${new Date(closeTime).toISOString()} is due and its market stands at ${new Date(marketTime).toISOString()}; is the venue's stream up, and this machine's clock right (\`keel doctor\`)?`);
      await new Promise((resolve) => setTimeout(resolve, Math.min(CLOSE_LOOK_EVERY_MS, closeTime - marketTime)));
    }
  }

  /**
   * Each candle's look at the account is the emergency stop's too: what it trips holds for this very cycle.
   * @param marketTime as it was before the account is asked: what is booked meanwhile is then later than the look.
   */
  async function lookAtAccount(portfolioId: string, marketTime: number): Promise<{ account: VenueAccount; guard: GuardState; fence: Fence; losses: Losses }> {
    const account = await venue.account();
    const { change, state, fence, losses } = await ledger.watchRisk(portfolioId, [{ at: marketTime, seenAt: clock(), money: accountSightOf(account), machinery: null }], { trustsStream: false });
    if (change !== 'none' || state.mode === 'tripping') await engine.wakeGuard(portfolioId);
    return { account, guard: state, fence, losses };
  }

  return {
    observe: async (candle): Promise<Observation> => {
      const marketTime = await untilClosed(candle);
      const { portfolioId, timeframe, closeTime } = candle;
      const { instruments } = await portfolioOf(portfolioId);
      const [series, context, { account, guard, fence, losses }, read] = await Promise.all([candlesOf(candle, instruments), ledger.accountContext(candle), lookAtAccount(portfolioId, marketTime), readPolicy(portfolioId)]);
      const { sight, symbols: said } = await serve({ candle, registry: context.registry, series });
      const symbols = instruments.map((instrument) => observeWithModels({ instrument, candles: candlesIn(series, instrument.id), strategy, timeframe, closeTime, memory: context.memory.symbols[instrument.id], policy: read.policy }, said.get(instrument.id), context.weights));
      const posture = await overseen(deps, candle, { symbols, context, guard: guard.mode, losses, policy: read.policy });
      const { policy, ...overlay } = effectivePolicyOf(read.policy, [overlayOf(guard.mode, read.policy), postureOverlayOf(posture.posture, read.policy)]);
      const held = { ...context.account, fence, policy, policyVersion: read.policyVersion, policyRead: { source: read.policySource, problem: read.policyProblem } };
      return await withSizing({
        candle,
        late: isLate(marketTime, closeTime, timeframe, policy),
        marketTime,
        symbols,
        account: { ...held, overlay, posture: { name: posture.posture, why: posture.why }, portfolioId, walletBalance: account.walletBalance, equity: account.equity, availableMargin: account.availableMargin, positionMode: account.positionMode, observedAt: clock(), ...(context.isReplay ? { doesMarketWait: true } : {}) },
        models: sight,
        risk: await readRisk({ candle, marketTime, series, symbols, account, losses, context: { ...context, account: held } }),
      });
    },
    readQuote: (instrumentId) => venue.quote(instrumentId),
  };
}

interface Seen {
  readonly symbols: readonly SymbolObservation[];
  readonly context: Pick<AccountContext, 'isReplay' | 'health' | 'posture'> & { readonly account: Pick<AccountContext['account'], 'positions'> };
  readonly guard: GuardMode;
  readonly losses: Losses;
  readonly policy: Policy;
}

/** The posture for this cycle: regimes are known, so a change of them acts at once. Nothing is asked or written unless it changes, or the room does, which others go by until the next cycle. */
export async function overseen({ ledger, clock }: Pick<MarketDeps, 'ledger' | 'clock'>, { portfolioId, closeTime }: CandleRef, { symbols, context, guard, losses, policy }: Seen): Promise<PostureState> {
  const wallAt = clock();
  const health = heededHealth({ isReplay: context.isReplay, newest: context.health, now: wallAt }, policy);
  const room = roomOf(symbols, context.account.positions.length, policy);
  const next = nextPosture(context.posture, { at: closeTime, guard, losses, health, room }, policy);
  return isSameState(context.posture, next.state) ? next.state : (await ledger.oversee(portfolioId, { at: closeTime, wallAt, room, by: 'cycle' })).state;
}

function candlesIn(series: readonly CandleSeries[], instrumentId: string): CandleSeries['candles'] {
  const found = series.find((it) => it.instrumentId === instrumentId);
  if (found === undefined) throw new KeelError('NOT_FOUND', `no candles of ${instrumentId}`);
  return found.candles;
}
