/** A trial and a watch over a real ledger: each step once, in one transaction with its event, whoever takes it and however often. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { promotedByHand, retiredByHand } from '../../../domain/promotion/by-hand.ts';
import type { RegistryStep } from '../../../domain/promotion/registry.ts';
import { afterGate, afterRollBack } from '../../../domain/promotion/registry.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import type { TrialWorld } from './trial.fixture.ts';
import { closeOf, trialWorld } from './trial.fixture.ts';

let databases: TestDatabases;
let world: TrialWorld;
beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());
beforeEach(async () => { world = await trialWorld(databases); });

const kinds = (steps: readonly { readonly kind: string }[]): readonly string[] => steps.map((it) => it.kind);
const phases = async (): Promise<readonly unknown[]> => (await world.pool.query<{ phase: unknown }>(`SELECT trial->'state'->>'phase' AS phase FROM trial_steps WHERE trial IS NOT NULL ORDER BY seq`)).rows.map((it) => it.phase);

const TO_THE_LOOK = [0, 104, 203, 204] as const;

/** A challenger that is better than whoever acts, for nine days and more; a day is 24 h. @returns its id */
async function better(how: { readonly gate?: 'failed' } = {}): Promise<string> {
  const modelId = await world.challenger('b', how);
  await world.plant({ from: 1, to: 400, role: 'acting', modelId: null, right: 0.4 });
  await world.plant({ from: 1, to: 210, role: 'shadow', modelId, right: 0.7 });
  return modelId;
}

describe('a challenger that is better', () => {
  it('goes through operations, looks and canary to champion, and is watched from then on', async () => {
    const modelId = await better();
    const steps = await world.walk(0, 103, 104, 203, 204, 227, 228, 251, 252, 275, 276, 300);
    expect(kinds(steps)).toEqual(['trialAdvanced', 'trialAdvanced', 'trialAdvanced', 'trialAdvanced', 'trialAdvanced', 'promoted']);
    expect(await phases()).toEqual(['operations', 'superiority', 'canary', 'canary', 'canary', 'promoted']);
    expect(steps.map((it) => it.why).slice(1, 3)).toEqual(['100 predictions without a fault', expect.stringMatching(/^better than the champion: p 0\.0\d+ after 50 independent moments/) as string]);
    const promotedAt = closeOf(1 + 199 + 4 + 3 * 24); // 200 moments are priced four hours after the last; three stages of a day
    const standing = await world.trials.standing('sim');
    expect(standing).toEqual({
      registry: { champion: { modelId, recipeId: 'b', validatedAt: promotedAt }, predecessor: null, onTrial: null }, // weeks on trial did not make it old
      trial: null, watch: { id: `${modelId}/1`, modelIds: [modelId], since: promotedAt, status: 'watching' },
    });
    expect((await world.pool.query(`SELECT type, actor, count(*)::int AS count FROM domain_events WHERE actor = 'shadowTrial' GROUP BY type, actor ORDER BY type`)).rows).toEqual([{ type: 'modelPromoted', actor: 'shadowTrial', count: 1 }, { type: 'modelTried', actor: 'shadowTrial', count: 5 }]);
    expect((await world.pool.query(`SELECT kind, step_id ~ '^trial/' AS "isOfTrial" FROM model_steps WHERE actor = 'shadowTrial'`)).rows).toEqual([{ kind: 'promoted', isOfTrial: true }]);
  });

  it('looked at by two at once, and again after each step, takes each step once', async () => {
    await better();
    for (const hour of [0, 103, 104, 203, 204, 205, 227, 228, 252, 276]) await Promise.all([1, 2, 3].map(() => world.look(hour)));
    expect(await phases()).toEqual(['operations', 'superiority', 'canary', 'canary', 'canary', 'promoted']);
    const { rows } = await world.pool.query('SELECT count(*)::int AS steps, count(DISTINCT step_id)::int AS ids FROM trial_steps');
    expect(rows).toEqual([{ steps: 6, ids: 6 }]);
  });

  it('a step whose answer was lost is answered as it was taken', async () => {
    const modelId = await better();
    await world.look(0);
    const [{ step_id: stepId } = { step_id: '' }] = (await world.pool.query<{ step_id: string }>('SELECT step_id FROM trial_steps')).rows;
    let decided = 0;
    const again = await world.trials.take({ portfolioId: 'sim', stepId, actor: 'x', at: 1, decide: () => { decided += 1; return null; } });
    expect(decided).toBe(0);
    expect(again).toMatchObject({ isRepeated: true, kind: 'trialAdvanced', modelId, trial: { startedAt: closeOf(0), number: 1, steps: 1 } });
  });

  it('in a replay is not looked at where nothing can come of it: closes without enough moments for a proof', async () => {
    world = await trialWorld(databases, { mode: 'replay' });
    await better();
    await world.walk(0, 104); // 100 moments of 200
    const lookedTo = async (): Promise<unknown> => (await world.trials.awaited('sim'))?.lookedTo;
    expect(await lookedTo()).toBe(closeOf(203));
    expect(await world.walk(203)).toEqual([]);
    expect((await world.walk(204)).map((it) => it.why.slice(0, 6))).toEqual(['better']);
    await world.models.step({ portfolioId: 'sim', stepId: 'x', actor: 'ada', decide: (registry) => ({ registry, change: { kind: 'refused', modelId: registry.onTrial?.modelId ?? '', why: '' } }) });
    expect(await lookedTo()).toBeNull(); // whatever changes is looked at
  });

  it('a person who ends it while it is looked at has the last word', async () => {
    let isToEnd = false;
    world = await trialWorld(databases, { seen: (trials) => ({ trials: { ...trials, counts: async (query) => {
      const counts = await trials.counts(query);
      if (isToEnd) await world.models.step({ portfolioId: 'sim', stepId: 'byHand/1', actor: 'ada', decide: (registry) => retiredByHand(registry, modelId, 'no') as RegistryStep });
      return counts;
    } } }) });
    const modelId = await better();
    await world.walk(0, 103);
    isToEnd = true;
    expect(await world.look(104).catch(String)).toMatchObject({ isOver: true, step: null });
    expect(await phases()).toEqual(['operations']);
  });

  it('tells how far it is', async () => {
    await better();
    await world.walk(0, 104);
    expect((await world.look(104)).trial).toMatchObject({ state: { phase: 'superiority', looks: 0 }, text: expect.stringContaining('day 5: look 1 of 4') as string });
  });
});

