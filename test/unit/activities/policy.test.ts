import { expect, it } from 'vitest';
import { createPolicyReader } from '../../../activities/policy.ts';
import { KeelError } from '../../../domain/errors.ts';
import type { StoredPolicy } from '../../../domain/policy/fallback.ts';
import { policyHeldBy } from '../../../domain/policy/fallback.ts';
import { PRESETS } from '../../../domain/policy/policy.ts';
import { stricterOf } from '../../../domain/policy/stricter.ts';

const STORED: StoredPolicy = { policy: { ...PRESETS.normal, leverageMax: 4 }, version: 7, problems: [] };
const DOWN = new KeelError('DATABASE_FAILED', 'relation "active_policy" does not exist');

/** A store that answers or fails, on a clock that a test moves. */
function reader() {
  const world = { answer: STORED as StoredPolicy | KeelError, now: 1_000_000, warnings: [] as string[] };
  const active = (): Promise<StoredPolicy> => (world.answer instanceof KeelError ? Promise.reject(world.answer) : Promise.resolve(world.answer));
  const read = createPolicyReader({ policies: { active }, clock: () => world.now, warn: (_fields, message) => world.warnings.push(message) });
  return { world, read: () => read('sim') };
}

it('the store, when it answers, without a word', async () => {
  const { world, read } = reader();
  expect(await read()).toEqual({ policy: STORED.policy, policyVersion: 7, policySource: 'store', policyProblem: null });
  expect(world.warnings).toEqual([]);
});

it('the last good copy up to five minutes, then the stricter of it and the built-in one; a warning each time, and one when it is back', async () => {
  const { world, read } = reader();
  await read();
  world.answer = DOWN;
  world.now += 300_000;
  expect(await read()).toEqual({ policy: STORED.policy, policyVersion: 7, policySource: 'lastGood', policyProblem: DOWN.message });
  world.now += 1;
  expect(await read()).toEqual({ policy: PRESETS.defensive, policyVersion: 0, policySource: 'builtIn', policyProblem: DOWN.message }); // stricter than the copy in every key
  await read();
  expect(world.warnings).toHaveLength(3);
  world.answer = { ...STORED, version: 8 };
  expect(await read()).toMatchObject({ policyVersion: 8, policySource: 'store' });
  expect(world.warnings.at(-1)).toBe('the policy can be read again');
  await read();
  expect(world.warnings).toHaveLength(4);
});

it.each([
  ['no copy at all', null, 0],
  ['a copy from the future: the clock was set back', 0, -1],
  ['a copy older than its own policy allows', 10, 10_001],
] as const)('no copy by itself: %s', async (_name, lastGoodMaxS, passedMs) => {
  const { world, read } = reader();
  if (lastGoodMaxS !== null) {
    world.answer = { ...STORED, policy: { ...STORED.policy, lastGoodMaxS } };
    await read();
  }
  world.answer = DOWN;
  world.now += passedMs;
  expect(await read()).toMatchObject({ policy: { ...PRESETS.defensive, lastGoodMaxS: lastGoodMaxS ?? 300 }, policySource: 'builtIn' });
  expect(PRESETS.defensive.allowNewTrades).toBe(true);
});

it('a person\'s limits stay, however long the store is away', async () => {
  const { world, read } = reader();
  const strict = { ...PRESETS.normal, leverageMax: 1, positionsMax: 1, allowNewTrades: false };
  world.answer = { ...STORED, policy: strict };
  await read();
  world.answer = DOWN;
  world.now += 86_400_000;
  const { policy } = await read();
  expect(policy).toEqual(stricterOf(strict, PRESETS.defensive));
  expect(policy).toMatchObject({ leverageMax: 1, positionsMax: 1, allowNewTrades: false, notionalMax: PRESETS.defensive.notionalMax });
});

it('a version that is not valid is no copy: the stricter of it and the one before it holds, with a warning that names key, value and range', async () => {
  const { world, read } = reader();
  const before = { ...STORED.policy, leverageMax: 1 };
  world.answer = { ...STORED, policy: before };
  await read();
  world.answer = { version: 8, ...policyHeldBy({ leverageMax: 500, notionalMax: '50' }) };
  const held = policyHeldBy({ leverageMax: 500, notionalMax: '50' }).policy;
  expect(await read()).toEqual({ policy: stricterOf(before, held), policyVersion: 0, policySource: 'builtIn', policyProblem: 'version 8 is not valid: leverageMax = 500 is refused: 1 to 125 ×' });
  world.now += 300_001;
  expect(await read()).toMatchObject({ policyVersion: 0, policySource: 'builtIn' });
  expect(world.warnings).toHaveLength(2);
  world.answer = { ...STORED, version: 9 };
  expect(await read()).toMatchObject({ policyVersion: 9, policySource: 'store', policyProblem: null });
});

it('copies are kept apart', async () => {
  const active = (portfolioId: string): Promise<StoredPolicy> => (portfolioId === 'a' ? Promise.resolve(STORED) : Promise.reject(DOWN));
  const read = createPolicyReader({ policies: { active }, clock: () => 0, warn: () => undefined });
  await read('a');
  expect((await read('b')).policySource).toBe('builtIn');
});
