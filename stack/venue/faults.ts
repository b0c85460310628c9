import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { KeelError } from '../../domain/errors.ts';
import type { Params } from './params.ts';
import type { Method } from './route.ts';

/** Everything that can go wrong on demand. What each does is said in `FAULT_KINDS`. */
export const FAULT_KINDS = {
  acceptedNoAnswer: 'carried out, but no answer: the connection dies, or hangs (`how`)',
  answerDelayed: 'carried out; the answer comes `delayMs` later',
  processingDelayed: 'reaches the matching engine `delayMs` later; past its recvWindow it is refused with -5028',
  dropConnection: 'the connection dies before anything is carried out',
  http429: 'refused with 429, nothing carried out',
  http418: 'refused with 418; the address is banned for `durationMs`',
  http5xx: 'answered with `status` and `code`; carried out if `accepted`',
  rejectOrder: 'refused with `code` and `message`, nothing carried out',
  partialFillThenCancel: 'a new order is filled to `share`, then the venue cancels the rest',
  cancelRefused: 'a cancel is refused with -2011 although the order works on',
  cancelLost: 'a cancel is confirmed although the order works on',
  lookupLag: 'queries do not see what is younger than `lagMs`',
  duplicateEvent: 'an account event is delivered twice',
  outOfOrderEvents: 'an account event is delivered after the next one',
  silentStream: 'streams stay open: no events, no pongs',
  zombieStream: 'streams stay open and answer pings: no events',
  listenKeyExpired: 'listen keys expire now',
  clockSkew: "the venue's transport clock is off by `skewMs`",
  outsideClose: 'the position of `symbol` is closed by somebody else',
  liquidation: 'the position of `symbol` is liquidated',
  income: '`amount` of `incomeType` is booked',
} as const;

export type FaultKind = keyof typeof FAULT_KINDS;

/** Faults that are done rather than applied to a request: without a condition they happen at once. */
const ACTIONS: readonly FaultKind[] = ['silentStream', 'zombieStream', 'listenKeyExpired', 'clockSkew', 'outsideClose', 'liquidation', 'income'];
const EVENT_FAULTS: readonly FaultKind[] = ['duplicateEvent', 'outOfOrderEvents'];
const NEW_ORDER_FAULTS: readonly FaultKind[] = ['acceptedNoAnswer', 'rejectOrder', 'partialFillThenCancel', 'processingDelayed'];
const CANCEL_FAULTS: readonly FaultKind[] = ['cancelRefused', 'cancelLost'];

const decimal = z.string().regex(/^-?\d+(\.\d+)?$/, 'must be a decimal number as text');

export const faultSchema = z.strictObject({
  kind: z.enum(Object.keys(FAULT_KINDS) as [FaultKind, ...FaultKind[]]),
  /** All that is given must fit; of a batch, one of its orders: the fault then meets the whole request. Default: new orders, cancels or queries, as the kind suggests. */
  match: z.strictObject({
    method: z.enum(['GET', 'POST', 'PUT', 'DELETE']).optional(),
    /** A part of the path: `order` fits `/fapi/v1/order` and `/fapi/v1/algoOrder`. */
    path: z.string().optional(),
    symbol: z.string().optional(),
    side: z.enum(['BUY', 'SELL']).optional(),
    /** Order type, or event type (`ORDER_TRADE_UPDATE`) for faults of events. */
    type: z.string().optional(),
    /** How the client order id begins. */
    clientOrderId: z.string().optional(),
    accountId: z.string().optional(),
  }).optional(),
  /** The nth match from now, from 1. */
  at: z.int().min(1).optional(),
  /** Chance of each match, drawn from the seed. */
  probability: z.number().gt(0).max(1).optional(),
  seed: z.int().min(0).default(1),
  /** How often it happens; null: until it is deleted. Default 1 (lookupLag: null). */
  count: z.int().min(1).nullable().optional(),
  how: z.enum(['die', 'hang']).default('die'),
  delayMs: z.int().min(0).max(600_000).default(1_000),
  durationMs: z.int().min(1).default(60_000),
  lagMs: z.int().min(1).default(2_000),
  status: z.int().min(500).max(599).default(503),
  accepted: z.boolean().default(false),
  code: z.int().max(-1).optional(),
  message: z.string().optional(),
  /** Part of the quantity that is filled, 0 to 1. */
  share: z.number().gt(0).lt(1).default(0.5),
  skewMs: z.int().default(0),
  symbol: z.string().optional(),
  incomeType: z.string().min(1).default('TRANSFER'),
  amount: decimal.default('0'),
  accountId: z.string().optional(),
});

export type FaultSpec = z.output<typeof faultSchema>;

export interface Fault {
  readonly id: string;
  readonly spec: FaultSpec;
  /** How many requests or events fitted so far. */
  matched: number;
  fired: number;
  /** What it struck, newest last: the client order id of a request that names one, else its method and path, or the event. */
  readonly hits: string[];
  randomState: number;
}

/** Hits that are remembered of one fault. */
const HITS_KEPT = 50;

/** What of a request faults look at. */
export interface RequestFacts {
  readonly method: Method;
  readonly path: string;
  readonly params: Params;
  readonly accountId: string;
}

/** What of an account event faults look at. */
export interface EventFacts {
  readonly type: string;
  readonly symbol: string;
  readonly accountId: string;
}

