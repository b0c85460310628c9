import { KeelError } from '../domain/errors.ts';
import type { CandleSeries } from '../domain/market/candle.ts';
import { candleOpenTime, timeframeMs } from '../domain/market/timeframe.ts';
import type { Ledger } from '../domain/ports/ledger.ts';
import type { ModelStore } from '../domain/ports/model-store.ts';
import type { FeatureSetView, SnapshotSummary, Trainer } from '../domain/ports/trainer.ts';
import type { PolicyStore } from '../domain/ports/policy-store.ts';
import type { Venue } from '../domain/ports/venue.ts';
import type { Policy } from '../domain/policy/policy.ts';
import { validPolicyOf } from '../domain/policy/schema.ts';
import { isOwnKind } from '../domain/learning/own.ts';
import { baseLabelOf } from '../domain/predictions/label.ts';
import { afterAgeing, afterGate } from '../domain/promotion/registry.ts';
import { isRefittable } from '../domain/promotion/imported.ts';
import { servedModelOf } from '../domain/promotion/served-model.ts';
import type { DataTerms } from '../domain/retraining/data-terms.ts';
import { snapshotRequestOf } from '../domain/retraining/data-terms.ts';
import type { Judgement } from '../domain/retraining/judge.ts';
import type { PlannedCandidate, RetrainPlan } from '../domain/retraining/plan.ts';
import type { ProfileName } from '../domain/retraining/profile.ts';
import { candidatesOf, PROFILES, testDaysOf } from '../domain/retraining/profile.ts';
import type { Recipe } from '../domain/retraining/recipe.ts';
import { recipeIdOf } from '../domain/retraining/recipe.ts';
import { TEST_DAYS_MIN } from '../domain/validation/gate.ts';
import { firstCandleAt, readHistory } from './history.ts';
import type { PolicyReaderDeps } from './policy.ts';
import { createPolicyReader } from './policy.ts';
import { createShownCandles } from './shown-candles.ts';
import type { CandidateVerdict, RetrainingActivities } from './types.ts';

export interface RetrainingDeps extends PolicyReaderDeps {
  readonly policies: Pick<PolicyStore, 'active' | 'version'>;
  readonly ledger: Pick<Ledger, 'portfolio' | 'instruments' | 'candlesBetween' | 'writeCandles'>;
  readonly venue: Pick<Venue, 'candles' | 'marketTime'>;
  readonly models: ModelStore;
  readonly trainer: Trainer;
  readonly profile: ProfileName;
  /** So long a model may act without being validated again: three of them. Market clock. */
  readonly retrainIntervalMs: number;
}

const DAY_MS = 86_400_000;
/** Live vectors of so many days are compared with what computing anew gives. */
const SKEW_MS = 7 * DAY_MS;
/** Every one of hourly candles of fifty symbols. */
const SKEW_VECTORS = 10_000;
/** Data sets of the newest retrains are kept beside those of the models in the registry. */
const ACTOR = 'dailyRetrain';

