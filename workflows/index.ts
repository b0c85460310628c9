export { essRecovery } from './ess-recovery.ts';
export { accountFeed, marketFeed } from './feeds.ts';
export { healthCheck } from './health-check.ts';
export { outcomeEvaluation } from './outcome-evaluation.ts';
export { portfolioGuard } from './portfolio-guard.ts';
export { position } from './position.ts';
export { reconciliation } from './reconciliation.ts';
export { replaySession } from './replay-session.ts';
export { tradingCycle } from './trading-cycle.ts';
