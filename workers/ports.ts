/** The composition root: the one place that knows which implementation stands behind each port. */
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { activityInfo, asyncLocalStorage } from '@temporalio/activity';
import type { CrashPlan } from '../activities/crash-hook.ts';
import { crashHook, crashPlanOf } from '../activities/crash-hook.ts';
import { crashPointsOf, instrument, LEDGER_METHODS, VENUE_METHODS } from '../activities/effects.ts';
import { createHealthMonitor } from '../activities/health.ts';
import type { Machine } from '../activities/health-probes.ts';
import { ACTIVITY_REGISTRY } from '../activities/registry.ts';
import { databaseUrlOf } from '../config/database.ts';
import type { Deployment } from '../config/deployment.ts';
import { trainingPartsOf } from '../config/retraining.ts';
import type { Settings } from '../config/settings.ts';
import { createCallStore } from '../db/call-store.ts';
import { createHealthStore } from '../db/health-store.ts';
import { createLedger } from '../db/ledger.ts';
import { createLimiterStore } from '../db/limiter-store.ts';
import { createModelStore } from '../db/model-store.ts';
import { createTrialStore } from '../db/trial-store.ts';
import { createScenarioStore } from '../db/scenario-store.ts';
import { createSizingStore } from '../db/sizing-store.ts';
import { createPolicyStore } from '../db/policy-store.ts';
import type { Pool } from '../db/pool.ts';
import { createPool } from '../db/pool.ts';
import type { CallCounter } from '../domain/ports/call-counter.ts';
import type { HealthMonitor, HealthStore } from '../domain/ports/health.ts';
import type { Ledger } from '../domain/ports/ledger.ts';
import type { ScenarioStore } from '../domain/ports/scenarios.ts';
import type { SizingStore } from '../domain/ports/sizing-store.ts';
import type { ModelStore } from '../domain/ports/model-store.ts';
import type { PolicyStore } from '../domain/ports/policy-store.ts';
import type { MarketControl } from '../domain/ports/market-control.ts';
import type { TrialStore } from '../domain/ports/trial-store.ts';
import type { Trainer } from '../domain/ports/trainer.ts';
import type { Sweeper } from '../domain/ports/sweeper.ts';
import type { Venue } from '../domain/ports/venue.ts';
import { createBackOffLimiter, createLimiter, createVenue, limiterScopesOf } from '../venues/index.ts';
import { venueSettingsOf } from '../venues/settings.ts';
import { createCallCounter } from '../venues/call-counter.ts';
import { shareCalls } from '../venues/call-sharing.ts';
import { createSweeper } from '../venues/sweeper.ts';
import { createMarketControl } from '../venues/simulated-market.ts';
import { createTrainer } from '../models/trainer.ts';
import { createMachine } from './machine.ts';

export interface Ports {
  readonly pool: Pool;
  readonly ledger: Ledger;
  readonly policies: PolicyStore;
  readonly models: ModelStore;
  readonly trials: TrialStore;
  readonly sizing: SizingStore;
  readonly scenarios: ScenarioStore;
  readonly trainer: Trainer;
  readonly venue: Venue;
  readonly sweeper: Sweeper;
  readonly calls: CallCounter;
  readonly health: HealthMonitor;
  readonly store: HealthStore;
  readonly machine: Machine;
  readonly control: MarketControl | null;
  close(): Promise<void>;
}

/** Of one worker; `start` runs two. */
const TRAINING_THREADS = Math.max(1, Math.floor(availableParallelism() / 2));

export interface Watcher {
  warn(fields: object, message: string): void;
}

export function createPorts(settings: Settings, deployment: Deployment, watcher: Watcher): Ports {
  const pool = createPool(databaseUrlOf(settings, deployment), { applicationName: `keel-${deployment.name}`, onIdleError: (error) => watcher.warn({ error: error.message }, 'database connection lost') });
  const venueSettings = venueSettingsOf(settings, deployment);
  const limiter = deployment.mode === 'replay'
    ? createBackOffLimiter() // lockstep counts per market minute: the venue says when it is too much
    : createLimiter({ store: createLimiterStore(pool, limiterScopesOf(venueSettings)), workers: settings.workers, onDegraded: (why) => watcher.warn({ why }, 'limits are kept by this worker alone') });
  const ledger = createLedger(pool);
  const calls = createCallCounter();
  const sharing = deployment.mode === 'replay'
    ? null // losses alone act there
    : shareCalls({ calls, store: createCallStore(pool, deployment.portfolioId), onUnshared: (why) => watcher.warn({ why }, 'how calls to the venue fare is known to this worker alone') });
  const venue = createVenue({ ...venueSettings, calls }, limiter);
  const control = venueSettings.controlUrl === undefined ? null : createMarketControl(venueSettings.controlUrl);
  const seen = watched(ledger, venue);
  const store = createHealthStore(pool);
  const trainer = createTrainer({ thread: new URL('training-thread.ts', import.meta.url), parts: trainingPartsOf(settings), folder: join(settings.home, 'training', deployment.name), threads: TRAINING_THREADS });
  return {
    pool, control, calls, policies: createPolicyStore(pool), models: createModelStore(pool), sizing: createSizingStore(pool), trials: createTrialStore(pool), scenarios: createScenarioStore(pool), trainer, store, health: createHealthMonitor({ store, clock: Date.now }), machine: createMachine(settings.home), ...seen, sweeper: createSweeper(seen.venue),
    close: async () => {
      await trainer.close();
      await venue.close();
      await limiter.close();
      await sharing?.close();
      await ledger.close();
    },
  };
}

/** Every outside effect of an activity must be declared; the crash tests stop the process at any of them. */
function watched(ledger: Ledger, venue: Venue): { ledger: Ledger; venue: Venue } {
  const plan: CrashPlan | null = crashPlanOf(process.env, crashPointsOf(ACTIVITY_REGISTRY));
  const onEffect = plan === null ? null : crashHook(plan);
  const activity = (): string | undefined => (asyncLocalStorage.getStore() === undefined ? undefined : activityInfo().activityType);
  return {
    ledger: instrument(ledger, { portName: 'ledger', methods: LEDGER_METHODS, registry: ACTIVITY_REGISTRY, activity, onEffect }),
    venue: instrument(venue, { portName: 'venue', methods: VENUE_METHODS, registry: ACTIVITY_REGISTRY, activity, onEffect }),
  };
}
