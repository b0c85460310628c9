import type { IncomingMessage, Server } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import type { CoreListener, StampedEvent } from './core.ts';
import type { FaultRegistry } from './faults.ts';
import { userMessage } from './format-events.ts';
import type { UserMessage } from './format-events.ts';
import type { ListenKeys } from './listen-keys.ts';
import type { MarketMessages } from './stream-messages.ts';

const STREAM_PATH = /^\/(?:(?:public|market|private)\/)?(ws|stream)(?:\/(.*))?$/;
const HEARTBEAT_MS = 180_000;
/** An event that is held back to come out of order goes out by itself after this. */
const HELD_MS = 500;

/** What a connection still does: `zombie` answers pings only, `silent` not even that. */
type Condition = 'live' | 'zombie' | 'silent';

interface Connection {
  readonly socket: WebSocket;
  /** Wraps messages as `{ stream, data }`. */
  readonly combined: boolean;
  readonly names: Set<string>;
  /** Listen key → account. */
  readonly accounts: Map<string, string>;
  condition: Condition;
}

export interface StreamParts {
  readonly messages: MarketMessages;
  readonly keys: () => ListenKeys;
  readonly faults: FaultRegistry;
  readonly marketTime: () => number;
  readonly transportNow: () => number;
  /** What a lockstep market still waits for an answer to, oldest first; empty elsewhere. */
  readonly unanswered: () => readonly StampedEvent[];
}

const commandSchema = z.object({
  method: z.enum(['SUBSCRIBE', 'UNSUBSCRIBE', 'LIST_SUBSCRIPTIONS', 'SET_PROPERTY', 'GET_PROPERTY']),
  params: z.array(z.unknown()).optional(),
  id: z.union([z.number(), z.string(), z.null()]).optional(),
});

/** The venue's streams: `/public`, `/market`, `/private` and the plain forms, each as `/ws` or combined as `/stream`. */
export class StreamServer implements CoreListener {
  readonly #parts: StreamParts;
  readonly #sockets = new WebSocketServer({ noServer: true, autoPong: false });
  readonly #connections = new Set<Connection>();
  readonly #heartbeat: NodeJS.Timeout;
  #held: { readonly accountId: string; readonly message: UserMessage; readonly timer: NodeJS.Timeout } | null = null;

  constructor(server: Server, parts: StreamParts) {
    this.#parts = parts;
    server.on('upgrade', (request, socket, head) => {
      const path = new URL(request.url ?? '/', 'ws://venue').pathname;
      if (!STREAM_PATH.test(path)) {
        socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
        return;
      }
      this.#sockets.handleUpgrade(request, socket, head, (webSocket) => { this.#open(webSocket, request); });
    });
    this.#heartbeat = setInterval(() => { this.#ping(); }, HEARTBEAT_MS).unref();
  }

  close(): void {
    clearInterval(this.#heartbeat);
    if (this.#held !== null) clearTimeout(this.#held.timer);
    for (const { socket } of this.#connections) socket.terminate();
    this.#sockets.close();
  }

  get count(): number {
    return this.#connections.size;
  }

  /** A fault: the open connections fall into a condition; new ones are well. @param which `user`: only those with a listen key. */
  afflict(condition: 'zombie' | 'silent', which: { readonly accountId?: string | undefined }): void {
    for (const connection of this.#connections) {
      const accounts = [...connection.accounts.values()];
      if (which.accountId === undefined || accounts.includes(which.accountId)) connection.condition = condition;
    }
  }

  /** Tells the streams of a key that it is over; they get nothing more. */
  expire(key: string): void {
    for (const connection of this.#connections) {
      if (!connection.accounts.has(key)) continue;
      this.#send(connection, key, { e: 'listenKeyExpired', E: this.#parts.transportNow(), listenKey: key });
      connection.accounts.delete(key);
    }
  }

  onAccountEvents(events: readonly StampedEvent[]): void {
    for (const stamped of events) {
      const { event } = stamped;
      this.#toMarket((name) => this.#parts.messages.forced(name, event));
      const message = userMessage(stamped);
      const fired = this.#parts.faults.onEvent({ type: message.e, symbol: symbolOf(message), accountId: event.accountId });
      if (fired.some((spec) => spec.kind === 'outOfOrderEvents') && this.#held === null) {
        this.#hold(event.accountId, message);
        continue;
      }
      this.#toAccount(event.accountId, message);
      if (fired.some((spec) => spec.kind === 'duplicateEvent')) this.#toAccount(event.accountId, message);
      this.#release();
    }
  }

  onMarketMoved(): void {
    this.#publish(null);
  }

  onCandleClosed(index: number): void {
    this.#publish(index);
  }

  #hold(accountId: string, message: UserMessage): void {
    this.#held = { accountId, message, timer: setTimeout(() => { this.#release(); }, HELD_MS) };
  }

  #release(): void {
    const held = this.#held;
    if (held === null) return;
    this.#held = null;
    clearTimeout(held.timer);
    this.#toAccount(held.accountId, held.message);
  }

  #toAccount(accountId: string, message: UserMessage): void {
    for (const connection of this.#connections) {
      for (const [key, account] of connection.accounts) if (account === accountId) this.#send(connection, key, message);
    }
  }

