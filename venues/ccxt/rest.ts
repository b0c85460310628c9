import type { z } from 'zod';
import { KeelError } from '../../domain/errors.ts';
import type { PermitPriority, VenueLimits } from '../../domain/limits/budget.ts';
import type { Circuit, CircuitName } from '../../domain/limits/circuit.ts';
import { admitted, answered, circuitNameOf, CLOSED, OPEN_MS } from '../../domain/limits/circuit.ts';
import type { CallCounter } from '../../domain/ports/call-counter.ts';
import type { Limiter } from '../../domain/ports/limiter.ts';
import type { SubmitTimes } from '../../domain/ports/venue.ts';
import type { VenueClock } from './clock.ts';
import { createVenueClock } from './clock.ts';
import { CallFailed, codeOf, NO_SUCH_SYMBOL, readErrorOf, TIMESTAMP_REFUSED } from './errors.ts';
import type { HttpAnswer } from './errors.ts';
import type { Exchange, Params } from './exchange.ts';
import { ROUTES } from './routes.ts';
import type { WeighedRoute } from './routes.ts';
import { exchangeInfo, parseAnswer, serverTime } from './schemas.ts';
import type { SymbolInfo } from './schemas.ts';

/** Requests to the venue within its limits, each answer checked. */
export interface Rest {
  readonly clock: VenueClock;
  /** Wall clock of this process. */
  wallClock(): number;
  /** @throws {KeelError} VENUE_UNREACHABLE, RATE_LIMITED (retried), VENUE_REFUSED, VENUE_ANSWER_INVALID (not retried blindly). */
  read<T>(route: WeighedRoute, params: Params, schema: z.ZodType<T>, options?: { priority?: PermitPriority; weight?: number }): Promise<T>;
  /** One request that changes something: never retried, its times given. */
  send(route: WeighedRoute, params: Params, times: SubmitTimes, priority: PermitPriority): Promise<SendResult>;
  /** Symbols and limits, read once and again when older than an hour, or when the venue did not know a symbol. */
  symbols(): Promise<readonly SymbolInfo[]>;
  /** Whether what can wait is asked at the moment. */
  circuit(): CircuitName;
}

export type SendResult =
  | { readonly kind: 'answered'; readonly answer: unknown }
  /** Nothing left this process. */
  | { readonly kind: 'notSent'; readonly message: string }
  | { readonly kind: 'failed'; readonly failure: CallFailed };

const READ_TIMEOUT_MS = 10_000;
const READ_RECV_WINDOW_MS = 5_000;
/** Sent later than this before the end of `recvWindow`, a request would be refused when it arrives. */
const ON_THE_WAY_MS = 100;
/** Beyond `timestamp` + `recvWindow` the venue takes nothing any more; an answer on its way may need a little longer. */
const ANSWER_GRACE_MS = 500;
const UNCOUNTED: Pick<CallCounter, 'count'> = { count: () => undefined };
const SYMBOLS_AGE_MAX_MS = 3_600_000;

