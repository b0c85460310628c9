import type { DecimalString } from '../decimal.ts';

/** Keel's name of an instrument: base, quote and kind, such as `BTC-USDT-PERP`. */
export type InstrumentId = string;

/** What can be traded and under which filters. Prices in quote currency, quantities in base currency. */
export interface Instrument {
  readonly id: InstrumentId;
  /** The venue's own symbol, such as `BTCUSDT`. */
  readonly venueSymbol: string;
  readonly base: string;
  readonly quote: string;
  readonly kind: 'perpetual';
  /** Smallest price step. */
  readonly tickSize: DecimalString;
  /** Smallest quantity step (lot). */
  readonly stepSize: DecimalString;
  readonly minQuantity: DecimalString;
  /** Largest quantity of one limit order. */
  readonly maxQuantity: DecimalString;
  /** Largest quantity of one market order. */
  readonly maxMarketQuantity: DecimalString;
  /** Smallest price × quantity of an opening order, in quote currency. */
  readonly minNotional: DecimalString;
  /** Largest notional of a position at the configured leverage, or null where the venue names none. */
  readonly maxNotional: DecimalString | null;
  /** Fee rates as fractions: 0.0005 is 5 bps. */
  readonly makerFeeRate: DecimalString;
  readonly takerFeeRate: DecimalString;
}

/** `BTC` or `btc-usdt-perp` → `BTC-USDT-PERP`: symbols are accepted by base or by full name. */
export function instrumentIdOf(name: string): InstrumentId {
  const upper = name.trim().toUpperCase();
  return upper.includes('-') ? upper : `${upper}-USDT-PERP`;
}

/** `BTC-USDT-PERP` → `BTCUSDT`, as Binance USD-M names its perpetuals. */
export function venueSymbolOf(id: InstrumentId): string {
  const [base, quote] = id.split('-');
  return `${base ?? ''}${quote ?? ''}`;
}
