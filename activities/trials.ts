import type { FeatureSet } from '../domain/features/feature-set.ts';
import { warmupCandlesOf } from '../domain/features/feature-set.ts';
import { BREADTH_CANDLES } from '../domain/features/rows.ts';
import { candleOpenTime, timeframeMs } from '../domain/market/timeframe.ts';
import type { Policy } from '../domain/policy/policy.ts';
import type { Ledger, PortfolioSpec } from '../domain/ports/ledger.ts';
import type { ModelStore } from '../domain/ports/model-store.ts';
import type { TakenStep, TrialCounts, TrialSpan, TrialStore, VoterName } from '../domain/ports/trial-store.ts';
import type { Venue } from '../domain/ports/venue.ts';
import { labelDefinitionOf } from '../domain/predictions/label.ts';
import { unansweredOf } from '../domain/promotion/by-hand.ts';
import { abstentionOf } from '../domain/promotion/model-votes.ts';
import { trialText, watchText } from '../domain/promotion/progress.ts';
import type { ServedModel } from '../domain/promotion/served-model.ts';
import { servedModelOf } from '../domain/promotion/served-model.ts';
import type { TrialFacts, TrialStep, TrialTerms } from '../domain/promotion/shadow-trial.ts';
import { closesToSkip, isLookDue, nextTrial, trialNumberOf } from '../domain/promotion/shadow-trial.ts';
import type { Standing, StandingStep, TrialRecord, WatchRecord } from '../domain/promotion/standing.ts';
import { isLookAwaited, isTrialIdle, trialAdvanced, trialBegun, watchAdvanced, watchBegun } from '../domain/promotion/standing.ts';
import { trialFactsOf } from '../domain/promotion/trial-facts.ts';
import type { WatchStep } from '../domain/promotion/watch.ts';
import { afterClock, afterResults } from '../domain/promotion/watch.ts';
import { ofSameMarket, skewOfSymbol } from '../domain/retraining/skew.ts';
import type { Engine } from './feeds.ts';
import type { PolicyReaderDeps } from './policy.ts';
import { createPolicyReader } from './policy.ts';
import type { TrialActivities, TrialLook } from './types.ts';

export interface TrialDeps extends PolicyReaderDeps {
  readonly engine: Pick<Engine, 'wakeTrial'>;
  readonly ledger: Pick<Ledger, 'portfolio' | 'candlesBetween'>;
  readonly venue: Pick<Venue, 'marketTime'>;
  readonly models: Pick<ModelStore, 'model' | 'liveVectors'>;
  readonly trials: TrialStore;
  /** The set that runs; asked for when a trial's features are computed anew. */
  readonly features: () => Promise<FeatureSet>;
  /** Market clock. */
  readonly retrainIntervalMs: number;
}

const ACTOR = 'shadowTrial';

const DAY_MS = 86_400_000;
const CANARY_STAGE_MS = DAY_MS;
/** Of one question about the whole market: a cycle waits for it. */
const LATENCY_MS_MAX = 1_000;
/** A champion may abstain from as much. */
const COVERAGE_MIN = 0.9;
/** Live vectors of so many days are computed anew, of so many symbols: the same code runs on each. */
const SKEW = { days: 7, symbols: 3, vectorsMax: 2_000 } as const;

/** What one look goes by. */
interface Look {
  readonly spec: PortfolioSpec;
  /** Market clock: the last close. Nothing later counts, whenever it is looked at. */
  readonly at: number;
  readonly policy: Policy;
  readonly standing: Standing;
}

/** Takes a trial and the watch over whoever acts one step on, by what is priced up to the market's last close. */
export function createTrialActivities(deps: TrialDeps): TrialActivities {
  const { ledger, venue, trials } = deps;
  const readPolicy = createPolicyReader(deps);
  const trialStep = createTrialStep(deps);
  const watchStep = createWatchStep(deps);

  return { advanceTrial, wakeTrial: (portfolioId) => deps.engine.wakeTrial(portfolioId) };

  async function advanceTrial(portfolioId: string): Promise<TrialLook> {
    const [spec, marketTime, { policy }, standing, awaited] = await Promise.all([ledger.portfolio(portfolioId), venue.marketTime(), readPolicy(portfolioId), trials.standing(portfolioId), trials.awaited(portfolioId)]);
    const at = candleOpenTime(marketTime, spec.timeframe);
    if (!isLookAwaited(awaited, marketTime)) return lookOf(standing, null, at);
    const look: Look = { spec, at, policy, standing };
    const step = await watchStep(look) ?? await trialStep(look);
    if ('quietCloses' in step) {
      const isSkipping = spec.mode === 'replay' && standing.watch?.status !== 'watching'; // there every outcome is priced by then; each result of one that is watched may speak
      await trials.recordLook(portfolioId, !isSkipping ? at : at + step.quietCloses * timeframeMs(spec.timeframe));
      return lookOf(standing, null, at);
    }
    const taken = await trials.take({ portfolioId, stepId: step.stepId, actor: ACTOR, at, decide: (now) => (isAsSeen(now, standing) ? step.decide(now) : null) });
    const now = await trials.standing(portfolioId);
    if (taken !== null && !taken.isRepeated) return lookOf(now, taken, at);
    if (taken !== null && isAsSeen(now, standing)) throw new Error(`step ${step.stepId} was taken before, and things stand as they did without it: two steps have one name`); // to look on would never end
    return await advanceTrial(portfolioId); // another step came before: by what it left
  }
}

