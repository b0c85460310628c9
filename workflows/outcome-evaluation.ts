import { condition, continueAsNew, isCancellation, log, patched, setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { EvaluationStep } from '../activities/types.ts';
import type { EvaluationInput, EvaluationOutcome } from './messages.ts';
import { evaluationProgressQuery, newsSignal } from './messages.ts';
import { evaluating, supervising } from './proxies.ts';

/** So many activities fit into one run's history. */
const STEPS_MAX = 200;
/** What could not be priced is looked at again, ever more seldom. Wall clock: the market's may stand still meanwhile. */
const AGAIN_MS = { first: 500, most: 60_000 } as const;
/** So long a pause after looks that priced nothing: what is missing then may never come, and voters are looked at without it. */
const PATIENT_MS = 4_000;

/**
 * Prices every prediction that is due, each at exactly its own candles, and ends. It goes by the ledger alone: a run that
 * was lost costs nothing, the next one finds what is due. What has no candles yet is waited for; news (a candle closed
 * meanwhile) makes it look again at once.
 */
export async function outcomeEvaluation({ portfolioId, before }: EvaluationInput): Promise<EvaluationOutcome> {
  let isHeard = false;
  setHandler(newsSignal, () => void (isHeard = true));
  let total: EvaluationOutcome = before ?? { evaluated: 0, unpriceable: 0, waiting: 0 };
  let problem: string | null = null;
  setHandler(evaluationProgressQuery, () => ({ ...total, problem }));
  let steps = 0;
  let delayMs: number = AGAIN_MS.first;
  for (;;) {
    isHeard = false;
    const round = await evaluateAll(portfolioId, () => (steps += 1));
    total = { evaluated: total.evaluated + round.evaluated, unpriceable: total.unpriceable + round.unpriceable, waiting: round.waiting };
    problem = round.problem;
    setCurrentDetails(detailsOf(total, round.problem));
    if (round.isLast && round.isTrialDue === true) await orLater('the trial was not woken', () => supervising.wakeTrial(portfolioId));
    const isDone = round.isLast && round.waiting === 0 && !isHeard;
    if (isDone) {
      if (round.isSupervisionDue === true) await supervise(); // after the prices, which it goes by
      if (!isHeard) return total;
      continue;
    }
    if (steps >= STEPS_MAX) return await continueAsNew<typeof outcomeEvaluation>({ portfolioId, before: total });
    if (round.evaluated + round.unpriceable > 0) delayMs = AGAIN_MS.first;
    if (!round.isLast || isHeard) continue;
    if (round.isSupervisionDue === true && delayMs >= PATIENT_MS && patched('supervised while some wait')) await supervise();
    await condition(() => isHeard, delayMs);
    delayMs = Math.min(AGAIN_MS.most, delayMs * 2);
  }

  async function supervise(): Promise<void> {
    await orLater('voters were not supervised', () => supervising.superviseModels(portfolioId));
  }

  /** What is priced next does not depend on it. */
  async function orLater(otherwise: string, work: () => Promise<unknown>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.warn(otherwise, { portfolioId, error });
    }
  }

  /** Once over all that is due; at most as far as this run's history reaches. */
  async function evaluateAll(id: string, count: () => number): Promise<EvaluationStep> {
    let sum: EvaluationStep = { after: null, evaluated: 0, unpriceable: 0, waiting: 0, problem: null, isLast: false };
    while (!sum.isLast && count() <= STEPS_MAX) {
      const step = await evaluating.evaluateDue.executeWithOptions({ summary: sum.after === null ? 'what is due' : `after ${sum.after.cycleId}` }, [{ portfolioId: id, after: sum.after }]);
      sum = { ...step, evaluated: sum.evaluated + step.evaluated, unpriceable: sum.unpriceable + step.unpriceable, waiting: sum.waiting + step.waiting, problem: sum.problem ?? step.problem };
    }
    return sum;
  }
}

function detailsOf({ evaluated, unpriceable, waiting }: EvaluationOutcome, problem: string | null): string {
  const lines = [`- evaluated: ${evaluated}`, `- unpriceable, with proof: ${unpriceable}`, `- waiting: ${waiting}`];
  return [...lines, ...(problem === null ? [] : [`\nWaits: ${problem}`])].join('\n');
}