export function createRest({ exchange, limiter, clock, calls = UNCOUNTED }: { exchange: Exchange; limiter: Limiter; clock: () => number; calls?: Pick<CallCounter, 'count'> }): Rest {
  const observing = (sentAtMs: number) => (answer: HttpAnswer): void => { observe(limiter, answer, { sentAtMs, answeredAtMs: clock() }); };

  const circuit = createCircuit(clock, calls);

  const request = async (route: WeighedRoute, params: Params, options: { priority: PermitPriority; weight?: number }): Promise<unknown> => {
    const refusal = circuit.refusal(options.priority);
    if (refusal !== null) throw new KeelError('VENUE_UNREACHABLE', `${route.method} ${route.path} was not sent: ${refusal}`);
    const permit = await limiter.acquire({ weight: options.weight ?? route.weight, orders: route.orders, priority: options.priority, deadlineMs: clock() + READ_TIMEOUT_MS });
    if (permit.kind === 'denied') throw new KeelError('RATE_LIMITED', `${route.method} ${route.path} was not sent: ${permit.reason}`);
    const times: Params = route.signed ? { timestamp: await venueClock.now(), recvWindow: READ_RECV_WINDOW_MS } : {};
    try {
      const answer = await exchange.call(route, { ...params, ...times }, { timeoutMs: READ_TIMEOUT_MS, onAnswer: observing(clock()) });
      circuit.told(null);
      return answer;
    } catch (error) {
      throw noted(error);
    }
  };

  /** Draws the consequences of a failure for the clock and the limiter; returns what to throw. */
  const noted = (error: unknown): unknown => {
    if (!(error instanceof CallFailed)) return error;
    circuit.told(error);
    if (error.code !== null && TIMESTAMP_REFUSED.has(error.code)) venueClock.distrust();
    if (error.code === NO_SUCH_SYMBOL) symbols.forget(); // it may have been delisted since they were read
    return readErrorOf(error);
  };

  const venueClock = createVenueClock({
    ask: async () => parseAnswer(serverTime, await request(ROUTES.time, {}, { priority: 'exit' }), 'GET time').serverTime,
    clock,
    onOffset: (clockOffsetMs) => { limiter.learn({ clockOffsetMs }); },
  });

  const symbols = keptForAnHour(clock, async () => {
    const info = parseAnswer(exchangeInfo, await request(ROUTES.exchangeInfo, {}, { priority: 'exit' }), 'GET exchangeInfo');
    const limits = limitsOf(info.rateLimits);
    if (limits !== null) limiter.learn({ limits });
    return info.symbols;
  });

  return {
    clock: venueClock,
    wallClock: clock,
    async read(route, params, schema, options = {}) {
      const answer = await request(route, params, { priority: options.priority ?? 'read', ...(options.weight === undefined ? {} : { weight: options.weight }) });
      return parseAnswer(schema, answer, `${route.method} ${route.path}`);
    },
    async send(route, params, times, priority) {
      const venueAheadMs = venueClock.estimate() - clock();
      const latestMs = Math.min(times.deadlineMs, times.timestamp + times.recvWindowMs - ON_THE_WAY_MS - venueAheadMs);
      const refusal = circuit.refusal(priority);
      if (refusal !== null) return { kind: 'notSent', message: refusal };
      const permit = await limiter.acquire({ weight: route.weight, orders: route.orders, priority, deadlineMs: latestMs });
      if (permit.kind === 'denied') return { kind: 'notSent', message: permit.reason };
      const now = clock();
      if (now > latestMs) return { kind: 'notSent', message: `the deadline was over ${now - latestMs} ms before sending` };
      try {
        const answer = await exchange.call(
          route,
          { ...params, timestamp: times.timestamp, recvWindow: times.recvWindowMs },
          { timeoutMs: times.recvWindowMs + ANSWER_GRACE_MS, onAnswer: observing(now) },
        );
        circuit.told(null);
        return { kind: 'answered', answer };
      } catch (error) {
        if (!(error instanceof CallFailed)) throw error;
        noted(error);
        return { kind: 'failed', failure: error };
      }
    },
    symbols: symbols.value,
    circuit: circuit.name,
  };
}

interface CircuitKeeper {
  /** Whatever closes or protects goes out all the same. @returns why it may not go out, null when it may */
  refusal(priority: PermitPriority): string | null;
  /** @param failure null: it was answered */
  told(failure: CallFailed | null): void;
  name(): CircuitName;
}

function createCircuit(clock: () => number, calls: Pick<CallCounter, 'count'>): CircuitKeeper {
  let circuit: Circuit = CLOSED;
  return {
    refusal: (priority) => {
      if (priority === 'exit') return null;
      const next = admitted(circuit, clock());
      if (next === null) return `the venue failed ${circuit.failures} times in a row; what can wait is tried again in ${OPEN_MS / 1_000} s`;
      circuit = next;
      return null;
    },
    told: (failure) => {
      calls.count(failure !== null && isFailedCall(failure));
      circuit = answered(circuit, failure !== null && isSilent(failure), clock());
    },
    name: () => circuitNameOf(circuit, clock()),
  };
}

