/**
 * Whether a promoted model keeps what its validation promised, looked at after every result. Pure.
 * @source learning.md, "Watch after promotion"; Wald, Sequential Analysis, 1947.
 */
import type { InstrumentId } from '../market/instrument.ts';
import { expectedMoveBps } from '../predictions/label.ts';
import { episodesOf } from '../predictions/metrics.ts';
import { momentsOf } from '../statistics/moments.ts';
import type { SequentialVerdict } from '../statistics/sequential-test.ts';
import { logRatioOfTrial, logRatioOfValue, verdictOf } from '../statistics/sequential-test.ts';
import { HOLD } from '../validation/classes.ts';
import { tradesOf } from '../validation/net-returns.ts';
import type { Tested } from '../validation/tested.ts';

const ERRORS = { alpha: 0.02, beta: 0.2 } as const;
/** What would be worse: so much less of the win rate. */
const WORSE_BY = 0.15;
const RATE_LEAST = 0.01;
export const WATCH_MS_MAX = 14 * 86_400_000;
/** Of the daily loss limit. */
const HARD_STOP_SHARE = 0.5;

/** What the test parts showed, after costs. R: net return over the move that was to be expected, σ × √horizon. */
export interface Promised {
  /** 0..1. */
  readonly winRate: number;
  readonly meanR: number;
  readonly deviationR: number;
  /** Mean R when fifteen in a hundred more are lost instead of won. */
  readonly worseR: number;
  /** 0..1: of the R of two symbols that were traded at one moment; absent in models from before it was measured: none. */
  readonly correlation?: number | undefined;
}

/** @returns null where fewer than two trades, or none that differ, promise nothing. */
export function promiseOf(tested: Pick<Tested, 'rows' | 'row' | 'actions'>): Promised | null {
  const { sigma, label } = tested.rows;
  const results = tradesOf(tested).map(({ row, netBps }) => netBps / expectedMoveBps(sigma[row] as number, label.horizonCandles)).filter(Number.isFinite);
  const [won, lost] = [results.filter((r) => r > 0), results.filter((r) => r <= 0)];
  const { mean, deviation } = momentsOf(results);
  if (won.length === 0 || lost.length === 0 || !(deviation > 0)) return null;
  return { winRate: won.length / results.length, meanR: mean, deviationR: deviation, worseR: mean - WORSE_BY * (momentsOf(won).mean - momentsOf(lost).mean), correlation: correlationOf(tested) };
}

/** Of all that was acted on, overlapping or not: the mean product of two deviations of one moment over their variance. */
function correlationOf({ rows, row, actions }: Pick<Tested, 'rows' | 'row' | 'actions'>): number {
  const acted = [...row].flatMap((at, index) => {
    const r = ((actions[index] === 0 ? rows.longBps[at] : rows.shortBps[at]) as number) / expectedMoveBps(rows.sigma[at] as number, rows.label.horizonCandles);
    return actions[index] === HOLD || !Number.isFinite(r) ? [] : [{ at: rows.decidedAt[at], r }];
  });
  const { mean, deviation } = momentsOf(acted.map((it) => it.r));
  let [products, pairs] = [0, 0];
  for (const moment of Map.groupBy(acted, (it) => it.at).values()) {
    const sum = moment.reduce((total, { r }) => total + r - mean, 0);
    const squares = moment.reduce((total, { r }) => total + (r - mean) ** 2, 0);
    products += (sum * sum - squares) / 2;
    pairs += (moment.length * (moment.length - 1)) / 2;
  }
  return pairs === 0 || !(deviation > 0) ? 0 : Math.min(1, Math.max(0, products / pairs / deviation ** 2));
}

export interface WatchState {
  readonly status: 'watching' | 'kept' | 'rollBack';
  /** Market clock. */
  readonly since: number;
  readonly results: number;
  /** Log likelihoods so far, worse against promised; a test that has spoken adds no more. */
  readonly winLog: number;
  readonly meanLog: number;
  readonly wins: SequentialVerdict;
  readonly mean: SequentialVerdict;
}

export const watchFrom = (since: number): WatchState => ({ status: 'watching', since, results: 0, winLog: 0, meanLog: 0, wins: 'open', mean: 'open' });

export interface WatchStep {
  readonly state: WatchState;
  /** Null: nothing was decided. */
  readonly why: string | null;
}

/** An R, net return over the expected move, and what was promised of it. */
interface Result {
  readonly r: number;
  readonly promised: Promised;
}