/** A step that is due, named by what it follows. */
interface DueStep {
  readonly stepId: string;
  readonly decide: (standing: Standing) => StandingStep | null;
}

/** Nothing is to be done now, nor at so many closes after this one. */
interface Quiet {
  readonly quietCloses: number;
}

const QUIET: Quiet = { quietCloses: 0 };

/** Somebody else may have taken a step while facts were read. */
function isAsSeen(now: Standing, seen: Standing): boolean {
  return now.registry.champion?.modelId === seen.registry.champion?.modelId && now.registry.onTrial?.modelId === seen.registry.onTrial?.modelId
    && now.trial?.id === seen.trial?.id && now.trial?.steps === seen.trial?.steps && now.watch?.id === seen.watch?.id && now.watch?.status === seen.watch?.status;
}

function lookOf(standing: Standing, step: TakenStep | null, at: number): TrialLook {
  const { trial, watch } = standing;
  return {
    at, isOver: isTrialIdle(standing), step: step === null ? null : { kind: step.kind, modelId: step.modelId, why: step.why },
    trial: trial === null ? null : { ...trial, text: trialText(trial, null, at) }, watch: watch === null ? null : { ...watch, text: watchText(watch, at) },
  };
}

const nameOf = (modelId: string, described: ServedModel): VoterName => abstentionOf({ modelId, described }, '');

function createTrialStep(deps: TrialDeps): (look: Look) => Promise<DueStep | Quiet> {
  const { trials, models } = deps;
  const skewOfLive = createSkewLook(deps);

  return async ({ spec, at, policy, standing }) => {
    const { onTrial } = standing.registry;
    const { portfolioId } = spec;
    if (onTrial === null) return QUIET;
    if (standing.trial === null) {
      const [begun, newest] = await Promise.all([trials.begun(portfolioId), trials.newestStep(portfolioId)]);
      const id = `${onTrial.modelId}/${newest}`;
      return { stepId: `trial/${id}/0`, decide: (now) => trialBegun(now, { id, at, number: trialNumberOf(begun, at) }) };
    }
    const trial = standing.trial;
    const stepId = `trial/${trial.id}/${trial.steps}`;
    const taking = (step: TrialStep): DueStep | Quiet => (step.why === null ? QUIET : { stepId, decide: (now) => trialAdvanced(now, step, at) });
    const described = await readable(models, portfolioId, trial.modelId);
    if (typeof described === 'string') return taking({ state: { phase: 'retired' }, why: described });
    const hasPassed = await trials.hasPassedGate(portfolioId, trial.modelId);
    const terms: TrialTerms = {
      startedAt: trial.startedAt, trialNumber: trial.number, horizonCandles: labelDefinitionOf(described.label).horizonCandles,
      needsAcknowledgement: policy.promotionAsked || !hasPassed, canaryStageMs: CANARY_STAGE_MS, latencyMsMax: LATENCY_MS_MAX, coverageMin: COVERAGE_MIN,
    };
    const span: TrialSpan & VoterName = { portfolioId, since: trial.startedAt, until: at, ...nameOf(trial.modelId, described) };
    const counts = await trials.counts(span);
    if (!isLookDue(trial.state, { at, ...counts }, terms)) return { quietCloses: closesToSkip(trial.state, counts.moments, terms.horizonCandles) };
    const answer = trial.state.phase === 'acknowledgement' ? unanswered(policy, trial, { at, hasPassed }) : null;
    const facts = await factsOf({ spec, at, trial, described, span, counts });
    const step = nextTrial(trial.state, { ...facts, acknowledged: answer?.agreed ?? null }, terms);
    return taking(answer === null || step.why === null ? step : { ...step, why: answer.why });
  };

  /** What its phase goes by; the rest would be read in vain. */
  async function factsOf({ spec, at, trial, described, span, counts }: { readonly spec: PortfolioSpec; readonly at: number; readonly trial: TrialRecord; readonly described: ServedModel; readonly span: TrialSpan & VoterName; readonly counts: TrialCounts }): Promise<TrialFacts> {
    const idle: TrialFacts = { at, ...counts, latencyMsP99: 0, coverage: 1, skew: [], differences: [], cells: [], acknowledged: null, isWorse: false };
    switch (trial.state.phase) {
      case 'operations': case 'superiority': {
        const [rows, latencyMsP99, skew] = await Promise.all([
          trials.rows(span), spec.mode === 'replay' ? null : trials.latencyMsP99({ ...span, modelId: trial.modelId }), skewOfLive({ spec, at, since: trial.startedAt, featureSet: described.featureSet }),
        ]);
        return { ...idle, ...trialFactsOf(rows, trial.startedAt), latencyMsP99: latencyMsP99 ?? 0, skew }; // how fast this machine is may not decide a replay
      }
      case 'canary': {
        const { voter, version } = span;
        const results = await trials.results({ ...span, since: trial.canarySince ?? at, voters: [{ voter, version }] });
        return { ...idle, isWorse: afterResults(trial.canarySince ?? at, results, () => described.promised).state.status === 'rollBack' };
      }
      default: return idle;
    }
  }
}

