import { placeAlgo } from './algos.ts';
import { amendOrder } from './amend.ts';
import { decode, encode } from './codec.ts';
import { book, emitAccount } from './events.ts';
import { endAlgo, endOrder } from './expiry.ts';
import { MemoryHistory } from './history.ts';
import { closeByVenue, liquidate, openPositions } from './liquidation.ts';
import { isIsolated } from './margin.ts';
import { depthOf, newMarket, quoteOf, runningCandleOf } from './market.ts';
import { acceptOrder, formRefusalOf, matchOrder, openOrder, readOrder, refusalOf } from './orders.ts';
import { isRejection, rejection } from './rejections.ts';
import { moneyOf } from './scaled.ts';
import { moveIsolatedMargin, setHedgeMode, setLeverage, setMarginType } from './settings.ts';
import { scaledSpec } from './spec.ts';
import { accountOf, marketOf, positionOf, settingOf, specOf } from './state.ts';
import type { AccountState, Core, EngineState } from './state.ts';
import type {
  AccountUpdateReason, AccountView, AlgoKey, AlgoOrderView, CommandKind, CommandOf, CommandValues, Depth, EngineConfig, EngineSnapshot, FillQuery,
  FillView, HistoryQuery, HistoryStore, IncomeQuery, IncomeType, IncomeView, MarginType, MatchingVenue, NewOrder, OrderKey, OrderView, Outcome, PositionView,
  Quote, Rejection, RunningCandle,
} from './types.ts';
import { accountView, algoView, orderView, positionView } from './views.ts';
import { loadBars, shock, step, warmUp } from './walk.ts';

type Answer<K extends CommandKind> = CommandValues[K] | Rejection;
type Handlers = { readonly [K in CommandKind]: (core: Core, command: CommandOf<K>) => Answer<K> };

const INCOME_REASONS: Readonly<Record<string, AccountUpdateReason>> = { FUNDING_FEE: 'FUNDING_FEE', INSURANCE_CLEAR: 'INSURANCE_CLEAR' };

const HANDLERS: Handlers = {
  openAccount: (core, command) => openAccount(core, command),
  warmUp: (core, command) => (warmUp(core, command.symbol, command.bars), null),
  loadBars: (core, command) => (loadBars(core, command.batch), null),
  step: (core, command) => step(core, command.untilTime),
  shock: (core, command) => (shock(core, command.symbol, command.factor), null),
  placeOrder: (core, command) => placeOrder(core, command),
  amendOrder: (core, command) => amendOrder(core, accountOf(core, command.accountId), command.order),
  cancelOrder: (core, command) => {
    const account = accountOf(core, command.accountId);
    const order = openOrder(account, command.symbol, command.key);
    return order === undefined ? rejection(-2011) : endOrder(core, account, order, 'CANCELED');
  },
  cancelAllOrders: (core, command) => {
    const account = accountOf(core, command.accountId);
    return [...account.orders.values()].filter((order) => order.symbol === command.symbol).map((order) => endOrder(core, account, order, 'CANCELED'));
  },
  placeAlgo: (core, command) => {
    const algo = placeAlgo(core, accountOf(core, command.accountId), command.order);
    return isRejection(algo) ? algo : algoView(core, algo);
  },
  cancelAlgo: (core, command) => {
    const account = accountOf(core, command.accountId);
    const id = 'algoId' in command.key ? command.key.algoId : account.clientAlgoIds.get(command.key.clientAlgoId);
    const algo = id === undefined ? undefined : account.algos.get(id);
    if (algo?.status !== 'NEW') return rejection(-2011);
    endAlgo(core, account, algo, 'CANCELED');
    return algoView(core, algo);
  },
  cancelAllAlgos: (core, command) => {
    const account = accountOf(core, command.accountId);
    const open = [...account.algos.values()].filter((algo) => algo.symbol === command.symbol && algo.status === 'NEW');
    return open.map((algo) => {
      endAlgo(core, account, algo, 'CANCELED');
      return algoView(core, algo);
    });
  },
  setLeverage: (core, command) => setLeverage(core, accountOf(core, command.accountId), command.symbol, command.leverage),
  setMarginType: (core, command) => setMarginType(core, accountOf(core, command.accountId), command.symbol, command.marginType),
  setHedgeMode: (core, command) => setHedgeMode(accountOf(core, command.accountId), command.hedgeMode),
  moveIsolatedMargin: (core, command) => {
    const account = accountOf(core, command.accountId);
    const position = moveIsolatedMargin(core, account, command.symbol, command.positionSide, moneyOf(command.amount));
    return 'code' in position ? position : positionView(core, account, position);
  },
  addIncome: (core, command) => addIncome(core, command),
  forceClose: (core, command) => {
    const account = accountOf(core, command.accountId);
    const position = positionOf(account, command.symbol, command.positionSide);
    if (position.steps === 0) return rejection(-2022);
    return orderView(core, closeByVenue(core, account, position, 'MARKET', `web_${core.state.orderId + 1}`));
  },
  forceLiquidation: (core, command) => {
    const account = accountOf(core, command.accountId);
    const positions = openPositions(account).filter((position) => position.symbol === command.symbol);
    if (positions.length === 0) return rejection(-2022);
    liquidate(core, account, positions, isIsolated(core, account, command.symbol) ? 'isolated' : 'cross');
    return null;
  },
};

