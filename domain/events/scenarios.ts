/** What a run of the seven scenarios of risk came to, as it is told in events. */
import { z } from 'zod';

const facts = z.record(z.string(), z.string());

/** One scenario, as `keel scenario --json` prints it: what was expected and what was seen, by what it is about. */
export const scenarioResult = z.object({ id: z.number(), name: z.string(), passed: z.boolean(), expected: facts, seen: facts });

/** What `keel scenario --json` prints. */
export const scenarioReport = z.object({ scenarios: z.array(scenarioResult) });

export type ScenarioResult = z.infer<typeof scenarioResult>;

export interface ScenarioVerdict {
  readonly results: readonly ScenarioResult[];
  /** Why they could not be played; null: they were. */
  readonly problem: string | null;
}

/** All were played and each one passed: nothing played is no success. */
export function havePassed({ results, problem }: ScenarioVerdict): boolean {
  return problem === null && results.length > 0 && results.every((it) => it.passed);
}

/** One line for people. */
export function verdictText({ results, problem }: ScenarioVerdict): string {
  const failed = results.filter((it) => !it.passed).map((it) => `${it.id} (${it.name})`);
  if (problem !== null) return `the scenarios of risk could not be played: ${problem}`;
  if (results.length === 0) return 'no scenario of risk was played';
  return failed.length === 0 ? `${results.length} scenarios of risk passed` : `${failed.length} of ${results.length} scenarios of risk failed: ${failed.join(', ')}`;
}
