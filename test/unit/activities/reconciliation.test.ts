import { describe, expect, it } from 'vitest';
import type { Engine } from '../../../activities/feeds.ts';
import { createReconciliationActivities } from '../../../activities/reconciliation.ts';
import type { Difference, Ledger, NotedDifference, ReconciliationView } from '../../../domain/ports/ledger.ts';
import type { Venue, VenueAccount } from '../../../domain/ports/venue.ts';
import { portOf } from '../../support/ports.ts';

const ACCOUNT: VenueAccount = { walletBalance: '1', equity: '1', availableMargin: '1', positionMode: 'oneWay', positions: [] };
const VIEW: ReconciliationView = { portfolioId: 'sim', deploymentId: 'abcde', fence: { epoch: 1, halted: false }, positions: [], openOrders: [], lastFillAt: {}, instrumentIds: [] };
const differenceOf = (kind: Difference['kind']): Difference => ({ key: kind, kind, instrumentId: 'BTC-USDT-PERP', evidence: { clientOrderId: 'klother-x', book: 'plain' } });

/** @param calls what is done to ledger and venue. */
function activitiesOf(calls: string[], looks = 1) {
  return createReconciliationActivities({
    clock: () => 1_000,
    engine: portOf<Engine>({}),
    ledger: portOf<Ledger>({
      reconciliationView: async () => VIEW,
      noteDifferences: async () => [{ ...differenceOf('foreignOrder'), looks, firstSeenAt: 1 } satisfies NotedDifference],
      raiseFence: async ({ by }) => { calls.push(`raise fence by ${by}`); return { epoch: 2, halted: true }; },
      resolveDifference: async (_portfolio, { kind }) => void calls.push(`resolved ${kind}`),
      cursor: async () => 5_000,
      recordIncome: async (_portfolio, records) => void calls.push(`income ${records.map((it) => it.time).join(' ')}`),
      setCursor: async (_portfolio, name, value) => void calls.push(`${name} at ${value}`),
      recordEquity: async () => undefined,
    }),
    venue: portOf<Venue>({
      account: async () => ACCOUNT, openOrders: async () => [], serverTime: async () => 1_000, marketTime: async () => 9_000,
      cancel: async ({ clientOrderId }) => { calls.push(`cancel ${clientOrderId}`); return { kind: 'canceled' }; },
      income: async () => [5_000, 7_000].map((time) => ({ incomeId: String(time), type: 'TRANSFER', amount: '1', currency: 'USDT', instrumentId: null, tradeId: null, time })),
    }),
  });
}

describe('a difference between venue and ledger', () => {
  it.each([[1, 0, 1], [2, 1, 0], [3, 1, 0]])('seen %d times in a row: %d to act on, %d to look at again', async (looks, confirmed, fresh) => {
    const seen = await activitiesOf([], looks).compareWithVenue('sim');
    expect([seen.confirmed.length, seen.fresh]).toEqual([confirmed, fresh]);
  });

  it.each<[Difference['kind'], readonly string[]]>([
    ['twoMasters', ['raise fence by reconciliation', 'resolved twoMasters']],
    ['orphanExitOrder', ['cancel klother-x', 'resolved orphanExitOrder']],
    ['foreignOrder', ['resolved foreignOrder']],
    ['foreignPosition', ['resolved foreignPosition']],
    ['walletMismatch', ['resolved walletMismatch']],
  ])('%s', async (kind, expected) => {
    const calls: string[] = [];
    await activitiesOf(calls).resolveDifference({ portfolioId: 'sim', difference: differenceOf(kind) });
    expect(calls).toEqual(expected);
  });
});

it('money is read from the newest known moment on, that moment again', async () => {
  const calls: string[] = [];
  await activitiesOf(calls).recordMoney('sim');
  expect(calls).toEqual(['income 5000 7000', 'income at 7000']);
});
