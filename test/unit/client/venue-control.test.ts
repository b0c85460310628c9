import { describe, expect, it } from 'vitest';
import { faultOf } from '../../../client/venue-control.ts';
import { faultSchema } from '../../../stack/venue/faults.ts';

describe('a fault from the command line', () => {
  it('is what the venue understands', () => {
    const fault = faultOf('http5xx', ['count=null', 'accepted=true', 'status=503', 'probability=0.5', 'match.symbol=BTCUSDT', 'match.clientOrderId=123']);
    expect(fault).toEqual({ kind: 'http5xx', count: null, accepted: true, status: 503, probability: 0.5, match: { symbol: 'BTCUSDT', clientOrderId: '123' } });
    expect(faultSchema.safeParse(fault).success).toBe(true);
  });

  it('keeps an amount as decimal text', () => {
    const fault = faultOf('income', ['amount=-1.25']);
    expect(fault).toEqual({ kind: 'income', amount: '-1.25' });
    expect(faultSchema.safeParse(fault).success).toBe(true);
  });

  it('refuses what is no pair', () => {
    expect(() => faultOf('http429', ['count'])).toThrow(expect.objectContaining({ code: 'USAGE' }));
  });
});
