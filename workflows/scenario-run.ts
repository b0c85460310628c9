import { isCancellation, setCurrentDetails, workflowInfo } from '@temporalio/workflow';
import { messageOf } from '../domain/errors.ts';
import type { ScenarioVerdict } from '../domain/events/scenarios.ts';
import { havePassed, verdictText } from '../domain/events/scenarios.ts';
import type { ScenarioRunInput, ScenarioRunOutcome } from './messages.ts';
import { playing, recordingScenarios } from './proxies.ts';

/** The seven scenarios of risk on deployments of their own; what came of them is an event, and an alert where one failed. */
export async function scenarioRun({ portfolioId }: ScenarioRunInput): Promise<ScenarioRunOutcome> {
  const verdict = await played();
  await recordingScenarios.recordScenarios.executeWithOptions({ summary: verdictText(verdict) }, [{ portfolioId, runId: workflowInfo().runId, verdict }]);
  setCurrentDetails([verdictText(verdict), ...verdict.results.map((it) => `- ${it.id} ${it.name}: ${it.passed ? 'passed' : '**failed**'}`)].join('\n'));
  return { passed: havePassed(verdict), text: verdictText(verdict) };
}

/** That they could not be played is news too: who is never told believes that all is well. */
async function played(): Promise<ScenarioVerdict> {
  try {
    return await playing.playScenarios.executeWithOptions({ summary: 'keel scenario all' }, []);
  } catch (error) {
    if (isCancellation(error)) throw error;
    return { results: [], problem: messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error) };
  }
}