/** The faults that wait for their moment. */
export class FaultRegistry {
  readonly #faults = new Map<string, Fault>();

  /**
   * @returns the fault, and whether it is to be done at once.
   * @throws {KeelError} USAGE, not retried: names the field and what is allowed.
   */
  add(body: unknown): { readonly fault: Fault; readonly immediate: boolean } {
    const parsed = faultSchema.safeParse(body);
    if (!parsed.success) throw new KeelError('USAGE', `not a fault: ${z.prettifyError(parsed.error)} (kinds: ${Object.keys(FAULT_KINDS).join(', ')})`);
    const spec = parsed.data;
    const fault: Fault = { id: randomBytes(6).toString('hex'), spec, matched: 0, fired: 0, hits: [], randomState: spec.seed };
    const immediate = ACTIONS.includes(spec.kind) && spec.at === undefined && spec.probability === undefined && spec.match === undefined;
    if (immediate) fault.fired = 1;
    this.#faults.set(fault.id, fault);
    return { fault, immediate };
  }

  list(): readonly Fault[] {
    return [...this.#faults.values()];
  }

  /** @returns how many were removed. */
  remove(id?: string): number {
    if (id !== undefined) return this.#faults.delete(id) ? 1 : 0;
    const { size } = this.#faults;
    this.#faults.clear();
    return size;
  }

  /** Those that this request sets off. */
  onRequest(facts: RequestFacts): readonly FaultSpec[] {
    if (this.#faults.size === 0) return [];
    const clientId = clientIdOf(facts.params);
    return this.#fire((spec) => !EVENT_FAULTS.includes(spec.kind) && fitsRequest(spec, facts), clientId === '' ? `${facts.method} ${facts.path}` : clientId);
  }

  onEvent(facts: EventFacts): readonly FaultSpec[] {
    if (this.#faults.size === 0) return [];
    return this.#fire((spec) => EVENT_FAULTS.includes(spec.kind) && fitsEvent(spec, facts), `${facts.type} ${facts.symbol}`.trim());
  }

  #fire(fits: (spec: FaultSpec) => boolean, hit: string): FaultSpec[] {
    const fired: FaultSpec[] = [];
    for (const fault of this.#faults.values()) {
      if (!isLive(fault) || !fits(fault.spec)) continue;
      fault.matched += 1;
      if (!isDue(fault)) continue;
      fault.fired += 1;
      fault.hits.push(hit);
      if (fault.hits.length > HITS_KEPT) fault.hits.shift();
      fired.push(fault.spec);
    }
    return fired;
  }
}

function isLive({ spec, fired }: Fault): boolean {
  const count = spec.count === undefined ? defaultCount(spec) : spec.count;
  return count === null || fired < count;
}

function defaultCount(spec: FaultSpec): number | null {
  return spec.kind === 'lookupLag' && spec.at === undefined ? null : 1;
}

/** At the nth match and, where it may happen more than once, at those after it; or by chance. */
function isDue(fault: Fault): boolean {
  const { at, probability } = fault.spec;
  if (probability !== undefined && draw(fault) >= probability) return false;
  return at === undefined || fault.matched >= at;
}

/** Uniform in [0, 1): mulberry32. */
function draw(fault: Fault): number {
  fault.randomState = (fault.randomState + 0x6d2b79f5) >>> 0;
  let mixed = fault.randomState;
  mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
}

function fitsRequest(spec: FaultSpec, facts: RequestFacts): boolean {
  const { match } = spec;
  const { params } = facts;
  if (match === undefined || (match.method === undefined && match.path === undefined)) {
    if (!fitsKind(spec.kind, facts)) return false;
  }
  if (match === undefined) return true;
  if (match.method !== undefined && match.method !== facts.method) return false;
  if (match.path !== undefined && !facts.path.toLowerCase().includes(match.path.toLowerCase())) return false;
  if (match.accountId !== undefined && match.accountId !== facts.accountId) return false;
  return fitsOrder(match, params) || params.batch().some((member) => fitsOrder(match, member));
}

function fitsOrder(match: NonNullable<FaultSpec['match']>, params: Params): boolean {
  if (match.symbol !== undefined && params.text('symbol') !== match.symbol) return false;
  if (match.side !== undefined && params.text('side') !== match.side) return false;
  if (match.type !== undefined && params.text('type') !== match.type) return false;
  return match.clientOrderId === undefined || clientIdOf(params).startsWith(match.clientOrderId);
}

/** The requests that a kind of fault is about, where the spec names none. */
function fitsKind(kind: FaultKind, { method, path }: RequestFacts): boolean {
  const orderPath = /\/(order|algoOrder|batchOrders)$/.test(path);
  if (NEW_ORDER_FAULTS.includes(kind)) return method === 'POST' && orderPath;
  if (CANCEL_FAULTS.includes(kind)) return method === 'DELETE' && orderPath;
  if (kind === 'lookupLag') return method === 'GET';
  return true;
}

function fitsEvent({ match }: FaultSpec, facts: EventFacts): boolean {
  if (match === undefined) return true;
  return (match.type ?? facts.type) === facts.type && (match.symbol ?? facts.symbol) === facts.symbol && (match.accountId ?? facts.accountId) === facts.accountId;
}

function clientIdOf(params: Params): string {
  for (const name of ['newClientOrderId', 'clientAlgoId', 'origClientOrderId']) {
    const value = params.text(name);
    if (value !== undefined) return value;
  }
  return '';
}
