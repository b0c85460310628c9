/**
 * A challenger beside the champion on live cycles, without influence, until it has proved to be better or time is up. Pure:
 * one step a look, with its reason.
 * @source learning.md, "Daily retrain", step 6; looks at a fixed share of the error each: Bonferroni.
 */
import type { InstrumentId } from '../market/instrument.ts';
import { prngOf, uniform } from '../market/seeded/prng.ts';
import { dieboldMariano } from '../statistics/diebold-mariano.ts';

export type TrialState =
  /** `looks`: how many of `LOOKS` are behind. */
  | { readonly phase: 'operations' | 'acknowledgement' }
  | { readonly phase: 'superiority'; readonly looks: number }
  /** `since`: market clock; `stage`: place in `CANARY_SHARES`. */
  | { readonly phase: 'canary'; readonly stage: number; readonly since: number }
  | { readonly phase: 'promoted' | 'retired' };

export const TRIAL_BEGUN: TrialState = { phase: 'operations' };

export interface TrialTerms {
  /** Market clock. */
  readonly startedAt: number;
  /** Its place among the trials of 365 days, from 1: the more, the harder. */
  readonly trialNumber: number;
  readonly horizonCandles: number;
  /** A person has to agree. */
  readonly needsAcknowledgement: boolean;
  /** How long each stage of the canary lasts. */
  readonly canaryStageMs: number;
  readonly latencyMsMax: number;
  /** 0..1: of the champion's predictions, those that it had beside it. */
  readonly coverageMin: number;
}

export interface TrialFacts {
  readonly at: number;
  readonly predictions: number;
  /** Of whoever acts, in the same time: a challenger that says nothing is not waited for. */
  readonly beside: number;
  readonly latencyMsP99: number;
  readonly coverage: number;
  /** Values that computing anew does not give, by name. */
  readonly skew: readonly string[];
  /** The champion's Brier less the challenger's, mean of each moment, in order of time: positive is better. */
  readonly differences: ArrayLike<number>;
  /** The same by symbol, and by regime. */
  readonly cells: readonly { readonly name: string; readonly differences: ArrayLike<number> }[];
  /** Null: nobody has answered. */
  readonly acknowledged: boolean | null;
  /** The watch beside the canary. */
  readonly isWorse: boolean;
}

export interface TrialStep {
  readonly state: TrialState;
  /** Null: nothing changed. */
  readonly why: string | null;
}

export const OPERATIONS_MS = 86_400_000;
export const OPERATIONS_PREDICTIONS = 100;
/** Moments whose labels do not overlap. */
export const LOOKS = [50, 100, 200, 400] as const;
const LOOK_ALPHA = 0.0125;
const CELL_COUNT_MIN = 200;
const CELL_ALPHA = 0.05;
export const CANARY_SHARES = [0.1, 0.5, 1] as const;
const YEAR_MS = 365 * 86_400_000;

/** @param begun when earlier trials began. @returns the next one's number. */
export function trialNumberOf(begun: readonly number[], at: number): number {
  return begun.filter((time) => time <= at && at - time < YEAR_MS).length + 1;
}

/** Whether a look would decide anything yet: facts are dear. Moments are those of the challenger's priced predictions. */
export function isLookDue(state: TrialState, { at, predictions, beside, moments }: Pick<TrialFacts, 'at' | 'predictions' | 'beside'> & { readonly moments: number }, { startedAt, horizonCandles }: Pick<TrialTerms, 'startedAt' | 'horizonCandles'>): boolean {
  switch (state.phase) {
    case 'operations': return at - startedAt >= OPERATIONS_MS && Math.max(predictions, beside) >= OPERATIONS_PREDICTIONS;
    case 'superiority': return moments >= (LOOKS[state.looks] ?? Infinity) * horizonCandles;
    default: return true;
  }
}

/**
 * Closes after this one at which nothing can be decided whatever comes: a close brings one moment at most.
 * @param moments as in `isLookDue`
 */
export function closesToSkip(state: TrialState, moments: number, horizonCandles: number): number {
  return state.phase === 'superiority' ? Math.max(0, (LOOKS[state.looks] ?? 0) * horizonCandles - moments - 1) : 0;
}

/** The symbols on which a canary votes: those of a stage are among those of the next one. Each model draws its own. */
export function canaryOf(modelId: string, symbols: readonly InstrumentId[], stage: number): readonly InstrumentId[] {
  const drawn = symbols.map((symbol) => ({ symbol, place: uniform(prngOf(`canary ${modelId} ${symbol}`)) })).sort((a, b) => a.place - b.place || (a.symbol < b.symbol ? -1 : 1));
  return drawn.slice(0, Math.ceil((CANARY_SHARES[stage] ?? 1) * symbols.length)).map((it) => it.symbol);
}

