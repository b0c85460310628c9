import type { ModelSight, ServedSymbol, Vote } from '../domain/cycle/types.ts';
import { KeelError, messageOf } from '../domain/errors.ts';
import type { FeatureSet } from '../domain/features/feature-set.ts';
import { LiveFeatures } from '../domain/features/live.ts';
import { artefactHash } from '../domain/learning/artefact.ts';
import type { CandleRef, CandleSeries } from '../domain/market/candle.ts';
import type { InstrumentId } from '../domain/market/instrument.ts';
import { once } from '../domain/once.ts';
import type { Ledger, RegistrySight } from '../domain/ports/ledger.ts';
import type { ModelStore } from '../domain/ports/model-store.ts';
import type { Predictor } from '../domain/ports/predictor.ts';
import type { ServingModel } from '../domain/promotion/model-votes.ts';
import { abstentionOf, modelVotesOf, servingModelOf, unfitFor } from '../domain/promotion/model-votes.ts';
import type { RegisteredModel } from '../domain/promotion/registry.ts';
import { isUsable } from '../domain/promotion/registry.ts';
import { canaryOf } from '../domain/promotion/shadow-trial.ts';

export interface ServingDeps {
  readonly ledger: Pick<Ledger, 'candles'>;
  readonly models: Pick<ModelStore, 'model' | 'artefact'>;
  /** A model from its artefact; what it runs in is loaded with the first one. */
  readonly open: (artefact: Uint8Array) => Promise<Predictor>;
  /** The set that runs; asked for when there is a model to serve. */
  readonly features: () => Promise<FeatureSet>;
  /** Market clock. */
  readonly retrainIntervalMs: number;
  readonly warn: (fields: object, message: string) => void;
}

export interface ServingQuestion {
  readonly candle: CandleRef;
  readonly registry: RegistrySight;
  /** Of every symbol, closed candles up to the decision. */
  readonly series: readonly CandleSeries[];
}

export interface Served {
  readonly sight: ModelSight;
  /** By symbol: what counts as a vote, and what is recorded beside. Empty where no model was asked. */
  readonly symbols: ReadonlyMap<InstrumentId, { readonly votes: readonly Vote[]; readonly served: ServedSymbol }>;
}

type Role = ModelSight['read'][number]['role'];
type Loaded = { readonly kind: 'loaded'; readonly asked: ServingModel } | { readonly kind: 'refused'; readonly why: string };
type Reading = ModelSight['read'][number] & { readonly asked: ServingModel | null };
type Vectors = ReadonlyMap<InstrumentId, Float32Array | undefined>;
type Votes = ReadonlyMap<InstrumentId, Vote>;

/** Loaded models that are kept. */
const KEPT_MAX = 16;
const DAY_MS = 86_400_000;

/**
 * Models in cycles: whoever the registry names is loaded once, given the market's features as candles close, and asked.
 * One that cannot be used is told with its reason, and trading goes on without it. Nothing is loaded while there is none.
 */
