import { STANDARD_FEATURES } from '../../domain/features/standard/index.ts';
import { defineFeatures } from '../define-features.ts';

/**
 * An example to copy: the standard set and two more. What a feature needs it asks the graph for when it is created; the
 * function that it gives back reads the value at each closed candle, NaN where there is none. Each declares how many
 * candles it needs; a feature that needs more, or looks ahead, is refused by name when the file is loaded.
 * Look at its values: `keel features --data candles --symbol BTC --set strategies/examples/own-features.ts`.
 */
export default defineFeatures({
  name: 'own-features',
  version: '1',
  features: [
    ...STANDARD_FEATURES.features,
    {
      name: 'weekend', family: 'time', warmupCandles: 1,
      about: '1 when the candle closes on a Saturday or Sunday (UTC), else 0',
      create: (on) => () => ([0, 6].includes(new Date(on.now.closeTime).getUTCDay()) ? 1 : 0),
    },
    {
      name: 'volumeInDeviations72', family: 'volume', warmupCandles: 72,
      about: 'volume less its mean over 72 candles, in standard deviations; above 2 is unusual',
      create: (on) => {
        const window = on.window('volume', 72); // this candle and the 71 before it
        return () => (on.now.volume - window.mean()) / window.deviation();
      },
    },
  ],
});
