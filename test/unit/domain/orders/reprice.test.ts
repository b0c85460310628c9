import { expect, it } from 'vitest';
import type { OrderIntent } from '../../../../domain/orders/order.ts';
import { repricedEntry } from '../../../../domain/orders/reprice.ts';
import { planCycle } from '../../../../domain/cycle/plan-cycle.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';
import { INSTRUMENT, observationWith, symbolWith, vote } from '../cycle/plan.fixture.ts';

function limitEntry(action: 'buy' | 'sell'): OrderIntent {
  const [open] = planCycle({ cycleId: 'c', observation: observationWith({ symbols: [symbolWith({ votes: [vote(action)] })], account: { policy: { ...PRESETS.normal, entryStyle: 'limit' } } }) }).opens;
  if (open === undefined) throw new Error('nothing opened');
  return open.entry;
}
const BUY = limitEntry('buy');
const INPUT = { intent: BUY, filledQuantity: '0', instrument: INSTRUMENT, quote: { bid: '99.57', ask: '99.63' }, deploymentId: 'abcde', workForMs: 20_000, validForMs: 30_000, nowMs: 1_000 };

// Tick 0.1, step 0.001, least quantity 0.001, least notional 5. The entry is for 5 at price 100.
it.each([
  ['a buy joins the bid, down to the tick', {}, { price: '99.5', quantity: BUY.quantity, revision: 2, validUntil: 31_000, workUntilMarketTime: (BUY.workUntilMarketTime ?? 0) + 20_000 }],
  ['a sell joins the ask, up to the tick', { intent: limitEntry('sell') }, { price: '99.7' }],
  ['the remainder alone', { filledQuantity: '1.5' }, { quantity: String(Number(BUY.quantity) - 1.5) }],
  ['no end of its working time where there was none', { intent: { ...BUY, workUntilMarketTime: null } }, { workUntilMarketTime: null }],
  ['no end of its validity where the market waits', { validForMs: null }, { validUntil: null }],
  ['nothing is left', { filledQuantity: BUY.quantity }, null],
  ['less is left than the venue takes', { filledQuantity: String(Number(BUY.quantity) - 0.0005) }, null],
  ['worth less than the venue takes', { filledQuantity: String(Number(BUY.quantity) - 0.05) }, null], // 4.975
  ['worth just enough', { filledQuantity: String(Number(BUY.quantity) - 0.051) }, { quantity: '0.051' }],
])('%s', (_name, changes, expected) => {
  const next = repricedEntry({ ...INPUT, ...changes });
  if (expected === null) expect(next).toBeNull();
  else expect(next).toMatchObject(expected);
});

it('is an order of its own with the same owner, and is bound by the same decision', () => {
  const next = repricedEntry(INPUT);
  expect(next).toMatchObject({ positionId: BUY.positionId, leg: 'entry', side: 'buy', type: 'limit', epoch: BUY.epoch, decisionPrice: BUY.decisionPrice, maxDriftBps: BUY.maxDriftBps, policyVersion: BUY.policyVersion });
  expect(next?.intentId).not.toBe(BUY.intentId);
  expect(next?.clientOrderId).toMatch(/^klabcde-/);
  expect(next?.clientOrderId).not.toBe(BUY.clientOrderId);
});
