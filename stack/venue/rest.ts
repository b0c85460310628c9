import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Authenticator, RawRequest } from './auth.ts';
import type { VenueCore } from './core.ts';
import { refusal, VenueError } from './errors.ts';
import type { FaultRegistry, FaultSpec } from './faults.ts';
import { banned, withRetryAfter } from './limits.ts';
import type { Limiter } from './limits.ts';
import type { AccountOptions } from './options.ts';
import { Params } from './params.ts';
import type { Route, VenueRequest } from './route.ts';

const BODY_MAX_BYTES = 1_000_000;

export interface RestParts {
  readonly core: VenueCore;
  readonly routes: readonly Route[];
  readonly authenticator: Authenticator;
  readonly limiter: Limiter;
  readonly faults: FaultRegistry;
  readonly accounts: readonly AccountOptions[];
  /** Does the faults that are no matter of one request. */
  readonly perform: (spec: FaultSpec, accountId: string) => void;
  /** Told of anything that is no refusal: a bug. */
  readonly onError: (error: unknown) => void;
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers: Readonly<Record<string, string>>;
}

interface Call {
  readonly route: Route;
  readonly raw: RawRequest;
  readonly params: Params;
  readonly accountId: string;
  readonly validUntil: number;
}

/** The venue's HTTP API: route, limits, signature, faults, answer. */
export class RestServer {
  readonly server: Server;
  readonly #parts: RestParts;
  readonly #routes: ReadonlyMap<string, Route>;

  constructor(parts: RestParts) {
    this.#parts = parts;
    this.#routes = new Map(parts.routes.map((route) => [`${route.method} ${route.path}`, route]));
    this.server = createServer({ keepAliveTimeout: 60_000 }, (request, response) => {
      this.#receive(request, response);
    });
  }

