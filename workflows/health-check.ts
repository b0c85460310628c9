import { setCurrentDetails } from '@temporalio/workflow';
import type { HealthInput, HealthOutcome } from './messages.ts';
import { health } from './proxies.ts';

/** One run of the Schedule: every part is looked at, again and again, until the next run takes over. */
export async function healthCheck(input: Omit<HealthInput, 'startedAt'>): Promise<HealthOutcome> {
  const outcome = await health.checkHealth.executeWithOptions({ summary: `parts of ${input.portfolioId}` }, [{ ...input, startedAt: Date.now() }]);
  setCurrentDetails(detailsOf(outcome));
  return outcome;
}

function detailsOf({ level, isStored, parts }: HealthOutcome): string {
  const rows = parts.map((it) => `| ${it.part} | ${it.state} | ${it.value} | ${it.limit} | ${it.action ?? ''} |`);
  const table = rows.length === 0 ? [] : ['', '| part | state | value | limit | what to do |', '|---|---|---|---|---|', ...rows];
  return [`**${level}**${isStored ? '' : ': the ledger could not take it'}`, ...table].join('\n');
}
