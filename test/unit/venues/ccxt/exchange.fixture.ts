import type { Permit, PermitRequest } from '../../../../domain/ports/limiter.ts';
import type { HttpAnswer } from '../../../../venues/ccxt/errors.ts';
import { CallFailed } from '../../../../venues/ccxt/errors.ts';
import type { Params, Route } from '../../../../venues/ccxt/exchange.ts';
import type { Rest } from '../../../../venues/ccxt/rest.ts';
import { createRest } from '../../../../venues/ccxt/rest.ts';

export interface Sent {
  readonly route: string;
  readonly params: Params;
}

export interface FakeVenue {
  readonly rest: Rest;
  /** What left this process, but questions for the time. */
  readonly sent: Sent[];
  readonly permits: PermitRequest[];
  /** What the limiter was told to wait for. */
  readonly backOffs: { readonly untilMs: number; readonly reason: string }[];
  /** Whether each call that was counted failed. */
  readonly counted: boolean[];
  /** How often the venue was asked for its time. */
  timesAsked(): number;
}

/**
 * The adapter's transport on a venue that answers by route (`GET order`), above a limiter that grants as told.
 * @param options.answers what a route answers; a throw is its failure; without an entry: no such order
 * @param options.clock of this process
 * @param options.venueAheadMs the venue's clock less this process's
 */
export function fakeVenue({ answers = {}, permit = { kind: 'granted' }, clock = () => 10_000, venueAheadMs = 0, headers = null }: {
  answers?: Readonly<Record<string, (params: Params) => unknown>>;
  permit?: Permit;
  clock?: () => number;
  venueAheadMs?: number;
  headers?: HttpAnswer | null;
} = {}): FakeVenue {
  const sent: Sent[] = [];
  const permits: PermitRequest[] = [];
  const backOffs: { untilMs: number; reason: string }[] = [];
  const counted: boolean[] = [];
  let timesAsked = 0;
  const call = async (route: Route, params: Params, { onAnswer }: { onAnswer: (answer: HttpAnswer) => void }): Promise<unknown> => {
    const name = `${route.method} ${route.path}`;
    if (name === 'GET time') {
      timesAsked += 1;
      return { serverTime: clock() + venueAheadMs };
    }
    sent.push({ route: name, params });
    if (headers !== null) onAnswer(headers);
    const answer = answers[name];
    if (answer === undefined) throw noSuchOrder();
    return answer(params);
  };
  const rest = createRest({
    clock,
    exchange: { call },
    calls: { count: (isFailure) => void counted.push(isFailure) },
    limiter: {
      acquire: async (request) => { permits.push(request); return permit; },
      observe: () => undefined,
      backOff: async (untilMs, reason) => void backOffs.push({ untilMs, reason }),
      learn: () => undefined,
      close: async () => undefined,
    },
  });
  return { rest, sent, permits, backOffs, counted, timesAsked: () => timesAsked };
}

export function noSuchOrder(): CallFailed {
  return new CallFailed('GET order', { status: 400, code: -2013, words: 'Order does not exist.' });
}
