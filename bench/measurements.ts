import { benchAccountWatch } from './account-watch.ts';
import { benchCycle } from './cycle.ts';
import { benchEmergency } from './emergency.ts';
import { benchEngine } from './engine.ts';
import { benchEvaluation } from './evaluation.ts';
import { benchEvents } from './events.ts';
import { benchFeatures } from './features.ts';
import { benchLearning } from './learning.ts';
import { benchLedger } from './ledger/ledger.ts';
import { benchMatching } from './matching.ts';
import { benchPlan } from './plan.ts';
import { benchRetraining } from './retraining.ts';
import { benchServing } from './serving.ts';
import { benchSession } from './session.ts';
import { benchStart } from './start/start.ts';
import type { Measurement } from './support/measurement.ts';
import { atLeast } from './support/measurement.ts';
import { benchVenue } from './venue.ts';

/** In the order in which they run: short ones first. */
export const MEASUREMENTS: readonly Measurement[] = [
  { name: 'plan', run: benchPlan },
  { name: 'features', run: benchFeatures },
  { name: 'learning', run: benchLearning },
  { name: 'serving', run: benchServing },
  { name: 'matching', run: async () => [atLeast('matching core alone', (await benchMatching()).ordersPerSecond, { goal: 300_000, unit: 'orders/s' })] },
  { name: 'venue', run: async () => [atLeast('simulated venue', (await benchVenue()).signedOrdersPerSecond, { goal: 2_000, unit: 'signed order requests/s' })] },
  { name: 'ledger', run: benchLedger },
  { name: 'evaluation', run: benchEvaluation },
  { name: 'engine', run: benchEngine },
  { name: 'cycle', run: benchCycle },
  { name: 'events', run: benchEvents },
  { name: 'account', run: benchAccountWatch },
  { name: 'emergency', run: benchEmergency },
  { name: 'retraining', run: benchRetraining },
  { name: 'start', run: benchStart },
  { name: 'session', run: benchSession },
];