describe('where policy asks a person', () => {
  const untilAsked = async (): Promise<string> => {
    world.setPolicy({ promotionAsked: true, promotionAnswerMin: 120 });
    const modelId = await better();
    await world.walk(...TO_THE_LOOK);
    expect((await phases()).at(-1)).toBe('acknowledgement');
    return modelId;
  };
  it.each<['retire' | 'promote', string, string]>([['retire', 'retired', 'retired'], ['promote', 'canary', 'promoted']])('nobody answers in time: %s', async (promotionUnanswered, phase, told) => {
    await untilAsked();
    world.setPolicy({ promotionUnanswered });
    expect(await world.walk(204, 205)).toEqual([]);
    expect(await world.walk(206)).toMatchObject([{ why: `nobody answered within 120 min: by policy it is ${told}` }]);
    expect((await phases()).at(-1)).toBe(phase);
  });
  it('one that was imported acts by a person\'s word alone, whatever policy says', async () => {
    world.setPolicy({ promotionAsked: false, promotionUnanswered: 'promote' });
    await better({ gate: 'failed' });
    await world.walk(...TO_THE_LOOK);
    expect((await phases()).at(-1)).toBe('acknowledgement');
    expect(await world.walk(204, 227, 228)).toMatchObject([{ kind: 'retired' }]);
  });
});

