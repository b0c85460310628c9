import { describe, expect, it } from 'vitest';
import { assertArmed, assertPermissions, assertStartable } from '../../../client/live-checks.ts';

const refused = expect.objectContaining({ code: 'LIVE_REFUSED' }) as Error;

describe('live trading', () => {
  const none = { venueApiKey: undefined, venueApiSecret: undefined, symbols: ['BTC'] };
  const keys = { venueApiKey: 'k', venueApiSecret: 's', symbols: ['BTC'] };
  it.each([
    ['live', none, 'LIVE_REFUSED', 'KEEL_VENUE_API_KEY and KEEL_VENUE_API_SECRET'],
    ['live', { ...none, venueApiKey: 'k' }, 'LIVE_REFUSED', 'set KEEL_VENUE_API_SECRET ('],
    ['live', { ...keys, symbols: [] }, 'SETTING_INVALID', 'KEEL_SYMBOLS'],
    ['testnet', none, 'SETTING_INVALID', 'demo trading'],
    ['testnet', { ...keys, symbols: [] }, 'SETTING_INVALID', 'KEEL_SYMBOLS'],
    ['paper', { ...none, symbols: [] }, 'SETTING_INVALID', 'KEEL_SYMBOLS'],
  ] as const)('%s does not start with %o: %s', (mode, settings, code, words) => {
    expect(() => assertStartable(settings, { mode })).toThrow(expect.objectContaining({ code, message: expect.stringContaining(words) as string }) as Error);
  });

  it.each([['live', keys], ['testnet', keys], ['paper', none], ['sim', { ...none, symbols: [] }]] as const)('%s starts with what it needs', (mode, settings) => {
    expect(() => assertStartable(settings, { mode })).not.toThrow();
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
