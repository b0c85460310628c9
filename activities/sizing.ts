import { setImmediate } from 'node:timers/promises';
import type { Observation } from '../domain/cycle/types.ts';
import { KeelError } from '../domain/errors.ts';
import { boundOf, compareSizing } from '../domain/learned-sizing/compare.ts';
import type { SizingModel } from '../domain/learned-sizing/model.ts';
import { fitSizing, loadSizing, missingToFit, saveSizing } from '../domain/learned-sizing/model.ts';
import type { PricedCycle, PricedSignal } from '../domain/learned-sizing/reward.ts';
import { longestHoldMs, pricedCycleOf, REWARD_VERSION } from '../domain/learned-sizing/reward.ts';
import { sizingSightOf } from '../domain/learned-sizing/sight.ts';
import { artefactHash } from '../domain/learning/artefact.ts';
import { timeframeMs } from '../domain/market/timeframe.ts';
import type { Ledger } from '../domain/ports/ledger.ts';
import type { SignalCycle, SizingStore } from '../domain/ports/sizing-store.ts';
import { mayOpen } from '../domain/signals/combine.ts';
import type { PolicyReaderDeps } from './policy.ts';
import { createPolicyReader } from './policy.ts';
import type { SizingActivities } from './types.ts';

export interface SizingDeps extends PolicyReaderDeps {
  readonly ledger: Pick<Ledger, 'portfolio' | 'candlesBetween'>;
  readonly sizing: SizingStore;
}

/** Cycles that are read at a time: an observation is some tens of kilobytes. */
const PAGE = 20;
/** So long after its longest hold a signal waits for candles that are missing; then it is left out. Market clock. */
const WAIT_MS = 7 * 86_400_000;
/** The newest signals teach; older ones are of another time. */
const SAMPLES_MAX = 5_000;

/** Adds to what a cycle sees what learned sizing makes of it; asks nothing where the policy has it off or nothing might open. */
export function createSizingReader({ sizing }: { readonly sizing: Pick<SizingStore, 'facts' | 'artefact'> }): (observation: Observation) => Promise<Observation> {
  let opened: { readonly key: string; readonly model: SizingModel | KeelError } | null = null;

  async function modelOf(portfolioId: string, modelId: string): Promise<SizingModel | KeelError> {
    const key = `${portfolioId} ${modelId}`;
    if (opened?.key !== key) {
      const artefact = await sizing.artefact(portfolioId, modelId);
      opened = { key, model: loaded(artefact) };
    }
    return opened.model;
  }

  return async (observation) => {
    const { candle: { portfolioId, closeTime }, account } = observation;
    const mode = account.policy.rlSizing;
    if (mode === 'off' || !observation.symbols.some((it) => mayOpen(it, account))) return observation;
    const facts = await sizing.facts({ portfolioId, version: REWARD_VERSION, closeTime });
    const model = facts.modelId === null ? null : await modelOf(portfolioId, facts.modelId);
    if (!(model instanceof KeelError)) return { ...observation, sizing: sizingSightOf(mode, observation, facts, model) };
    return { ...observation, sizing: { ...sizingSightOf(mode, observation, { ...facts, modelId: null }, null), missing: model.message } };
  };
}

/** Bytes of another version are no reason to decide nothing: the size stays neutral, and the record says why. */
function loaded(artefact: Uint8Array): SizingModel | KeelError {
  try {
    return loadSizing(artefact);
  } catch (error) {
    if (error instanceof KeelError) return error;
    throw error;
  }
}

interface PricedPage {
  readonly signals: readonly (PricedSignal & { readonly cycleId: string })[];
  /** Market clock: all cycles up to it are done with; null: none. */
  readonly until: number | null;
  readonly isWaiting: boolean;
}

/** Prices the signals that have come to their end, and learns from all of them. */
export function createSizingActivities(deps: SizingDeps): SizingActivities {
  const { ledger, sizing } = deps;
  const readPolicy = createPolicyReader(deps);

  async function priced({ cycleId, observation }: SignalCycle): Promise<PricedCycle> {
    const { candle: { timeframe, closeTime }, account: { policy } } = observation;
    const states = observation.sizing?.symbols ?? {};
    const series = await ledger.candlesBetween({ instrumentIds: Object.keys(states), timeframe, from: closeTime, to: closeTime + longestHoldMs(policy, timeframeMs(timeframe)) });
    return pricedCycleOf({ cycleId, observation, candles: new Map(series.map((it) => [it.instrumentId, it.candles])) }, states);
  }

  /** What can be priced by now, up to the first cycle that is not complete: it and those after it wait for the next time. */
  async function pricedPage(page: readonly SignalCycle[], asOf: number): Promise<PricedPage> {
    const signals: (PricedSignal & { readonly cycleId: string })[] = [];
    let until: number | null = null;
    for (const cycle of page) {
      const { candle: { timeframe, closeTime }, account: { policy } } = cycle.observation;
      const overFor = asOf - closeTime - longestHoldMs(policy, timeframeMs(timeframe)); // of the policy that it was decided by
      if (overFor < 0) return { signals, until, isWaiting: true };
      const { signals: found, unpriced } = await priced(cycle);
      if (unpriced.length > 0 && overFor < WAIT_MS) return { signals, until, isWaiting: true };
      if (unpriced.length > 0) deps.warn({ cycleId: cycle.cycleId, instrumentIds: unpriced }, 'a cycle teaches no size of some symbols: candles after it are missing for good');
      signals.push(...found.map((it) => ({ ...it, cycleId: cycle.cycleId })));
      until = closeTime;
      await setImmediate(); // others have their turn
    }
    return { signals, until, isWaiting: false };
  }

  async function priceAll(portfolioId: string, asOf: number): Promise<void> {
    const { strategy, timeframe } = await ledger.portfolio(portfolioId);
    let after = await sizing.pricedUntil(portfolioId, REWARD_VERSION);
    for (;;) {
      const page = await sizing.signalCycles({ portfolioId, strategy, timeframe, after, until: asOf, limit: PAGE });
      const { signals, until, isWaiting } = await pricedPage(page, asOf);
      if (until !== null) await sizing.recordPriced({ portfolioId, version: REWARD_VERSION, until, signals });
      if (until === null || isWaiting || page.length < PAGE) return;
      after = until;
    }
  }

  return {
    trainSizing: async ({ portfolioId, asOf }) => {
      const { policy } = await readPolicy(portfolioId);
      if (policy.rlSizing === 'off' || !policy.retraining) return { outcome: 'off', samples: 0, modelId: null, boundBps: null, reason: `the policy has \`${policy.retraining ? 'rlSizing' : 'retraining'}\` off` };
      await priceAll(portfolioId, asOf);
      const samples = await sizing.samples({ portfolioId, version: REWARD_VERSION, asOf, limit: SAMPLES_MAX });
      const model = fitSizing(samples);
      if (model === null) return { outcome: 'untrained', samples: samples.length, modelId: null, boundBps: null, reason: missingToFit(samples) };
      await setImmediate();
      const artefact = saveSizing(model, asOf);
      const modelId = artefactHash(artefact);
      const comparison = compareSizing(samples, `${portfolioId}/${asOf}`);
      await sizing.recordModel({ portfolioId, modelId, version: REWARD_VERSION, asOf, samples: samples.length, comparison, artefact });
      return { outcome: 'trained', samples: samples.length, modelId, boundBps: boundOf(comparison), reason: null };
    },
  };
}
