import { describe, expect, it } from 'vitest';
import { labelOf, sigmaOf } from '../../../../domain/predictions/label.ts';
import { CLASSES, classOf, datasetOf, fittedBand } from '../../../../domain/validation/classes.ts';
import { assembleRows } from '../../../../domain/validation/rows.ts';
import { recencyOf, uniquenessOf } from '../../../../domain/validation/weights.ts';
import { history, HOUR_MS, LABEL, OPTIONS, rowsOf } from './rows.fixture.ts';

const A = history('A-USDT-PERP', 60);
const B = history('B-USDT-PERP', 60);

describe('rows of a moment', () => {
  it('hold what the label function says of their candles, the features of their candle, and what later horizons do', () => {
    const rows = rowsOf([A]);
    const index = 30; // the candle of row 6: 24 returns are needed to know how much it moves
    const row = rows.decidedAt.indexOf((index + 1) * HOUR_MS);
    const sigma = sigmaOf(A.candles.slice(0, index + 1)) ?? NaN;
    const label = labelOf(LABEL, { sigma, costBps: 10 }, A.candles.slice(index + 1, index + 5));
    expect(row).toBe(6);
    expect([rows.sigma[row], rows.moveBps[row], rows.longBps[row], rows.shortBps[row], rows.longExit[row]]).toEqual([sigma, label.moveBps, label.long.netBps, label.short.netBps, 3]);
    expect(rows.labelUntil[row]).toBe((index + 5) * HOUR_MS);
    expect(rows.columns.map((column) => column[row])).toEqual(A.features.map((column) => Math.fround(column[index] ?? NaN)));
    expect(rows.gapMovesBps[1]?.[row]).toBeCloseTo(10_000 * ((A.candles[index + 6]?.close ?? NaN) / (A.candles[index + 3]?.open ?? NaN) - 1), 9);
    expect(rows.lastMoveBps[row]).toBeCloseTo(10_000 * ((A.candles[index]?.close ?? NaN) / (A.candles[index - 1]?.close ?? NaN) - 1), 9);
    expect(CLASSES[classOf(rows, row, LABEL.holdBand)]).toBe(label.action);
  });

  it('stand in order of decision, those of one moment in order of the symbols', () => {
    const rows = rowsOf([A, B]);
    expect([...rows.instrument.subarray(0, 4)]).toEqual([0, 1, 0, 1]);
    expect([...rows.decidedAt]).toEqual([...rows.decidedAt].sort((a, b) => a - b));
  });

  it.each([
    ['the horizon ends at the moment', { asOf: 60 * HOUR_MS }, { unripe: 4 }, 32],
    ['one millisecond before', { asOf: 60 * HOUR_MS - 1 }, { unripe: 5 }, 31],
  ])('enter when their longest horizon has ended: %s', (_name, change, omitted, count) => {
    const found = assembleRows([A], { ...OPTIONS, ...change });
    expect(found.omitted).toMatchObject({ ...omitted, unknownVolatility: 24 });
    expect(found.rows.rows).toBe(count);
  });

  it('wait for the whole horizon, however early a barrier was hit', () => {
    const barriers = { ...LABEL, barriers: { target: 0.01, stop: 0.01 } };
    const found = assembleRows([A], { ...OPTIONS, asOf: 60 * HOUR_MS, label: barriers }).rows;
    expect(found.longExit.filter((exit) => exit === 0).length).toBeGreaterThan(25); // of 32
    expect(found.rows).toBe(32);
    expect(found.labelUntil.at(-1)).toBe(60 * HOUR_MS);
  });

  it('are those of the time in which a symbol was listed', () => {
    const found = assembleRows([{ ...A, listedFrom: 30 * HOUR_MS, listedUntil: 40 * HOUR_MS }], { ...OPTIONS, asOf: 60 * HOUR_MS });
    expect([found.rows.decidedAt[0], found.rows.decidedAt.at(-1)]).toEqual([30 * HOUR_MS, 39 * HOUR_MS]);
    expect(found.omitted.unlisted).toBe(29 + 21);
  });

  it('are without those whose data a person marked as bad', () => {
    const all = assembleRows([A, B], { ...OPTIONS, asOf: 60 * HOUR_MS }).rows;
    const found = assembleRows([A, B], { ...OPTIONS, asOf: 60 * HOUR_MS, isBad: (instrumentId, decidedAt) => instrumentId === B.instrumentId && decidedAt === 40 * HOUR_MS });
    expect(found.omitted.badData).toBe(1);
    expect(found.rows.rows).toBe(all.rows - 1);
    expect([...found.rows.decidedAt.keys()].filter((row) => found.rows.decidedAt[row] === 40 * HOUR_MS).map((row) => found.rows.instruments[found.rows.instrument[row] ?? -1])).toEqual([A.instrumentId]);
  });

  it('have no hole in their horizon', () => {
    const without = (place: number): typeof A => ({ ...A, candles: A.candles.filter((_, index) => index !== place), features: A.features.map((column) => [...Array.from(column)].filter((_, index) => index !== place)) });
    const found = assembleRows([without(45)], { ...OPTIONS, asOf: 60 * HOUR_MS });
    expect(found.omitted.gap).toBe(4);
    expect([...found.rows.decidedAt]).not.toContain(45 * HOUR_MS);
    expect([...found.rows.decidedAt]).toContain(47 * HOUR_MS);
  });

  it('need a value of each feature for each candle', () => expect(() => rowsOf([{ ...A, features: [A.features[0] ?? [], [1]] }])).toThrow(/each of the 2 features needs a column of 60 candles/));
});

