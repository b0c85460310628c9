import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { z } from 'zod';
import { KeelError } from '../../domain/errors.ts';
import { advanceSchema, EventsUnacknowledged } from './clock-driver.ts';
import type { ClockDriver } from './clock-driver.ts';
import type { VenueCore } from './core.ts';
import { VenueError } from './errors.ts';
import type { Fault, FaultRegistry, FaultSpec } from './faults.ts';
import { algoJson, fillJson, incomeJson, orderJson } from './format.ts';
import { userMessage } from './format-events.ts';
import { stampOfRecord } from './history.ts';
import type { AccountOptions } from './options.ts';

const BODY_MAX_BYTES = 1_000_000;

export interface ControlParts {
  readonly core: VenueCore;
  readonly driver: ClockDriver;
  readonly faults: FaultRegistry;
  readonly accounts: readonly AccountOptions[];
  readonly perform: (spec: FaultSpec, accountId: string) => void;
  readonly streamCount: () => number;
  readonly lastBan: () => unknown;
  readonly onError: (error: unknown) => void;
}

type Handler = (body: unknown, query: URLSearchParams) => unknown;

const clockSchema = z.strictObject({ mode: z.enum(['paced', 'paused', 'lockstep']).optional(), paceMs: z.int().min(4).optional() });
const acknowledgeSchema = z.strictObject({ eventId: z.int().min(0) });
const shockSchema = z.strictObject({ symbol: z.string(), percent: z.number().gt(-100).max(10_000) });
const accountId = z.string().optional();
const incomeSchema = z.strictObject({
  type: z.string().min(1), amount: z.string().regex(/^-?\d+(\.\d+)?$/, 'must be a decimal number as text'), symbol: z.string().optional(),
  info: z.string().optional(), accountId,
});
const positionSchema = z.strictObject({ symbol: z.string(), accountId });

/**
 * The control endpoint: JSON over HTTP on loopback, apart from the venue's API. A failure answers
 * `{ code, message }`: 400 for a request that cannot be understood, 409 for an advance that has to wait.
 */
export class ControlServer {
  readonly server: Server;
  readonly #parts: ControlParts;
  readonly #routes: ReadonlyMap<string, Handler>;

