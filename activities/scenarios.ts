import type { ScenarioPlayer, ScenarioStore } from '../domain/ports/scenarios.ts';
import type { Cancelled } from './feeds.ts';
import type { ScenarioActivities } from './types.ts';

export interface ScenarioDeps {
  readonly player: ScenarioPlayer;
  readonly scenarios: ScenarioStore;
  readonly cancelled: Cancelled;
  /** Aborted when this worker stops: another one plays them anew. */
  readonly stopping: AbortSignal;
}

export function createScenarioActivities({ player, scenarios, cancelled, stopping }: ScenarioDeps): ScenarioActivities {
  return {
    playScenarios: async () => {
      const ended = new AbortController();
      const cancelling = cancelled().catch((error: unknown) => {
        ended.abort(error);
        throw error;
      });
      const played = player.play(AbortSignal.any([ended.signal, stopping]));
      await Promise.race([played, cancelling]).catch(() => undefined);
      return await played; // also where it was cancelled: nothing of it is left running
    },
    recordScenarios: (run) => scenarios.record(run),
  };
}
