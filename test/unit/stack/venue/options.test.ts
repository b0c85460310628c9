import { expect, it } from 'vitest';
import { venueOptionsFromArguments } from '../../../../stack/venue/options.ts';

it('needs no more than a folder', () => {
  expect(venueOptionsFromArguments(['--state', 'x'])).toMatchObject({
    state: 'x', port: 0, controlPort: 0, mode: 'paced', paceMs: 5_000, history: 500,
    source: { kind: 'seeded', seed: '1', symbols: 8, timeframe: '1h' }, limits: { weightPerMinute: 2_400 },
    accounts: [{ accountId: 'main', wallet: '10000', permissions: { trade: true, withdraw: false } }],
  });
});

it('reads a recorded market', () => {
  const options = venueOptionsFromArguments(['--state', 'x', '--source', 'recorded', '--data', 'candles', '--symbols', 'BTC, ETH', '--from', '2023-01-01', '--to', '1680220800000', '--lockstep']);
  expect(options.source).toEqual({ kind: 'recorded', folder: 'candles', symbols: ['BTC', 'ETH'], from: Date.UTC(2023, 0, 1), to: 1_680_220_800_000, seed: 'recorded' });
  expect(options.mode).toBe('lockstep');
});

it('reads several accounts', () => {
  const accounts = JSON.stringify([{ accountId: 'a', apiKey: 'k', secret: 's', wallet: '5' }]);
  expect(venueOptionsFromArguments(['--state', 'x', '--accounts', accounts]).accounts[0]).toMatchObject({ accountId: 'a', wallet: '5' });
});

it.each([
  ['an unknown flag', ['--state', 'x', '--fast'], 'USAGE'],
  ['accounts that are no JSON', ['--state', 'x', '--accounts', '{'], 'USAGE'],
  ['no folder', [], 'SETTING_INVALID'],
  ['an unknown timeframe', ['--state', 'x', '--timeframe', '7m'], 'SETTING_INVALID'],
  ['a wallet that is no number', ['--state', 'x', '--wallet', 'much'], 'SETTING_INVALID'],
  ['a date that is none', ['--state', 'x', '--source', 'recorded', '--data', 'd', '--from', 'spring'], 'SETTING_INVALID'],
  ['a live market without address', ['--state', 'x', '--source', 'live', '--symbols', 'BTC'], 'SETTING_INVALID'],
])('refuses %s', (_name, args, code) => {
  expect(() => venueOptionsFromArguments(args)).toThrow(expect.objectContaining({ code }));
});