  constructor(parts: ControlParts) {
    this.#parts = parts;
    this.#routes = new Map(Object.entries(this.#handlers()));
    this.server = createServer((request, response) => {
      this.#receive(request, response).catch((error: unknown) => {
        parts.onError(error);
        if (!response.headersSent) reply(response, 500, { code: 'INTERNAL', message: String(error) });
      });
    });
  }

  #handlers(): Record<string, Handler> {
    const { core, driver, faults } = this.#parts;
    return {
      'GET /state': () => this.#state(),
      'GET /time': () => ({ marketTime: core.marketTime(), transportTime: core.transportNow() }),
      'GET /events': (_body, query) => core.eventsAfter(Number(query.get('after') ?? '0'), Number(query.get('limit') ?? '1000')).map(userMessage),
      'POST /clock': (body) => this.#setClock(body),
      'POST /advance': (body) => driver.advance(read(advanceSchema, body)),
      'POST /acknowledge': (body) => this.#acknowledge(read(acknowledgeSchema, body).eventId),
      'POST /fault': (body) => this.#addFault(body),
      'GET /faults': () => faults.list().map(faultJson),
      'DELETE /faults': (_body, query) => ({ removed: this.#removeFaults(query.get('id') ?? undefined) }),
      'POST /shock': (body) => {
        const { symbol, percent } = read(shockSchema, body);
        core.shock(symbol, percent);
        return core.engine.quote(symbol);
      },
      'POST /income': (body) => this.#income(read(incomeSchema, body)),
      'POST /outside-close': (body) => this.#outsideClose(read(positionSchema, body)),
      'POST /liquidate': (body) => this.#liquidate(read(positionSchema, body)),
      'GET /book': (_body, query) => this.#book(query.get('accountId')),
      'POST /snapshot': () => {
        core.saveSnapshot();
        return this.#state();
      },
    };
  }

  #state(): Record<string, unknown> {
    const { core, accounts } = this.#parts;
    const { market, engine } = core;
    return {
      mode: core.clock.mode, paceMs: core.clock.paceMs, marketTime: core.marketTime(), transportTime: core.transportNow(), skewMs: core.skewMs,
      timeframe: market.source.timeframe, candleIndex: market.closedIndex, closedOpenTime: market.openTime(market.closedIndex),
      length: market.source.length, ended: market.atEnd, lastEventId: engine.lastEventId(), acknowledgedId: core.acknowledgedId,
      symbols: [...core.instruments.keys()], accounts: accounts.map((account) => account.accountId), streams: this.#parts.streamCount(), lastBan: this.#parts.lastBan(),
    };
  }

  #setClock(body: unknown): unknown {
    const { mode, paceMs } = read(clockSchema, body);
    this.#parts.driver.set(mode ?? (paceMs === undefined ? this.#parts.core.clock.mode : 'paced'), paceMs);
    return this.#state();
  }

  #acknowledge(eventId: number): unknown {
    const { core } = this.#parts;
    const lastEventId = core.engine.lastEventId();
    if (eventId > lastEventId) throw new KeelError('USAGE', `event ${eventId} has not happened: the newest is ${lastEventId}`);
    if (eventId > core.acknowledgedId) core.change({ kind: 'acknowledge', eventId });
    return { acknowledgedId: core.acknowledgedId, lastEventId };
  }

  #addFault(body: unknown): unknown {
    const { fault, immediate } = this.#parts.faults.add(body);
    if (immediate) this.#parts.perform(fault.spec, fault.spec.accountId ?? this.#account(undefined));
    return faultJson(fault);
  }

  #removeFaults(id: string | undefined): number {
    if (id === undefined) this.#parts.core.setSkew(0);
    return this.#parts.faults.remove(id);
  }

  #account(given: string | undefined): string {
    const found = given ?? this.#parts.accounts[0]?.accountId;
    if (found === undefined || !this.#parts.core.engine.accountIds().includes(found)) throw new KeelError('NOT_FOUND', `no account ${String(found)} (known: ${this.#parts.core.engine.accountIds().join(', ')})`);
    return found;
  }

  #income(entry: z.output<typeof incomeSchema>): unknown {
    const symbol = entry.symbol === undefined ? '' : this.#parts.core.instrument(entry.symbol).venueSymbol;
    return incomeJson(this.#parts.core.command<'addIncome'>({
      kind: 'addIncome', accountId: this.#account(entry.accountId), type: entry.type, amount: entry.amount, symbol, info: entry.info ?? '',
    }));
  }

  #outsideClose(target: z.output<typeof positionSchema>): unknown {
    const account = this.#account(target.accountId);
    const { venueSymbol } = this.#parts.core.instrument(target.symbol);
    return closeOutside(this.#parts.core, account, venueSymbol);
  }

  #liquidate(target: z.output<typeof positionSchema>): unknown {
    const symbol = this.#parts.core.instrument(target.symbol).venueSymbol;
    this.#parts.core.command<'forceLiquidation'>({ kind: 'forceLiquidation', accountId: this.#account(target.accountId), symbol });
    return this.#state();
  }

  /** All orders, conditional orders, fills and income ever. */
  #book(accountId: string | null): unknown {
    const { core } = this.#parts;
    const accountIds = accountId === null ? core.engine.accountIds() : [this.#account(accountId)];
    const query = (id: string) => ({ accountId: id, limit: Number.MAX_SAFE_INTEGER });
    const none = { transportCreatedAt: 0, transportTime: 0 };
    return {
      accounts: accountIds,
      orders: accountIds.flatMap((id) => core.engine.orders(query(id)).map((order) => ({ accountId: id, algoId: order.algoId, ...orderJson(order, core.stampOf('order', order), 'query') }))),
      algoOrders: accountIds.flatMap((id) => core.engine.algos(query(id)).map((algo) => ({ accountId: id, ...algoJson(algo, core.stampOf('algo', algo)) }))),
      fills: accountIds.flatMap((id) => core.engine.fills(query(id)).map((fill) => ({ accountId: id, ...fillJson(fill, stampOfRecord(fill) ?? none) }))),
      income: accountIds.flatMap((id) => core.engine.income(query(id)).map((income) => ({ accountId: id, ...incomeJson(income) }))),
    };
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://control');
    const handler = this.#routes.get(`${request.method ?? 'GET'} ${url.pathname}`);
    if (handler === undefined) {
      reply(response, 404, { code: 'NOT_FOUND', message: `no ${request.method ?? ''} ${url.pathname} (known: ${[...this.#routes.keys()].join(', ')})` });
      return;
    }
    try {
      const body = await readBody(request);
      reply(response, 200, handler(body, url.searchParams));
    } catch (error) {
      const [status, failure] = failureOf(error);
      reply(response, status, failure);
    }
  }
}

/** Closes what the account holds of a symbol, as if its owner had done it elsewhere. */
export function closeOutside(core: VenueCore, accountId: string, symbol: string): readonly unknown[] {
  const held = core.engine.positions(accountId, symbol).filter((position) => Number(position.quantity) !== 0);
  if (held.length === 0) throw new KeelError('NOT_FOUND', `account ${accountId} holds no ${symbol}: there is nothing to close`);
  return held.map((position) => {
    const order = core.command<'forceClose'>({ kind: 'forceClose', accountId, symbol, positionSide: position.positionSide });
    return orderJson(order, core.stampOf('order', order), 'result');
  });
}

function faultJson(fault: Fault): Record<string, unknown> {
  return { id: fault.id, matched: fault.matched, fired: fault.fired, hits: fault.hits, ...fault.spec };
}

function failureOf(error: unknown): readonly [number, Record<string, unknown>] {
  if (error instanceof EventsUnacknowledged) {
    return [409, { code: 'EVENTS_UNACKNOWLEDGED', message: error.message, lastEventId: error.lastEventId, acknowledgedId: error.acknowledgedId }];
  }
  if (error instanceof KeelError) return [error.code === 'NOT_FOUND' ? 404 : 400, { code: error.code, message: error.message }];
  if (error instanceof VenueError) return [409, { code: 'VENUE_REFUSED', venueCode: error.code, message: error.message }];
  throw error;
}

function read<T>(schema: z.ZodType<T>, body: unknown): T {
  const parsed = schema.safeParse(body);
  if (!parsed.success) throw new KeelError('USAGE', `the request's body is not understood: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

async function readBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > BODY_MAX_BYTES) throw new KeelError('USAGE', `the request's body is larger than ${BODY_MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new KeelError('USAGE', "the request's body is not JSON", { cause: error });
  }
}

function reply(response: ServerResponse, status: number, body: unknown): void {
  const text = JSON.stringify(body);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) });
  response.end(text);
}
