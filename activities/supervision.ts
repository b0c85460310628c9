import type { FeatureSet } from '../domain/features/feature-set.ts';
import type { InputDrift, LiveInput } from '../domain/drift/input.ts';
import { inputDriftOf } from '../domain/drift/input.ts';
import type { LossDrift } from '../domain/drift/loss.ts';
import { lossDriftOf } from '../domain/drift/loss.ts';
import { KeelError } from '../domain/errors.ts';
import { timeframeMs } from '../domain/market/timeframe.ts';
import type { Ledger } from '../domain/ports/ledger.ts';
import type { JudgedRow, ModelStore } from '../domain/ports/model-store.ts';
import type { Venue } from '../domain/ports/venue.ts';
import { isKnownLabel, labelDefinitionOf } from '../domain/predictions/label.ts';
import { logLossOf } from '../domain/predictions/metrics.ts';
import type { Vote } from '../domain/cycle/types.ts';
import type { TrialStore } from '../domain/ports/trial-store.ts';
import { abstentionOf } from '../domain/promotion/model-votes.ts';
import type { RegisteredModel } from '../domain/promotion/registry.ts';
import { afterFindings } from '../domain/promotion/registry.ts';
import type { ServedModel } from '../domain/promotion/served-model.ts';
import { servedModelOf } from '../domain/promotion/served-model.ts';
import type { Finding } from '../domain/promotion/supervisor.ts';
import { FINDINGS_TO_RETIRE, findingsOf, isSupervisionDue, retrainCauseOf, scoresOf, weightsOf } from '../domain/promotion/supervisor.ts';
import type { Engine } from './feeds.ts';
import type { SupervisionActivities } from './types.ts';

export interface SupervisionDeps {
  readonly ledger: Pick<Ledger, 'portfolio'>;
  readonly venue: Pick<Venue, 'marketTime'>;
  readonly models: Pick<ModelStore, 'registry' | 'model' | 'latestDataset' | 'liveVectors' | 'judged' | 'spoken' | 'latestSupervision' | 'recordSupervision' | 'step'>;
  readonly trials: Pick<TrialStore, 'standing'>;
  readonly engine: Pick<Engine, 'startRetrain'>;
  /** The set that runs; asked for when there is a champion. */
  readonly features: () => Promise<FeatureSet>;
  /** Market clock. */
  readonly retrainIntervalMs: number;
  /** False: models are trained anew when a person asks for it, and never by themselves. */
  readonly retrainsItself: boolean;
}

const DAY_MS = 86_400_000;
const DAYS = 30;
/** Eight days of hourly candles of a hundred symbols; of more, as many from all over the window. */
const VECTORS_MAX = 20_000;
const ACTOR = 'supervisor';

interface ChampionLook {
  readonly modelId: string;
  /** Without a version, as whoever refreshes it is called too; and with those of all of them so far. */
  readonly voter: string;
  readonly line: ReadonlySet<string>;
  /** Null: too few live vectors, or a model from before its inputs were kept. */
  readonly input: InputDrift | null;
  readonly loss: LossDrift | null;
  readonly findings: readonly Finding[];
}

