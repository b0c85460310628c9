/** The append-only book in memory. */
import type {
  AlgoKey, AlgoOrderView, FillQuery, FillView, HistoryQuery, HistoryStore, IncomeQuery, IncomeView, OrderKey, OrderView,
} from './types.ts';

/** Rows of one kind by id, and by account, or account and symbol. Ids and times rise together. */
class Log<T extends { readonly accountId: string; readonly symbol: string }> {
  readonly #rows = new Map<string, T[]>();
  readonly #idOf: (row: T) => number;
  readonly #timeOf: (row: T) => number;

  constructor(idOf: (row: T) => number, timeOf: (row: T) => number) {
    this.#idOf = idOf;
    this.#timeOf = timeOf;
  }

  append(row: T): void {
    this.#insert(row.accountId, row);
    this.#insert(`${row.accountId}|${row.symbol}`, row);
  }

  /** An order may end long after a younger one did: rows stay sorted by id. */
  #insert(key: string, row: T): void {
    let rows = this.#rows.get(key);
    if (rows === undefined) {
      rows = [];
      this.#rows.set(key, rows);
    }
    let at = rows.length;
    for (let before = rows[at - 1]; before !== undefined && this.#idOf(before) > this.#idOf(row); before = rows[at - 1]) at -= 1;
    if (at === rows.length) rows.push(row);
    else rows.splice(at, 0, row);
  }

  all(accountId: string, symbol?: string): readonly T[] {
    return this.#rows.get(symbol === undefined ? accountId : `${accountId}|${symbol}`) ?? [];
  }

  select(query: HistoryQuery, accepts: (row: T) => boolean): readonly T[] {
    const rows = this.all(query.accountId, query.symbol);
    const fromStart = query.fromId !== undefined || query.startTime !== undefined;
    let first = query.startTime === undefined ? 0 : lowerBound(rows, query.startTime, this.#timeOf);
    if (query.fromId !== undefined) first = Math.max(first, lowerBound(rows, query.fromId, this.#idOf));
    const end = query.endTime === undefined ? rows.length : lowerBound(rows, query.endTime + 1, this.#timeOf);
    const found: T[] = [];
    for (let i = 0; i < end - first && found.length < query.limit; i += 1) {
      const row = rows[fromStart ? first + i : end - 1 - i];
      if (row !== undefined && accepts(row)) found.push(row);
    }
    return fromStart ? found : found.reverse();
  }

  byId(accountId: string, symbol: string | undefined, id: number): T | undefined {
    const rows = this.all(accountId, symbol);
    const row = rows[lowerBound(rows, id, this.#idOf)];
    return row !== undefined && this.#idOf(row) === id ? row : undefined;
  }

  /** Every row once, by account. */
  dump(): T[] {
    return [...this.#rows].flatMap(([key, rows]) => (key.includes('|') ? [] : rows));
  }
}

function lowerBound<T>(rows: readonly T[], value: number, valueOf: (row: T) => number): number {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    const row = rows[middle];
    if (row !== undefined && valueOf(row) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

export interface HistoryDump {
  readonly orders: readonly OrderView[];
  readonly algos: readonly AlgoOrderView[];
  readonly fills: readonly FillView[];
  readonly income: readonly IncomeView[];
}

/** Keeps everything in memory, about half a kilobyte a row. Account ids hold no `|`. */
export class MemoryHistory implements HistoryStore {
  readonly #orders = new Log<OrderView>((row) => row.orderId, (row) => row.createdAt);
  readonly #algos = new Log<AlgoOrderView>((row) => row.algoId, (row) => row.createdAt);
  readonly #fills = new Log<FillView>((row) => row.tradeId, (row) => row.time);
  readonly #income = new Log<IncomeView>((row) => row.transactionId, (row) => row.time);
  readonly #fillsOfOrder = new Map<number, FillView[]>();
  readonly #orderByClientId = new Map<string, OrderView>();
  readonly #algoByClientId = new Map<string, AlgoOrderView>();

  static of(dump: HistoryDump): MemoryHistory {
    const history = new MemoryHistory();
    for (const order of dump.orders) history.appendOrder(order);
    for (const algo of dump.algos) history.appendAlgo(algo);
    for (const fill of dump.fills) history.appendFill(fill);
    for (const income of dump.income) history.appendIncome(income);
    return history;
  }

  /** All rows as plain JSON, for `MemoryHistory.of`. */
  dump(): HistoryDump {
    return { orders: this.#orders.dump(), algos: this.#algos.dump(), fills: this.#fills.dump(), income: this.#income.dump() };
  }

  appendOrder(order: OrderView): void {
    this.#orders.append(order);
    const key = `${order.accountId}|${order.symbol}|${order.clientOrderId}`;
    const known = this.#orderByClientId.get(key);
    if (known === undefined || known.orderId < order.orderId) this.#orderByClientId.set(key, order);
  }

  appendAlgo(algo: AlgoOrderView): void {
    this.#algos.append(algo);
    const key = `${algo.accountId}|${algo.clientAlgoId}`;
    const known = this.#algoByClientId.get(key);
    if (known === undefined || known.algoId < algo.algoId) this.#algoByClientId.set(key, algo);
  }

  appendFill(fill: FillView): void {
    this.#fills.append(fill);
    const fills = this.#fillsOfOrder.get(fill.orderId);
    if (fills === undefined) this.#fillsOfOrder.set(fill.orderId, [fill]);
    else fills.push(fill);
  }

  appendIncome(income: IncomeView): void {
    this.#income.append(income);
  }

  orders(query: HistoryQuery): readonly OrderView[] {
    return this.#orders.select(query, () => true);
  }

  algos(query: HistoryQuery): readonly AlgoOrderView[] {
    return this.#algos.select(query, () => true);
  }

  fills(query: FillQuery): readonly FillView[] {
    if (query.orderId === undefined) return this.#fills.select(query, () => true);
    const fills = this.#fillsOfOrder.get(query.orderId) ?? [];
    return fills.filter((fill) => fill.accountId === query.accountId && (query.symbol === undefined || fill.symbol === query.symbol)).slice(0, query.limit);
  }

  income(query: IncomeQuery): readonly IncomeView[] {
    return this.#income.select(query, (row) => query.type === undefined || row.type === query.type);
  }

  findOrder(accountId: string, symbol: string, key: OrderKey): OrderView | undefined {
    if ('orderId' in key) return this.#orders.byId(accountId, symbol, key.orderId);
    return this.#orderByClientId.get(`${accountId}|${symbol}|${key.clientOrderId}`);
  }

  findAlgo(accountId: string, key: AlgoKey): AlgoOrderView | undefined {
    if ('algoId' in key) return this.#algos.byId(accountId, undefined, key.algoId);
    return this.#algoByClientId.get(`${accountId}|${key.clientAlgoId}`);
  }
}
