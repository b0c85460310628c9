import type { ScenarioVerdict } from '../events/scenarios.ts';

/** Plays the seven scenarios in deployments of their own, away from whatever trades. Implemented in `workers/`. */
export interface ScenarioPlayer {
  /** @param signal ends it early, and what it started. @throws the signal's reason; whatever else goes wrong is the verdict's problem */
  play(signal: AbortSignal): Promise<ScenarioVerdict>;
}

export interface ScenarioStore {
  /** Tells of a run as an event, once for each id. @throws {KeelError} DATABASE_UNREACHABLE, DATABASE_FAILED */
  record(run: { readonly portfolioId: string; readonly runId: string; readonly verdict: ScenarioVerdict }): Promise<void>;
}
