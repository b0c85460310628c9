import type { Ledger } from '../domain/ports/ledger.ts';
import { createChangeListener } from './ledger/changes.ts';
import { createContextMethods } from './ledger/context.ts';
import { createCycleMethods } from './ledger/cycles.ts';
import { createFenceMethods } from './ledger/fence.ts';
import { createGuardMethods } from './ledger/guard.ts';
import { createMarketMethods } from './ledger/market.ts';
import { createOrderMethods } from './ledger/orders.ts';
import { createOutcomeMethods } from './ledger/outcomes.ts';
import { createOversightMethods } from './ledger/oversight.ts';
import { createPortfolioMethods } from './ledger/portfolio.ts';
import { createPredictionRequestMethods } from './ledger/prediction-requests.ts';
import { createPositionMethods } from './ledger/positions.ts';
import { createReconciliationMethods } from './ledger/reconciliation.ts';
import type { Pool } from './pool.ts';

/** The ledger over PostgreSQL. Owns the pool from here on: `close` ends it. */
export function createLedger(pool: Pool): Ledger {
  const changes = createChangeListener(pool);
  return {
    ...createPortfolioMethods(pool),
    ...createMarketMethods(pool),
    ...createFenceMethods(pool),
    ...createGuardMethods(pool),
    ...createOversightMethods(pool),
    ...createContextMethods(pool),
    ...createCycleMethods(pool),
    ...createOutcomeMethods(pool),
    ...createPredictionRequestMethods(pool),
    ...createOrderMethods(pool),
    ...createPositionMethods(pool),
    ...createReconciliationMethods(pool),
    settlementChange: (timeoutMs) => changes.next(timeoutMs),
    close: async () => {
      await changes.close();
      await pool.end();
    },
  };
}