describe('weights', () => {
  const spans = (decided: readonly number[], instrument = decided.map(() => 0)): Float64Array => uniquenessOf({ instrument, decidedAt: decided.map((hour) => hour * HOUR_MS), candleMs: HOUR_MS, horizonCandles: 4 });

  it.each([
    ['one label is all its own', [0], [1]],
    ['two that share nothing', [0, 4], [1, 1]],
    ['two that share half', [0, 2], [0.75, 0.75]],
    ['the same one twice', [0, 0], [0.5, 0.5]],
    ['three, one after the other: 1, 1/2, 1/3, 1/3', [0, 1, 2], [(1 + 1 / 2 + 1 / 3 + 1 / 3) / 4, (1 / 2 + 1 / 3 + 1 / 3 + 1 / 2) / 4, (1 / 3 + 1 / 3 + 1 / 2 + 1) / 4]],
  ])('%s', (_name, decided, expected) => [...spans(decided)].forEach((share, row) => expect(share).toBeCloseTo(expected[row] ?? NaN, 12)));

  it('another symbol\'s label takes nothing away', () => expect([...spans([0, 0], [0, 1])]).toEqual([1, 1]));

  it('labels of four candles at each candle are worth a quarter', () => {
    const rows = rowsOf([history('C-USDT-PERP', 400)]);
    expect(rows.uniqueness.reduce((a, b) => a + b)).toBeCloseTo(rows.rows / 4 + 0.75, 1);
  });

  it('halve with age, and are what learners weigh by', () => {
    expect([recencyOf(0, 10), recencyOf(10, 10), recencyOf(20, 10)]).toEqual([1, 0.5, 0.25]);
    const rows = rowsOf([A], { asOf: 60 * HOUR_MS, halfLifeMs: 10 * HOUR_MS });
    const row = 5;
    expect(rows.weights[row]).toBeCloseTo((rows.uniqueness[row] ?? NaN) * 0.5 ** ((60 * HOUR_MS - (rows.decidedAt[row] ?? NaN)) / (10 * HOUR_MS)), 12);
    expect(datasetOf(rows, 0.43).weights).toBe(rows.weights);
  });
});

describe('the hold band', () => {
  const rows = rowsOf([history('D-USDT-PERP', 500, { costBps: 1 })]);
  const part = Int32Array.from({ length: 300 }, (_, row) => row);

  it('makes a third of the rows it is fitted on holds', () => {
    const band = fittedBand(rows, part);
    const holds = [...part].filter((row) => classOf(rows, row, band) === 2).reduce((sum, row) => sum + (rows.uniqueness[row] ?? 0), 0);
    expect(holds / [...part].reduce((sum, row) => sum + (rows.uniqueness[row] ?? 0), 0)).toBeCloseTo(1 / 3, 2);
    expect(band).toBeCloseTo(0.43, 1); // of a normal move
  });

  it('is never narrower than the cost', () => {
    const row = [...part].find((at) => Math.abs(rows.moveBps[at] ?? 0) < 40) ?? -1;
    const dear = { ...rows, costBps: rows.costBps.map(() => 50), longBps: rows.longBps.map((net) => net - 49), shortBps: rows.shortBps.map((net) => net - 49) };
    expect([classOf(rows, row, 0) === 2, classOf(dear, row, 0) === 2]).toEqual([Math.abs(rows.moveBps[row] ?? 0) <= 1, true]);
  });
});
