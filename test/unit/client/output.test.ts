import { describe, expect, it } from 'vitest';
import { columns, lineWidth, table } from '../../../client/output.ts';

const ROWS = [['order', 'state', 'reason'], ['klabcde-0123456789', 'filled', 'none'], ['klabcde-1', 'rejected', '-2019 margin is insufficient']];
const widest = (text: string): number => Math.max(...text.split('\n').map((line) => line.length));

describe('a table', () => {
  it('is one line a row where there is room', () => {
    expect(table(ROWS, Infinity).split('\n')).toEqual([
      'order               state     reason', 'klabcde-0123456789  filled    none', 'klabcde-1           rejected  -2019 margin is insufficient',
    ]);
  });

  it.each([80, 60, 40, 30, 20])('fits %i columns, and names the columns that it leaves out', (width) => {
    const text = table(ROWS, width);
    expect(widest(text.split('\n(not')[0] ?? '')).toBeLessThanOrEqual(width);
    expect(text.includes('reason')).toBe(true);
    expect(text).toContain('klabcde-0123456789');
  });

  it('cuts the name of a row only when nothing else could go', () => {
    expect(table([['order'], ['klabcde-0123456789']], 10)).toBe('order\nklabcde-0…');
  });
});

describe('columns', () => {
  it('wrap the last one between words, under itself', () => {
    expect(columns([['ok', 'home', 'a folder that this user may write to'], ['fail', 'x', '']], 40)).toBe('ok    home  a folder that this user may\n            write to\nfail  x');
  });

  it('give the last one lines of its own where the others leave no room', () => {
    expect(columns([['KEEL_VENUE_CONTROL_PORT', 'a port']], 30)).toBe('KEEL_VENUE_CONTROL_PORT\n    a port');
  });

  it('keep a word whole that is longer than the line', () => {
    expect(columns([['x', 'http://127.0.0.1:18233/namespaces/default/workflows']], 30)).toContain('http://127.0.0.1:18233/namespaces/default/workflows');
  });
});

it.each([
  ['a terminal says its width', { isTTY: true, columns: 120 }, {}, 120],
  ['one that says 0 has 80', { isTTY: true, columns: 0 }, { COLUMNS: '50' }, 80],
  ['a pipe is as wide as COLUMNS says', { isTTY: false, columns: 0 }, { COLUMNS: '50' }, 50],
  ['and without it as wide as the lines are', { isTTY: false, columns: 0 }, {}, Infinity],
  ['nonsense is none', { isTTY: false, columns: 0 }, { COLUMNS: 'wide' }, Infinity],
])('%s', (_name, stream, env, width) => {
  expect(lineWidth(stream, env)).toBe(width);
});
