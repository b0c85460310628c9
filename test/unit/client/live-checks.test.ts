import { describe, expect, it } from 'vitest';
import { assertArmed, assertLiveKeys, assertPermissions } from '../../../client/live-checks.ts';

const refused = expect.objectContaining({ code: 'LIVE_REFUSED' }) as Error;

describe('live trading', () => {
  it('wants both halves of the key, in live mode only', () => {
    const live = { mode: 'live' } as const;
    expect(() => assertLiveKeys({ venueApiKey: undefined, venueApiSecret: undefined }, live)).toThrow(refused);
    expect(() => assertLiveKeys({ venueApiKey: 'k', venueApiSecret: undefined }, live)).toThrow(/KEEL_VENUE_API_SECRET/);
    expect(() => assertLiveKeys({ venueApiKey: 'k', venueApiSecret: 's' }, live)).not.toThrow();
    expect(() => assertLiveKeys({ venueApiKey: undefined, venueApiSecret: undefined }, { mode: 'sim' })).not.toThrow();
  });

  it('refuses a key that may withdraw or may not trade', () => {
    expect(() => assertPermissions({ mayTrade: true, mayWithdraw: true })).toThrow(refused);
    expect(() => assertPermissions({ mayTrade: false, mayWithdraw: false })).toThrow(refused);
    expect(() => assertPermissions({ mayTrade: true, mayWithdraw: false })).not.toThrow();
  });

  it('refuses until a person armed it', () => {
    expect(() => assertArmed(null)).toThrow(refused);
    expect(() => assertArmed('ada')).not.toThrow();
  });
});