export function nextTrial(state: TrialState, facts: TrialFacts, terms: TrialTerms): TrialStep {
  switch (state.phase) {
    case 'operations': return afterOperations(state, facts, terms);
    case 'superiority': return afterLook(state, facts, terms);
    case 'acknowledgement': return afterAnswer(state, facts);
    case 'canary': return afterCanary(state, facts, terms);
    case 'promoted': case 'retired': return { state, why: null };
  }
}

const retired = (why: string): TrialStep => ({ state: { phase: 'retired' }, why });

/** Only whether it works: so few predictions say nothing of its worth. */
function afterOperations(state: TrialState, { at, predictions, beside, latencyMsP99, coverage, skew }: TrialFacts, { startedAt, latencyMsMax, coverageMin }: TrialTerms): TrialStep {
  if (skew.length > 0) return retired(`its live features are not those of training: ${skew.join(', ')}`);
  if (at - startedAt < OPERATIONS_MS || Math.max(predictions, beside) < OPERATIONS_PREDICTIONS) return { state, why: null };
  if (latencyMsP99 > latencyMsMax) return retired(`it takes ${latencyMsP99} ms (p99), at most ${latencyMsMax}`);
  if (coverage < coverageMin) return retired(`it foretold ${(100 * coverage).toFixed(1)} % of what the champion did, at least ${(100 * coverageMin).toFixed(1)} %`);
  if (predictions < OPERATIONS_PREDICTIONS) return { state, why: null };
  return { state: { phase: 'superiority', looks: 0 }, why: `${predictions} predictions without a fault` };
}

/** Each look is taken once, at exactly its number of moments, however late it is taken. */
function afterLook(state: TrialState & { phase: 'superiority' }, { differences, cells, skew, at }: TrialFacts, { horizonCandles, trialNumber, needsAcknowledgement }: TrialTerms): TrialStep {
  if (skew.length > 0) return retired(`its live features are not those of training: ${skew.join(', ')}`);
  const moments = (LOOKS[state.looks] ?? Infinity) * horizonCandles;
  if (differences.length < moments) return { state, why: null };
  const p = dieboldMariano(Array.from({ length: moments }, (_, index) => differences[index] as number), horizonCandles - 1);
  const alpha = LOOK_ALPHA / trialNumber;
  const seen = `p ${p.toFixed(4)} after ${LOOKS[state.looks] ?? 0} independent moments, at most ${alpha.toFixed(4)}`;
  const worse = worseIn(cells, horizonCandles);
  if (p <= alpha && worse.length === 0) {
    const why = `better than the champion: ${seen}`;
    return needsAcknowledgement ? { state: { phase: 'acknowledgement' }, why } : { state: { phase: 'canary', stage: 0, since: at }, why };
  }
  const why = p <= alpha ? `better over all (${seen}) but worse in ${worse.join(', ')}` : `not proved better: ${seen}`;
  return state.looks + 1 < LOOKS.length ? { state: { phase: 'superiority', looks: state.looks + 1 }, why } : retired(`${why}; undecided to the end`);
}

function worseIn(cells: TrialFacts['cells'], horizonCandles: number): readonly string[] {
  const judged = cells.filter((cell) => cell.differences.length >= CELL_COUNT_MIN);
  return judged.filter((cell) => dieboldMariano(Array.from(cell.differences, (value) => -value), horizonCandles - 1) <= CELL_ALPHA / judged.length).map((cell) => cell.name);
}

function afterAnswer(state: TrialState, { acknowledged, at }: TrialFacts): TrialStep {
  if (acknowledged === null) return { state, why: null };
  return acknowledged ? { state: { phase: 'canary', stage: 0, since: at }, why: 'a person agreed' } : retired('a person did not agree');
}

function afterCanary(state: TrialState & { phase: 'canary' }, { at, isWorse }: TrialFacts, { canaryStageMs }: TrialTerms): TrialStep {
  if (isWorse) return retired('worse than promised on the canary');
  if (at - state.since < canaryStageMs) return { state, why: null };
  const stage = state.stage + 1;
  if (stage === CANARY_SHARES.length) return { state: { phase: 'promoted' }, why: 'it held on all symbols' };
  return { state: { phase: 'canary', stage, since: at }, why: `it held on ${100 * (CANARY_SHARES[state.stage] ?? 0)} % of the symbols` };
}