/** Looks at every voter once per market day: what it is worth, and whether the champion's world and its losses are still those it learned from. */
export function createSupervisionActivities({ ledger, venue, models, trials, engine, features, retrainIntervalMs, retrainsItself }: SupervisionDeps): SupervisionActivities {
  async function lookAt(portfolioId: string, { modelId, validatedAt }: RegisteredModel, rows: readonly JudgedRow[], { at, candleMs }: { readonly at: number; readonly candleMs: number }): Promise<ChampionLook> {
    const served = servedModelOf((await models.model(portfolioId, modelId)).description);
    const { watch } = await trials.standing(portfolioId);
    // A model lasts from one retrain to the next: what is seen of it goes on with what refreshes it, as the watch does.
    const line = watch !== null && watch.modelIds.includes(modelId) ? watch : { modelIds: [modelId], since: validatedAt };
    const names = line.modelIds.map((it) => abstentionOf({ modelId: it, described: served }, ''));
    const [{ voter }, versions] = [names[0] as Vote, names.map((it) => it.version)];
    const [since, spoken] = [Math.max(line.since, at - DAYS * DAY_MS), new Set(versions.map((version) => `${voter}@${version}`))];
    const own = rows.filter((it) => it.role === 'member' && spoken.has(it.voter) && it.madeAt >= since);
    const [{ asked, spoke }, input] = await Promise.all([models.spoken({ portfolioId, voter, versions, after: since }), inputOf(portfolioId, served, at)]);
    const loss = lossOf(served, own, candleMs);
    return { modelId, voter, line: spoken, input, loss, findings: findingsOf({ rows: own, loss, asked, spoke }) };
  }

  async function inputOf(portfolioId: string, { input, featureSet }: ServedModel, at: number): Promise<InputDrift | null> {
    if (input === null || input === undefined) return null;
    const set = await unlessInvalid(features);
    if (set === null || `${set.name}/${set.version}` !== featureSet) return null; // it has no say in cycles either
    const vectors = await models.liveVectors({ portfolioId, featureSet, after: at - input.windowMs, limit: VECTORS_MAX });
    const places = new Map(set.features.map((it, place) => [it.name, place]));
    return inputDriftOf(input, vectors.map(({ decidedAt, values }): LiveInput => ({ decidedAt, valueOf: (feature) => values[places.get(feature) ?? -1] ?? NaN })));
  }

  return {
    superviseModels: async (portfolioId) => {
      const at = await venue.marketTime();
      const before = await models.latestSupervision(portfolioId);
      if (!isSupervisionDue(before?.at ?? null, at)) return { findings: [], retrain: null };
      const [spec, { champion }, rows, run] = await Promise.all([ledger.portfolio(portfolioId), models.registry(portfolioId), models.judged({ portfolioId, days: DAYS + 1 }), models.latestDataset(portfolioId)]);
      const candleMs = timeframeMs(spec.timeframe);
      const today = Math.floor(at / DAY_MS) * DAY_MS; // whatever closes while it looks, the day's weights are the same
      const look = champion === null ? null : await unlessInvalid(() => lookAt(portfolioId, champion, rows, { at, candleMs })); // of what users define and mend no weight of a vote depends
      const drift = look === null ? [] : driftsOf(look);
      const acts = spec.mode !== 'replay'; // a replay's retrains and models follow its own clock alone: the same one comes out twice
      const newRows = run === null ? 0 : Math.floor((at - run.asOf) / candleMs) * spec.instrumentIds.length;
      const retrain = acts && retrainsItself ? retrainCauseOf({ at, hasDrifted: drift.length > 0, driftRetrainAt: before?.driftRetrainAt ?? null, run, newRows }) : null;
      const findings = look?.findings ?? [];
      if (acts && look !== null && findings.length >= FINDINGS_TO_RETIRE) {
        await models.step({
          portfolioId, stepId: `supervision/${today}`, actor: ACTOR,
          decide: (registry) => (registry.champion?.modelId === look.modelId ? afterFindings(registry, findings.map((it) => it.why).join('; '), { now: at, retrainIntervalMs }) : null),
        });
      }
      if (retrain !== null) await engine.startRetrain(portfolioId, retrain); // before it is recorded: a repetition finds it running
      await models.recordSupervision({ portfolioId, at, scores: scoresOf(rows, at), weights: weightsOf(rows.filter((it) => it.role === 'member' && it.dueAt <= today && it.madeAt > today - DAYS * DAY_MS).map((it) => (look?.line.has(it.voter) === true ? { ...it, voter: look.voter } : it))), drift, findings, retrain });
      return { findings: findings.map((it) => it.code), retrain };
    },
  };
}

/** Null where what users define, or the model, cannot be used: cycles and retrains say so. */
async function unlessInvalid<T>(work: () => Promise<T>): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof KeelError && ['FEATURES_INVALID', 'MODEL_INVALID'].includes(error.code)) return null;
    throw error;
  }
}

function lossOf({ loss, label }: ServedModel, own: readonly JudgedRow[], candleMs: number): LossDrift | null {
  if (loss === null || loss === undefined || !isKnownLabel(label)) return null; // a user's label whose file is not loaded any more
  const horizonMs = labelDefinitionOf(label).horizonCandles * candleMs;
  return lossDriftOf(loss, own.map(({ madeAt, probabilities, actual }) => ({ decidedAt: madeAt, loss: logLossOf(probabilities[actual]) })), horizonMs);
}

function driftsOf({ modelId, input, loss }: ChampionLook): Parameters<ModelStore['recordSupervision']>[0]['drift'] {
  return [
    ...(input !== null && input.features.length > 0 ? [{ modelId, of: 'input' as const, features: [...input.features], loss: null }] : []),
    ...(loss !== null && loss.since !== null ? [{ modelId, of: 'loss' as const, features: [], loss: { sum: loss.sum, limit: loss.limit, since: loss.since } }] : []),
  ];
}
