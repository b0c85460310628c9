import type { FeatureSet } from '../feature-set.ts';
import { CANDLE_FEATURES } from './candles.ts';
import { MARKET_FEATURES } from './market.ts';
import { PRICE_FEATURES } from './price.ts';
import { TREND_FEATURES } from './trend.ts';

/** The feature set that Keel brings along. No value has a price in it: what a model learns at 10,000 holds at 100,000. */
export const STANDARD_FEATURES: FeatureSet = {
  name: 'standard', version: '2', features: [...PRICE_FEATURES, ...TREND_FEATURES, ...CANDLE_FEATURES, ...MARKET_FEATURES],
};
