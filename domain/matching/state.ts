/** Everything live in the engine. Plain data (numbers, bigints, strings, maps), changed in place, encoded by `codec.ts`. */
import type {
  AccountEvent, AlgoOrderType, AlgoStatus, AlgoTimeInForce, BookedOrderType, EngineConfig, HistoryStore, MarginType, OrderStatus,
  Rejection, VenuePositionSide, VenueSide, VenueTimeInForce, WorkingType,
} from './types.ts';
import type { Spec } from './spec.ts';

export interface OrderState {
  readonly accountId: string;
  readonly orderId: number;
  readonly clientOrderId: string;
  readonly symbol: string;
  readonly side: VenueSide;
  readonly positionSide: VenuePositionSide;
  readonly type: BookedOrderType;
  readonly origType: BookedOrderType | AlgoOrderType;
  readonly timeInForce: VenueTimeInForce;
  status: OrderStatus;
  readonly steps: number;
  filledSteps: number;
  /** Σ ticks × steps of its fills. */
  filledProduct: bigint;
  /** 0 of a market order. */
  readonly ticks: number;
  readonly reduceOnly: boolean;
  readonly closePosition: boolean;
  readonly goodTillDate: number | null;
  readonly algoId: number | null;
  /** How often its terms were changed; absent: never. */
  readonly amendments?: number;
  readonly createdAt: number;
  updatedAt: number;
}

export interface AlgoState {
  readonly accountId: string;
  readonly algoId: number;
  readonly clientAlgoId: string;
  readonly symbol: string;
  readonly side: VenueSide;
  readonly positionSide: VenuePositionSide;
  readonly type: AlgoOrderType;
  readonly timeInForce: AlgoTimeInForce;
  status: AlgoStatus;
  /** 0 with closePosition. */
  readonly steps: number;
  readonly ticks: number;
  /** Present trigger level; of a trailing stop it follows `extreme`; 0 until active. */
  triggerTicks: number;
  readonly workingType: WorkingType;
  readonly priceProtect: boolean;
  readonly reduceOnly: boolean;
  readonly closePosition: boolean;
  /** Null activates at once. */
  readonly activateTicks: number | null;
  /** Callback in 1e-4 of 1 %: parts per million; 0 where it does not trail. */
  readonly callbackPpm: number;
  /** Best price since activation; 0 until active. */
  extreme: number;
  readonly goodTillDate: number | null;
  actualOrderId: number | null;
  filledSteps: number;
  filledProduct: bigint;
  triggeredAt: number;
  rejection: Rejection | null;
  readonly createdAt: number;
  updatedAt: number;
}

export interface PositionState {
  readonly symbol: string;
  readonly positionSide: VenuePositionSide;
  /** Signed. */
  steps: number;
  /** Signed Σ ticks × steps of what is open: entry price × size. */
  cost: bigint;
  isolatedWallet: bigint;
  /** Fees − PnL booked since it was opened, for the break-even price. */
  feesPaid: bigint;
  updatedAt: number;
}

export interface SymbolSetting {
  leverage: number;
  marginType: MarginType;
}

/** What resting, opening orders of a symbol and position side add up to. */
export interface Exposure {
  buyProduct: bigint;
  sellProduct: bigint;
}

export interface AccountState {
  readonly accountId: string;
  readonly asset: string;
  wallet: bigint;
  hedgeMode: boolean;
  marginCalled: boolean;
  updatedAt: number;
  readonly settings: Map<string, SymbolSetting>;
  /** By `positionKey`. */
  readonly positions: Map<string, PositionState>;
  readonly exposures: Map<string, Exposure>;
  /** Live ones, by id, oldest first. */
  readonly orders: Map<number, OrderState>;
  /** NEW, TRIGGERING and TRIGGERED ones, by id. */
  readonly algos: Map<number, AlgoState>;
  readonly clientOrderIds: Map<string, number>;
  readonly clientAlgoIds: Map<string, number>;
}

