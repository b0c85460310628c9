import { describe, expect, it } from 'vitest';
import type { Dataset } from '../../../domain/learning/dataset.ts';
import { artefactHash, readArtefact } from '../../../domain/learning/artefact.ts';
import type { OwnLearner } from '../../../domain/learning/own.ts';
import { ownLearner, ownModelFrom } from '../../../domain/learning/own.ts';
import { aucOf } from '../../../domain/learning/metrics.ts';
import type { Candle } from '../../../domain/market/candle.ts';
import type { LabelDefinition, LabelledTrade } from '../../../domain/predictions/label.ts';
import { isKnownLabel, labelDefinitionOf, labelOf, RULE_LABEL } from '../../../domain/predictions/label.ts';
import { addLearner, anyLearnerOf, loadAnyModel, offeredLearners } from '../../../models/learners.ts';
import { defineLabel } from '../../../strategies/define-label.ts';
import { defineLearner } from '../../../strategies/define-learner.ts';
import trailing from '../../../strategies/examples/own-label.ts';
import naiveBayes from '../../../strategies/examples/own-learner.ts';
import { loadLabel, loadLearner } from '../../../strategies/load.ts';
import { drawnData } from '../domain/learning/data.fixture.ts';

const LABEL: LabelDefinition = { version: 'mine/1', horizonCandles: 6, holdBand: 0.4, barriers: null };
const THREE = { kind: 'classes', count: 3 } as const;
const KEY = 'own/naive-bayes/1';

describe('defineLabel', () => {
  it.each<[string, LabelDefinition]>([
    ['barriers alone', { ...LABEL, barriers: { target: 2, stop: 1 } }],
    ['the second close', { ...LABEL, exit: (_, candles) => ({ index: 1, price: candles[1]?.close ?? 0 }) }],
    ['never', { ...LABEL, exit: () => null }],
  ])('gives back what keeps its word: %s', (_name, label) => expect(defineLabel(label)).toBe(label));

  let asked = 0;
  it.each<[string, unknown, RegExp]>([
    ['name', { ...LABEL, version: 'mine' }, /version: must be a name/],
    ['a name of ours', { ...LABEL, version: RULE_LABEL.version }, /version: is the name of a built-in one/],
    ['horizon', { ...LABEL, horizonCandles: 401 }, /horizonCandles:/],
    ['band', { ...LABEL, holdBand: -1 }, /holdBand:/],
    ['barriers', { ...LABEL, barriers: { target: 0, stop: 1 } }, /barriers\.target:/],
    ['barriers and an exit', { ...LABEL, barriers: { target: 1, stop: 1 }, exit: () => null }, /not both/],
    ['another field', { ...LABEL, horizon: 3 }, /horizon/],
    ['a candle before the decision', { ...LABEL, exit: (_: unknown, candles: readonly Candle[]) => ({ index: 0, price: candles[-1]?.close ?? candles[0]?.open ?? 0 }) }, /reads the candle at place -1 of its horizon, which has 0 to 5/],
    ['a candle beyond the horizon', { ...LABEL, exit: (_: unknown, candles: readonly Candle[]) => ({ index: 5, price: candles[6]?.close ?? candles[5]?.close ?? 0 }) }, /reads the candle at place 6/],
    ['hindsight', { ...LABEL, exit: (_: unknown, candles: readonly Candle[]) => { const index = candles.findIndex((it) => it.high === Math.max(...candles.map((other) => other.high))); return { index, price: candles[index]?.high ?? 0 }; } }, /other candles after that change where: nobody could trade so/],
    ['a price that nobody paid', { ...LABEL, exit: (_: unknown, candles: readonly Candle[]) => ({ index: 0, price: (candles[0]?.high ?? 0) * 1.01 }) }, /in a candle that traded from/],
    ['a division by how far it moved', { ...LABEL, exit: (trade: LabelledTrade, candles: readonly Candle[]) => ({ index: 0, price: (candles[0]?.open ?? 0) * (trade.scaleBps / trade.scaleBps) }) }, /where nothing moves, it leaves at NaN/],
    ['a place that there is not', { ...LABEL, exit: () => ({ index: 1.5, price: 1 }) }, /leaves at candle 1\.5/],
    ['a memory', { ...LABEL, exit: (_: unknown, candles: readonly Candle[]) => ({ index: (asked += 1) % 2, price: candles[0]?.open ?? 0 }) }, /something else when it is asked again|traded from/],
    ['one that writes', { ...LABEL, exit: (_: unknown, candles: { close: number }[]) => { for (const it of candles) it.close = 1; return null; } }, /failed on drawn candles/],
    ['one that sorts', { ...LABEL, exit: (_: unknown, candles: Candle[]) => { candles.sort((a, b) => a.high - b.high); return null; } }, /failed on drawn candles/],
    ['one that gives nothing back', { ...LABEL, exit: () => undefined }, /it gives back undefined; allowed: \{ index, price \} or null/],
    ['null', null, /not valid/],
  ])('names what is wrong: %s', (_name, label, message) => {
    expect(() => defineLabel(label as LabelDefinition)).toThrow(expect.objectContaining({ code: 'LABEL_INVALID', message: expect.stringMatching(message) as string }));
  });

  it('an example is loaded, known from then on, and says where a unit leaves', async () => {
    expect(isKnownLabel('trailing12/1@0.5')).toBe(false);
    expect(await loadLabel('strategies/examples/own-label.ts')).toBe(trailing);
    expect(await loadLabel('strategies/examples/own-label.ts')).toBe(trailing);
    expect(labelDefinitionOf('trailing12/1@0.5')).toEqual({ ...trailing, version: 'trailing12/1@0.5', holdBand: 0.5 });
    const flat = (price: number): Candle => ({ openTime: 0, open: price, high: price, low: price, close: price, volume: 1 });
    // σ × √12 is 200 bps: up to 103, then down through 103 × 0.98 = 100.94, opening beyond it at 100.5.
    const label = labelOf(trailing, { sigma: 0.02 / Math.sqrt(12), costBps: 10 }, [flat(100), flat(103), flat(100.5), ...Array.from({ length: 9 }, () => flat(100))]);
    expect(label.long).toMatchObject({ exitIndex: 2, exitPrice: 100.5, exitBy: 'own', netBps: expect.closeTo(40, 6) as number });
    expect(label.short).toMatchObject({ exitIndex: 1, exitPrice: 103, netBps: expect.closeTo(-310, 6) as number });
    expect(labelOf(trailing, { sigma: null, costBps: 10 }, Array.from({ length: 12 }, () => flat(100))).long.exitBy).toBe('horizon');
  });

  it.each([['no such name', 'horizon5', /built in: horizon4\/1/], ['no such file', './nowhere.ts', /nowhere\.ts could not be loaded/], ['a file of something else', 'strategies/examples/own-learner.ts', /version/]])('says so: %s', async (_name, path, message) => {
    await expect(loadLabel(path)).rejects.toMatchObject({ code: 'LABEL_INVALID', message: expect.stringMatching(message) as string });
  });
});

