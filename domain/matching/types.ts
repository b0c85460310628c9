/**
 * The public words of the matching engine. It plays a venue, so it uses the venue's own words (Binance USD-M
 * futures): `BUY`, `STOP_MARKET`, `NEW`. Prices, quantities and money are exact decimal strings; times are epoch
 * milliseconds of the market clock. Everything here is plain JSON.
 * @source https://developers.binance.com/docs/derivatives/usds-margined-futures
 */
import type { DecimalString } from '../decimal.ts';
import type { Instrument } from '../market/instrument.ts';
import type { AccountEvent, AccountView, AlgoOrderView, FillView, IncomeView, OrderView, PositionView } from './view-types.ts';
import type {
  AlgoOrderType, AlgoTimeInForce, IncomeType, MarginType, PlainOrderType, Rejection, VenuePositionSide, VenueSide, VenueTimeInForce, WorkingType,
} from './words.ts';

export type * from './view-types.ts';
export type * from './words.ts';

/** One tier of leverage and maintenance margin. Ordered by notional. */
export interface LeverageBracket {
  /** Upper bound of the position's notional, quote currency. */
  readonly notionalCap: DecimalString;
  readonly maxLeverage: number;
  /** Fraction of the notional, 0.004 is 0.4 %. */
  readonly maintenanceRate: DecimalString;
}

/** One symbol as the engine trades it. */
export interface SymbolSpec {
  readonly instrument: Instrument;
  readonly brackets: readonly LeverageBracket[];
  /** Charged on liquidation, fraction of the notional. */
  readonly liquidationFeeRate: DecimalString;
}

export interface EngineConfig {
  /** The order here breaks ties in time. */
  readonly symbols: readonly SymbolSpec[];
  /** Spread = max(1 tick, this × ATR): 1 bp × (ATR in % of price) of the price is 0.01 × ATR. */
  readonly spreadPerAtr: number;
  /** Depth within `depthBps` on one side, as a fraction of the candle's quote volume. */
  readonly depthShare: number;
  readonly depthBps: number;
  /** Least depth of one side in quote currency, so that a dead candle can be left. */
  readonly depthMinNotional: number;
  /** Leverage of a symbol until it is set, ≥ 1. */
  readonly defaultLeverage: number;
  /** Per account, over all symbols. */
  readonly maxAlgoOrders: number;
  /** Per account and symbol. */
  readonly maxOpenOrders: number;
}

/** One candle of one symbol, loaded for walking. Floats are statistics: prices are rounded to the nearest tick. */
export interface Bar {
  /** Venue symbol, `BTCUSDT`. */
  readonly symbol: string;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  /** Base currency. */
  readonly volume: number;
  /** Mark price over last price minus 1, for the whole candle; 0 where there is no separate mark. */
  readonly markBasis: number;
  /** Funding rate charged when `openTime` is a funding time, else null. Positive: longs pay shorts. */
  readonly fundingRate: DecimalString | null;
}

/** A candle of every symbol. Symbols without a bar (not listed yet) stand still. */
export interface BarBatch {
  readonly openTime: number;
  readonly lengthMs: number;
  readonly bars: readonly Bar[];
}

export interface NewOrder {
  readonly symbol: string;
  readonly side: VenueSide;
  /** `BOTH` in one-way mode. */
  readonly positionSide: VenuePositionSide;
  readonly type: PlainOrderType;
  readonly timeInForce: VenueTimeInForce;
  readonly quantity: DecimalString;
  /** Null for a market order. */
  readonly price: DecimalString | null;
  readonly reduceOnly: boolean;
  readonly clientOrderId: string;
  /** Market time of a GTD order's end, else null. */
  readonly goodTillDate: number | null;
  /** A fault: at most this much is filled at once, then the venue cancels the rest. */
  readonly cancelAfter?: DecimalString;
}

/** New terms of an open limit order: both are given, also where one stays. */
export interface AmendOrder {
  readonly symbol: string;
  readonly key: OrderKey;
  /** Must be the order's own. */
  readonly side: VenueSide;
  readonly quantity: DecimalString;
  readonly price: DecimalString;
}

export interface NewAlgoOrder {
  readonly symbol: string;
  readonly side: VenueSide;
  readonly positionSide: VenuePositionSide;
  readonly type: AlgoOrderType;
  readonly timeInForce: AlgoTimeInForce;
  /** Null with `closePosition`. */
  readonly quantity: DecimalString | null;
  /** Of STOP and TAKE_PROFIT, else null. */
  readonly price: DecimalString | null;
  /** Null for a trailing stop. */
  readonly triggerPrice: DecimalString | null;
  readonly workingType: WorkingType;
  /** Accepted and shown; has no effect. */
  readonly priceProtect: boolean;
  readonly reduceOnly: boolean;
  readonly closePosition: boolean;
  readonly clientAlgoId: string;
  /** Trailing stop: null activates at once. */
  readonly activatePrice: DecimalString | null;
  /** Trailing stop: percent, 0.1 to 10; else null. */
  readonly callbackRate: DecimalString | null;
  readonly goodTillDate: number | null;
}

