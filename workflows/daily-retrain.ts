import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ActivityFailure, ApplicationFailure, executeChild, isCancellation, ParentClosePolicy, patched, rootCause, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import type { CandidateStep, CandidateVerdict } from '../activities/types.ts';
import type { SnapshotSummary } from '../domain/ports/trainer.ts';
import type { CandidateResult, PlannedCandidate } from '../domain/retraining/plan.ts';
import { dailyRetrainId } from './ids.ts';
import type { RetrainInput, RetrainOutcome, RetrainProgress } from './messages.ts';
import { retrainProgressQuery, SEARCH_ATTRIBUTES } from './messages.ts';
import { learningSizes, training } from './proxies.ts';

/**
 * One retrain, from the data set to the registry. Each step is an activity that may be done again: whatever dies, it goes on
 * at the step where it was. A refused candidate is a normal result; one that cannot be fitted is recorded and the next one
 * follows.
 */
export async function dailyRetrain({ portfolioId, cause, isScheduled = false }: RetrainInput): Promise<RetrainOutcome> {
  if (isScheduled) return await underItsId(portfolioId, cause);
  const { firstExecutionRunId, startTime } = workflowInfo();
  const runId = `${portfolioId}/retrain/${firstExecutionRunId}`;
  let progress: RetrainProgress = { runId, step: 'planning', done: 0, total: 1, rows: null, candidates: [] };
  setHandler(retrainProgressQuery, () => progress);
  const at = (change: Partial<RetrainProgress>): void => {
    progress = { ...progress, ...change };
    setCurrentDetails(detailsOf(progress));
  };
  const startedAt = startTime.getTime();
  at({});

  const plan = await training.planRetrain({ portfolioId, runId, cause, startedAt });
  const common = { runId, portfolioId, cause, startedAt, asOf: plan.asOf };
  if ('skipped' in plan) return await ended({ ...common, dataHash: null, rows: null, outcome: 'skipped', reason: plan.skipped }, []);

  const { candidates, folds } = plan;
  const stepsOfOne = folds.folds + 2; // folds, gate, registry
  at({ step: 'dataset', total: 1 + candidates.length * stepsOfOne, candidates: candidates.map(({ recipeId, recipe, kind }) => ({ recipeId, learner: recipe.learner, kind, state: 'waiting' })) });
  let dataset: SnapshotSummary;
  try {
    dataset = await training.prepareDataset(plan);
  } catch (error) {
    return await ended({ ...common, dataHash: null, rows: null, outcome: 'failed', reason: reasonOf(error) }, []);
  }
  const { dataHash, rows } = dataset;
  at({ step: 'candidates', done: 1, rows });

  const results: CandidateResult[] = [];
  for (const [place, candidate] of candidates.entries()) {
    const said = (state: RetrainProgress['candidates'][number]['state'], done: number): void => {
      at({ done: 1 + place * stepsOfOne + done, candidates: progress.candidates.map((it, index) => (index === place ? { ...it, state } : it)) });
    };
    const result = await judged({ plan, dataHash, candidate }, dataset, said);
    results.push(result);
    said(result.outcome, stepsOfOne);
  }
  const registered = results.some((it) => it.outcome === 'passed');
  const failures = results.filter((it) => it.outcome === 'failed');
  const outcome = registered ? 'registered' : failures.length === results.length ? 'failed' : 'refused';
  return await ended({ ...common, dataHash, rows, outcome, reason: registered ? null : results.map((it) => `${it.learner}: ${it.because.join(', ')}`).join('; ') }, results);

  async function ended(run: Parameters<typeof training.endRetrain>[0]['run'], made: readonly CandidateResult[]): Promise<RetrainOutcome> {
    const sizing = await learned(run);
    at({ step: 'ending' });
    await training.endRetrain({ run, keep: run.dataHash === null ? [] : [run.dataHash] });
    at({ step: 'ended', done: progress.total });
    return { runId, asOf: run.asOf, outcome: run.outcome, reason: run.reason, rows: run.rows, dataHash: run.dataHash, candidates: made, sizing };
  }

  /** Sizes are learned from what was decided, whatever became of the candidates. */
  async function learned({ asOf }: { readonly asOf: number }): Promise<RetrainOutcome['sizing']> {
    if (!patched('learnedSizing')) return null; // runs from before
    at({ step: 'sizing' });
    try {
      return await learningSizes.trainSizing({ portfolioId, asOf });
    } catch (error) {
      return { outcome: 'failed', reason: reasonOf(error) };
    }
  }
}

