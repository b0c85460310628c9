/** One named function per identity. Workflow ids are business identities: the engine refuses a second one. */
export { cycleIdOf } from '../domain/cycle/ids.ts';
export { emergencyIdOf } from '../domain/emergency/ids.ts';
export { predictionRequestIdOf } from '../domain/predictions/request.ts';

export function accountFeedId(portfolioId: string): string {
  return `accountFeed/${portfolioId}`;
}

export function marketFeedId(portfolioId: string): string {
  return `marketFeed/${portfolioId}`;
}

/** One retrain of a portfolio at a time. */
export function dailyRetrainId(portfolioId: string): string {
  return `dailyRetrain/${portfolioId}`;
}

export function oversightId(portfolioId: string): string {
  return `oversight/${portfolioId}`;
}

/** One guard per portfolio, for ever. */
export function portfolioGuardId(portfolioId: string): string {
  return `portfolioGuard/${portfolioId}`;
}

export function healthCheckId(portfolioId: string): string {
  return `healthCheck/${portfolioId}`;
}

/** One evaluation of a portfolio at a time. */
export function outcomeEvaluationId(portfolioId: string): string {
  return `outcomeEvaluation/${portfolioId}`;
}

export function reconciliationId(portfolioId: string): string {
  return `reconciliation/${portfolioId}`;
}

export function replaySessionId(portfolioId: string): string {
  return `replaySession/${portfolioId}`;
}

export function scenarioRunId(portfolioId: string): string {
  return `scenarioRun/${portfolioId}`;
}

/** One trial and one watch of a portfolio at a time. */
export function shadowTrialId(portfolioId: string): string {
  return `shadowTrial/${portfolioId}`;
}

/** Task queues of one deployment. Any number of workers may poll them, each with the roles it is given. */
export const ROLES = ['trading', 'venue', 'models', 'feeds'] as const;
export type Role = (typeof ROLES)[number];

export function taskQueueOf(taskQueuePrefix: string, role: Role): string {
  return `${taskQueuePrefix}-${role}`;
}
