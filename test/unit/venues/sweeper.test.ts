import { expect, it } from 'vitest';
import { closingOrders } from '../../../domain/emergency/closing.ts';
import { KeelError } from '../../../domain/errors.ts';
import type { SubmitAnswer, Venue, VenuePosition } from '../../../domain/ports/venue.ts';
import { createSweeper } from '../../../venues/sweeper.ts';
import { portOf } from '../../support/ports.ts';

const BTC: VenuePosition = { instrumentId: 'BTC-USDT-PERP', direction: 'long', quantity: '3', entryPrice: '100', markPrice: '100', unrealizedPnl: '0', positionSide: 'both' };
const KNOWN = { deploymentId: 'abcde', foreign: 'close', ours: null, instrumentIds: [], sent: [] } as const;
const INTENTS = closingOrders(BTC, { portfolioId: 'sim', deploymentId: 'abcde', emergencyId: 'ess/sim/1', attempt: 1 }, { maxMarketQuantity: '1', ours: null });
const ORDER = { clientOrderId: 'x', instrumentId: 'BTC-USDT-PERP', book: 'plain' } as const;
const UNREACHABLE = async (): Promise<never> => { throw new KeelError('VENUE_UNREACHABLE', 'no route'); };

/** A venue whose clock is 50,000 ms ahead of ours; each call passes a second. */
function venueOf(changes: Partial<Venue> = {}) {
  const calls: string[] = [];
  let now = 10_000;
  const noted = <T>(name: string, answer: T): T => {
    calls.push(name);
    now += 1_000;
    return answer;
  };
  const venue = portOf<Venue>({
    serverTime: async () => noted('time', now + 50_000),
    account: async (urgency) => noted(`account ${urgency?.priority ?? ''}`, { walletBalance: '1', equity: '1', availableMargin: '1', positionMode: 'oneWay', positions: [BTC] }),
    openOrders: async (id, urgency) => noted(`orders ${id ?? 'of all'} ${urgency?.priority ?? ''}`, []),
    instruments: async () => noted('instruments', [{ id: 'BTC-USDT-PERP', maxMarketQuantity: '2' }] as never),
    ...changes,
  });
  return { calls, sweeper: createSweeper(venue, () => now) };
}

it('a survey takes the time before it asks, and asks before all but exits', async () => {
  const { calls, sweeper } = venueOf();
  expect(await sweeper.survey(KNOWN)).toEqual({ atMs: 60_000, targets: [{ position: BTC, maxMarketQuantity: '2', ours: null }], openings: [], leftovers: [], moving: [] });
  expect(calls[0]).toBe('time');
  expect(calls.slice(1).sort()).toEqual(['account exit', 'instruments', 'orders of all exit']);
});

it('a venue that does not tell its filters is closed in whole lots', async () => {
  const { sweeper } = venueOf({ instruments: UNREACHABLE });
  expect((await sweeper.survey(KNOWN)).targets).toEqual([{ position: BTC, maxMarketQuantity: null, ours: null }]);
});

it('one that does not show positions or orders is no clear look', async () => {
  await expect(venueOf({ account: UNREACHABLE }).sweeper.survey(KNOWN)).rejects.toMatchObject({ code: 'VENUE_UNREACHABLE' });
  await expect(venueOf({ openOrders: UNREACHABLE }).sweeper.survey(KNOWN)).rejects.toMatchObject({ code: 'VENUE_UNREACHABLE' });
});

it('a closing order whose time is over is not sent, by a process that stood still either', async () => {
  const { calls, sweeper } = venueOf({ submit: async () => { calls.push('submit'); return { kind: 'unknown', message: '' }; } });
  const answers = await sweeper.close(INTENTS.slice(0, 1), 59_999); // the venue's clock tells 60,000
  expect([answers.map((it) => it.answer), calls]).toEqual([['notSent'], ['time']]);
  expect((await sweeper.close(INTENTS.slice(0, 1), 61_000)).map((it) => it.answer)).toEqual(['unknown']);
});

it('each closing order is sent once, signed, within its deadline, and tells what the venue said', async () => {
  const sent: string[] = [];
  const answers: SubmitAnswer[] = [
    { kind: 'accepted', order: { venueOrderId: '7' } as never }, { kind: 'rejected', code: '-2022', message: 'ReduceOnly Order is rejected.' }, { kind: 'unknown', message: 'no answer' },
  ];
  const { sweeper } = venueOf({
    submit: async ({ clientOrderId }, { timestamp, recvWindowMs, deadlineMs }) => {
      sent.push(clientOrderId);
      expect([recvWindowMs, deadlineMs - timestamp <= 3_000 - 50_000]).toEqual([2_000, true]); // counted from before the time was asked
      return answers[INTENTS.findIndex((it) => it.clientOrderId === clientOrderId)] as SubmitAnswer;
    },
  });
  const told = await sweeper.close(INTENTS);
  expect(sent).toEqual(INTENTS.map((it) => it.clientOrderId));
  expect(told.map(({ answer, detail, venueOrderId, quantity }) => [answer, detail, venueOrderId, quantity])).toEqual([
    ['accepted', null, '7', '1'], ['rejected', '-2022 ReduceOnly Order is rejected.', null, '1'], ['unknown', 'no answer', null, '1'],
  ]);
  expect(told.every(({ emergencyId, side, positionSide, sentAt }) => emergencyId === 'ess/sim/1' && side === 'sell' && positionSide === 'both' && sentAt >= 60_000)).toBe(true);
});

it('without the venue\'s time one order is not sent, and the others tell all the same', async () => {
  let asked = 0;
  const { sweeper } = venueOf({
    serverTime: async () => { asked += 1; return asked === 2 ? await UNREACHABLE() : 60_000; },
    submit: async () => ({ kind: 'accepted', order: { venueOrderId: '7' } as never }),
  });
  expect((await sweeper.close(INTENTS)).map(({ answer, detail }) => [answer, detail])).toEqual([['accepted', null], ['notSent', 'no route'], ['accepted', null]]);
});

it('a cancel asks once for each order and never throws', async () => {
  const cancelled: string[] = [];
  const { sweeper } = venueOf({ cancel: async ({ clientOrderId }, { recvWindowMs }) => { cancelled.push(`${clientOrderId} ${recvWindowMs}`); return { kind: 'unknown', message: 'no answer' }; } });
  await sweeper.cancel([ORDER, { ...ORDER, clientOrderId: 'y', book: 'conditional' }]);
  expect(cancelled.sort()).toEqual(['x 2000', 'y 2000']);
  await expect(venueOf({ serverTime: UNREACHABLE }).sweeper.cancel([ORDER])).resolves.toBeUndefined();
});
