import type { DecimalString } from '../../decimal.ts';

/** What the seeded market needs to know of an asset. */
export interface SeededAsset {
  readonly base: string;
  /** Price at the start, USDT. */
  readonly price: number;
  readonly tickSize: DecimalString;
  readonly stepSize: DecimalString;
  readonly maxQuantity: DecimalString;
  readonly maxMarketQuantity: DecimalString;
  readonly minNotional: DecimalString;
  /** Quote volume of a usual hour. */
  readonly hourlyQuoteVolume: number;
  /** Share of the market's return. */
  readonly beta: number;
  /** Hourly volatility of its own. */
  readonly ownVolatility: number;
}

/** Levels, filters and volumes as Binance USD-M had them in 2024, rounded. */
export const DEFAULT_ASSETS: readonly SeededAsset[] = [
  { base: 'BTC', price: 60_000, tickSize: '0.1', stepSize: '0.001', maxQuantity: '1000', maxMarketQuantity: '120', minNotional: '100', hourlyQuoteVolume: 500e6, beta: 1, ownVolatility: 0.0012 },
  { base: 'ETH', price: 3_000, tickSize: '0.01', stepSize: '0.001', maxQuantity: '10000', maxMarketQuantity: '2000', minNotional: '20', hourlyQuoteVolume: 400e6, beta: 1.15, ownVolatility: 0.0028 },
  { base: 'SOL', price: 150, tickSize: '0.01', stepSize: '0.01', maxQuantity: '1000000', maxMarketQuantity: '80000', minNotional: '5', hourlyQuoteVolume: 120e6, beta: 1.4, ownVolatility: 0.005 },
  { base: 'BNB', price: 580, tickSize: '0.01', stepSize: '0.01', maxQuantity: '100000', maxMarketQuantity: '2000', minNotional: '5', hourlyQuoteVolume: 30e6, beta: 0.9, ownVolatility: 0.0032 },
  { base: 'XRP', price: 0.6, tickSize: '0.0001', stepSize: '0.1', maxQuantity: '10000000', maxMarketQuantity: '2000000', minNotional: '5', hourlyQuoteVolume: 60e6, beta: 1.05, ownVolatility: 0.0048 },
  { base: 'DOGE', price: 0.15, tickSize: '0.00001', stepSize: '1', maxQuantity: '50000000', maxMarketQuantity: '30000000', minNotional: '5', hourlyQuoteVolume: 50e6, beta: 1.45, ownVolatility: 0.006 },
  { base: 'ADA', price: 0.45, tickSize: '0.0001', stepSize: '1', maxQuantity: '20000000', maxMarketQuantity: '3000000', minNotional: '5', hourlyQuoteVolume: 20e6, beta: 1.2, ownVolatility: 0.0045 },
  { base: 'LINK', price: 15, tickSize: '0.001', stepSize: '0.01', maxQuantity: '1000000', maxMarketQuantity: '200000', minNotional: '5', hourlyQuoteVolume: 25e6, beta: 1.25, ownVolatility: 0.0047 },
];

/** Standard deviation of the market's hourly log return in usual times. */
export const MARKET_VOLATILITY = 0.0045;