export function createRetrainingActivities(deps: RetrainingDeps): RetrainingActivities {
  const { ledger, models, trainer, clock } = deps;
  const readPolicy = createPolicyReader(deps);
  const shownCandles = createShownCandles(deps);

  async function makeSnapshot(plan: RetrainPlan, keep: (series: CandleSeries) => Promise<void>): Promise<SnapshotSummary> {
    const terms = termsOf(plan);
    const [policy, instruments] = await Promise.all([terms.rules ? policyOf(plan) : null, ledger.instruments(plan.universe)]);
    const series: CandleSeries[] = [];
    for (const instrumentId of plan.universe) series.push(await readHistory({ ledger, shownCandles }, { instrumentId, timeframe: plan.timeframe, from: plan.candlesFrom, to: plan.asOf }, keep)); // one after the other: trading has the first claim on the venue's limits
    return await trainer.snapshot(snapshotRequestOf(terms, { timeframe: plan.timeframe, label: plan.label, testShare: plan.folds.testShare, instruments, series, policy }));
  }

  async function policyOf({ portfolioId, policyVersion }: RetrainPlan): Promise<Policy> {
    return policyVersion === undefined ? (await readPolicy(portfolioId)).policy : validPolicyOf(await deps.policies.version(portfolioId, policyVersion));
  }

  /** On another machine, or after its files were lost, the data set is made again, from the same candles. */
  async function ensureSnapshot(plan: RetrainPlan, dataHash: string): Promise<void> {
    if (trainer.hasSnapshot(dataHash)) return;
    const { dataHash: made } = await makeSnapshot(plan, () => Promise.resolve()); // what the venue shows stayed in the ledger the first time
    if (made !== dataHash) throw new KeelError('TRAINING_FAILED', `the data set ${dataHash.slice(0, 12)} was lost, and its candles give another one now (${made.slice(0, 12)}): this retrain cannot go on, the next one begins anew`);
  }

  const fitOf = ({ plan, dataHash, candidate }: { readonly plan: RetrainPlan; readonly dataHash: string; readonly candidate: PlannedCandidate }) => ({ dataHash, recipe: candidate.recipe, folds: plan.folds });

  return {
    planRetrain: createPlanner(deps, shownCandles),
    prepareDataset: (plan) => makeSnapshot(plan, (series) => ledger.writeCandles([series])),
    fitFold: async ({ plan, dataHash, candidate, fold }) => {
      await ensureSnapshot(plan, dataHash);
      await trainer.fit({ ...fitOf({ plan, dataHash, candidate }), fold });
    },
    judgeCandidate: async ({ plan, dataHash, candidate, featureFaults }): Promise<CandidateVerdict> => {
      await ensureSnapshot(plan, dataHash);
      const { runId, portfolioId, champion, featureSet, asOf } = plan;
      const trialId = `${runId}/${candidate.recipeId}`;
      const [all, liveVectors] = await Promise.all([models.trials(portfolioId), models.liveVectors({ portfolioId, featureSet, after: asOf - SKEW_MS, limit: SKEW_VECTORS })]);
      const judgement = await trainer.judge({ ...fitOf({ plan, dataHash, candidate }), kind: candidate.kind, predecessor: champion === null ? 'rules' : { learner: champion.learner, parameters: champion.parameters }, earlierTrials: all.filter((it) => it.trialId !== trialId), featureFaults, liveVectors });
      const { verdict, daily, ...learned } = judgement;
      await models.recordTrial({ trialId, runId, portfolioId, recipeId: candidate.recipeId, recipe: { ...candidate.recipe }, kind: candidate.kind, outcome: verdict.isPassed ? 'passed' : 'refused', daily, rules: verdict.rules, reason: null });
      return { trialId, isPassed: verdict.isPassed, refusedBy: verdict.refusedBy, learned };
    },
    recordFailure: async ({ plan, candidate, reason }) => {
      await models.recordTrial({ trialId: `${plan.runId}/${candidate.recipeId}`, runId: plan.runId, portfolioId: plan.portfolioId, recipeId: candidate.recipeId, recipe: { ...candidate.recipe }, kind: candidate.kind, outcome: 'failed', daily: null, rules: null, reason });
    },
    registerCandidate: async ({ plan, dataHash, candidate, trialId, learned }) => {
      await ensureSnapshot(plan, dataHash);
      const { portfolioId, asOf } = plan;
      const { modelId, artefact, served } = await trainer.trained(fitOf({ plan, dataHash, candidate }));
      const description = { ...servedModelOf({ ...served, ...learned, featureSet: plan.featureSet, timeframe: plan.timeframe }), dataset: termsOf(plan), folds: plan.folds };
      await models.registerModel({ portfolioId, modelId, trialId, recipeId: candidate.recipeId, validatedAt: asOf, dataHash, description, artefact });
      const step = await models.step({ portfolioId, stepId: `${trialId}/gate`, actor: ACTOR, decide: (registry) => afterGate(registry, { kind: candidate.kind, model: { modelId, recipeId: candidate.recipeId, validatedAt: asOf } }) });
      return { modelId, change: step?.kind ?? 'refused', why: step?.why ?? '' };
    },
    endRetrain: async ({ run, keep }) => {
      const { portfolioId, asOf, runId } = run;
      await models.step({ portfolioId, stepId: `${runId}/ageing`, actor: ACTOR, decide: (registry) => afterAgeing(registry, asOf, deps.retrainIntervalMs) });
      const registry = await models.registry(portfolioId);
      const kept = await Promise.all([registry.champion, registry.predecessor, registry.onTrial].flatMap((it) => (it === null ? [] : [models.model(portfolioId, it.modelId)])));
      trainer.keepOnly([...kept.map((it) => it.dataHash), ...keep]);
      await models.recordRun({ ...run, endedAt: Math.max(run.startedAt, clock()) }); // last: who waits for the run finds everything done
    },
  };
}

