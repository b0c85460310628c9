import { expect, it } from 'vitest';
import { heldLine, ungatedLine } from '../../../scripts/learning/lines.ts';
import { calibrationChart } from '../../../scripts/plot.ts';

const DAY_MS = 86_400_000;

it('what was held are equal shares of what there was on the first day', () => {
  const { points } = heldLine({ closes: [{ time: 0, closes: { A: 10, B: 4 } }, { time: DAY_MS, closes: { A: 20, B: 4, C: 9 } }, { time: 2 * DAY_MS, closes: { B: 4, C: 9 } }] });
  expect(points).toEqual([[0, 10_000], [DAY_MS, 15_000]]); // the last day does not say what A is worth
  expect(heldLine({ closes: [] }).points).toEqual([]);
});

it('a candidate without a gate earns what the last week of each of its tests did, each day once', () => {
  const week = [0.1, 0, 0, 0, 0, 0, 0];
  const { points } = ungatedLine('linear', [
    { learner: 'linear', firstDay: 10, returns: [0.9, ...week] }, // its last seven days are 11 to 17
    { learner: 'boosting', firstDay: 10, returns: [0.5] },
    { learner: 'linear', firstDay: null, returns: [] },
    { learner: 'linear', firstDay: 14, returns: [0.9, 0.9, 0.9, -0.5, 0, 0, 0] }, // 14 to 17 are known: -0.5 on 17 is a second time
    { learner: 'linear', firstDay: 20, returns: [0.9, -0.5] },
  ]);
  expect(points.map(([time]) => time / DAY_MS)).toEqual([12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22]);
  expect(points.at(0)?.[1]).toBeCloseTo(11_000, 6);
  expect(points.at(-1)?.[1]).toBeCloseTo(5_500, 6);
});

it('a calibration lies on the diagonal where what was foretold came', () => {
  const svg = calibrationChart('calibration', [{ name: 'one', points: [{ x: 0.2, y: 0.2, low: 0.1, high: 0.3 }, { x: 0.8, y: 0.5, low: 0.4, high: 0.6 }] }]);
  const [, x1, y1, x2, y2] = (/<line x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)" y2="([\d.]+)" stroke="#999999"/.exec(svg) ?? []).map(Number);
  const above = [...svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)].map((it) => (y1 ?? NaN) + (((y2 ?? NaN) - (y1 ?? NaN)) * (Number(it[1]) - (x1 ?? NaN))) / ((x2 ?? NaN) - (x1 ?? NaN)) - Number(it[2]));
  expect(above[0]).toBeCloseTo(0, 0);
  expect(above[1]).toBeLessThan(-50); // below the diagonal: y grows downwards
  expect(calibrationChart('none', [])).not.toMatch(/NaN|Infinity/);
});