function openAccount(core: Core, command: CommandOf<'openAccount'>): AccountView {
  if (core.state.accounts.has(command.accountId) || command.accountId.includes('|')) {
    throw new RangeError(`account ${command.accountId} is open already, or its id holds a "|"`);
  }
  const account: AccountState = {
    accountId: command.accountId, asset: 'USDT', wallet: 0n, hedgeMode: false, marginCalled: false, updatedAt: core.state.time,
    settings: new Map(), positions: new Map(), exposures: new Map(), orders: new Map(), algos: new Map(),
    clientOrderIds: new Map(), clientAlgoIds: new Map(),
  };
  core.state.accounts.set(account.accountId, account);
  transfer(core, account, { type: 'TRANSFER', amount: moneyOf(command.wallet), symbol: '', info: 'OPENING' });
  return accountView(core, account);
}

function placeOrder(core: Core, command: CommandOf<'placeOrder'>): OrderView | Rejection {
  const account = accountOf(core, command.accountId);
  if (marketOf(core, command.order.symbol).last === 0) throw new RangeError(`${command.order.symbol} has no price yet (load candles and step first)`);
  const request = readOrder(core, command.order);
  if (isRejection(request)) return request;
  const refused = refusalOf(core, account, request);
  if (refused !== null) return refused;
  const order = acceptOrder(core, account, request);
  matchOrder(core, account, order, request.cancelAfterSteps ?? null);
  return orderView(core, order);
}

function addIncome(core: Core, command: CommandOf<'addIncome'>): IncomeView {
  if (command.symbol !== '') specOf(core, command.symbol);
  return transfer(core, accountOf(core, command.accountId), { ...command, amount: moneyOf(command.amount) });
}

function transfer(core: Core, account: AccountState, entry: { type: IncomeType; amount: bigint; symbol: string; info: string }): IncomeView {
  const income = book(core, account, { ...entry, tradeId: '' });
  const moved: AccountUpdateReason = entry.amount < 0n ? 'WITHDRAW' : 'DEPOSIT';
  const reason = entry.type === 'TRANSFER' ? moved : (INCOME_REASONS[entry.type] ?? 'ADJUSTMENT');
  emitAccount(core, account, { reason, balanceChange: entry.amount, positions: [], income: [income] });
  return income;
}

/** The engine: see `MatchingVenue` for what it promises. */
export class MatchingEngine implements MatchingVenue {
  readonly #core: Core;

  /** @throws {RangeError} not retried: a specification contradicts itself. */
  constructor(config: EngineConfig, history: HistoryStore = new MemoryHistory()) {
    const specs = new Map(config.symbols.map((spec) => [spec.instrument.venueSymbol, scaledSpec(spec)]));
    const state: EngineState = {
      time: 0, eventId: 0, orderId: 0, algoId: 0, tradeId: 0, transactionId: 0, walk: null,
      markets: new Map([...specs.keys()].map((symbol) => [symbol, newMarket(symbol)])), accounts: new Map(),
    };
    this.#core = { config, specs, state, history, events: [] };
  }