describe('a challenger that is not', () => {
  it('undecided to the end is retired, and the next one is number two', async () => {
    const modelId = await world.challenger('b');
    for (const role of ['acting', 'shadow'] as const) await world.plant({ from: 1, to: 1_600, role, modelId: role === 'acting' ? null : modelId, right: 0.5 });
    for (const hour of [0, 104, 204, 404, 804, 1_603]) await world.walk(hour);
    expect(await world.walk(1_604)).toMatchObject([{ kind: 'retired', why: expect.stringContaining('undecided to the end') as string }]);
    await world.challenger('c');
    expect((await world.walk(1_605))[0]?.why).toMatch(/^trial 2 of this year/);
  });
  it('ended by a person and put on trial again within one candle stands a trial of its own', async () => {
    const modelId = await world.challenger('b');
    for (const again of [1, 2, 3]) {
      await expect(world.walk(0)).resolves.toMatchObject([{ kind: 'trialAdvanced', why: expect.stringMatching(`^trial ${again} of this year`) as string }]);
      await world.models.step({ portfolioId: 'sim', stepId: `byHand/end/${again}`, actor: 'ada', decide: (registry) => retiredByHand(registry, modelId, 'a mistake') as RegistryStep });
      await world.models.step({ portfolioId: 'sim', stepId: `byHand/begin/${again}`, actor: 'ada', decide: (registry) => afterGate(registry, { kind: 'challenger', model: { modelId, recipeId: 'b', validatedAt: 0 } }) });
    }
  });
  it('whose step bears the name of an earlier one is told, and not looked at for ever', async () => {
    world = await trialWorld(databases, { seen: (trials) => ({ trials: { ...trials, newestStep: async () => 1 } }) });
    const modelId = await world.challenger('b');
    await world.walk(0);
    await world.models.step({ portfolioId: 'sim', stepId: 'byHand/end', actor: 'ada', decide: (registry) => retiredByHand(registry, modelId, 'a mistake') as RegistryStep });
    await world.models.step({ portfolioId: 'sim', stepId: 'byHand/begin', actor: 'ada', decide: (registry) => afterGate(registry, { kind: 'challenger', model: { modelId, recipeId: 'b', validatedAt: 0 } }) });
    await expect(world.look(0)).rejects.toThrow('two steps have one name');
  });
  it('silent is retired for it', async () => {
    await world.challenger('b');
    await world.plant({ from: 1, to: 100, role: 'acting', modelId: null, right: 0.5 });
    expect((await world.walk(0, 104)).at(-1)).toMatchObject({ kind: 'retired', why: expect.stringContaining('it foretold 0.0 %') as string });
  });
  it('slow is retired for it, but not in a replay, which has to come out twice', async () => {
    const slowly = (mode: 'paper' | 'replay') => trialWorld(databases, { mode, seen: (trials) => ({ trials: { ...trials, latencyMsP99: async () => 2_000 } }) });
    const last = async (): Promise<string | undefined> => { await better(); return (await world.walk(0, 104)).at(-1)?.why; };
    world = await slowly('paper');
    expect(await last()).toBe('it takes 2000 ms (p99), at most 1000');
    world = await slowly('replay');
    expect(await last()).toBe('100 predictions without a fault');
  });
  it('that cannot be read is retired', async () => {
    await world.challenger('b', { description: { edges: [] } });
    expect((await world.walk(0)).map((it) => it.why.slice(0, 19))).toEqual(['trial 1 of this yea', 'it cannot be judged']);
  });
  it('worse than promised on the canary is retired', async () => {
    const modelId = await better();
    await world.walk(...TO_THE_LOOK);
    await world.plant({ from: 211, to: 280, role: 'member', modelId, right: 0.4, returnBps: -200 });
    expect((await world.walk(227, 240, 251, 280)).at(-1)).toMatchObject({ kind: 'retired', why: 'worse than promised on the canary' });
  });
});

