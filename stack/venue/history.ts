import { join } from 'node:path';
import { MemoryHistory } from '../../domain/matching/history.ts';
import type {
  AlgoKey, AlgoOrderView, FillQuery, FillView, HistoryQuery, HistoryStore, IncomeQuery, IncomeView, OrderKey, OrderView,
} from '../../domain/matching/types.ts';
import { LineFile } from './journal.ts';

/** When something happened on the transport clock, epoch milliseconds. */
export interface TransportStamp {
  readonly transportCreatedAt: number;
  readonly transportTime: number;
}
type Stamped<T> = T & TransportStamp;

type BookLine =
  | { readonly k: 'order'; readonly v: OrderView }
  | { readonly k: 'algo'; readonly v: AlgoOrderView }
  | { readonly k: 'fill'; readonly v: FillView }
  | { readonly k: 'income'; readonly v: IncomeView };

/**
 * The venue's book: everything that is over, for ever, in one append-only file (`book.jsonl`).
 * Every record carries its times on the transport clock beside those of the market.
 *
 * After a restart the journal is replayed and appends again what the file holds already: as many appends as the
 * file has lines beyond the snapshot are not written twice.
 */
export class BookHistory implements HistoryStore {
  readonly #memory = new MemoryHistory();
  readonly #file: LineFile;
  readonly #onFile: readonly BookLine[];
  readonly #stampOf: (kind: 'order' | 'algo' | 'fill' | 'income', id: number) => TransportStamp;
  #count = 0;
  #pending: BookLine[] = [];

  constructor(folder: string, stampOf: (kind: 'order' | 'algo' | 'fill' | 'income', id: number) => TransportStamp) {
    const opened = LineFile.open(join(folder, 'book.jsonl'));
    this.#file = opened.file;
    this.#onFile = opened.lines as readonly BookLine[];
    this.#stampOf = stampOf;
  }

  /** Lines so far: what a snapshot remembers. */
  get count(): number {
    return this.#count;
  }

  /** Takes the first lines of the file as they are. Once, before anything is appended. */
  load(count: number): void {
    for (const line of this.#onFile.slice(0, count)) this.#remember(line);
    this.#count = count;
  }

  /** Writes what the last command appended. */
  flush(): void {
    if (this.#pending.length === 0) return;
    this.#file.append(this.#pending);
    this.#pending = [];
  }

  close(): void {
    this.flush();
    this.#file.close();
  }

  appendOrder(order: OrderView): void {
    this.#append({ k: 'order', v: this.#stamped('order', order.orderId, order) });
  }

  appendAlgo(algo: AlgoOrderView): void {
    this.#append({ k: 'algo', v: this.#stamped('algo', algo.algoId, algo) });
  }

  appendFill(fill: FillView): void {
    this.#append({ k: 'fill', v: this.#stamped('fill', fill.tradeId, fill) });
  }

  appendIncome(income: IncomeView): void {
    this.#append({ k: 'income', v: this.#stamped('income', income.transactionId, income) });
  }

  orders(query: HistoryQuery): readonly OrderView[] {
    return this.#memory.orders(query);
  }
  algos(query: HistoryQuery): readonly AlgoOrderView[] {
    return this.#memory.algos(query);
  }
  fills(query: FillQuery): readonly FillView[] {
    return this.#memory.fills(query);
  }
  income(query: IncomeQuery): readonly IncomeView[] {
    return this.#memory.income(query);
  }
  findOrder(accountId: string, symbol: string, key: OrderKey): OrderView | undefined {
    return this.#memory.findOrder(accountId, symbol, key);
  }
  findAlgo(accountId: string, key: AlgoKey): AlgoOrderView | undefined {
    return this.#memory.findAlgo(accountId, key);
  }

  #stamped<T>(kind: 'order' | 'algo' | 'fill' | 'income', id: number, record: T): Stamped<T> {
    return { ...record, ...this.#stampOf(kind, id) };
  }

  #append(line: BookLine): void {
    const already = this.#onFile[this.#count];
    this.#remember(already ?? line);
    if (already === undefined) this.#pending.push(line);
    this.#count += 1;
  }

  #remember(line: BookLine): void {
    if (line.k === 'order') this.#memory.appendOrder(line.v);
    else if (line.k === 'algo') this.#memory.appendAlgo(line.v);
    else if (line.k === 'fill') this.#memory.appendFill(line.v);
    else this.#memory.appendIncome(line.v);
  }
}

/** The transport times of a record of the book; undefined of a live one. */
export function stampOfRecord(record: object): TransportStamp | undefined {
  if (!('transportTime' in record) || !('transportCreatedAt' in record)) return undefined;
  const { transportTime, transportCreatedAt } = record;
  if (typeof transportTime !== 'number' || typeof transportCreatedAt !== 'number') return undefined;
  return { transportTime, transportCreatedAt };
}
