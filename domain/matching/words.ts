/** The venue's words. @source https://developers.binance.com/docs/derivatives/usds-margined-futures/common-definition */

export type VenueSide = 'BUY' | 'SELL';
export type VenuePositionSide = 'BOTH' | 'LONG' | 'SHORT';
export type PlainOrderType = 'MARKET' | 'LIMIT';
/** `LIQUIDATION` is the type of orders that the venue itself sends. */
export type BookedOrderType = PlainOrderType | 'LIQUIDATION';
export type AlgoOrderType = 'STOP_MARKET' | 'STOP' | 'TAKE_PROFIT_MARKET' | 'TAKE_PROFIT' | 'TRAILING_STOP_MARKET';
export type VenueTimeInForce = 'GTC' | 'IOC' | 'FOK' | 'GTX' | 'GTD';
/** `GTE_GTC` lives as long as a position in its symbol does. */
export type AlgoTimeInForce = VenueTimeInForce | 'GTE_GTC';
export type WorkingType = 'CONTRACT_PRICE' | 'MARK_PRICE';
export type MarginType = 'cross' | 'isolated';
export type OrderStatus = 'NEW' | 'PARTIALLY_FILLED' | 'FILLED' | 'CANCELED' | 'EXPIRED' | 'REJECTED';
export type AlgoStatus = 'NEW' | 'CANCELED' | 'TRIGGERING' | 'TRIGGERED' | 'FINISHED' | 'REJECTED' | 'EXPIRED';
/** What happened to an order, as `x` of ORDER_TRADE_UPDATE. `CALCULATED` is a liquidation's fill. */
export type ExecutionType = 'NEW' | 'AMENDMENT' | 'CANCELED' | 'CALCULATED' | 'EXPIRED' | 'TRADE';
/** Binance's income types; any other text may be injected. */
export type IncomeType =
  | 'TRANSFER' | 'WELCOME_BONUS' | 'REALIZED_PNL' | 'FUNDING_FEE' | 'COMMISSION' | 'INSURANCE_CLEAR'
  | 'REFERRAL_KICKBACK' | 'COMMISSION_REBATE' | 'API_REBATE' | 'CONTEST_REWARD' | 'CROSS_COLLATERAL_TRANSFER'
  | 'OPTIONS_PREMIUM_FEE' | 'OPTIONS_SETTLE_PROFIT' | 'INTERNAL_TRANSFER' | 'AUTO_EXCHANGE'
  | 'DELIVERED_SETTELMENT' | 'COIN_SWAP_DEPOSIT' | 'COIN_SWAP_WITHDRAW' | 'POSITION_LIMIT_INCREASE_FEE'
  | 'STRATEGY_UMFUTURES_TRANSFER' | 'FEE_RETURN' | 'BFUSD_REWARD' | (string & {});
/** `m` of ACCOUNT_UPDATE. */
export type AccountUpdateReason =
  | 'ORDER' | 'FUNDING_FEE' | 'DEPOSIT' | 'WITHDRAW' | 'ADJUSTMENT' | 'INSURANCE_CLEAR' | 'MARGIN_TRANSFER' | 'MARGIN_TYPE_CHANGE';

/** A "no" of the venue: its own code and text. Never thrown. */
export interface Rejection {
  /** Negative, Binance's numbers: -2019, -2022, … */
  readonly code: number;
  readonly message: string;
}
