import { correlation } from './correlation.ts';
import { disagreement } from './disagreement.ts';
import { flashCrash } from './flash-crash.ts';
import { highVolatility } from './high-volatility.ts';
import { normalMarket } from './normal-market.ts';
import { policyAway } from './policy-away.ts';
import { recovery } from './recovery.ts';
import type { Scenario } from './scenario.ts';

/** By their numbers. @source risk.md, "Seven scenarios" */
export const SCENARIOS: readonly Scenario[] = [normalMarket, highVolatility, flashCrash, policyAway, disagreement, recovery, correlation];