/** Results of episodes that share their time. What moves together tells less than as many alone: n of them count as n / (1 + (n - 1) × correlation). @source Kish, Survey Sampling, 1965: design effect */
export function afterResultsOfOneTime(state: WatchState, together: readonly Result[]): WatchStep {
  const [{ promised } = { promised: null }] = together.slice(-1);
  if (state.status !== 'watching' || promised === null) return { state, why: null };
  let [winLog, meanLog] = [state.wins === 'open' ? state.winLog : null, state.mean === 'open' ? state.meanLog : null];
  for (const { r, promised: own } of together) {
    const share = 1 / (1 + (together.length - 1) * (own.correlation ?? 0));
    const rate = Math.min(1 - RATE_LEAST, Math.max(2 * RATE_LEAST, own.winRate));
    if (winLog !== null) winLog += share * logRatioOfTrial(r > 0, rate, Math.max(RATE_LEAST, rate - WORSE_BY));
    if (meanLog !== null) meanLog += share * logRatioOfValue(r, { promised: own.meanR, worse: own.worseR, deviation: own.deviationR });
  }
  const [wins, mean] = [winLog === null ? state.wins : verdictOf(winLog, ERRORS), meanLog === null ? state.mean : verdictOf(meanLog, ERRORS)];
  const next: WatchState = { ...state, results: state.results + together.length, winLog: winLog ?? state.winLog, meanLog: meanLog ?? state.meanLog, wins, mean };
  if (wins === 'worse') return { state: { ...next, status: 'rollBack' }, why: `its win rate is not the ${(100 * promised.winRate).toFixed(1)} % of its validation, after ${next.results} results` };
  if (mean === 'worse') return { state: { ...next, status: 'rollBack' }, why: `its mean is not the ${promised.meanR.toFixed(3)} R of its validation, after ${next.results} results` };
  if (wins === 'asPromised' && mean === 'asPromised') return { state: { ...next, status: 'kept' }, why: `it keeps its promise, after ${next.results} results` };
  return { state: next, why: null };
}

/** A priced buy or sell of a watched voter. Times are of the market clock. */
export interface WatchedRow {
  /** Name and version. */
  readonly voter: string;
  readonly instrumentId: InstrumentId;
  readonly madeAt: number;
  readonly dueAt: number;
  /** After the costs of both sides. */
  readonly returnBps: number;
  readonly sigma: number | null;
  readonly horizonCandles: number;
}

/**
 * Every result since it came to act, one after the other; the same rows give the same verdict.
 * @param rows in the order in which they fell due. @param promisedOf a voter; null: its validation promised nothing that could be tested
 */
export function afterResults(since: number, rows: readonly WatchedRow[], promisedOf: (voter: string) => Promised | null): WatchStep {
  let step: WatchStep = { state: watchFrom(since), why: null };
  for (const together of byTime(episodesOf(rows))) {
    const results = together.flatMap(({ voter, returnBps, sigma, horizonCandles }): Result[] => {
      const promised = promisedOf(voter);
      const expected = expectedMoveBps(sigma, horizonCandles);
      return promised === null || expected === 0 ? [] : [{ r: returnBps / expected, promised }];
    });
    step = afterResultsOfOneTime(step.state, results);
    if (step.state.status !== 'watching') return step;
  }
  return step;
}

/** Those that begin before the first of them ends: one horizon of all symbols. */
function byTime(rows: readonly WatchedRow[]): readonly (readonly WatchedRow[])[] {
  const times: WatchedRow[][] = [];
  for (const row of rows) {
    const newest = times.at(-1);
    if (newest?.[0] !== undefined && row.madeAt < newest[0].dueAt) newest.push(row);
    else times.push([row]);
  }
  return times;
}

/** What time and money say. @param lossBps since the promotion, of the equity, > 0 is a loss. */
export function afterClock(state: WatchState, { at, lossBps, dailyLossLimitBps }: { readonly at: number; readonly lossBps: number; readonly dailyLossLimitBps: number }): WatchStep {
  if (state.status !== 'watching') return { state, why: null };
  if (lossBps >= HARD_STOP_SHARE * dailyLossLimitBps) return { state: { ...state, status: 'rollBack' }, why: `it lost ${lossBps} bps, half the daily limit of ${dailyLossLimitBps}` };
  if (at - state.since >= WATCH_MS_MAX) return { state: { ...state, status: 'kept' }, why: `nothing spoke against it in 14 days and ${state.results} results` };
  return { state, why: null };
}
