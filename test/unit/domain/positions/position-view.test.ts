import { expect, it } from 'vitest';
import { planCycle } from '../../../../domain/cycle/plan-cycle.ts';
import type { OpenPlan } from '../../../../domain/cycle/types.ts';
import type { OrderIntent, OrderRow } from '../../../../domain/orders/order.ts';
import { stopIntentFor } from '../../../../domain/positions/intents.ts';
import { bookedQuantityAgrees, ordersToAsk, pollDelayMs } from '../../../../domain/positions/position-view.ts';
import type { PositionSnapshot } from '../../../../domain/positions/position.ts';
import { observationWith } from '../cycle/plan.fixture.ts';

const [PLAN] = planCycle({ cycleId: 'cycle', observation: observationWith() }).opens as [OpenPlan];
const STOP = stopIntentFor(PLAN, { quantity: '10', triggerPrice: '97', revision: 1 });

function row(intent: OrderIntent, state: OrderRow['state'], filledQuantity = '0'): OrderRow {
  return { intent, state, attempt: 1, sentTimestamp: 1, venueOrderId: '1', triggeredOrderId: null, filledQuantity, averagePrice: null, reason: null, acceptedAt: 1, updatedAt: 1 };
}

function snapshotOf(orders: readonly OrderRow[], quantity: string): PositionSnapshot {
  return {
    position: { positionId: PLAN.positionId, portfolioId: 'sim', plan: PLAN, state: 'open', quantity, entryPrice: null, stopPrice: '97', targetPrice: null, realizedPnl: '0', closeReason: null, inboxSeq: 1, handledSeq: 1 },
    orders, instructions: [],
  };
}

// Who is asked for when no news comes, and how soon.
it.each<[string, PositionSnapshot, readonly string[], number]>([
  ['an entry that works', snapshotOf([row(PLAN.entry, 'accepted')], '0'), ['entry'], 2_000],
  ['an entry that is filled and booked', snapshotOf([row(PLAN.entry, 'filled', '10'), row(STOP, 'accepted')], '10'), [], 600_000],
  ['an entry whose fills are not booked', snapshotOf([row(PLAN.entry, 'filled', '10'), row(STOP, 'accepted')], '0'), ['entry'], 2_000],
  ['a stop whose fills are not booked', snapshotOf([row(PLAN.entry, 'filled', '10'), row(STOP, 'filled', '10')], '10'), ['entry', 'stop'], 2_000],
  ['everything is booked', snapshotOf([row(PLAN.entry, 'filled', '10'), row(STOP, 'filled', '10')], '0'), [], 600_000],
])('%s', (_name, snapshot, legs, delayMs) => {
  expect(ordersToAsk(snapshot).map((it) => it.intent.leg)).toEqual(legs);
  expect(pollDelayMs(snapshot)).toBe(delayMs);
});

// Held, but the fills of another hand closed it: only the instruction explains that, and the end handles it.
it.each<[string, Partial<PositionSnapshot['position']>, PositionSnapshot['instructions'], boolean]>([
  ['nobody says why', {}, [], false],
  ['reconciliation says that it is gone', {}, [{ kind: 'gone', instructionId: 'g', positionId: PLAN.positionId, reason: 'outside' }], true],
  ['its end is written already', { state: 'closed', closeReason: 'outside' }, [], true],
])('fills that do not add up: %s', (_name, changes, instructions, agrees) => {
  const snapshot = snapshotOf([row(PLAN.entry, 'filled', '10'), row(STOP, 'canceled')], '0');
  expect(bookedQuantityAgrees({ ...snapshot, position: { ...snapshot.position, ...changes }, instructions })).toBe(agrees);
});

it.each([['6', '4', true], ['6', '3', false], ['0', '12', true], ['0', '4', false]])('what holds %s of 10 when others closed %s adds up: %s', (quantity, outside, agrees) => {
  expect(bookedQuantityAgrees({ ...snapshotOf([row(PLAN.entry, 'filled', '10')], quantity), outside })).toBe(agrees);
});
