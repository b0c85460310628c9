import { expect, it } from 'vitest';
import type { VenueOptions } from '../../../stack/venue/options.ts';
import { tempFolder, testVenue } from './support.ts';

const MADE = { kind: 'seeded', seed: '1', symbols: 2, timeframe: '1h' } as const;

it.each<[string, Partial<VenueOptions>, string]>([
  ['seed', { source: { ...MADE, seed: '99' } }, 'KEEL_SEED is 99, this home was made with 1; set it back'],
  ['timeframe', { source: { ...MADE, timeframe: '4h' } }, 'KEEL_TIMEFRAME is 4h, this home was made with 1h; set it back'],
  ['two', { source: { ...MADE, symbols: 3 }, history: 60 }, 'KEEL_SYMBOL_COUNT is 3, this home was made with 2; KEEL_HISTORY_CANDLES is 60, this home was made with 50; set it back'],
  ['fees', { source: MADE, market: { takerFeeRate: '0.001' } }, 'takerFeeRate is 0.001, this home was made with 0.0005; set it back'],
])('a home keeps its market; of what differs only that is said, in one line: %s', async (_name, other, told) => {
  const state = tempFolder();
  await (await testVenue({ state, source: MADE })).close();
  const refused: unknown = await testVenue({ state, ...other }).catch((error: unknown) => error);
  expect(refused).toMatchObject({ code: 'SETTING_INVALID', message: expect.stringMatching(`^${told}[^\n]*KEEL_HOME[^\n]*$`) as string });
  await (await testVenue({ state, source: MADE })).close();
});