/** Waits for it, so that the Schedule skips its next time meanwhile. One that runs already, whoever started it, is not doubled. */
async function underItsId(portfolioId: string, cause: RetrainInput['cause']): Promise<RetrainOutcome> {
  const workflowId = dailyRetrainId(portfolioId);
  try {
    return await executeChild(dailyRetrain, {
      workflowId, args: [{ portfolioId, cause }], workflowTaskTimeout: '5 s', parentClosePolicy: ParentClosePolicy.ABANDON, priority: { priorityKey: 5 },
      staticSummary: `models trained anew (${cause})`, typedSearchAttributes: [{ key: SEARCH_ATTRIBUTES.portfolio, value: portfolioId }],
    });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    const { firstExecutionRunId, startTime } = workflowInfo();
    return { runId: `${portfolioId}/retrain/${firstExecutionRunId}`, asOf: startTime.getTime(), outcome: 'skipped', reason: `${workflowId} runs already`, rows: null, dataHash: null, candidates: [], sizing: null };
  }
}

/** One candidate: folds side by side, then the gate, then what passed is fitted on everything and registered. */
async function judged(step: CandidateStep, { featureFaults }: SnapshotSummary, said: (state: 'fitting' | 'judging' | 'registering', done: number) => void): Promise<CandidateResult> {
  const { plan, candidate } = step;
  const common = { recipeId: candidate.recipeId, learner: candidate.recipe.learner, kind: candidate.kind, modelId: null, change: null };
  const folds = plan.folds.folds;
  try {
    let fitted = 0;
    said('fitting', 0);
    await Promise.all(Array.from({ length: folds }, async (_, fold) => {
      await training.fitFold.executeWithOptions({ summary: `${nameOf(candidate)}, fold ${fold + 1} of ${folds}` }, [{ ...step, fold }]);
      said('fitting', (fitted += 1));
    }));
    said('judging', folds);
    const verdict: CandidateVerdict = await training.judgeCandidate.executeWithOptions({ summary: `${nameOf(candidate)} through the gate` }, [{ ...step, featureFaults }]);
    if (!verdict.isPassed) return { ...common, outcome: 'refused', because: verdict.refusedBy };
    said('registering', folds + 1);
    await training.fitFold.executeWithOptions({ summary: `${nameOf(candidate)} on everything` }, [{ ...step, fold: 'whole' }]);
    const { trialId, learned } = verdict;
    const { modelId, change, why } = await training.registerCandidate.executeWithOptions({ summary: `${nameOf(candidate)} into the registry` }, [{ ...step, trialId, learned }]);
    return { ...common, outcome: 'passed', because: [why], modelId, change };
  } catch (error) {
    if (isCancellation(error)) throw error;
    const reason = reasonOf(error);
    await training.recordFailure({ plan, candidate, reason });
    return { ...common, outcome: 'failed', because: [reason] };
  }
}

const nameOf = ({ recipe, kind }: PlannedCandidate): string => `${kind === 'refresh' ? 'the champion\'s ' : ''}${recipe.learner}${recipe.instruments === null ? '' : ` on ${recipe.instruments.join(', ')}`}`;

/** What the activity said; anything else is not this workflow's to explain. */
function reasonOf(error: unknown): string {
  if (isCancellation(error) || !(error instanceof ActivityFailure)) throw error;
  return error.cause instanceof ApplicationFailure ? error.cause.message : rootCause(error) ?? error.message;
}

function detailsOf({ step, done, total, rows, candidates }: RetrainProgress): string {
  return [
    `**${step}**, ${Math.round((100 * done) / total)} %${rows === null ? '' : `, ${rows} rows`}`, '',
    ...candidates.map(({ learner, kind, state, recipeId }) => `- ${learner} (${kind}, ${recipeId}): ${state}`),
  ].join('\n');
}
