/** A ledger of one portfolio that claimed one cycle, and what that cycle planned: one position to open. */
import { createLedger } from '../../../db/ledger.ts';
import type { Pool } from '../../../db/pool.ts';
import { cycleIdOf } from '../../../domain/cycle/ids.ts';
import { planCycle } from '../../../domain/cycle/plan-cycle.ts';
import type { OpenPlan } from '../../../domain/cycle/types.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { INSTRUMENT, observationWith } from '../../unit/domain/cycle/plan.fixture.ts';

export const OBSERVATION = observationWith({ account: { fence: { epoch: 1, halted: false } } });
export const CYCLE = cycleIdOf(OBSERVATION.candle);
export const PLAN = planCycle({ cycleId: CYCLE, observation: OBSERVATION });
export const [OPEN] = PLAN.opens as [OpenPlan];

export async function claimedLedger(databases: TestDatabases): Promise<{ pool: Pool; ledger: Ledger }> {
  const pool = await databases.create();
  const ledger = createLedger(pool);
  await ledger.upsertInstruments([INSTRUMENT]);
  await ledger.ensurePortfolio({ portfolioId: 'sim', deploymentId: 'abcde', venueAccountId: 'account', mode: 'sim', strategy: 'ensemble', timeframe: '1h', instrumentIds: [INSTRUMENT.id] });
  await ledger.claimCycle({ cycleId: CYCLE, workflowId: 'w', candle: OBSERVATION.candle });
  return { pool, ledger };
}