/** The answer to a command: what came of it, and the account events that it caused, in order. */
export type Outcome<T> =
  | { readonly ok: true; readonly value: T; readonly events: readonly AccountEvent[] }
  | { readonly ok: false; readonly rejection: Rejection; readonly events: readonly AccountEvent[] };

/** What `step` came to. */
export interface StepResult {
  /**
   * `event`: something happened to an account, the market stands where it happened. `point`: a path point was
   * reached without an event. `limit`: the given time was reached. `end`: the loaded candles are walked; load the next.
   */
  readonly reached: 'event' | 'point' | 'limit' | 'end';
  readonly marketTime: number;
  readonly events: readonly AccountEvent[];
}

export interface Quote {
  readonly symbol: string;
  readonly time: number;
  readonly lastPrice: DecimalString;
  readonly markPrice: DecimalString;
  readonly indexPrice: DecimalString;
  readonly bidPrice: DecimalString;
  readonly bidQuantity: DecimalString;
  readonly askPrice: DecimalString;
  readonly askQuantity: DecimalString;
}

export interface Depth {
  readonly symbol: string;
  readonly time: number;
  /** [price, quantity], best first. */
  readonly bids: readonly (readonly [DecimalString, DecimalString])[];
  readonly asks: readonly (readonly [DecimalString, DecimalString])[];
}

/** The candle that is being walked, as far as it is known now. */
export interface RunningCandle {
  readonly symbol: string;
  readonly openTime: number;
  readonly lengthMs: number;
  readonly open: DecimalString;
  readonly high: DecimalString;
  readonly low: DecimalString;
  readonly close: DecimalString;
  /** The candle's volume by share of time. */
  readonly volume: DecimalString;
  readonly quoteVolume: DecimalString;
}

/** By orderId or by client id; the id wins where both are given. */
export type OrderKey = { readonly orderId: number } | { readonly clientOrderId: string };
export type AlgoKey = { readonly algoId: number } | { readonly clientAlgoId: string };

/** Of history. All bounds inclusive; oldest first; at most `limit` from the oldest when `fromId` or `startTime` is given, else the newest. */
export interface HistoryQuery {
  readonly accountId: string;
  readonly symbol?: string;
  readonly fromId?: number;
  readonly startTime?: number;
  readonly endTime?: number;
  readonly limit: number;
}
/** Fills of one order. */
export interface FillQuery extends HistoryQuery {
  readonly orderId?: number;
}
export interface IncomeQuery extends HistoryQuery {
  readonly type?: IncomeType;
}

/**
 * Everything that is over: append-only. Done orders never change. The engine keeps only what is live; a server
 * may put its own store (a file, a database) here so that memory stays flat.
 */
export interface HistoryStore {
  appendOrder(order: OrderView): void;
  appendAlgo(algo: AlgoOrderView): void;
  appendFill(fill: FillView): void;
  appendIncome(income: IncomeView): void;
  orders(query: HistoryQuery): readonly OrderView[];
  algos(query: HistoryQuery): readonly AlgoOrderView[];
  fills(query: FillQuery): readonly FillView[];
  income(query: IncomeQuery): readonly IncomeView[];
  /** The newest with that id, or undefined. */
  findOrder(accountId: string, symbol: string, key: OrderKey): OrderView | undefined;
  findAlgo(accountId: string, key: AlgoKey): AlgoOrderView | undefined;
}

/** All that changes the engine, as plain JSON: replaying the same commands gives the same states and events. */
export type EngineCommand =
  | { readonly kind: 'openAccount'; readonly accountId: string; readonly wallet: DecimalString }
  | { readonly kind: 'warmUp'; readonly symbol: string; readonly bars: readonly Bar[] }
  | { readonly kind: 'loadBars'; readonly batch: BarBatch }
  | { readonly kind: 'step'; readonly untilTime: number | null }
  | { readonly kind: 'shock'; readonly symbol: string; readonly factor: number }
  | { readonly kind: 'placeOrder'; readonly accountId: string; readonly order: NewOrder }
  | { readonly kind: 'amendOrder'; readonly accountId: string; readonly order: AmendOrder }
  | { readonly kind: 'cancelOrder'; readonly accountId: string; readonly symbol: string; readonly key: OrderKey }
  | { readonly kind: 'cancelAllOrders'; readonly accountId: string; readonly symbol: string }
  | { readonly kind: 'placeAlgo'; readonly accountId: string; readonly order: NewAlgoOrder }
  | { readonly kind: 'cancelAlgo'; readonly accountId: string; readonly key: AlgoKey }
  | { readonly kind: 'cancelAllAlgos'; readonly accountId: string; readonly symbol: string }
  | { readonly kind: 'setLeverage'; readonly accountId: string; readonly symbol: string; readonly leverage: number }
  | { readonly kind: 'setMarginType'; readonly accountId: string; readonly symbol: string; readonly marginType: MarginType }
  | { readonly kind: 'setHedgeMode'; readonly accountId: string; readonly hedgeMode: boolean }
  | {
      readonly kind: 'moveIsolatedMargin'; readonly accountId: string; readonly symbol: string;
      readonly positionSide: VenuePositionSide; /** Signed: positive adds margin. */ readonly amount: DecimalString;
    }
  | {
      readonly kind: 'addIncome'; readonly accountId: string; readonly type: IncomeType; readonly amount: DecimalString;
      readonly symbol: string; readonly info: string;
    }
  /** Faults: the venue closes what nobody asked for. */
  | { readonly kind: 'forceClose'; readonly accountId: string; readonly symbol: string; readonly positionSide: VenuePositionSide }
  | { readonly kind: 'forceLiquidation'; readonly accountId: string; readonly symbol: string };

