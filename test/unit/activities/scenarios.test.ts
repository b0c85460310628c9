import { expect, it } from 'vitest';
import { createScenarioActivities } from '../../../activities/scenarios.ts';
import type { ScenarioVerdict } from '../../../domain/events/scenarios.ts';

const VERDICT: ScenarioVerdict = { results: [], problem: 'no room' };
const never = (): Promise<never> => new Promise(() => undefined);
const scenarios = { record: () => Promise.resolve() };

it('plays until there is a verdict', async () => {
  const { playScenarios } = createScenarioActivities({ player: { play: () => Promise.resolve(VERDICT) }, scenarios, cancelled: never, stopping: new AbortController().signal });
  expect(await playScenarios()).toBe(VERDICT);
});

it.each(['cancelled', 'stopping'] as const)('ends only after the player has, when it is %s', async (how) => {
  const stopping = new AbortController();
  const cancelled = Promise.withResolvers<never>();
  const log: string[] = [];
  const player = {
    play: async (signal: AbortSignal): Promise<ScenarioVerdict> => {
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      await Promise.resolve();
      log.push('tidied up');
      throw signal.reason as Error;
    },
  };
  const { playScenarios } = createScenarioActivities({ player, scenarios, cancelled: () => cancelled.promise, stopping: stopping.signal });
  const played = playScenarios().finally(() => log.push('ended'));
  if (how === 'stopping') stopping.abort(new Error('called off'));
  else cancelled.reject(new Error('called off'));
  await expect(played).rejects.toThrow('called off');
  expect(log).toEqual(['tidied up', 'ended']);
});