export function createServing({ ledger, models, open, features: loadFeatures, retrainIntervalMs, warn }: ServingDeps): (question: ServingQuestion) => Promise<Served> {
  const kept = new Map<string, Loaded>();
  const markets = new Map<string, LiveFeatures>();
  const tell = createTeller(warn);
  const features = once(loadFeatures); // a set of one's own is checked when it is loaded

  async function loadedOf(portfolioId: string, modelId: string): Promise<Loaded> {
    const key = `${portfolioId} ${modelId}`;
    const known = kept.get(key);
    if (known !== undefined) return known;
    const [{ description }, bytes] = await Promise.all([models.model(portfolioId, modelId), models.artefact(portfolioId, modelId)]);
    const loaded = await load(modelId, description, { bytes, open });
    kept.set(key, loaded);
    for (const [oldest, it] of [...kept].slice(0, -KEPT_MAX)) {
      kept.delete(oldest);
      if (it.kind === 'loaded') await it.asked.model.close();
    }
    return loaded;
  }

  /** A model on trial is not relied on: it may be older than a champion. */
  async function readingOf({ portfolioId, timeframe, closeTime }: CandleRef, role: Role, registered: RegisteredModel): Promise<Reading> {
    const { modelId } = registered;
    const without = (state: Reading['state'], why: string, asked: ServingModel | null = null): Reading => ({ modelId, role, state, why, asked });
    if (role === 'champion' && !isUsable(registered, closeTime, retrainIntervalMs)) {
      return without('expired', `it passed the gate ${((closeTime - registered.validatedAt) / DAY_MS).toFixed(1)} days ago, and not again within three retrain intervals`);
    }
    try {
      const loaded = await loadedOf(portfolioId, modelId);
      if (loaded.kind === 'refused') return without('refused', loaded.why);
      const unfit = unfitFor(loaded.asked, { set: await features(), timeframe });
      return unfit === null ? { modelId, role, state: 'used', why: null, asked: loaded.asked } : without('unfit', unfit, loaded.asked);
    } catch (error) {
      return without('failed', messageOf(error)); // also what a user's feature file throws: trading does not wait for a model
    }
  }

  /** The streams go on from candle to candle; what is wrong with them does not outlive its cycle. */
  async function vectorsOf({ portfolioId, timeframe, closeTime }: CandleRef, series: readonly CandleSeries[]): Promise<Vectors> {
    const key = `${portfolioId} ${timeframe}`;
    const live = markets.get(key) ?? new LiveFeatures(await features(), timeframe);
    markets.delete(key);
    const needed = live.isBehind(series, closeTime) ? await ledger.candles({ instrumentIds: series.map((it) => it.instrumentId), timeframe, until: closeTime, limit: live.historyCandles }) : series;
    const vectors = live.at(needed, closeTime);
    markets.set(key, live);
    return new Map(series.map((it) => [it.instrumentId, vectors.get(it.instrumentId)]));
  }

  /** @returns the readings, those that failed now told so, and what each said. */
  async function asked(readings: readonly Reading[], { candle, series }: ServingQuestion): Promise<{ readonly readings: readonly Reading[]; readonly vectors: Vectors; readonly votes: ReadonlyMap<Role, Votes> }> {
    const none: Vectors = new Map(series.map((it) => [it.instrumentId, undefined]));
    try {
      const vectors = readings.some((it) => it.state === 'used') ? await vectorsOf(candle, series) : none;
      const set = await features();
      const said = await Promise.all(readings.map(async (it) => await timed(it, () => votesOf(it, set, vectors), vectors)));
      return { readings: said.map((it) => it.reading), vectors, votes: new Map(said.map(({ reading, votes }) => [reading.role, votes])) };
    } catch (error) {
      const failed = readings.map((it) => (it.state === 'used' ? failedOf(it, error) : it));
      return { readings: failed, vectors: none, votes: new Map(failed.map((it) => [it.role, silence(it, none)])) };
    }
  }

  return async (question) => {
    const { candle, series, registry: { champion, onTrial, hadChampion, canaryStage } } = question;
    if (champion === null && onTrial === null) return { sight: { hadChampion, read: [] }, symbols: new Map() };
    const named = [...(champion === null ? [] : [['champion', champion] as const]), ...(onTrial === null ? [] : [['onTrial', onTrial] as const])];
    const { readings, vectors, votes } = await asked(await Promise.all(named.map(async ([role, registered]) => await readingOf(candle, role, registered))), question);
    for (const reading of readings) tell(candle.portfolioId, reading);
    const isOnCanary = onTrial !== null && canaryStage !== null && canaryStage !== undefined && readings.some((it) => it.role === 'onTrial' && it.state === 'used');
    const canary = isOnCanary ? canaryOf(onTrial.modelId, series.map((it) => it.instrumentId), canaryStage) : [];
    const sight: ModelSight = { hadChampion, read: readings.map(({ asked: _, ...reading }) => ({ ...reading, ...(reading.role === 'onTrial' && isOnCanary ? { canary } : {}) })) };
    if (readings.every((it) => it.asked === null)) return { sight, symbols: new Map() };
    const set = await features();
    return { sight, symbols: new Map(series.map(({ instrumentId }) => [instrumentId, servedOf(instrumentId, { set, vector: vectors.get(instrumentId), votes, isCanary: canary.includes(instrumentId) })])) };
  };
}

