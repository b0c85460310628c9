import { AsyncLocalStorage } from 'node:async_hooks';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { KeelError } from '../../domain/errors.ts';
import { ccxtBaseOptions, ccxtOptions } from '../ccxt-options.ts';
import { CallFailed, failureOf } from './errors.ts';
import type { HttpAnswer } from './errors.ts';

export type Params = Readonly<Record<string, string | number>>;
export type HttpMethod = 'GET' | 'POST' | 'PUT' | 'DELETE';
/** ccxt's names of Binance's route families. */
export type ApiFamily = 'fapiPublic' | 'fapiPrivate' | 'fapiPrivateV3' | 'sapi';

export interface Route {
  readonly api: ApiFamily;
  readonly method: HttpMethod;
  readonly path: string;
}

export interface ExchangeSettings {
  /** Null: the addresses that ccxt knows. */
  readonly restUrl: string | null;
  readonly wsUrl: string | null;
  readonly apiKey: string;
  readonly secret: string;
  /** Binance's demo trading instead of the real market. */
  readonly demo: boolean;
}

export interface Exchange {
  /**
   * One signed (or public) request, never retried.
   * @param timeoutMs from the call on; past it the fate of the request is not known.
   * @param onAnswer told of status and headers of every HTTP answer, refusals included.
   * @returns the parsed JSON.
   * @throws {CallFailed} with HTTP status and the venue's numeric code as far as there are any.
   */
  call(route: Route, params: Params, options: { readonly timeoutMs: number; readonly onAnswer: (answer: HttpAnswer) => void }): Promise<unknown>;
}

/** The part of ccxt's class that is used: signing, transport and the hook that sees each answer. */
interface CcxtExchange {
  timeout: number;
  onRestResponse: (status: number, statusText: string, url: string, method: string, headers: unknown, body: string) => string;
  request(path: string, api: string, method: string, params: Record<string, string | number>): Promise<unknown>;
  enableDemoTrading(enable: boolean): void;
}

type CcxtClass = new (options: object) => CcxtExchange;

/**
 * The unmodified ccxt class `binanceusdm`, loaded when it is first needed and alone: the whole library costs 106 MB
 * and 0.46 s, this class 42 MB and 0.12 s.
 *
 * Its raw routes are called, not its unified methods: those load markets, round quantities and parse an accepted
 * order before they return, and each of these steps may fail after the venue has taken the order.
 */
export async function createExchange(settings: ExchangeSettings): Promise<Exchange> {
  const ccxt = await loadClass();
  const exchange = new ccxt(optionsOf(settings));
  if (settings.restUrl === null && settings.demo) exchange.enableDemoTrading(true);
  exchange.timeout = TRANSPORT_TIMEOUT_MS;
  const calls = new AsyncLocalStorage<{ answer: HttpAnswer | null; onAnswer: (answer: HttpAnswer) => void }>();
  exchange.onRestResponse = (status, _statusText, _url, _method, headers, body) => {
    const call = calls.getStore();
    if (call !== undefined) {
      call.answer = { status, headers: lowerCased(headers), body };
      call.onAnswer(call.answer);
    }
    return body.trim();
  };

  return {
    async call(route, params, { timeoutMs, onAnswer }) {
      const call: { answer: HttpAnswer | null; onAnswer: (answer: HttpAnswer) => void } = { answer: null, onAnswer };
      try {
        const sent = calls.run(call, () => exchange.request(route.path, route.api, route.method, { ...params }));
        return await withTimeout(sent, timeoutMs, route);
      } catch (error) {
        throw failureOf(`${route.method} ${route.path}`, error, call.answer);
      }
    },
  };
}

/** A backstop: each call has its own, shorter time-out. */
const TRANSPORT_TIMEOUT_MS = 30_000;

async function loadClass(): Promise<CcxtClass> {
  const entry = createRequire(import.meta.url).resolve('ccxt');
  const file = new URL('../js/src/binanceusdm.js', pathToFileURL(entry));
  const loaded: unknown = await import(/* @vite-ignore */ file.href);
  if (!isCcxtModule(loaded)) {
    throw new KeelError('VENUE_UNREACHABLE', `${file.href} exports no class "binanceusdm" (expected ccxt 4.5): install the pinned version with npm ci`);
  }
  return loaded.default;
}

function isCcxtModule(module: unknown): module is { default: CcxtClass } {
  return typeof module === 'object' && module !== null && 'default' in module && typeof module.default === 'function';
}

function optionsOf(settings: ExchangeSettings): object {
  const { restUrl, wsUrl } = settings;
  if (restUrl === null) return ccxtBaseOptions(settings);
  return ccxtOptions({ url: restUrl, wsUrl: wsUrl ?? restUrl.replace(/^http/, 'ws'), apiKey: settings.apiKey, secret: settings.secret });
}

async function withTimeout<T>(sent: Promise<T>, timeoutMs: number, route: Route): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => { reject(new CallFailed(`${route.method} ${route.path}: no answer within ${timeoutMs} ms`, { status: null, code: null })); }, timeoutMs);
  });
  try {
    return await Promise.race([sent, late]);
  } finally {
    clearTimeout(timer);
  }
}

function lowerCased(headers: unknown): Record<string, string> {
  if (typeof headers !== 'object' || headers === null) return {};
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]));
}
