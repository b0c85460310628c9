import { describe, expect, it } from 'vitest';
import { drawdowns } from '../../../scripts/account.ts';
import { barChart, lineChart } from '../../../scripts/plot.ts';

it('drawdowns count from the highest so far', () => {
  expect(drawdowns([[1, 100], [2, 200], [3, 150], [4, 180], [5, 220], [6, 110]]).map(([, share]) => Number(share.toFixed(3)))).toEqual([0, 0, 0.25, 0.1, 0, 0.5]);
  expect(drawdowns([])).toEqual([]);
});

describe('charts', () => {
  const points = Array.from({ length: 10_000 }, (_, index) => [index * 3_600_000, index === 7_777 ? 9_000 : 100 + (index % 7)] as const);

  it('keep the peak of many points in few', () => {
    const svg = lineChart('a & b', [{ name: '<one>', points }], (value) => value.toFixed(0));
    const drawn = /points="([^"]*)"/.exec(svg)?.[1]?.split(' ') ?? [];
    expect(drawn.length).toBeLessThanOrEqual(600);
    expect(drawn.map((it) => Number(it.split(',')[1])).filter((y) => y === 50)).toHaveLength(1); // the top of the chart
    expect(svg).toContain('a &amp; b');
    expect(svg).toContain('&lt;one&gt;');
  });

  it('draw a line without any change, and none at all', () => {
    for (const svg of [lineChart('flat', [{ name: 'one', points: [[1, 5], [2, 5]] }], String), barChart('none', [{ name: 'one', values: {} }])]) expect(svg).not.toMatch(/NaN|Infinity/);
  });

  it('draw a bar for each series of each group, the largest group first', () => {
    const svg = barChart('bars', [{ name: 'one', values: { tie: 1, noVotes: 40 } }, { name: 'two', values: { noVotes: 20 } }]);
    expect(svg.indexOf('noVotes')).toBeLessThan(svg.indexOf('>tie<'));
    expect([...svg.matchAll(/<rect x="150"[^>]* width="([\d.]+)"/g)].map((it) => Number(it[1]))).toEqual([690, 345, 17.3, 0]);
  });
});
