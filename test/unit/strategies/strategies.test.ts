import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WARMUP_CANDLES } from '../../../domain/features/features.ts';
import { BUILT_IN } from '../../../strategies/built-in/index.ts';
import type { Strategy } from '../../../strategies/define-strategy.ts';
import { defineStrategy } from '../../../strategies/define-strategy.ts';
import cross from '../../../strategies/examples/moving-average-cross.ts';
import { loadStrategy } from '../../../strategies/load.ts';
import { candlesAlong } from '../domain/signals/candles.fixture.ts';
import { regimeWith } from '../domain/cycle/plan.fixture.ts';

const VALID: Strategy = { name: 'mine', version: '1', warmupCandles: 400, vote: () => [] };

describe('defineStrategy', () => {
  it('keeps a larger warm-up and raises a smaller one to what the features need', () => {
    expect(defineStrategy(VALID).warmupCandles).toBe(400);
    expect(defineStrategy({ ...VALID, warmupCandles: 1 }).warmupCandles).toBe(WARMUP_CANDLES);
  });

  it.each([
    ['name', { name: 'my strategy/1' }],
    ['version', { version: '' }],
    ['warmupCandles', { warmupCandles: 0.5 }],
    ['warmupCandles', { warmupCandles: 2_001 }],
    ['vote', { vote: 'buy' }],
  ])('names a wrong %s', (field, change) => {
    expect(() => defineStrategy({ ...VALID, ...change } as Strategy)).toThrow(expect.objectContaining({ code: 'STRATEGY_INVALID', message: expect.stringContaining(`${field}:`) as string }));
  });
});

describe('loadStrategy', () => {
  let folder = '';
  beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'strategy-')); });
  afterAll(async () => { await rm(folder, { recursive: true }); });

  it.each(['ensemble', 'trend', 'mean-reversion', 'breakout', 'patterns'])('knows %s', async (name) => {
    expect(await loadStrategy(name)).toBe(BUILT_IN.find((it) => it.name === name));
  });

  it('loads a file by its path', async () => {
    expect((await loadStrategy('strategies/examples/moving-average-cross.ts')).name).toBe('moving-average-cross');
  });

  it.each([
    ['no such name', 'ensembel', /ensemble, trend/],
    ['no such file', './nowhere.ts', /nowhere\.ts could not be loaded/],
  ])('says so: %s', async (_name, path, message) => {
    await expect(loadStrategy(path)).rejects.toMatchObject({ code: 'STRATEGY_INVALID', message: expect.stringMatching(message) as string });
  });

  it.each([
    ['exports nothing', 'export const x = 1;', /by default/],
    ['lacks a field', 'export default { name: "mine", version: "1", vote: () => [] };', /warmupCandles/],
  ])('says so: a file that %s', async (name, source, message) => {
    const path = join(folder, `${name.replaceAll(' ', '-')}.mjs`);
    await writeFile(path, source);
    await expect(loadStrategy(path)).rejects.toMatchObject({ code: 'STRATEGY_INVALID', message: expect.stringMatching(message) as string });
  });
});

it.each([
  ['rises through', 60, 'buy'],
  ['falls through', -60, 'sell'],
  ['stays at', 0, 'abstain'],
])('the example votes when the fast average %s the slow one', (_name, jump, action) => {
  const candles = candlesAlong([...Array.from({ length: 60 }, () => 100), 100 + jump]);
  const [said] = cross.vote({ instrumentId: 'BTC-USDT-PERP', candles, features: {}, regime: regimeWith({ regime: 'choppy', score: 0 }) });
  expect(said?.action).toBe(action);
});
