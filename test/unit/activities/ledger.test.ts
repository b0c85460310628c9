import { expect, it } from 'vitest';
import { createLedgerActivities } from '../../../activities/ledger.ts';
import { planCycle } from '../../../domain/cycle/plan-cycle.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import { portOf } from '../../support/ports.ts';
import { observationWith } from '../domain/cycle/plan.fixture.ts';

it.each([true, false])('a recorded cycle that is late (%s) has what is due already evaluated', async (late) => {
  const calls: string[] = [];
  const ledger = portOf<Ledger>({ recordCycle: () => { calls.push('recorded'); return Promise.resolve(null); } });
  const { recordCycle } = createLedgerActivities({ ledger, engine: { startEvaluation: (portfolioId) => { calls.push(`evaluation of ${portfolioId}`); return Promise.resolve(); } } });
  const observation = observationWith({ late });
  await recordCycle({ cycleId: 'c', observation, plan: planCycle({ cycleId: 'c', observation }) });
  expect(calls).toEqual(['recorded', ...(late ? [`evaluation of ${observation.candle.portfolioId}`] : [])]);
});