  #receive(request: IncomingMessage, response: ServerResponse): void {
    if (request.method === 'GET' || request.method === undefined) {
      this.#serve(request, response, '');
      return;
    }
    const chunks: Buffer[] = [];
    let bytes = 0;
    request.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > BODY_MAX_BYTES) request.destroy();
      else chunks.push(chunk);
    });
    request.on('end', () => {
      this.#serve(request, response, Buffer.concat(chunks).toString('utf8'));
    });
  }

  #serve(request: IncomingMessage, response: ServerResponse, body: string): void {
    this.#handle(request, response, body).catch((error: unknown) => {
      this.#parts.onError(error);
      if (!response.headersSent) send(response, { status: 500, body: { code: -1000, msg: 'An unknown error occurred while processing the request.' }, headers: {} });
    });
  }

  async #handle(request: IncomingMessage, response: ServerResponse, body: string): Promise<void> {
    const headers: Record<string, string> = {};
    try {
      const call = this.#admit(request, body, headers);
      if (call === null) {
        send(response, { status: 404, body: { code: -5000, msg: `Path ${pathOf(request)}, Method ${request.method ?? ''} is invalid` }, headers });
        return;
      }
      await this.#answer(call, response, headers);
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
      send(response, { status: error.status, body: error.body(), headers: { ...headers, ...error.headers } });
    }
  }

  /** Route, limits and signature. @returns null for an unknown route. */
  #admit(request: IncomingMessage, body: string, headers: Record<string, string>): Call | null {
    const url = request.url ?? '/';
    const mark = url.indexOf('?');
    const route = this.#routes.get(`${request.method ?? 'GET'} ${pathOf(request)}`);
    if (route === undefined) return null;
    const key = request.headers['x-mbx-apikey'];
    const raw: RawRequest = { query: mark < 0 ? '' : url.slice(mark + 1), body, apiKey: typeof key === 'string' ? key : undefined, ip: request.socket.remoteAddress ?? '' };
    const params = Params.parse(raw.query, body);
    const weight = typeof route.weight === 'number' ? route.weight : route.weight(params);
    Object.assign(headers, this.#parts.limiter.takeWeight(raw.ip, weight));
    const { accountId, validUntil } = this.#authenticate(route, raw, params);
    if (route.orders !== undefined) Object.assign(headers, this.#parts.limiter.takeOrders(accountId, route.orders));
    return { route, raw, params, accountId, validUntil };
  }

  #authenticate(route: Route, raw: RawRequest, params: Params): { readonly accountId: string; readonly validUntil: number } {
    const { authenticator, accounts, core } = this.#parts;
    if (route.security === 'public') return { accountId: '', validUntil: Infinity };
    const { accountId, validUntil } = route.security === 'signed'
      ? authenticator.verify(raw, params, core.transportNow())
      : { accountId: authenticator.identify(raw).accountId, validUntil: Infinity };
    const permissions = accounts.find((account) => account.accountId === accountId)?.permissions;
    if (route.trades === true && permissions?.trade !== true) throw refusal('-2015', raw.ip);
    return { accountId, validUntil };
  }

  async #answer(call: Call, response: ServerResponse, headers: Record<string, string>): Promise<void> {
    const { route, params, accountId, raw } = call;
    const fired = this.#parts.faults.onRequest({ method: route.method, path: route.path, params, accountId });
    const find = (kind: FaultSpec['kind']): FaultSpec | undefined => fired.find((spec) => spec.kind === kind);
    for (const spec of fired) this.#parts.perform(spec, accountId);
    if (find('dropConnection') !== undefined) {
      response.destroy();
      return;
    }
    this.#refuse(fired, raw.ip);
    const processing = find('processingDelayed');
    if (processing !== undefined) await delay(processing.delayMs);
    if (call.validUntil < this.#parts.core.transportNow()) throw refusal('-5028');
    const answer = await this.#carryOut(call, fired, headers);
    const unknown = find('http5xx');
    const answering = find('answerDelayed');
    const silent = find('acceptedNoAnswer');
    if (silent !== undefined) {
      if (silent.how === 'die') response.destroy();
      return;
    }
    if (answering !== undefined) await delay(answering.delayMs);
    send(response, unknown === undefined ? answer : serverFault(unknown, headers));
  }

  /** Faults that refuse before anything is carried out. @throws {VenueError} */
  #refuse(fired: readonly FaultSpec[], ip: string): void {
    const now = this.#parts.core.transportNow();
    for (const spec of fired) {
      if (spec.kind === 'http429') throw withRetryAfter(refusal('-1003', ip, this.#parts.limiter.options.weightPerMinute), Math.ceil(spec.delayMs / 1_000));
      if (spec.kind === 'http418') {
        this.#parts.limiter.ban(ip, spec.durationMs);
        throw banned(ip, now + spec.durationMs, now);
      }
      if (spec.kind === 'http5xx' && !spec.accepted) throw asError(serverFault(spec, {}));
      if (spec.kind === 'rejectOrder') throw new VenueError(spec.code ?? -2010, spec.message ?? 'New order rejected.');
      if (spec.kind === 'cancelRefused') throw refusal('-2011');
    }
  }

  /** A refusal by the engine is an answer too: what faults do to answers they do to it as well. */
  async #carryOut(call: Call, fired: readonly FaultSpec[], headers: Record<string, string>): Promise<Answer> {
    const request: VenueRequest = {
      params: call.params, accountId: call.accountId,
      lagMs: fired.reduce((most, spec) => (spec.kind === 'lookupLag' ? Math.max(most, spec.lagMs) : most), 0),
      fillShare: fired.find((spec) => spec.kind === 'partialFillThenCancel')?.share ?? null,
      cancelLost: fired.some((spec) => spec.kind === 'cancelLost'),
    };
    try {
      return { status: 200, body: await call.route.handle(request), headers };
    } catch (error) {
      if (!(error instanceof VenueError)) throw error;
      return { status: error.status, body: error.body(), headers: { ...headers, ...error.headers } };
    }
  }
}

/** -1007 by default: the outcome is unknown to the client. */
function serverFault(spec: FaultSpec, headers: Readonly<Record<string, string>>): Answer {
  const code = spec.code ?? (spec.accepted ? -1007 : -1008);
  const known = code === -1008 ? refusal('-1008').message : refusal('-1007').message;
  return { status: spec.status, body: { code, msg: spec.message ?? known }, headers };
}

function asError(answer: Answer): VenueError {
  const body = answer.body as { readonly code: number; readonly msg: string };
  return new VenueError(body.code, body.msg, { status: answer.status });
}

function pathOf({ url = '/' }: IncomingMessage): string {
  const mark = url.indexOf('?');
  return mark < 0 ? url : url.slice(0, mark);
}

function send(response: ServerResponse, answer: Answer): void {
  const text = JSON.stringify(answer.body);
  response.writeHead(answer.status, { 'Content-Type': 'application/json;charset=UTF-8', 'Content-Length': Buffer.byteLength(text), ...answer.headers });
  response.end(text);
}

