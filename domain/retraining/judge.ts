/** What retraining makes of a candidate's folds: the gate's verdict, and what a registered model tells of itself. Pure. */
import type { LearnedLoss } from '../drift/loss.ts';
import { learnedLossOf } from '../drift/loss.ts';
import type { Importance } from '../learning/learner.ts';
import { brierAt, byMoment, logLossAt, testedOf, baselinesOf } from '../validation/tested.ts';
import type { Foretold, Tested } from '../validation/tested.ts';
import type { Validation } from '../validation/evidence.ts';
import { evidenceOf } from '../validation/evidence.ts';
import type { Verdict } from '../validation/gate.ts';
import { judge } from '../validation/gate.ts';
import type { DailyReturns } from '../validation/net-returns.ts';
import { dailyReturnsOf, heldReturnsOf, sharpeOf, tradesOf } from '../validation/net-returns.ts';
import { edgePercentilesOf } from '../promotion/served-model.ts';
import type { Promised } from '../promotion/watch.ts';
import { promiseOf } from '../promotion/watch.ts';

export interface Judgement {
  readonly verdict: Verdict;
  readonly daily: DailyReturns;
  readonly promised: Promised | null;
  /** What its losses on the test rows were; null: too few to tell. */
  readonly loss: LearnedLoss | null;
  /** |P(buy) - P(sell)| of the test rows at every whole percentile, ascending. */
  readonly edges: readonly number[];
  readonly metrics: Readonly<Record<string, number | null>>;
}

/** @param rules what the strategy's rules said on the test rows; null: not asked. */
export function judgementOf(validation: Validation, rules: Foretold | null): Judgement {
  const evidence = evidenceOf(validation);
  const tested = testedOf(validation.rows, validation.folds);
  return { verdict: judge(evidence), daily: evidence.daily, promised: promiseOf(tested), loss: lossOf(tested), edges: edgesOf(tested), metrics: metricsOf(tested, rules) };
}

function lossOf({ rows, row, probabilities, actual }: Tested): LearnedLoss | null {
  const losses = Array.from(row, (at, index) => ({ decidedAt: rows.decidedAt[at] as number, loss: logLossAt(probabilities, actual[index] as number, index) }));
  return learnedLossOf(losses, rows.label.horizonCandles * rows.candleMs);
}

function edgesOf({ probabilities, row }: Tested): readonly number[] {
  return edgePercentilesOf(Float64Array.from(row, (_, index) => Math.abs((probabilities[3 * index] as number) - (probabilities[3 * index + 1] as number))));
}

function metricsOf(tested: Tested, rules: Foretold | null): Judgement['metrics'] {
  const { probabilities, priors, actual } = tested;
  const { lastSign } = baselinesOf(tested);
  const mean = (loss: typeof brierAt, of: Float64Array): number => { const values = byMoment(tested, (index) => loss(of, actual[index] as number, index)); return values.reduce((sum, value) => sum + value, 0) / values.length; };
  const total = ({ returns }: DailyReturns): number => returns.reduce((sum, value) => sum + value, 0);
  const trades = tradesOf(tested);
  const own = dailyReturnsOf(tested);
  const metrics = {
    brier: mean(brierAt, probabilities), brierOfPriors: mean(brierAt, priors), logLoss: mean(logLossAt, probabilities), logLossOfPriors: mean(logLossAt, priors),
    testRows: tested.row.length, trades: trades.length, winRate: trades.length === 0 ? null : trades.filter((it) => it.netBps > 0).length / trades.length,
    returnSum: total(own), sharpeDaily: sharpeOf(own.returns), returnSumHeld: total(heldReturnsOf(tested)), returnSumLastSign: total(dailyReturnsOf({ ...tested, actions: lastSign.actions })),
    returnSumRules: rules === null ? null : total(dailyReturnsOf({ ...tested, actions: rules.actions })),
  };
  return Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, value === null || !Number.isFinite(value) ? null : value]));
}

/** What its features owe, those of little left out. */
export function notableOf(importances: readonly Importance[]): readonly Importance[] {
  return importances.filter((it) => it.share > 0).map(({ feature, share }) => ({ feature, share: Number(share.toPrecision(6)) }));
}
