import { describe, expect, it } from 'vitest';
import { meanInterval, wilson } from '../../../../domain/predictions/metrics.ts';
import type { JudgedOpinion } from '../../../../domain/teaching/opinions.ts';
import { problemOf, recordsOf } from '../../../../domain/teaching/opinions.ts';

const HOUR_MS = 3_600_000;
const opinion = (hour: number, changes: Partial<JudgedOpinion> = {}): JudgedOpinion => ({
  predictionId: hour, instrumentId: 'BTC-USDT-PERP', madeAt: hour * HOUR_MS, dueAt: (hour + 4) * HOUR_MS, action: 'buy', seenRegime: 'range', returnBps: -20, mark: 'wouldNotTrade', regime: null, by: 'ada', because: 'news', ...changes,
});

describe('who would not have traded', () => {
  it('is scored by what those trades came to, those that overlap once', () => {
    const [ada, ben] = recordsOf([opinion(0), opinion(1, { returnBps: 90 }), opinion(4, { returnBps: 0 }), opinion(8, { returnBps: 30 }), opinion(8, { by: 'ben', mark: 'skip' })]);
    expect(ada).toEqual({ by: 'ada', marks: { badData: 0, regime: 0, wouldNotTrade: 4, skip: 0 }, avoided: { episodes: 3, lost: wilson(2 / 3, 3), meanBps: meanInterval([-20, 0, 30], 3) }, regimesAgreed: 0 });
    expect(ben).toMatchObject({ by: 'ben', marks: { skip: 1 }, avoided: { episodes: 0, lost: null, meanBps: null } });
  });

  it('of regimes it is told how many stood in the record', () => {
    expect(recordsOf([opinion(0, { mark: 'regime', regime: 'range' }), opinion(1, { mark: 'regime', regime: 'choppy' })])[0]).toMatchObject({ marks: { regime: 2 }, regimesAgreed: 1, avoided: { episodes: 0 } });
  });
});

it.each([
  ['bad data of a hold', { mark: 'badData', regime: null }, 'hold', null],
  ['a regime', { mark: 'regime', regime: 'range' }, 'buy', null],
  ['a regime that is not said', { mark: 'regime', regime: null }, 'buy', 'allowed'],
  ['a regime beside another mark', { mark: 'badData', regime: 'range' }, 'buy', 'allowed'],
  ['a trade that was none', { mark: 'wouldNotTrade', regime: null }, 'hold', 'no trade'],
  ['a trade', { mark: 'wouldNotTrade', regime: null }, 'sell', null],
] as const)('%s', (_name, given, action, problem) => {
  if (problem === null) expect(problemOf(given, action)).toBeNull();
  else expect(problemOf(given, action)).toContain(problem);
});
