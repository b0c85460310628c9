import { describe, expect, it } from 'vitest';
import { jsonDifferences } from '../../../../client/explain/differences.ts';

describe('differences of two records', () => {
  it('none where they are deeply equal, whatever the order of keys', () => {
    expect(jsonDifferences({ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 })).toEqual([]);
  });

  it('each with its path and both sides', () => {
    expect(jsonDifferences({ a: 1, b: [1, 2], c: {} }, { a: '1', b: [1], c: [] })).toEqual([
      '$.a: recorded 1, computed "1"', '$.b.1: recorded 2, computed nothing', '$.c: recorded {}, computed []',
    ]);
  });
});