/**
 * Turned away at the door (403), unanswered behind it (408), asked for too much (429) or banned for it (418).
 * @source general info, "HTTP Return Codes"
 */
const TROUBLE_STATUSES: ReadonlySet<number> = new Set([403, 408, 418, 429]);

/** No answer, or one about the venue itself; a refusal of one request shows that the venue works. */
function isFailedCall({ status }: CallFailed): boolean {
  return status === null || status >= 500 || TROUBLE_STATUSES.has(status);
}

/** It does not answer, or is broken; asked to wait, it works: the limiter waits. */
function isSilent({ status }: CallFailed): boolean {
  return status === null || status >= 500;
}

/** Reads once, and again when what was read is older than an hour. A failure is not kept. */
function keptForAnHour<T>(clock: () => number, read: () => Promise<T>): { readonly value: () => Promise<T>; readonly forget: () => void } {
  let known: { readonly at: number; readonly value: Promise<T> } | null = null;
  const forget = (): void => { known = null; };
  return {
    forget,
    async value() {
      if (known === null || clock() - known.at > SYMBOLS_AGE_MAX_MS) known = { at: clock(), value: read() };
      try {
        return await known.value;
      } catch (error) {
        forget();
        throw error;
      }
    },
  };
}

function limitsOf(rateLimits: readonly { rateLimitType: string; interval: string; intervalNum: number; limit: number }[]): VenueLimits | null {
  const find = (type: string, interval: string, intervalNum: number): number | undefined =>
    rateLimits.find((limit) => limit.rateLimitType === type && limit.interval === interval && limit.intervalNum === intervalNum)?.limit;
  const weightPerMinute = find('REQUEST_WEIGHT', 'MINUTE', 1);
  const ordersPerMinute = find('ORDERS', 'MINUTE', 1);
  if (weightPerMinute === undefined || ordersPerMinute === undefined) return null;
  // Where no ten-second limit is named, the minute's holds.
  return { weightPerMinute, ordersPerMinute, ordersPer10s: find('ORDERS', 'SECOND', 10) ?? ordersPerMinute };
}

/** Without `Retry-After`: to the end of the longest window that may be full, or the shortest ban. */
const RETRY_AFTER_DEFAULT_S = { 429: 60, 418: 120 } as const;
/** Without `Retry-After`, too many orders: a window of ten seconds is the usual one; a fuller one answers 429 again. */
const ORDERS_RETRY_AFTER_S = 10;
const TOO_MANY_ORDERS = -1015;

/**
 * Tells the limiter what the venue's headers say.
 * @source general info, "Limits": `X-MBX-USED-WEIGHT-1M`, `X-MBX-ORDER-COUNT-10S`, `X-MBX-ORDER-COUNT-1M`, `Retry-After`.
 */
function observe(limiter: Limiter, answer: HttpAnswer, times: { sentAtMs: number; answeredAtMs: number }): void {
  const count = (name: string): number | null => {
    const value = Number(answer.headers[name]);
    return answer.headers[name] !== undefined && Number.isInteger(value) ? value : null;
  };
  limiter.observe({ usedWeight: count('x-mbx-used-weight-1m'), orders10s: count('x-mbx-order-count-10s'), orders1m: count('x-mbx-order-count-1m'), ...times });
  if (answer.status === 429 || answer.status === 418) {
    const absent = codeOf(answer.body) === TOO_MANY_ORDERS ? ORDERS_RETRY_AFTER_S : RETRY_AFTER_DEFAULT_S[answer.status];
    const seconds = count('retry-after') ?? absent;
    void limiter.backOff(times.answeredAtMs + seconds * 1_000, `HTTP ${answer.status}`);
  }
}