/** What stands for the answer of a person who gave none in time; null: it is waited for. */
function unanswered(policy: Policy, trial: TrialRecord, { at, hasPassed }: { readonly at: number; readonly hasPassed: boolean }): { readonly agreed: boolean; readonly why: string } | null {
  const { dueAt, outcome } = unansweredOf(trial, policy, hasPassed);
  return at < dueAt ? null : { agreed: outcome === 'promoted', why: `nobody answered within ${policy.promotionAnswerMin} min: by policy it is ${outcome}` };
}

/** @returns why it cannot be read, in words, where it cannot. */
async function readable(models: TrialDeps['models'], portfolioId: string, modelId: string): Promise<ServedModel | string> {
  const { description } = await models.model(portfolioId, modelId);
  try {
    const described = servedModelOf(description);
    labelDefinitionOf(described.label);
    return described;
  } catch (error) {
    return `it cannot be judged: ${error instanceof Error ? error.message : String(error)}`;
  }
}

function createSkewLook({ ledger, models, features }: TrialDeps): (look: { readonly spec: PortfolioSpec; readonly at: number; readonly since: number; readonly featureSet: string }) => Promise<readonly string[]> {
  return async ({ spec: { portfolioId, timeframe, instrumentIds }, at, since, featureSet }) => {
    const set = await features();
    if (`${set.name}/${set.version}` !== featureSet) return []; // it has no say in cycles either
    const vectors = (await models.liveVectors({ portfolioId, featureSet, after: Math.max(since, at - SKEW.days * DAY_MS), limit: SKEW.vectorsMax })).filter((it) => it.decidedAt <= at);
    const first = vectors.reduce((before, it) => Math.min(before, it.decidedAt), at);
    const from = first - (warmupCandlesOf(set, timeframe) + BREADTH_CANDLES + 1) * timeframeMs(timeframe);
    const series = await ledger.candlesBetween({ instrumentIds, timeframe, from, to: at });
    const closed = new Set(series.flatMap(({ instrumentId, candles }) => candles.map((it) => `${instrumentId} ${it.openTime + timeframeMs(timeframe)}`)));
    const comparable = ofSameMarket(vectors, instrumentIds, (instrumentId, decidedAt) => closed.has(`${instrumentId} ${decidedAt}`));
    const found: string[] = [];
    for (const instrumentId of instrumentIds.slice(0, SKEW.symbols)) {
      await new Promise(setImmediate); // trading goes first
      found.push(...skewOfSymbol(instrumentId, { set, timeframe, series }, comparable.filter((it) => it.instrumentId === instrumentId)));
    }
    return found;
  };
}

function createWatchStep({ trials, models, retrainIntervalMs }: TrialDeps): (look: Look) => Promise<DueStep | null> {
  return async ({ spec: { portfolioId }, at, policy, standing: { registry: { champion }, watch } }) => {
    if (champion === null) return null;
    if (watch === null) {
      const id = `${champion.modelId}/${await trials.newestStep(portfolioId)}`;
      return { stepId: `watch/${id}/begun`, decide: (now) => watchBegun(now, { id, at }) };
    }
    if (watch.status !== 'watching') return null;
    const step = await verdictOf({ portfolioId, at, watch, policy });
    if (step.why === null) return null;
    return { stepId: `watch/${watch.id}/${step.state.status}`, decide: (now) => watchAdvanced(now, step, { at, retrainIntervalMs }) };
  };

  async function verdictOf({ portfolioId, at, watch, policy }: { readonly portfolioId: string; readonly at: number; readonly watch: WatchRecord; readonly policy: Policy }): Promise<WatchStep> {
    const span: TrialSpan = { portfolioId, since: watch.since, until: at };
    const watched = (await Promise.all(watch.modelIds.map(async (modelId) => ({ modelId, described: await readable(models, portfolioId, modelId) })))).flatMap(({ modelId, described }) => (typeof described === 'string' ? [] : [{ ...nameOf(modelId, described), promised: described.promised }]));
    const [results, lossBps] = await Promise.all([trials.results({ ...span, voters: watched }), trials.lossBps(span)]);
    const promises = new Map(watched.map((it) => [`${it.voter}@${it.version}`, it.promised]));
    const tested = afterResults(watch.since, results, (voter) => promises.get(voter) ?? null);
    return tested.why === null ? afterClock(tested.state, { at, lossBps, dailyLossLimitBps: policy.dailyLossMaxBps }) : tested;
  }
}