/** Once per change, in the worker's log; the record of every cycle has it too. */
function createTeller(warn: ServingDeps['warn']): (portfolioId: string, reading: Reading) => void {
  const told = new Map<string, string>();
  return (portfolioId, { modelId, role, state, why }) => {
    const key = `${portfolioId} ${role}`;
    const [before, said] = [told.get(key), `${modelId} ${state} ${why ?? ''}`];
    if (before === said) return;
    told.set(key, said);
    if (state !== 'used') warn({ portfolioId, modelId, role, state, why }, 'a model cannot be used: trading goes on without it');
    else if (before !== undefined) warn({ portfolioId, modelId, role }, 'a model is used');
  };
}

/** The champion's word counts and the trial's is recorded beside it; on symbols of the canary the other way round. */
function servedOf(instrumentId: InstrumentId, { set, vector, votes, isCanary }: { readonly set: FeatureSet; readonly vector: Float32Array | undefined; readonly votes: ReadonlyMap<Role, Votes>; readonly isCanary: boolean }): { readonly votes: readonly Vote[]; readonly served: ServedSymbol } {
  const of = (role: Role): readonly Vote[] => { const vote = votes.get(role)?.get(instrumentId); return vote === undefined ? [] : [vote]; };
  const shown = vector === undefined ? null : Array.from(vector, (value) => (Number.isNaN(value) ? null : value));
  const [counts, beside] = isCanary ? (['onTrial', 'champion'] as const) : (['champion', 'onTrial'] as const);
  return { votes: of(counts), served: { featureSet: `${set.name}/${set.version}`, vector: shown, shadows: of(beside) } };
}

/** One that could be asked is told with what that took; one that fails fails alone: a trial takes nothing from the champion. */
async function timed(reading: Reading, ask: () => Promise<Votes>, vectors: Vectors): Promise<{ readonly reading: Reading; readonly votes: Votes }> {
  const began = performance.now();
  try {
    const votes = await ask();
    return { votes, reading: reading.state === 'used' ? { ...reading, tookMs: Number((performance.now() - began).toFixed(1)) } : reading };
  } catch (error) {
    const failed = failedOf(reading, error);
    return { votes: silence(failed, vectors), reading: failed };
  }
}

const failedOf = (reading: Reading, error: unknown): Reading => ({ ...reading, state: 'failed', why: `it cannot be asked: ${messageOf(error)}` });

async function votesOf(reading: Reading, set: FeatureSet, vectors: Vectors): Promise<Votes> {
  return reading.asked !== null && reading.state === 'used' ? await modelVotesOf(reading.asked, set, vectors) : silence(reading, vectors);
}

/** A model that is known and cannot be asked abstains; one that cannot be read is not there. */
function silence({ asked, state, why }: Reading, vectors: Vectors): Votes {
  return asked === null ? new Map() : new Map([...vectors.keys()].map((instrumentId) => [instrumentId, abstentionOf(asked, why ?? state)]));
}

async function load(modelId: string, description: Readonly<Record<string, unknown>>, { bytes, open }: Pick<ServingDeps, 'open'> & { readonly bytes: Uint8Array }): Promise<Loaded> {
  try {
    const hash = artefactHash(bytes);
    return hash === modelId ? { kind: 'loaded', asked: servingModelOf(modelId, description, await open(bytes)) } : { kind: 'refused', why: `its bytes have the hash ${hash}` };
  } catch (error) {
    if (error instanceof KeelError && error.code === 'MODEL_INVALID') return { kind: 'refused', why: error.message };
    throw error;
  }
}