  /** @param history what the engine that gave the snapshot had recorded until then. */
  static restore(snapshot: EngineSnapshot, history: HistoryStore): MatchingEngine {
    const engine = new MatchingEngine(snapshot.config, history);
    Object.assign(engine.#core.state, decode(snapshot.state));
    return engine;
  }

  execute<K extends CommandKind>(command: CommandOf<K>): Outcome<CommandValues[K]> {
    this.#core.events = [];
    const handler = HANDLERS[command.kind as K];
    const value = handler(this.#core, command);
    const { events } = this.#core;
    return refused(value) ? { ok: false, rejection: value, events } : { ok: true, value: value as CommandValues[K], events };
  }

  tryOrder(accountId: string, order: NewOrder): Rejection | null {
    const request = readOrder(this.#core, order);
    return isRejection(request) ? request : formRefusalOf(this.#core, accountOf(this.#core, accountId), request);
  }

  snapshot(): EngineSnapshot {
    return { version: 1, config: this.#core.config, state: encode(this.#core.state) };
  }

  marketTime(): number {
    return this.#core.state.time;
  }

  lastEventId(): number {
    return this.#core.state.eventId;
  }

  quote(symbol: string): Quote {
    return quoteOf(this.#core, symbol);
  }

  depth(symbol: string, limit: number): Depth {
    return depthOf(this.#core, symbol, limit);
  }

  runningCandle(symbol: string): RunningCandle | undefined {
    return runningCandleOf(this.#core, symbol);
  }

  accountIds(): readonly string[] {
    return [...this.#core.state.accounts.keys()];
  }

  account(accountId: string): AccountView {
    return accountView(this.#core, accountOf(this.#core, accountId));
  }

  positions(accountId: string, symbol?: string): readonly PositionView[] {
    const account = accountOf(this.#core, accountId);
    const views: PositionView[] = [];
    for (const position of account.positions.values()) {
      if (account.hedgeMode === (position.positionSide === 'BOTH') && position.steps === 0) continue;
      if (symbol === undefined || position.symbol === symbol) views.push(positionView(this.#core, account, position));
    }
    return views;
  }

  symbolSetting(accountId: string, symbol: string): { readonly leverage: number; readonly marginType: MarginType } {
    specOf(this.#core, symbol);
    return { ...settingOf(this.#core, accountOf(this.#core, accountId), symbol) };
  }

  openOrders(accountId: string, symbol?: string): readonly OrderView[] {
    return [...accountOf(this.#core, accountId).orders.values()]
      .filter((order) => symbol === undefined || order.symbol === symbol)
      .map((order) => orderView(this.#core, order));
  }

  openAlgos(accountId: string, symbol?: string): readonly AlgoOrderView[] {
    return this.#liveAlgos(accountId, symbol).filter((algo) => algo.status === 'NEW');
  }

  findOrder(accountId: string, symbol: string, key: OrderKey): OrderView | undefined {
    const open = openOrder(accountOf(this.#core, accountId), symbol, key);
    return open === undefined ? this.#core.history.findOrder(accountId, symbol, key) : orderView(this.#core, open);
  }

  findAlgo(accountId: string, key: AlgoKey): AlgoOrderView | undefined {
    const account = accountOf(this.#core, accountId);
    const id = 'algoId' in key ? key.algoId : account.clientAlgoIds.get(key.clientAlgoId);
    const live = id === undefined ? undefined : account.algos.get(id);
    return live === undefined ? this.#core.history.findAlgo(accountId, key) : algoView(this.#core, live);
  }

  orders(query: HistoryQuery): readonly OrderView[] {
    return withLive(query, this.#core.history.orders(query), this.openOrders(query.accountId, query.symbol), (order) => order.orderId);
  }

  algos(query: HistoryQuery): readonly AlgoOrderView[] {
    return withLive(query, this.#core.history.algos(query), this.#liveAlgos(query.accountId, query.symbol), (algo) => algo.algoId);
  }

  fills(query: FillQuery): readonly FillView[] {
    return this.#core.history.fills(query);
  }

  income(query: IncomeQuery): readonly IncomeView[] {
    return this.#core.history.income(query);
  }

  #liveAlgos(accountId: string, symbol?: string): readonly AlgoOrderView[] {
    return [...accountOf(this.#core, accountId).algos.values()]
      .filter((algo) => symbol === undefined || algo.symbol === symbol)
      .map((algo) => algoView(this.#core, algo));
  }
}

function refused(value: unknown): value is Rejection {
  return typeof value === 'object' && value !== null && 'code' in value && 'message' in value;
}

/** Done and live rows of one query, by id. */
function withLive<T extends { readonly createdAt: number }>(query: HistoryQuery, done: readonly T[], live: readonly T[], idOf: (row: T) => number): readonly T[] {
  const wanted = live.filter((row) =>
    idOf(row) >= (query.fromId ?? 0) && row.createdAt >= (query.startTime ?? 0) && row.createdAt <= (query.endTime ?? Number.MAX_SAFE_INTEGER));
  const rows = [...done, ...wanted].sort((a, b) => idOf(a) - idOf(b));
  const fromStart = query.fromId !== undefined || query.startTime !== undefined;
  return fromStart ? rows.slice(0, query.limit) : rows.slice(-query.limit);
}
