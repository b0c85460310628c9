import { expect, it } from 'vitest';
import { createShownCandles } from '../../../activities/shown-candles.ts';
import type { ErrorCode } from '../../../domain/errors.ts';
import { KeelError } from '../../../domain/errors.ts';
import type { Candle } from '../../../domain/market/candle.ts';
import { portOf } from '../../support/ports.ts';
import type { Venue } from '../../../domain/ports/venue.ts';

const CANDLE: Candle = { openTime: 0, open: 1, high: 1, low: 1, close: 1, volume: 1 };
const ask = { timeframe: '1h', since: 0, limit: 1 } as const;

function shown(answers: readonly (ErrorCode | 'candles')[]) {
  const warned: object[] = [];
  const left = [...answers];
  const candles = createShownCandles({
    warn: (fields) => void warned.push(fields),
    venue: portOf<Venue>({
      candles: async () => {
        const answer = left.shift() ?? 'candles';
        if (answer === 'candles') return [CANDLE];
        throw new KeelError(answer, 'no');
      },
    }),
  });
  return { warned, candles: (instrumentId: string) => candles({ instrumentId, ...ask }) };
}

it('a symbol that is refused has no candles, which is said once, and again when it was shown meanwhile', async () => {
  const { warned, candles } = shown(['VENUE_REFUSED', 'VENUE_REFUSED', 'VENUE_REFUSED', 'candles', 'VENUE_REFUSED']);
  expect([await candles('OLD'), await candles('OLD'), await candles('OLDER'), await candles('OLD'), await candles('OLD')]).toEqual([[], [], [], [CANDLE], []]);
  expect(warned).toEqual(['OLD', 'OLDER', 'OLD'].map((instrumentId) => ({ instrumentId, error: 'no' })));
});

it.each<ErrorCode>(['VENUE_UNREACHABLE', 'RATE_LIMITED', 'VENUE_ANSWER_INVALID', 'INVARIANT'])('%s is no refusal', async (code) => {
  const { warned, candles } = shown([code]);
  await expect(candles('BTC')).rejects.toMatchObject({ code });
  expect(warned).toEqual([]);
});
