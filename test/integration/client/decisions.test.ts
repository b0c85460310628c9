/** What waits for a person, read out of a real ledger. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { waitingDecisions } from '../../../client/decisions.ts';
import { createModelStore } from '../../../db/model-store.ts';
import { createTrialStore } from '../../../db/trial-store.ts';
import { artefactHash } from '../../../domain/learning/artefact.ts';
import { agreedByHand } from '../../../domain/promotion/by-hand.ts';
import { afterGate } from '../../../domain/promotion/registry.ts';
import { trialAdvanced, trialBegun } from '../../../domain/promotion/standing.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { emptyLedger } from '../db/cycle.fixture.ts';

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

it('a model that won its trial waits until it is answered, with a limit; one that never passed the gate is retired at it', async () => {
  const { pool } = await emptyLedger(databases);
  const [models, trials] = [createModelStore(pool), createTrialStore(pool)];
  const artefact = new Uint8Array([1, 2, 3]);
  const model = { modelId: artefactHash(artefact), recipeId: 'r', validatedAt: 1 };
  await models.recordTrial({ trialId: 't', runId: 't', portfolioId: 'sim', recipeId: 'r', recipe: {}, kind: 'challenger', outcome: 'failed', daily: null, rules: null, reason: 'imported' });
  await models.registerModel({ portfolioId: 'sim', trialId: 't', dataHash: 'd', description: {}, artefact, ...model });
  await models.step({ portfolioId: 'sim', stepId: 'gate', actor: 'x', decide: (registry) => afterGate(registry, { kind: 'challenger', model }) });
  await trials.take({ portfolioId: 'sim', stepId: 'trial/0', actor: 'x', at: 10, decide: (standing) => trialBegun(standing, { id: 'one', at: 10, number: 1 }) });
  expect((await waitingDecisions(pool, 'sim')).waiting).toEqual([]);
  await trials.take({ portfolioId: 'sim', stepId: 'trial/1', actor: 'x', at: 20, decide: (standing) => trialAdvanced(standing, { state: { phase: 'acknowledgement' }, why: 'it won' }, 20) });
  expect((await waitingDecisions(pool, 'sim')).waiting).toEqual([expect.objectContaining({ id: `promotion/${model.modelId.slice(0, 12)}`, askedAt: 20, dueAt: 20 + 1_440 * 60_000, unanswered: expect.stringContaining('after 1440 min it is retired') as string })]);
  await trials.take({ portfolioId: 'sim', stepId: 'byHand', actor: 'ada', at: 30, decide: (standing) => agreedByHand(standing, model.modelId, { why: 'looked at it', at: 30 }) });
  expect((await waitingDecisions(pool, 'sim')).waiting).toEqual([]);
});
