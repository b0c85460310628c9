/** What waits for a person, read out of a real ledger. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerPromotion, waitingDecisions } from '../../../client/decisions.ts';
import type { Desk } from '../../../client/deployment-parts.ts';
import { takePromotion, takeRetirement } from '../../../client/models.ts';
import { loadSettings } from '../../../config/settings.ts';
import { trialAdvanced, trialBegun } from '../../../domain/promotion/standing.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { emptyLedger } from '../db/cycle.fixture.ts';
import type { TrialWorld } from '../models/trial.fixture.ts';
import { closeOf, trialWorld } from '../models/trial.fixture.ts';

let databases: TestDatabases;
beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());

it('an emergency waits until a named person ends it', async () => {
  const { pool, ledger } = await emptyLedger(databases);
  const waiting = async (): Promise<readonly string[]> => (await waitingDecisions(pool, 'sim')).waiting.map((it) => it.id);
  expect(await waiting()).toEqual([]);
  await ledger.commandGuard('sim', { kind: 'trip', cause: { trigger: 'person', reason: 'a strange fill', by: 'ada', severity: 'critical' }, at: 1 });
  expect(await waiting()).toEqual(['emergency/1']);
  await ledger.commandGuard('sim', { kind: 'reset', by: 'ada', because: 'it was none', at: 2 });
  expect(await waiting()).toEqual([]);
});

describe('a model that won its trial', () => {
  type Gate = 'passed' | 'failed';
  const BY = { by: 'ada', because: 'looked at it' };

  async function asked(gate: Gate): Promise<{ world: TrialWorld; desk: Desk; modelId: string; id: string }> {
    const world = await trialWorld(databases);
    const modelId = await world.challenger('b', { gate });
    const [portfolioId, at] = ['sim', closeOf(1)];
    const desk = { pool: world.pool, settings: loadSettings({}), portfolioId, deployment: portfolioId };
    await world.trials.take({ portfolioId, stepId: 'begun', actor: 'shadowTrial', at, decide: (standing) => trialBegun(standing, { id: 't', at, number: 1 }) });
    expect(await waiting(desk)).toEqual([]);
    await world.trials.take({ portfolioId, stepId: 'won', actor: 'shadowTrial', at, decide: (standing) => trialAdvanced(standing, { state: { phase: 'acknowledgement' }, why: 'better' }, at) });
    return { world, desk, modelId, id: (await waiting(desk))[0] ?? expect.fail('nobody is asked') };
  }
  const waiting = async ({ pool, portfolioId }: Desk): Promise<readonly string[]> => (await waitingDecisions(pool, portfolioId)).waiting.map((it) => it.id);
  const lastStep = async ({ pool }: Desk): Promise<unknown> => (await pool.query(`SELECT trial->'state'->>'phase' AS phase, actor, step_id ~ '^byHand/' AS "isByHand" FROM trial_steps ORDER BY seq DESC LIMIT 1`)).rows[0];

  it('waits for an answer, with a limit; one that never passed the gate is retired at it', async () => {
    const { desk, modelId } = await asked('failed');
    expect((await waitingDecisions(desk.pool, 'sim')).waiting).toEqual([expect.objectContaining({ id: `promotion/${modelId.slice(0, 12)}`, askedAt: closeOf(1), dueAt: closeOf(1) + 1_440 * 60_000, unanswered: expect.stringContaining('after 1440 min it is retired') as string })]);
  });

  it.each<[Gate]>([['passed'], ['failed']])('to which a person agrees begins its canary, with the gate %s, and is asked about no more', async (gate) => {
    const { world, desk, modelId, id } = await asked(gate);
    expect(await answerPromotion(desk, { id }, { ...BY, isAgreed: true })).toBe('trialAdvanced: its canary begins: looked at it');
    expect(await world.trials.standing('sim')).toMatchObject({ registry: { champion: null, onTrial: { modelId } }, trial: { state: { phase: 'canary', stage: 0 }, canarySince: closeOf(1) } });
    expect(await lastStep(desk)).toEqual({ phase: 'canary', actor: 'ada', isByHand: true });
    expect(await waiting(desk)).toEqual([]);
  });

  it.each<[Gate]>([['passed'], ['failed']])('so it does by keel models promote, with the gate %s', async (gate) => {
    const { world, desk } = await asked(gate);
    expect(await takePromotion(desk, 'onTrial', BY)).toMatchObject({ kind: 'trialAdvanced' });
    expect(await world.trials.standing('sim')).toMatchObject({ registry: { champion: null }, trial: { state: { phase: 'canary' } } });
  });

  it.each(['', '%', '_'])('is not meant by "%s", though there is no other', async (name) => {
    const { desk } = await asked('passed');
    await expect(takePromotion(desk, name, BY)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it.each<['keel decisions' | 'keel models retire']>([['keel decisions'], ['keel models retire']])('refused by %s is retired, by a step of its trial', async (how) => {
    const { world, desk, modelId, id } = await asked('passed');
    if (how === 'keel decisions') expect(await answerPromotion(desk, { id }, { ...BY, isAgreed: false })).toBe('retired: looked at it');
    else expect(await takeRetirement(desk, modelId, BY)).toMatchObject({ kind: 'retired', why: 'looked at it' });
    expect((await world.trials.standing('sim')).registry).toEqual({ champion: null, predecessor: null, onTrial: null });
    expect(await lastStep(desk)).toEqual({ phase: 'retired', actor: 'ada', isByHand: true });
  });

  it('and was retired while the answer was written does not act by it', async () => {
    const { world, desk, modelId, id } = await asked('passed');
    await takeRetirement(desk, modelId, BY);
    await expect(answerPromotion(desk, { id }, { ...BY, isAgreed: true })).rejects.toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('does not wait for an answer any more') as string });
    expect((await world.trials.standing('sim')).registry.champion).toBeNull();
  });
});
