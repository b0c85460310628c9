import { describe, expect, it } from 'vitest';
import { recordingOf } from '../../../../client/replay/plan.ts';

describe('the bounds of a replay', () => {
  it('include the last day', () => {
    expect(recordingOf({ data: '/candles', from: '2023-01-01', to: '2023-01-10', seed: '7' })).toEqual({
      folder: '/candles', from: Date.parse('2023-01-01T00:00:00Z'), to: Date.parse('2023-01-11T00:00:00Z'), seed: '7',
    });
    expect(recordingOf({ data: '/candles' })).toEqual({ folder: '/candles' });
  });

  it.each(['2023-02-31', '2023-1-1', 'yesterday', ''])('refuse %j as a day', (day) => {
    expect(() => recordingOf({ data: '/candles', to: day })).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });

  it('refuse an end before the beginning, and take a single day', () => {
    expect(() => recordingOf({ data: '/candles', from: '2023-01-02', to: '2023-01-01' })).toThrow(expect.objectContaining({ code: 'USAGE' }));
    expect(() => recordingOf({ data: '/candles', from: '2023-01-02', to: '2023-01-02' })).not.toThrow();
  });
});
