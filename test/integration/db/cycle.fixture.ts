/** Ledgers of one portfolio: empty, or with one cycle and what it planned, one position to open. */
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

export const PORTFOLIO = { portfolioId: 'sim', deploymentId: 'abcde', venueAccountId: 'account', mode: 'sim', strategy: 'ensemble', timeframe: '1h', instrumentIds: [] } as const;

/** A ledger of one portfolio without instruments. */
export async function emptyLedger(databases: TestDatabases): Promise<{ pool: Pool; ledger: Ledger }> {
  const pool = await databases.create();
  const ledger = createLedger(pool);
  await ledger.ensurePortfolio(PORTFOLIO);
  return { pool, ledger };
}

/** As `claimedLedger`, the cycle recorded. */
export async function recordedLedger(databases: TestDatabases): Promise<{ pool: Pool; ledger: Ledger }> {
  const made = await claimedLedger(databases);
  await made.ledger.recordCycle({ cycleId: CYCLE, observation: OBSERVATION, plan: PLAN });
  return made;
}

export async function claimedLedger(databases: TestDatabases): Promise<{ pool: Pool; ledger: Ledger }> {
  const pool = await databases.create();
  const ledger = createLedger(pool);
  await ledger.upsertInstruments([INSTRUMENT]);
  await ledger.ensurePortfolio({ ...PORTFOLIO, instrumentIds: [INSTRUMENT.id] });
  await ledger.claimCycle({ cycleId: CYCLE, workflowId: 'w', candle: OBSERVATION.candle });
  return { pool, ledger };
}
