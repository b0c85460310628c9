import type { Role } from '../workflows/ids.ts';
import type { Effect } from './effects.ts';
import type { Activities } from './types.ts';

/** Where an activity runs and what it may do to the outside. Undeclared effects are refused; declared ones are crash points. */
export interface ActivityEntry {
  readonly role: Role;
  readonly effects: readonly Effect[];
}

export const ACTIVITY_REGISTRY = {
  claimCycle: { role: 'trading', effects: ['ledger.claimCycle'] },
  recordCycle: { role: 'trading', effects: ['ledger.recordCycle'] },
  readPosition: { role: 'trading', effects: [] },
  settlePosition: { role: 'trading', effects: ['ledger.settlePosition'] },
  closePosition: { role: 'trading', effects: ['ledger.closePosition'] },
  backfillOrders: { role: 'trading', effects: ['ledger.backfillOrder'] },
  instructPosition: { role: 'trading', effects: ['ledger.instruct'] },
  observe: { role: 'venue', effects: ['ledger.writeCandles', 'ledger.watchRisk', 'ledger.oversee'] },
  predict: { role: 'venue', effects: ['ledger.writeCandles', 'ledger.recordPredictionRequest'] },
  readQuote: { role: 'venue', effects: [] },
  submitOrder: { role: 'venue', effects: ['venue.ensureTerms', 'ledger.claimSubmission', 'venue.submit', 'ledger.applyOrderEvent', 'ledger.backfillOrder'] },
  lookUpOrder: { role: 'venue', effects: ['ledger.applyOrderEvent', 'ledger.applyFills'] },
  cancelOrder: { role: 'venue', effects: ['venue.cancel', 'ledger.applyOrderEvent', 'ledger.applyFills'] },
  expireOrder: { role: 'venue', effects: ['ledger.applyOrderEvent', 'ledger.backfillOrder'] },
  compareWithVenue: { role: 'venue', effects: ['ledger.applyFills', 'ledger.recordIncome', 'ledger.setCursor', 'ledger.noteDifferences', 'ledger.resolveDifference'] },
  resolveDifference: {
    role: 'venue',
    effects: ['ledger.applyOutsideFills', 'ledger.instruct', 'ledger.applyReport', 'ledger.applyFills', 'ledger.applyOrderEvent', 'ledger.raiseFence', 'ledger.resolveDifference', 'venue.cancel'],
  },
  recordMoney: { role: 'venue', effects: ['ledger.recordIncome', 'ledger.setCursor', 'ledger.recordEquity'] },
  commandGuard: { role: 'trading', effects: ['ledger.commandGuard'] },
  readGuard: { role: 'trading', effects: [] },
  recordClosings: { role: 'trading', effects: ['ledger.recordEmergencyOrders'] },
  tellPositions: { role: 'trading', effects: ['ledger.tellEmergency'] },
  tellPeople: { role: 'trading', effects: [] },
  surveyAccount: { role: 'venue', effects: [] },
  withdrawOrders: { role: 'venue', effects: ['venue.cancel'] },
  closePositions: { role: 'venue', effects: ['venue.submit'] },
  bookClosings: { role: 'venue', effects: ['ledger.applyFills', 'ledger.applyOutsideFills', 'ledger.instruct'] },
  checkHealth: { role: 'trading', effects: ['ledger.commandGuard', 'ledger.oversee'] },
  oversee: { role: 'trading', effects: ['ledger.oversee'] },
  evaluateDue: { role: 'models', effects: ['ledger.writeCandles', 'ledger.recordOutcomes'] },
  superviseModels: { role: 'models', effects: [] },
  wakeTrial: { role: 'models', effects: [] },
  advanceTrial: { role: 'models', effects: [] },
  planRetrain: { role: 'models', effects: [] },
  prepareDataset: { role: 'models', effects: ['ledger.writeCandles'] },
  fitFold: { role: 'models', effects: [] },
  judgeCandidate: { role: 'models', effects: [] },
  recordFailure: { role: 'models', effects: [] },
  registerCandidate: { role: 'models', effects: [] },
  endRetrain: { role: 'models', effects: [] },
  trainSizing: { role: 'models', effects: [] },
  playScenarios: { role: 'models', effects: [] }, // in a process, and on servers and a ledger, of their own
  recordScenarios: { role: 'models', effects: [] },
  streamAccount: { role: 'feeds', effects: ['ledger.applyReport', 'ledger.watchRisk', 'venue.acknowledge'] },
  streamMarket: { role: 'feeds', effects: ['ledger.writeCandles', 'ledger.setCursor'] },
  driveReplay: { role: 'feeds', effects: ['ledger.setCursor'] },
} as const satisfies Record<keyof Activities, ActivityEntry>;