function termsOf({ asOf, from, candlesFrom, universe, halfLifeMs, champion, policyVersion, takerFeeRates, excluded }: RetrainPlan): DataTerms {
  return {
    asOf, from, candlesFrom, universe: [...universe], halfLifeMs, rules: champion === null, ...(policyVersion === undefined ? {} : { policyVersion }), ...(takerFeeRates === undefined ? {} : { takerFeeRates }),
    ...(excluded === undefined ? {} : { excluded: [...excluded] }),
  };
}

/** What a retrain is about, as things stand when it begins. */
function createPlanner(deps: RetrainingDeps, shownCandles: Venue['candles']): RetrainingActivities['planRetrain'] {
  const { ledger, venue, models, trainer } = deps;
  const readPolicy = createPolicyReader(deps);
  const profile = PROFILES[deps.profile];

  return async ({ portfolioId, cause, runId, startedAt }) => {
    const [{ policy, policyVersion }, spec, marketTime, registry, excluded] = await Promise.all([readPolicy(portfolioId), ledger.portfolio(portfolioId), venue.marketTime(), models.registry(portfolioId), models.excludedRows(portfolioId)]);
    const { timeframe, instrumentIds } = spec;
    const lengthMs = timeframeMs(timeframe);
    const asOf = candleOpenTime(marketTime, timeframe);
    if (!policy.retraining) return { asOf, skipped: 'the policy has `retraining` off' };
    let set: FeatureSetView;
    try {
      set = await trainer.featureSet(timeframe);
    } catch (error) {
      if (!(error instanceof KeelError) || error.code === 'PROCESS_FAILED') throw error;
      return { asOf, skipped: `what users define cannot be used: ${error.message}` };
    }
    const { id: featureSet, warmupCandles } = set;
    const wanted = asOf - profile.lookbackMs;
    const firsts = await Promise.all(instrumentIds.map((instrumentId) => firstCandleAt({ shownCandles }, { instrumentId, timeframe, from: wanted - warmupCandles * lengthMs, to: asOf })));
    const first = Math.min(...firsts.flatMap((it) => it ?? []));
    const from = Math.max(wanted, first + warmupCandles * lengthMs);
    const days = testDaysOf(profile, asOf - from);
    if (!(days >= TEST_DAYS_MIN)) return { asOf, skipped: `too few candles: the gate needs ${TEST_DAYS_MIN} days of tests, and the ${Number.isFinite(first) ? Math.floor((asOf - first) / DAY_MS) : 0} days that there are, ${Math.ceil((warmupCandles * lengthMs) / DAY_MS)} of them to warm up, give ${Number.isFinite(days) ? Math.max(0, days) : 0}` };
    const base = { featureSet, label: set.label };
    const learners = [...profile.learners, ...(set.learner === null ? [] : [set.learner])];
    const takerFeeRates = Object.fromEntries((await ledger.instruments(instrumentIds)).map((it) => [it.id, it.takerFeeRate]));
    const champion = registry.champion === null ? null : recipeOf((await models.model(portfolioId, registry.champion.modelId)).description, set);
    return {
      runId, portfolioId, cause, asOf, from, candlesFrom: from - warmupCandles * lengthMs, timeframe, ...base, halfLifeMs: profile.halfLifeMs, folds: profile.folds, universe: instrumentIds, policyVersion, takerFeeRates, ...(excluded.length === 0 ? {} : { excluded }), startedAt,
      champion: champion === null || registry.champion === null ? null : { modelId: registry.champion.modelId, learner: champion.learner, parameters: champion.parameters },
      candidates: candidatesOf({ learners }, base, champion).map((it): PlannedCandidate => ({ ...it, recipeId: recipeIdOf(it.recipe) })),
    };
  };
}

/** A champion's recipe; null where its description is of another version, it was imported, or its learner is a user's whose file is not loaded: then it cannot be refreshed, only beaten. */
function recipeOf(description: Readonly<Record<string, unknown>>, { learner: loaded }: Pick<FeatureSetView, 'learner'>): Recipe | null {
  try {
    const served = servedModelOf(description);
    const { learner, parameters, featureSet, label, instruments } = served;
    return !isRefittable(served) || (isOwnKind(learner) && loaded?.learner !== learner) ? null : { learner, parameters, featureSet, label: baseLabelOf(label), instruments };
  } catch {
    return null;
  }
}