describe('defineLearner', () => {
  const SHARES: OwnLearner = {
    name: 'shares', version: '1', parameters: {},
    fit: ({ labels }) => ({ meta: { rows: labels.length }, arrays: { shares: Float64Array.from([0, 1, 2], (place) => labels.filter((it) => it === place).length / labels.length) } }),
    predict: ({ arrays }, { rows }) => Float64Array.from({ length: 3 * rows }, (_, place) => arrays['shares']?.[place % 3] ?? 0),
  };
  let drawn = 0;

  it('gives back what keeps its word', () => expect(defineLearner(SHARES)).toBe(SHARES));

  it.each<[string, unknown, RegExp]>([
    ['name', { ...SHARES, name: 'my learner' }, /name: must be/],
    ['version', { ...SHARES, version: 'a/b' }, /version: must be/],
    ['parameters', { ...SHARES, parameters: { x: () => 1 } }, /parameters/],
    ['fit', { ...SHARES, fit: 1 }, /fit: must be a function/],
    ['another field', { ...SHARES, sed: 1 }, /sed/],
    ['other bytes', { ...SHARES, fit: (data: Dataset) => ({ meta: { drawn: (drawn += 1) }, arrays: SHARES.fit(data, { task: THREE, seed: '', parameters: {} }).arrays }) }, /other bytes for the same rows and seed/],
    ['no probabilities', { ...SHARES, predict: (_: unknown, { rows }: { rows: number }) => new Float64Array(3 * rows).fill(0.5) }, /of row 0 it says 0\.5, 0\.5, 0\.5; allowed/],
    ['missing values', { ...SHARES, predict: (_: unknown, { columns, rows }: Dataset) => Float64Array.from({ length: 3 * rows }, (_value, place) => (place % 3 === 0 ? 1 + 0 * (columns[0]?.[Math.floor(place / 3)] ?? 0) : 0)) }, /of a row without any value: .*NaN/],
    ['too few numbers', { ...SHARES, predict: () => new Float64Array(3) }, /says 3 numbers of 300 rows/],
    ['a memory outside of its bytes', (() => { let kept = 0; return { ...SHARES, fit: (data: Dataset) => { kept = 1; return { meta: { none: 1 }, arrays: SHARES.fit(data, { task: THREE, seed: '', parameters: {} }).arrays }; }, predict: (_: unknown, { rows }: { rows: number }) => { kept += 1; return Float64Array.from({ length: 3 * rows }, (_value, place) => (place % 3 === kept % 3 ? 1 : 0)); } }; })(), /loaded from its bytes it foretells something else/],
    ['rows that know each other', { ...SHARES, predict: (_: unknown, { rows }: { rows: number }) => Float64Array.from({ length: 3 * rows }, (_value, place) => (place % 3 === 0 ? 1 / rows : place % 3 === 1 ? 1 - 1 / rows : 0)) }, /of row 0 alone it says|of a row without/],
    ['one that writes', { ...SHARES, fit: (data: Dataset) => { data.columns[0]?.fill(0); return SHARES.fit(data, { task: THREE, seed: '', parameters: {} }); } }, /changes the rows/],
    ['fits later', { ...SHARES, fit: () => Promise.resolve() }, /its fit gives back no \{ meta, arrays \}/],
    ['fits nothing', { ...SHARES, fit: () => null }, /its fit gives back no \{ meta, arrays \}/],
    ['arrays of another type', { ...SHARES, fit: () => ({ meta: {}, arrays: { shares: [1, 0, 0] } }) }, /its array shares is none of Float32Array, Float64Array, Int32Array, Uint8Array/],
    ['probabilities of another type', { ...SHARES, predict: (_: unknown, { rows }: { rows: number }) => Array.from({ length: 3 * rows }, () => 1 / 3) }, /its predict gives back no Float64Array/],
    ['too few importances', { ...SHARES, importances: () => [1] }, /its importances are 1; allowed: one number from 0 for each of 3 features/],
    ['importances below zero', { ...SHARES, importances: () => [1, -1, 1] }, /its importances are 1, -1, 1; allowed/],
    ['importances that are no numbers', { ...SHARES, importances: () => [1, NaN, 1] }, /its importances are 1, NaN, 1; allowed/],
    ['one that fails', { ...SHARES, fit: () => { throw new Error('no'); } }, /failed on drawn rows: no/],
    ['null', null, /not valid/],
  ])('names what is wrong: %s', (_name, learner, message) => {
    expect(() => defineLearner(learner as OwnLearner)).toThrow(expect.objectContaining({ code: 'LEARNER_INVALID', message: expect.stringMatching(message) as string }));
  });

  it('an example is loaded, and learns', async () => {
    expect(await loadLearner('strategies/examples/own-learner.ts')).toBe(naiveBayes);
    const two = drawnData(2_000, 'bayes');
    const data = { ...two, labels: two.labels.map((label) => 2 * label) };
    const model = ownLearner(naiveBayes, { deviationMin: 0.1 }).fit(data, { task: THREE, seed: 's' });
    const said = model.predict(data);
    expect(aucOf(two.labels, Float64Array.from(two.labels, (_, row) => said[3 * row + 2] ?? 0))).toBeGreaterThan(0.75);
    expect(model.describe()).toMatchObject({ kind: KEY, parameters: { deviationMin: 0.1 }, features: data.names });
    expect(ownModelFrom(naiveBayes, readArtefact(model.save())).save()).toEqual(model.save());
    expect(model.importances().map((it) => it.share)).toEqual(data.names.map(() => 1 / data.names.length));
  });

  it('is one among the others once it is loaded; before, its models say what is needed', () => {
    const bytes = ownLearner(naiveBayes).fit(drawnData(50, 'x'), { task: THREE, seed: '' }).save();
    for (const ask of [() => anyLearnerOf(KEY, {}), () => loadAnyModel(bytes)]) expect(ask).toThrow(expect.objectContaining({ code: 'LEARNER_UNAVAILABLE', message: expect.stringContaining('KEEL_LEARNER') as string }));
    addLearner(naiveBayes);
    expect(anyLearnerOf(KEY, { deviationMin: 0.2 }).parameters).toEqual({ deviationMin: 0.2 });
    expect(artefactHash(loadAnyModel(bytes).save())).toBe(artefactHash(bytes));
    expect(offeredLearners()).toContainEqual({ name: KEY, missing: null });
  });

  it('says so: a file of something else', async () => {
    await expect(loadLearner('strategies/examples/own-label.ts')).rejects.toMatchObject({ code: 'LEARNER_INVALID', message: expect.stringMatching(/name/) as string });
  });
});
