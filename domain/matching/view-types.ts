/** What the engine shows and tells: orders, fills, income, positions, accounts, and the events that announce them. Plain JSON. */
import type { DecimalString } from '../decimal.ts';
import type {
  AccountUpdateReason, AlgoOrderType, AlgoStatus, AlgoTimeInForce, BookedOrderType, ExecutionType, IncomeType, MarginType, OrderStatus, Rejection,
  VenuePositionSide, VenueSide, VenueTimeInForce, WorkingType,
} from './words.ts';

export interface OrderView {
  readonly accountId: string;
  readonly orderId: number;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: VenueSide;
  readonly positionSide: VenuePositionSide;
  readonly type: BookedOrderType;
  /** What was asked for at first: the algo type of an order that a trigger created. */
  readonly origType: BookedOrderType | AlgoOrderType;
  readonly timeInForce: VenueTimeInForce;
  readonly status: OrderStatus;
  readonly quantity: DecimalString;
  readonly executedQuantity: DecimalString;
  /** Quote currency. */
  readonly cumulativeQuote: DecimalString;
  /** "0" without a fill; rounded half up at 8 decimals beyond the tick. */
  readonly averagePrice: DecimalString;
  /** "0" of a market order. */
  readonly price: DecimalString;
  readonly reduceOnly: boolean;
  readonly closePosition: boolean;
  readonly goodTillDate: number | null;
  /** The conditional order that created this one, or null. */
  readonly algoId: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

export interface AlgoOrderView {
  readonly accountId: string;
  readonly algoId: number;
  readonly clientAlgoId: string;
  readonly symbol: string;
  readonly side: VenueSide;
  readonly positionSide: VenuePositionSide;
  readonly type: AlgoOrderType;
  readonly timeInForce: AlgoTimeInForce;
  readonly status: AlgoStatus;
  readonly quantity: DecimalString;
  readonly price: DecimalString;
  /** Of a trailing stop: its present level, "0" until active. */
  readonly triggerPrice: DecimalString;
  readonly workingType: WorkingType;
  readonly priceProtect: boolean;
  readonly reduceOnly: boolean;
  readonly closePosition: boolean;
  readonly activatePrice: DecimalString | null;
  readonly callbackRate: DecimalString | null;
  readonly goodTillDate: number | null;
  /** The plain order that the trigger created, or null. */
  readonly actualOrderId: number | null;
  /** Fill of the created order. */
  readonly executedQuantity: DecimalString;
  readonly averagePrice: DecimalString;
  /** 0 until triggered. */
  readonly triggeredAt: number;
  /** Code and text of REJECTED, else null. */
  readonly rejection: Rejection | null;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** One execution. Trade ids are unique over all symbols and accounts here. */
export interface FillView {
  readonly accountId: string;
  readonly tradeId: number;
  readonly orderId: number;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: VenueSide;
  readonly positionSide: VenuePositionSide;
  readonly price: DecimalString;
  readonly quantity: DecimalString;
  readonly quoteQuantity: DecimalString;
  /** Positive is paid. Rounded up (against the account) to 8 decimals. */
  readonly commission: DecimalString;
  readonly commissionAsset: string;
  /** Before fees. */
  readonly realizedPnl: DecimalString;
  readonly maker: boolean;
  readonly time: number;
}

export interface IncomeView {
  readonly accountId: string;
  readonly transactionId: number;
  /** Empty where no symbol is concerned. */
  readonly symbol: string;
  readonly type: IncomeType;
  /** Signed: positive adds to the wallet. */
  readonly amount: DecimalString;
  readonly asset: string;
  readonly info: string;
  /** Trade id of a fill's income, else empty. */
  readonly tradeId: string;
  readonly time: number;
}

export interface PositionView {
  readonly accountId: string;
  readonly symbol: string;
  readonly positionSide: VenuePositionSide;
  /** Signed: negative is short, in hedge mode too. */
  readonly quantity: DecimalString;
  /** "0" when flat. */
  readonly entryPrice: DecimalString;
  readonly breakEvenPrice: DecimalString;
  readonly markPrice: DecimalString;
  /** "0" where none. */
  readonly liquidationPrice: DecimalString;
  readonly unrealizedPnl: DecimalString;
  /** Signed, at mark price. */
  readonly notional: DecimalString;
  readonly leverage: number;
  readonly marginType: MarginType;
  /** Wallet set aside for an isolated position, "0" in cross. */
  readonly isolatedWallet: DecimalString;
  readonly initialMargin: DecimalString;
  readonly openOrderInitialMargin: DecimalString;
  readonly maintenanceMargin: DecimalString;
  readonly updatedAt: number;
}

/** What an account update says of a position. */
export type PositionUpdate = Pick<
  PositionView,
  'symbol' | 'positionSide' | 'quantity' | 'entryPrice' | 'breakEvenPrice' | 'unrealizedPnl' | 'marginType' | 'isolatedWallet'
>;

export interface AccountView {
  readonly accountId: string;
  readonly asset: string;
  readonly hedgeMode: boolean;
  readonly walletBalance: DecimalString;
  readonly crossWalletBalance: DecimalString;
  readonly unrealizedPnl: DecimalString;
  /** Wallet + unrealised. */
  readonly marginBalance: DecimalString;
  readonly initialMargin: DecimalString;
  readonly positionInitialMargin: DecimalString;
  readonly openOrderInitialMargin: DecimalString;
  readonly maintenanceMargin: DecimalString;
  readonly availableBalance: DecimalString;
  readonly maxWithdrawAmount: DecimalString;
  readonly updatedAt: number;
}

interface EventBase {
  /** From 1, without gaps, over the engine's whole life. */
  readonly eventId: number;
  readonly marketTime: number;
  readonly accountId: string;
}
export interface OrderUpdateEvent extends EventBase {
  readonly kind: 'orderUpdate';
  readonly executionType: ExecutionType;
  readonly order: OrderView;
  /** With TRADE and CALCULATED, else null. */
  readonly fill: FillView | null;
}
export interface AlgoUpdateEvent extends EventBase {
  readonly kind: 'algoUpdate';
  readonly algo: AlgoOrderView;
}
export interface AccountUpdateEvent extends EventBase {
  readonly kind: 'accountUpdate';
  readonly reason: AccountUpdateReason;
  readonly walletBalance: DecimalString;
  readonly crossWalletBalance: DecimalString;
  /** Change that is neither PnL nor commission. */
  readonly balanceChange: DecimalString;
  /** Those that changed. */
  readonly positions: readonly PositionUpdate[];
  readonly income: readonly IncomeView[];
}
export interface LiquidationEvent extends EventBase {
  readonly kind: 'liquidation';
  readonly marginType: MarginType;
  /** Before anything was closed. */
  readonly positions: readonly PositionView[];
}
export interface MarginCallEvent extends EventBase {
  readonly kind: 'marginCall';
  readonly crossWalletBalance: DecimalString;
  readonly positions: readonly PositionView[];
}
export interface AccountConfigUpdateEvent extends EventBase {
  readonly kind: 'accountConfigUpdate';
  readonly symbol: string;
  readonly leverage: number;
}
export type AccountEvent =
  | OrderUpdateEvent | AlgoUpdateEvent | AccountUpdateEvent | LiquidationEvent | MarginCallEvent | AccountConfigUpdateEvent;