/** The value of a successful command, by kind. */
export interface CommandValues {
  openAccount: AccountView;
  warmUp: null;
  loadBars: null;
  step: StepResult;
  shock: null;
  placeOrder: OrderView;
  /** CANCELED where the new terms end the order. */
  amendOrder: OrderView;
  cancelOrder: OrderView;
  cancelAllOrders: readonly OrderView[];
  placeAlgo: AlgoOrderView;
  cancelAlgo: AlgoOrderView;
  cancelAllAlgos: readonly AlgoOrderView[];
  setLeverage: { readonly leverage: number; readonly maxNotional: DecimalString };
  setMarginType: null;
  setHedgeMode: null;
  moveIsolatedMargin: PositionView;
  addIncome: IncomeView;
  forceClose: OrderView;
  forceLiquidation: null;
}
export type CommandKind = EngineCommand['kind'];
export type CommandOf<K extends CommandKind> = Extract<EngineCommand, { readonly kind: K }>;

/** Everything live, as plain JSON: restoring it gives exactly the same future. History is apart (`HistoryStore`). */
export interface EngineSnapshot {
  readonly version: 1;
  readonly config: EngineConfig;
  readonly state: unknown;
}

/**
 * A deterministic venue: no clock, no randomness, no I/O. One command at a time; every command returns at once.
 *
 * Walking a candle. `loadBars` holds the candles; the price of each symbol then goes through four points at stated
 * market times: the open at `openTime`, the first extreme after one third of the length, the second after two
 * thirds, the close at length − 1 ms. The order of the extremes is pessimistic and fixed when the price leaves the
 * open: net long in the symbol (over all accounts) → low first; net short → high first; flat → the extreme
 * nearer to the open first, low at a tie. Between points prices move in a straight line, all symbols together; from one candle's
 * close to the next one's open, and at a shock, they jump.
 *
 * `step` moves to the next thing that happens to an account (a fill, a trigger, an expiry, funding, a liquidation)
 * or to the next path point, and stands there: what is sent then meets the market at that very moment.
 */
export interface MatchingVenue {
  /**
   * Carries out one command. `step` before `loadBars` reaches `end`.
   * @throws {RangeError} not retried: a malformed command (unknown account or symbol, not a decimal, bars not in
   * order); every business "no" is an `Outcome` with `ok: false`.
   */
  execute<K extends CommandKind>(command: CommandOf<K>): Outcome<CommandValues[K]>;

  /** Why an order would not come to the matching engine, or null: its mode, id, lot and least notional. Changes nothing. */
  tryOrder(accountId: string, order: NewOrder): Rejection | null;

  marketTime(): number;
  /** Id of the newest event, 0 before the first. */
  lastEventId(): number;
  quote(symbol: string): Quote;
  /** @param limit levels a side. Ten levels exist. */
  depth(symbol: string, limit: number): Depth;
  /** Undefined before the first candle. */
  runningCandle(symbol: string): RunningCandle | undefined;

  accountIds(): readonly string[];
  account(accountId: string): AccountView;
  /** One per symbol and side that has, or ever had, a position or a setting. One-way: BOTH; hedge: LONG and SHORT. */
  positions(accountId: string, symbol?: string): readonly PositionView[];
  symbolSetting(accountId: string, symbol: string): { readonly leverage: number; readonly marginType: MarginType };
  openOrders(accountId: string, symbol?: string): readonly OrderView[];
  openAlgos(accountId: string, symbol?: string): readonly AlgoOrderView[];
  /** Live or done; undefined when there never was one. A client id that was used twice gives the newest. */
  findOrder(accountId: string, symbol: string, key: OrderKey): OrderView | undefined;
  findAlgo(accountId: string, key: AlgoKey): AlgoOrderView | undefined;
  /** All orders ever, live ones included. */
  orders(query: HistoryQuery): readonly OrderView[];
  algos(query: HistoryQuery): readonly AlgoOrderView[];
  fills(query: FillQuery): readonly FillView[];
  income(query: IncomeQuery): readonly IncomeView[];

  snapshot(): EngineSnapshot;
}

// The class and its two ways to begin, in `engine.ts`:
//   new MatchingEngine(config: EngineConfig, history?: HistoryStore)
//   MatchingEngine.restore(snapshot: EngineSnapshot, history: HistoryStore): MatchingEngine
// Defaults in `defaults.ts`: defaultEngineConfig(instruments): EngineConfig.
// `MemoryHistory` in `history.ts` (with dump() and MemoryHistory.of(dump)).
// Candle sources in `domain/market/candle-source.ts`.
