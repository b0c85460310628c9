import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FeatureSet } from '../../../domain/features/feature-set.ts';
import { STANDARD_FEATURES } from '../../../domain/features/standard/index.ts';
import { defineFeatures } from '../../../strategies/define-features.ts';
import { loadFeatures } from '../../../strategies/load.ts';

const FEATURE: FeatureSet['features'][number] = { name: 'mean5', family: 'own', about: 'mean of 5 closes, price units', warmupCandles: 5, create: (on) => { const window = on.window('close', 5); return () => window.mean(); } };
const VALID: FeatureSet = { name: 'mine', version: '1', features: [FEATURE] };

describe('defineFeatures', () => {
  it('gives back a set that holds its word', () => expect(defineFeatures(VALID)).toBe(VALID));

  let sum = 0;
  it.each<[string, unknown, RegExp]>([
    ['name', { ...VALID, name: 'my set' }, /name: must be 1 to 40/],
    ['version', { ...VALID, version: '' }, /version:/],
    ['no feature', { ...VALID, features: [] }, /features:/],
    ['one name twice', { ...VALID, features: [FEATURE, FEATURE] }, /a name of their own/],
    ['family', { ...VALID, features: [{ ...FEATURE, family: 'magic' }] }, /features\.0\.family:.*"trend"/],
    ['no meaning', { ...VALID, features: [{ ...FEATURE, about: '' }] }, /about: must say/],
    ['warm-up', { ...VALID, features: [{ ...FEATURE, warmupCandles: 0 }] }, /features\.0\.warmupCandles: .* it is 0/],
    ['create', { ...VALID, features: [{ ...FEATURE, create: 1 }] }, /create: must be a function/],
    ['too short a warm-up', { ...VALID, features: [{ ...FEATURE, warmupCandles: 4 }] }, /mean5: needs more history than it declares \(declares 4 candles/],
    ['a memory outside of the graph', { ...VALID, features: [{ ...FEATURE, create: () => () => (sum += 1) }] }, /mean5: looks ahead/],
    ['a window asked for while it runs', { ...VALID, features: [{ ...FEATURE, create: (on: Parameters<typeof FEATURE.create>[0]) => { const window = on.window('close', 2); return () => window.mean() + on.window('close', 50).mean(); } }] }, /failed on drawn candles: mean5: a window must be asked for/],
    ['the built-in set\'s name', { ...VALID, name: 'standard' }, /name: is that of the built-in set/],
    ['a warm-up that is none on some timeframe', { ...VALID, features: [{ ...FEATURE, warmupCandles: (timeframe: string) => (timeframe === '4h' ? 2.5 : 5) }] }, /features\.0\.warmupCandles: must be a whole .* it gives 2\.5 for 4h/],
    ['a warm-up that fails', { ...VALID, features: [{ ...FEATURE, warmupCandles: () => { throw new Error('which timeframe?'); } }] }, /features\.0\.warmupCandles: must be .* it fails for 1m: which timeframe\?/],
    ['who fails when it is created, among others', { ...VALID, features: [FEATURE, { ...FEATURE, name: 'bad', create: () => { throw new Error('boom'); } }] }, /failed on drawn candles: bad: boom/],
    ['who fails when it is read', { ...VALID, features: [FEATURE, { ...FEATURE, name: 'bad', create: () => () => { throw new Error('boom'); } }] }, /failed on drawn candles: bad: boom/],
    ['no function to read with', { ...VALID, features: [{ ...FEATURE, create: () => 5 }] }, /failed on drawn candles: mean5: create gives back number, not the function that reads its value/],
    ['no number', { ...VALID, features: [{ ...FEATURE, create: () => () => 'high' }] }, /failed on drawn candles: mean5: its value is "high", not a number/],
    ['null', null, /not valid/],
  ])('names what is wrong: %s', (_name, set, message) => {
    expect(() => defineFeatures(set as FeatureSet)).toThrow(expect.objectContaining({ code: 'FEATURES_INVALID', message: expect.stringMatching(message) as string }));
  });
});

describe('loadFeatures', () => {
  let folder = '';
  beforeAll(async () => { folder = await mkdtemp(join(tmpdir(), 'features-')); });
  afterAll(async () => { await rm(folder, { recursive: true }); });

  it('knows the standard set', async () => expect(await loadFeatures('standard')).toBe(STANDARD_FEATURES));

  it('loads and checks the example', async () => {
    const set = await loadFeatures('strategies/examples/own-features.ts');
    expect(set.features.length).toBe(STANDARD_FEATURES.features.length + 2);
  });

  it.each([
    ['no such name', 'standart', /built in: standard/],
    ['no such file', './nowhere.ts', /nowhere\.ts could not be loaded/],
  ])('says so: %s', async (_name, path, message) => {
    await expect(loadFeatures(path)).rejects.toMatchObject({ code: 'FEATURES_INVALID', message: expect.stringMatching(message) as string });
  });

  it('says so: a file that exports nothing', async () => {
    const path = join(folder, 'nothing.mjs');
    await writeFile(path, 'export const x = 1;');
    await expect(loadFeatures(path)).rejects.toMatchObject({ code: 'FEATURES_INVALID', message: expect.stringMatching(/a feature set by default: export default defineFeatures/) as string });
  });
});