export interface MarketState {
  readonly symbol: string;
  /** Ticks; 0 before the first candle. */
  last: number;
  /** Mark price − last price, ticks, for the whole candle. */
  markOffset: number;
  /** Wilder's ATR(14) of closed candles, in ticks; 0 before the first. */
  atr: number;
  atrCount: number;
  /** Ticks; 0 before the first. */
  previousClose: number;
  bar: LoadedBar | null;
  /** Of the candle being walked, in ticks. */
  runningHigh: number;
  runningLow: number;
  /** The segment's ends, ticks. */
  from: number;
  to: number;
  lowFirst: boolean;
  /** Steps taken from each side of the book since the last path point. */
  bidUsed: number;
  askUsed: number;
}

/** A candle in ticks. */
export interface LoadedBar {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Base units. */
  readonly volume: number;
  readonly quoteVolume: number;
  readonly fundingRate: string | null;
}

export interface WalkState {
  readonly openTime: number;
  readonly lengthMs: number;
  /** Path points reached: 0 none, 1 the open, 4 the close. */
  point: number;
  /** Of the present segment, 0 to 1. */
  progress: number;
}

export interface EngineState {
  time: number;
  eventId: number;
  orderId: number;
  algoId: number;
  tradeId: number;
  transactionId: number;
  walk: WalkState | null;
  readonly markets: Map<string, MarketState>;
  readonly accounts: Map<string, AccountState>;
}

/** The state with what it is worked on by. */
export interface Core {
  readonly config: EngineConfig;
  readonly specs: ReadonlyMap<string, Spec>;
  readonly state: EngineState;
  readonly history: HistoryStore;
  /** Events of the command that runs. */
  events: AccountEvent[];
}

export function specOf(core: Core, symbol: string): Spec {
  const spec = core.specs.get(symbol);
  if (spec === undefined) throw new RangeError(`unknown symbol: ${symbol} (known: ${[...core.specs.keys()].join(', ')})`);
  return spec;
}

export function marketOf(core: Core, symbol: string): MarketState {
  const market = core.state.markets.get(symbol);
  if (market === undefined) throw new RangeError(`unknown symbol: ${symbol} (known: ${[...core.state.markets.keys()].join(', ')})`);
  return market;
}

export function accountOf(core: Core, accountId: string): AccountState {
  const account = core.state.accounts.get(accountId);
  if (account === undefined) throw new RangeError(`unknown account: ${accountId} (open it first)`);
  return account;
}

export function positionKey(symbol: string, positionSide: VenuePositionSide): string {
  return positionSide === 'BOTH' ? symbol : `${symbol}:${positionSide}`;
}

export function positionOf(account: AccountState, symbol: string, positionSide: VenuePositionSide): PositionState {
  const key = positionKey(symbol, positionSide);
  let position = account.positions.get(key);
  if (position === undefined) {
    position = { symbol, positionSide, steps: 0, cost: 0n, isolatedWallet: 0n, feesPaid: 0n, updatedAt: 0 };
    account.positions.set(key, position);
  }
  return position;
}

export function settingOf(core: Core, account: AccountState, symbol: string): SymbolSetting {
  let setting = account.settings.get(symbol);
  if (setting === undefined) {
    setting = { leverage: core.config.defaultLeverage, marginType: 'cross' };
    account.settings.set(symbol, setting);
  }
  return setting;
}

export function exposureOf(account: AccountState, symbol: string, positionSide: VenuePositionSide): Exposure {
  const key = positionKey(symbol, positionSide);
  let exposure = account.exposures.get(key);
  if (exposure === undefined) {
    exposure = { buyProduct: 0n, sellProduct: 0n };
    account.exposures.set(key, exposure);
  }
  return exposure;
}

/** In hedge mode an order against its position side closes: SELL of LONG, BUY of SHORT. */
export function closesOnly(order: { readonly reduceOnly: boolean; readonly side: VenueSide; readonly positionSide: VenuePositionSide }): boolean {
  if (order.positionSide === 'BOTH') return order.reduceOnly;
  return (order.positionSide === 'LONG') === (order.side === 'SELL');
}

/** Steps that an order of this side could close of a position, ≥ 0. */
export function closableSteps(position: PositionState, side: VenueSide): number {
  return Math.max(0, side === 'SELL' ? position.steps : -position.steps);
}
