import { describe, expect, it } from 'vitest';
import { createOrderActivities } from '../../../activities/orders.ts';
import { KeelError } from '../../../domain/errors.ts';
import type { OrderIntent, OrderRow } from '../../../domain/orders/order.ts';
import type { Ledger } from '../../../domain/ports/ledger.ts';
import type { Venue } from '../../../domain/ports/venue.ts';
import { INTENT, rowIn } from '../domain/orders/orders.fixture.ts';

const EXIT: OrderIntent = { ...INTENT, leg: 'exit', closesPosition: true, validUntil: null, maxDriftBps: null };
const LEDGER_DOWN = (): never => {
  throw new KeelError('DATABASE_UNREACHABLE', 'connection refused');
};

/** A port of which only these methods are used; any other use fails the test. */
function portOf<Port extends object>(methods: Partial<Port>): Port {
  return new Proxy(methods, {
    get(target, key): unknown {
      const method: unknown = Reflect.get(target, key);
      if (method === undefined) throw new Error(`unexpected use of ${String(key)}`);
      return method;
    },
  }) as Port;
}

describe('lookUpOrder', () => {
  it('times a look before it asks, so that a slow answer from too early proves nothing', async () => {
    let now = 1_000;
    const row = rowIn('unknown', { sentTimestamp: 1_000 });
    const { lookUpOrder } = createOrderActivities({
      clock: () => now,
      ledger: portOf<Ledger>({ order: async () => row }),
      venue: portOf<Venue>({
        serverTime: async () => now,
        lookUp: async () => {
          now += 60_000; // the venue answered at once, and the answer took a minute
          return null;
        },
      }),
    });
    const result = await lookUpOrder({ known: row, looks: [{ atMs: 7_000 }] });
    expect(result).toMatchObject({ emptyLook: { atMs: 1_000 }, row: { state: 'unknown' } });
  });

  it.each<[string, OrderRow | null]>([
    ['still says planned', rowIn('planned', { intent: EXIT })],
    ['does not know it', null],
  ])('goes on from the workflow\'s memory of a full close when the ledger %s', async (_name, written) => {
    const known = rowIn('unknown', { intent: EXIT, sentTimestamp: 5_000 });
    const looks: string[] = [];
    const { lookUpOrder } = createOrderActivities({
      clock: () => 6_000,
      ledger: portOf<Ledger>({ order: async () => written }),
      venue: portOf<Venue>({
        serverTime: async () => 6_000,
        lookUp: async ({ clientOrderId }) => {
          looks.push(clientOrderId);
          return null;
        },
      }),
    });
    expect(await lookUpOrder({ known, looks: [] })).toMatchObject({ row: { state: 'unknown', attempt: 1 }, written: false, emptyLook: { atMs: 6_000 } });
    expect(looks).toEqual([EXIT.clientOrderId]);
  });

  it('takes a ledger that says planned for proof where nothing is sent without it', async () => {
    const { lookUpOrder } = createOrderActivities({
      clock: () => 6_000,
      ledger: portOf<Ledger>({ order: async () => rowIn('planned') }),
      venue: portOf<Venue>({}),
    });
    expect(await lookUpOrder({ known: rowIn('unknown'), looks: [] })).toMatchObject({ row: { state: 'planned' }, written: true, emptyLook: null });
  });
});

describe('submitOrder', () => {
  const venue = portOf<Venue>({ serverTime: async () => 1_000, submit: async () => ({ kind: 'unknown', message: 'no answer' }) });

  it.each<[string, Ledger['applyOrderEvent']]>([
    ['is down still', LEDGER_DOWN],
    ['is back, and says planned', async () => rowIn('planned', { intent: EXIT })],
    ['is back, and does not know it', async () => { throw new KeelError('NOT_FOUND', 'no such order'); }],
  ])('remembers a full close that went without the ledger, when that %s', async (_name, applyOrderEvent) => {
    const ledger = portOf<Ledger>({ claimSubmission: LEDGER_DOWN, applyOrderEvent });
    const { submitOrder } = createOrderActivities({ clock: () => 1_000, ledger, venue });
    expect(await submitOrder({ intent: EXIT, attempt: 1 })).toMatchObject({ row: { state: 'unknown', attempt: 1, sentTimestamp: 1_000 }, written: false });
  });

  it('sends no opening without the ledger', async () => {
    const opening = { ...INTENT, maxDriftBps: null };
    const { submitOrder } = createOrderActivities({
      clock: () => 1_000,
      ledger: portOf<Ledger>({ claimSubmission: LEDGER_DOWN }),
      venue: portOf<Venue>({ serverTime: async () => 1_000, quote: async () => ({ bid: '100', ask: '100' }) }),
    });
    await expect(submitOrder({ intent: opening, attempt: 1 })).rejects.toMatchObject({ code: 'DATABASE_UNREACHABLE' });
  });

  it('sends what the ledger holds, not what a reset workflow made anew under the same name', async () => {
    const sent: string[] = [];
    const recorded = rowIn('submitting', { intent: { ...EXIT, quantity: '10' } });
    const { submitOrder } = createOrderActivities({
      clock: () => 1_000,
      ledger: portOf<Ledger>({
        claimSubmission: async () => ({ won: true, row: recorded, fence: { epoch: 3, halted: false } }),
        applyOrderEvent: async () => ({ ...recorded, state: 'unknown' }),
      }),
      venue: portOf<Venue>({
        serverTime: async () => 1_000,
        submit: async ({ quantity }) => {
          sent.push(quantity);
          return { kind: 'unknown', message: 'no answer' };
        },
      }),
    });
    await submitOrder({ intent: { ...EXIT, quantity: '7' }, attempt: 1 });
    expect(sent).toEqual(['10']);
  });

  it('sends nothing when another won the row', async () => {
    const { submitOrder } = createOrderActivities({
      clock: () => 1_000,
      ledger: portOf<Ledger>({ claimSubmission: async () => ({ won: false, row: rowIn('submitting', { intent: EXIT }), fence: { epoch: 3, halted: false } }) }),
      venue: portOf<Venue>({ serverTime: async () => 1_000 }),
    });
    expect(await submitOrder({ intent: EXIT, attempt: 1 })).toMatchObject({ row: { state: 'submitting' }, written: true });
  });
});