describe('a champion', () => {
  const promoted = async (name: string, hour: number): Promise<string> => {
    const modelId = await world.challenger(name);
    await world.models.step({ portfolioId: 'sim', stepId: `byHand/${name}`, actor: 'ada', decide: ({ champion, onTrial }) => ({ registry: { champion: onTrial, predecessor: champion, onTrial: null }, change: { kind: 'promoted', modelId, why: 'better' } }) });
    await world.walk(hour);
    return modelId;
  };

  it('by a person\'s word is watched as well, and rolled back where it breaks its promise', async () => {
    const bad = await promoted('bad', 0);
    expect((await world.trials.standing('sim')).watch).toEqual({ id: `${bad}/2`, modelIds: [bad], since: closeOf(0), status: 'watching' });
    await world.plant({ from: 1, to: 200, role: 'member', modelId: bad, right: 0.4, returnBps: -100 });
    const [step] = await world.walk(24, 48, 100, 200);
    expect(step).toMatchObject({ kind: 'rolledBack', modelId: bad, why: expect.stringMatching(/win rate is not the 60.0 %.*; the rules act/) as string });
    expect(await world.trials.standing('sim')).toEqual({ registry: { champion: null, predecessor: null, onTrial: null }, trial: null, watch: null });
    expect((await world.look(200)).isOver).toBe(true);
    expect((await world.pool.query(`SELECT actor FROM domain_events WHERE type = 'modelRolledBack'`)).rows).toEqual([{ actor: 'shadowTrial' }]);
  });

  it('that comes back is watched anew, also within the same candle', async () => {
    const modelId = await promoted('again', 0);
    for (const again of [1, 2]) {
      await world.models.step({ portfolioId: 'sim', stepId: `byHand/back/${again}`, actor: 'ada', decide: (registry) => afterRollBack(registry, 'a mistake', { now: closeOf(0), retrainIntervalMs: 1 }) });
      await world.models.step({ portfolioId: 'sim', stepId: `byHand/again/${again}`, actor: 'ada', decide: (registry) => promotedByHand(registry, { modelId, recipeId: 'again', validatedAt: 0 }, { why: 'none', hasPassed: true, now: closeOf(0), retrainIntervalMs: closeOf(0) }) as RegistryStep });
      await expect(world.walk(0)).resolves.toMatchObject([{ kind: 'watchBegun' }]);
    }
  });

  it('that keeps it stays, and the watch does not begin anew', async () => {
    const good = await promoted('good', 0);
    await world.plant({ from: 1, to: 200, role: 'member', modelId: good, right: 0.6, returnBps: 120 });
    expect(kinds(await world.walk(24, 48, 100, 200))).toEqual(['watchKept']);
    expect(await world.look(201)).toMatchObject({ isOver: true, watch: { status: 'kept', text: 'the watch is over: kept' } });
  });

  it('that loses half the daily limit is rolled back at once; what a person withdrew is no loss', async () => {
    const equity = (hour: number, value: number) => world.pool.query(`INSERT INTO equity (portfolio_id, market_time, wallet_balance, equity, available_margin, open_positions) VALUES ('sim', $1, 0, $2, 0, 0)`, [closeOf(hour), value]);
    await equity(0, 10_000);
    await promoted('bad', 0);
    await equity(1, 9_000);
    await world.pool.query(`INSERT INTO income (portfolio_id, income_id, type, amount, currency, time) VALUES ('sim', '1', 'TRANSFER', -1000, 'USDT', $1)`, [closeOf(1)]);
    expect(await world.walk(1)).toEqual([]);
    await equity(2, 8_775); // 2.5 % of what is left
    expect(await world.walk(2)).toMatchObject([{ kind: 'rolledBack', why: expect.stringContaining('it lost 250 bps, half the daily limit of 500') as string }]);
  });

  it('without results is watched for fourteen days', async () => {
    await promoted('quiet', 0);
    await world.walk(1);
    expect(await world.walk(14 * 24 - 1)).toEqual([]);
    expect(await world.walk(14 * 24)).toMatchObject([{ kind: 'watchKept' }]);
  });
});

it('steps stay as they were written, and a trial is that of the model on trial', async () => {
  await better();
  await world.look(0);
  await expect(world.pool.query('DELETE FROM trial_steps')).rejects.toThrow(/append-only/);
  await expect(world.pool.query('UPDATE model_registry SET on_trial = NULL')).rejects.toThrow(/model_registry_standing/);
});
