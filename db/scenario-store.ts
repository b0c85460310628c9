import { havePassed } from '../domain/events/scenarios.ts';
import type { ScenarioStore } from '../domain/ports/scenarios.ts';
import { writeEvents } from './events/outbox.ts';
import type { Pool } from './pool.ts';
import { inTransaction } from './pool.ts';

/** Runs of the scenarios are kept as events, and so in the audit chain. */
export function createScenarioStore(pool: Pool): ScenarioStore {
  return {
    record: ({ portfolioId, runId, verdict }) => inTransaction(pool, `record scenarios of ${portfolioId}`, async (client) => {
      await writeEvents(client, [{
        id: `${portfolioId}/scenarios/${runId}`, type: havePassed(verdict) ? 'scenariosPassed' : 'scenariosFailed', subject: portfolioId, portfolioId, traceId: runId, actor: 'scenarioRun',
        payload: { results: [...verdict.results], problem: verdict.problem },
      }]);
    }),
  };
}