  #publish(closedIndex: number | null): void {
    this.#toMarket((name) => this.#parts.messages.build(name, closedIndex));
  }

  /** Each message is built once, whoever wants it. */
  #toMarket(build: (name: string) => readonly unknown[]): void {
    const built = new Map<string, readonly unknown[]>();
    for (const connection of this.#connections) {
      for (const name of connection.names) {
        let messages = built.get(name);
        if (messages === undefined) {
          messages = build(name);
          built.set(name, messages);
        }
        for (const message of messages) this.#send(connection, name, message);
      }
    }
  }

  #open(socket: WebSocket, request: IncomingMessage): void {
    const url = new URL(request.url ?? '/', 'ws://venue');
    const [, form, rest] = STREAM_PATH.exec(url.pathname) ?? [];
    const connection: Connection = { socket, combined: form === 'stream', names: new Set(), accounts: new Map(), condition: 'live' };
    this.#connections.add(connection);
    socket.on('close', () => this.#connections.delete(connection));
    socket.on('error', () => { socket.terminate(); });
    socket.on('ping', (data) => { if (connection.condition !== 'silent') socket.pong(data); });
    socket.on('message', (data: Buffer) => { this.#command(connection, data.toString('utf8')); });
    const keys = url.searchParams.getAll('listenKey');
    const named = [...(url.searchParams.get('streams') ?? '').split('/'), ...(rest ?? '').split('/')].filter((name) => name !== '');
    for (const key of keys) this.#subscribeUser(connection, key);
    for (const name of named) this.#subscribeNamed(connection, name);
  }

  /** ccxt numbers its connections by a last part of the path, such as `/ws/0`: that is no stream. */
  #subscribeNamed(connection: Connection, name: string): void {
    if (/^\d+$/.test(name)) return;
    if (this.#parts.messages.parse(name) !== undefined) this.#subscribeMarket(connection, name);
    else this.#subscribeUser(connection, name);
  }

  #subscribeUser(connection: Connection, key: string): void {
    const accountId = this.#parts.keys().accountOf(key);
    if (accountId === undefined) this.#send(connection, key, { e: 'listenKeyExpired', E: this.#parts.transportNow(), listenKey: key });
    else this.#subscribeAccount(connection, key, accountId);
  }

  /** A lockstep market stands still until its events are answered: one who was away meanwhile hears them now. */
  #subscribeAccount(connection: Connection, key: string, accountId: string): void {
    connection.accounts.set(key, accountId);
    for (const stamped of this.#parts.unanswered()) if (stamped.event.accountId === accountId) this.#send(connection, key, userMessage(stamped));
  }

  /** A new subscriber hears at once how things stand: a market that stands still would leave it waiting. */
  #subscribeMarket(connection: Connection, name: string): void {
    this.#parts.messages.begin(name);
    connection.names.add(name);
    for (const message of this.#parts.messages.build(name, null, true)) this.#send(connection, name, message);
  }

  #command(connection: Connection, text: string): void {
    if (connection.condition !== 'live') return;
    const parsed = commandSchema.safeParse(parseJson(text));
    if (!parsed.success) {
      this.#reply(connection, { error: { code: 2, msg: 'Invalid request: request must be JSON with a known method' }, id: null });
      return;
    }
    const { method, params = [], id = null } = parsed.data;
    const names = params.map(String);
    if (method === 'LIST_SUBSCRIPTIONS') {
      this.#reply(connection, { result: [...connection.names, ...connection.accounts.keys()], id });
      return;
    }
    if (method === 'UNSUBSCRIBE') for (const name of names) this.#unsubscribe(connection, name);
    if (method === 'SUBSCRIBE' && !names.every((name) => this.#isStream(name))) {
      this.#reply(connection, { error: { code: 2, msg: 'Invalid request: invalid stream' }, id });
      return;
    }
    this.#reply(connection, { result: null, id });
    if (method === 'SUBSCRIBE') for (const name of names) this.#subscribeNamed(connection, name);
  }

  #isStream(name: string): boolean {
    return this.#parts.messages.parse(name) !== undefined || this.#parts.keys().accountOf(name) !== undefined;
  }

  #unsubscribe(connection: Connection, name: string): void {
    connection.names.delete(name);
    connection.accounts.delete(name);
  }

  #reply(connection: Connection, message: unknown): void {
    connection.socket.send(JSON.stringify(message));
  }

  #send(connection: Connection, stream: string, message: unknown): void {
    if (connection.condition !== 'live' || connection.socket.readyState !== WebSocket.OPEN) return;
    connection.socket.send(JSON.stringify(connection.combined ? { stream, data: message } : message));
  }

  #ping(): void {
    for (const { socket, condition } of this.#connections) if (condition === 'live' && socket.readyState === WebSocket.OPEN) socket.ping();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function symbolOf(message: UserMessage): string {
  const { o } = message;
  if (typeof o !== 'object' || o === null || !('s' in o)) return '';
  return typeof o.s === 'string' ? o.s : '';
}
