import { WebSocket } from 'ws';
import { KeelError, messageOf } from '../../domain/errors.ts';
import type { Stream } from '../../domain/ports/venue.ts';

/** Asks whether the stream is still what it seems; asked once when it is open, then regularly. @returns why it must end, or null. */
export type Watch = () => Promise<string | null>;

export interface SocketSettings {
  readonly url: string;
  /** Sent once it is open. */
  readonly greetings?: readonly string[];
  /** Each message, one after the other: the next waits until this has ended. A rejection ends the stream with it. */
  readonly onMessage: (message: unknown) => Promise<void>;
  /** Told of each message when it arrives, before it waits its turn. */
  readonly onArrival: (message: unknown) => void;
  readonly watch: Watch;
  /** Between two looks of the watch. */
  readonly watchEveryMs: number;
  /** A connection that answers no ping within this is dead. */
  readonly pingEveryMs: number;
  /** Called once, however the stream ends. */
  readonly onEnd?: () => void;
}

/** Messages that may wait; beyond it the socket is not read, so that the sender feels it. */
const QUEUE_MAX = 500;
const CONNECT_TIMEOUT_MS = 10_000;

/**
 * Opens one stream. `ws` instead of ccxt's `pro` class, since that keeps orders and trades in caches which merge
 * events of one order and drop fields, and since every single event is needed here, in order and as it came.
 * @throws {KeelError} VENUE_UNREACHABLE when it cannot be opened.
 */
export async function openSocket(settings: SocketSettings): Promise<Stream> {
  const socket = new WebSocket(settings.url, { handshakeTimeout: CONNECT_TIMEOUT_MS });
  const { closed, end } = endOf(socket, settings);
  const queue = createQueue(socket, settings, end);
  // Listened to before the connection is open: the venue may speak in the same packet.
  socket.on('message', (data) => { queue.push(String(data)); });
  closed.then(queue.stop, queue.stop);
  await opened(socket, settings.url);
  for (const text of settings.greetings ?? []) socket.send(text);
  // The first look, before anybody relies on the stream: what came before it may have been missed.
  await settings.watch().catch(() => null);
  const stopWatching = startWatching(socket, settings, end);
  closed.then(stopWatching, stopWatching);
  return {
    closed,
    async close() {
      end(null);
      await closed.catch(() => undefined);
    },
  };
}

function opened(socket: WebSocket, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', (error) => { reject(new KeelError('VENUE_UNREACHABLE', `stream ${withoutKey(url)} cannot be opened: ${error.message}`, { cause: error })); });
  });
}

/** The stream's end happens once: with null when we closed it, else with the cause. */
function endOf(socket: WebSocket, settings: SocketSettings): { closed: Promise<void>; end: (cause: KeelError | null) => void } {
  const url = withoutKey(settings.url);
  let hasEnded = false;
  let settle: { resolve: () => void; reject: (cause: KeelError) => void };
  const closed = new Promise<void>((resolve, reject) => { settle = { resolve, reject }; });
  // Whoever holds the stream reads `closed`; that nobody may be listening yet is no unhandled rejection.
  closed.catch(() => undefined);
  const end = (cause: KeelError | null): void => {
    if (hasEnded) return;
    hasEnded = true;
    socket.terminate();
    settings.onEnd?.();
    if (cause === null) settle.resolve();
    else settle.reject(cause);
  };
  socket.on('error', (error) => { end(new KeelError('VENUE_UNREACHABLE', `stream ${url} broke: ${error.message}`, { cause: error })); });
  socket.on('close', (code, reason) => { end(new KeelError('VENUE_UNREACHABLE', `stream ${url} was closed by the venue (${code} ${reason.toString()})`)); });
  return { closed, end };
}

/** Hands messages on, one after the other, and holds the socket back while too many wait. */
function createQueue(socket: WebSocket, settings: SocketSettings, end: (cause: KeelError) => void): { push: (text: string) => void; stop: () => void } {
  const waiting: unknown[] = [];
  let isRunning = false;
  const run = async (): Promise<void> => {
    isRunning = true;
    while (waiting.length > 0) {
      await settings.onMessage(waiting.shift());
      if (socket.isPaused && waiting.length < QUEUE_MAX / 2) socket.resume();
    }
    isRunning = false;
  };
  return {
    push(text) {
      try {
        const message = parseJson(text);
        settings.onArrival(message);
        waiting.push(message);
      } catch (error) {
        end(asKeelError(error));
        return;
      }
      if (waiting.length >= QUEUE_MAX) socket.pause();
      if (!isRunning) run().catch((error: unknown) => { end(asKeelError(error)); });
    },
    stop() { waiting.length = 0; },
  };
}

function asKeelError(error: unknown): KeelError {
  return error instanceof KeelError ? error : new KeelError('VENUE_ANSWER_INVALID', `a stream message could not be handled: ${messageOf(error)}`, { cause: error });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new KeelError('VENUE_ANSWER_INVALID', `a stream message is no JSON: ${text.slice(0, 120)}`, { cause: error });
  }
}

/** Pings the peer and asks the watch. @returns how to stop. */
function startWatching(socket: WebSocket, settings: SocketSettings, end: (cause: KeelError) => void): () => void {
  const url = withoutKey(settings.url);
  let hasAnswered = true;
  socket.on('pong', () => { hasAnswered = true; });
  const pinging = setInterval(() => {
    // While we hold the socket back ourselves, its pongs wait too.
    if (socket.isPaused) return;
    if (!hasAnswered) {
      end(new KeelError('VENUE_UNREACHABLE', `stream ${url} is silent: no answer to a ping within ${settings.pingEveryMs} ms`));
      return;
    }
    hasAnswered = false;
    socket.ping();
  }, settings.pingEveryMs);
  let isLooking = false;
  const watching = setInterval(() => {
    if (isLooking || socket.isPaused) return;
    isLooking = true;
    settings.watch()
      .then((why) => { if (why !== null) end(new KeelError('VENUE_UNREACHABLE', `stream ${url}: ${why}`)); })
      // A look that fails says nothing about the stream; the venue's absence shows by the ping.
      .catch(() => undefined)
      .finally(() => { isLooking = false; });
  }, settings.watchEveryMs);
  return () => {
    clearInterval(pinging);
    clearInterval(watching);
  };
}

/** The listen key opens the stream: it does not belong into messages. */
function withoutKey(url: string): string {
  return url.replace(/listenKey=[^&]+/, 'listenKey=…');
}
