import type { EmergencyDeps } from './emergency.ts';
import { createEmergencyActivities, createGuardActivities } from './emergency.ts';
import type { FeedDeps } from './feeds.ts';
import { createFeedActivities } from './feeds.ts';
import { createLedgerActivities } from './ledger.ts';
import type { HealthDeps } from './health.ts';
import { createHealthActivities, createOversightActivities } from './health.ts';
import type { MarketDeps } from './market.ts';
import { createMarketActivities } from './market.ts';
import { createEvaluationActivities } from './outcomes.ts';
import { createPredictingActivities } from './predicting.ts';
import { createOrderActivities } from './orders.ts';
import { createReconciliationActivities } from './reconciliation.ts';
import type { ReplayDeps } from './replay.ts';
import { createReplayActivities } from './replay.ts';
import type { RetrainingDeps } from './retraining.ts';
import { createRetrainingActivities } from './retraining.ts';
import type { ScenarioDeps } from './scenarios.ts';
import { createScenarioActivities } from './scenarios.ts';
import type { SizingDeps } from './sizing.ts';
import { createSizingActivities } from './sizing.ts';
import type { SupervisionDeps } from './supervision.ts';
import { createSupervisionActivities } from './supervision.ts';
import type { TrialDeps } from './trials.ts';
import { createTrialActivities } from './trials.ts';
import type { Activities } from './types.ts';

export type ActivityDeps = FeedDeps & MarketDeps & ReplayDeps & EmergencyDeps & HealthDeps & RetrainingDeps & ScenarioDeps & SizingDeps & SupervisionDeps & TrialDeps;

/** All activities over one set of ports. Which of them a worker runs is decided by its roles. */
export function createActivities(deps: ActivityDeps): Activities {
  return {
    ...createLedgerActivities(deps),
    ...createMarketActivities(deps),
    ...createPredictingActivities(deps),
    ...createOrderActivities(deps),
    ...createReconciliationActivities(deps),
    ...createFeedActivities(deps),
    ...createReplayActivities(deps),
    ...createEvaluationActivities(deps),
    ...createSupervisionActivities(deps),
    ...createTrialActivities(deps),
    ...createRetrainingActivities(deps),
    ...createSizingActivities(deps),
    ...createGuardActivities(deps),
    ...createEmergencyActivities(deps),
    ...createHealthActivities(deps),
    ...createOversightActivities(deps),
    ...createScenarioActivities(deps),
  };
}
