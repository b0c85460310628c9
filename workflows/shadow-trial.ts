import { condition, continueAsNew, setCurrentDetails, setHandler, workflowInfo } from '@temporalio/workflow';
import type { TrialLook } from '../activities/types.ts';
import type { TrialInput, TrialOutcome, TrialProgress } from './messages.ts';
import { newsSignal, trialProgressQuery } from './messages.ts';
import { trying } from './proxies.ts';

/** So many looks fit into one run's history. */
const LOOKS_MAX = 200;
/** Steps that are told; all of them lie in the ledger. */
const TOLD_MAX = 20;

/**
 * Follows the model on trial and the watch over whoever acts, until there is neither. It goes by the ledger alone: each
 * news (outcomes of a further close) leads to a look, each look to at most one step, which is taken once whatever dies.
 */
export async function shadowTrial({ portfolioId, before }: TrialInput): Promise<TrialOutcome> {
  let isHeard = false;
  let progress: TrialProgress = before ?? { at: null, trial: null, watch: null, steps: [] };
  setHandler(newsSignal, () => void (isHeard = true));
  setHandler(trialProgressQuery, () => progress);
  for (let looks = 1; ; looks += 1) {
    isHeard = false;
    const { at, isOver, step, trial, watch } = await trying.advanceTrial.executeWithOptions({ summary: 'what is due since the last close' }, [portfolioId]);
    progress = { at, trial, watch, steps: step === null ? progress.steps : [...progress.steps, { ...step, at }].slice(-TOLD_MAX) };
    setCurrentDetails(detailsOf(progress));
    if (isOver && step === null && !heard()) return { steps: progress.steps };
    if (looks >= LOOKS_MAX || workflowInfo().continueAsNewSuggested) return await continueAsNew<typeof shadowTrial>({ portfolioId, before: progress });
    if (step === null) await condition(heard);
  }

  function heard(): boolean {
    return isHeard;
  }
}

function detailsOf({ at, trial, watch, steps }: TrialProgress): string {
  const lines: readonly (TrialLook['trial'] | TrialLook['watch'])[] = [trial, watch];
  return [
    `As of ${at === null ? 'nothing yet' : new Date(at).toISOString()}:`, '',
    ...lines.flatMap((it) => (it === null ? [] : [`- ${'modelIds' in it ? 'champion' : it.modelId.slice(0, 12)}: ${it.text}`])), '',
    ...steps.toReversed().map((it) => `- ${new Date(it.at).toISOString()} **${it.kind}** ${it.modelId.slice(0, 12)}: ${it.why}`),
  ].join('\n');
}
