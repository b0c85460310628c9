import { describe, expect, it } from 'vitest';
import { emergencyOrderIdOf } from '../../../../domain/emergency/closing.ts';
import { planCycle } from '../../../../domain/cycle/plan-cycle.ts';
import type { OpenPlan } from '../../../../domain/cycle/types.ts';
import type { Fill, OrderRow, OrderState, VenueOrder } from '../../../../domain/orders/order.ts';
import { clientOrderIdOf } from '../../../../domain/orders/identity.ts';
import type { DifferenceKind, ReconciliationView } from '../../../../domain/ports/ledger.ts';
import type { VenuePosition } from '../../../../domain/ports/venue.ts';
import { stopIntentFor } from '../../../../domain/positions/intents.ts';
import type { PositionRecord } from '../../../../domain/positions/position.ts';
import type { OutsideView, UnwrittenOrder } from '../../../../domain/reconciliation/differences.ts';
import { differencesOf, differingInstruments } from '../../../../domain/reconciliation/differences.ts';
import { observationWith } from '../cycle/plan.fixture.ts';

const [PLAN] = planCycle({ cycleId: 'cycle', observation: observationWith() }).opens as [OpenPlan];
const BTC = PLAN.instrument.id;
const STOP = stopIntentFor(PLAN, { quantity: '10', triggerPrice: '97', revision: 1 });

function positionOf(changes: Partial<PositionRecord> = {}): PositionRecord {
  return {
    positionId: PLAN.positionId, portfolioId: 'sim', plan: PLAN, state: 'open', quantity: '10', entryPrice: '100', stopPrice: '97', targetPrice: null, realizedPnl: '0',
    closeReason: null, inboxSeq: 1, handledSeq: 1, ...changes,
  };
}

function stopRow(state: OrderState): OrderRow {
  return { intent: STOP, state, attempt: 1, sentTimestamp: 1, venueOrderId: '1', triggeredOrderId: null, filledQuantity: '0', averagePrice: null, reason: null, acceptedAt: 1, updatedAt: 1 };
}

function orderOf(clientOrderId: string, changes: Partial<VenueOrder> = {}): VenueOrder {
  return {
    venueOrderId: '1', clientOrderId, instrumentId: BTC, book: 'conditional', status: 'working', side: 'sell', positionSide: 'both', type: 'stopMarket', quantity: '10', filledQuantity: '0',
    averagePrice: null, price: null, triggerPrice: '97', reduceOnly: true, triggeredOrderId: null, updatedAt: 1, ...changes,
  };
}

function held(quantity: string, changes: Partial<VenuePosition> = {}): VenuePosition {
  return { instrumentId: BTC, direction: 'long', quantity, entryPrice: '100', markPrice: '100', unrealizedPnl: '0', positionSide: 'both', ...changes };
}

function fillOf(side: Fill['side'], clientOrderId: string | null, quantity = '10'): Fill {
  return {
    tradeId: '9', venueOrderId: '5', clientOrderId, instrumentId: BTC, side, positionSide: 'both', price: '99', quantity, fee: '0', feeCurrency: 'USDT', realizedPnl: '-10', maker: false,
    filledAt: PLAN.decidedAt, filledAtWall: 1,
  };
}

/** Long 10, its stop on the book, its workflow running: nothing differs. */
const LEDGER: ReconciliationView = {
  portfolioId: 'sim', mode: 'sim', deploymentId: 'abcde', fence: { epoch: 1, halted: false }, positions: [positionOf()], openOrders: [stopRow('accepted')], lastFillAt: {}, instrumentIds: [BTC], moneyBooked: '10000.0',
};
const OUTSIDE: OutsideView = {
  account: { walletBalance: '10000', positions: [held('10')] }, openOrders: [orderOf(STOP.clientOrderId)], fills: [], running: new Set([PLAN.positionId]), unwritten: [],
};

const LESS = { account: { walletBalance: '10000', positions: [held('4')] } };
const GONE = { account: { walletBalance: '10000', positions: [] }, openOrders: [] };
const NO_ORDERS = { openOrders: [] as readonly OrderRow[] };
const OTHER = clientOrderIdOf('zzzzz', 'x');
const OURS = clientOrderIdOf('abcde', 'x');

/** Ours, and the ledger has no row of it. */
const unwritten = (changes: Partial<UnwrittenOrder> = {}): readonly UnwrittenOrder[] => [{ clientOrderId: OURS, instrumentId: BTC, positionSide: 'both', book: 'plain', isWorking: false, ...changes }];

describe('differences of one look', () => {
  it.each<[string, Partial<ReconciliationView>, Partial<OutsideView>, readonly DifferenceKind[]]>([
    ['all agree', {}, {}, []],
    ['the workflow is not running', {}, { running: new Set() }, ['missingWorkflow']],
    ['news that its position has not acted on', { positions: [positionOf({ inboxSeq: 2 })] }, {}, ['unheardNews']],
    ['news, and no workflow to hear it', { positions: [positionOf({ inboxSeq: 2 })] }, { running: new Set() }, ['missingWorkflow']],
    ['the venue holds nothing, somebody closed it', NO_ORDERS, { ...GONE, fills: [fillOf('sell', 'web_abc')] }, ['closedOutside']],
    ['the venue holds nothing, it was liquidated', NO_ORDERS, { ...GONE, fills: [fillOf('sell', 'autoclose-77')] }, ['liquidated']],
    ['the venue holds nothing, it was deleveraged', NO_ORDERS, { ...GONE, fills: [fillOf('sell', 'adl_autoclose')] }, ['liquidated']],
    ['the venue holds nothing, the emergency stop closed it', NO_ORDERS, { ...GONE, fills: [fillOf('sell', emergencyOrderIdOf('abcde', 'ess/sim/1/x'))] }, ['closedInEmergency']],
    ['the venue holds nothing, and no fill says why', NO_ORDERS, GONE, ['ghostPosition']],
    ['the venue holds nothing, entries alone are no reason', NO_ORDERS, { ...GONE, fills: [fillOf('buy', 'web_abc')] }, ['ghostPosition']],
    ['the venue holds nothing, a fill of our own order is no other hand', NO_ORDERS, { ...GONE, fills: [fillOf('sell', STOP.clientOrderId)] }, ['ghostPosition']],
    ['the venue holds nothing, our position closed it while the ledger was away', {}, { ...GONE, openOrders: OUTSIDE.openOrders, fills: [fillOf('sell', OURS)], unwritten: unwritten() }, ['unwrittenOrder']],
    ['the venue holds less, our position closed a part while the ledger was away', {}, { account: { walletBalance: '10000', positions: [held('4')] }, unwritten: unwritten() }, ['unwrittenOrder']],
    ['our position closed it while the ledger was away, and its workflow is lost', {}, { ...GONE, openOrders: OUTSIDE.openOrders, fills: [fillOf('sell', OURS)], unwritten: unwritten(), running: new Set() }, ['missingWorkflow', 'ghostPosition']],
    ['our position placed another stop while the ledger was away', {}, { openOrders: [orderOf(STOP.clientOrderId), orderOf(OURS)], unwritten: unwritten({ isWorking: true, book: 'conditional' }) }, ['unwrittenOrder']],
    ['the same, and its workflow is lost', {}, { openOrders: [orderOf(STOP.clientOrderId), orderOf(OURS)], unwritten: unwritten({ isWorking: true, book: 'conditional' }), running: new Set() }, ['missingWorkflow', 'orphanExitOrder']],
    ['an order of ours in a symbol where nobody is left to write it', {}, { openOrders: [orderOf(STOP.clientOrderId), orderOf(OURS, { instrumentId: 'ETH-USDT-PERP' })], unwritten: unwritten({ isWorking: true, instrumentId: 'ETH-USDT-PERP' }) }, ['orphanExitOrder']],
    ['the venue holds nothing while an order is under way', { openOrders: [stopRow('submitting')] }, GONE, []],
    ['the venue holds nothing while the fate of an order is open', { openOrders: [stopRow('unknown')] }, GONE, []],
    ['the venue holds less: another hand closed a part', {}, { ...LESS, fills: [fillOf('sell', 'web_abc', '6')] }, ['reducedOutside']],
    ['the venue holds less: another hand closed a part, after a part that is booked', {}, { ...LESS, fills: [fillOf('sell', 'web_abc', '5'), fillOf('sell', 'web_abc', '2'), fillOf('sell', 'web_abc', '4')] }, ['reducedOutside']],
    ['the venue holds less: the emergency stop closed a part', {}, { ...LESS, fills: [fillOf('sell', emergencyOrderIdOf('abcde', 'ess/sim/1/x'), '6')] }, ['reducedOutside']],
    ['the venue holds less: another hand closed ours and more', {}, { ...LESS, fills: [fillOf('sell', 'web_abc', '7')] }, ['foreignPosition']],
    ['the venue holds less, and fills tell of a part of it', {}, { ...LESS, fills: [fillOf('sell', 'web_abc', '5')] }, ['foreignPosition']],
    ['the venue holds less: another hand held the other way before', {}, { ...LESS, fills: [{ ...fillOf('sell', 'web_abc', '6'), filledAt: 0 }] }, ['foreignPosition']],
    ['the venue holds less, and no fill says why', {}, { ...LESS, fills: [fillOf('sell', STOP.clientOrderId, '6')] }, ['ghostQuantity']],
    ['the venue holds the other way: another hand sold more than ours', NO_ORDERS, { ...GONE, account: { walletBalance: '10000', positions: [held('3', { direction: 'short' })] }, fills: [fillOf('sell', 'web_abc', '13')] }, ['closedOutside', 'foreignPosition']],
    ['the venue holds the other way, and no fill says why', NO_ORDERS, { ...GONE, account: { walletBalance: '10000', positions: [held('3', { direction: 'short' })] } }, ['foreignPosition']],
    ['the venue holds the symbol of an entry that works', { positions: [positionOf({ quantity: '0' })] }, LESS, ['foreignPosition']],
    ['the venue holds more: another hand added', {}, { account: { walletBalance: '10000', positions: [held('11')] } }, ['foreignPosition']],
    ['the venue holds a symbol that we do not', {}, { account: { walletBalance: '10000', positions: [held('10'), held('1', { instrumentId: 'ETH-USDT-PERP', direction: 'short' })] } }, ['foreignPosition']],
    ['an order of somebody', {}, { openOrders: [orderOf(STOP.clientOrderId), orderOf('web_abc')] }, ['foreignOrder']],
    ['an order of another Keel', {}, { openOrders: [orderOf(STOP.clientOrderId), orderOf(OTHER)] }, ['twoMasters']],
    ['an order of ours that the ledger does not hold open', {}, { openOrders: [orderOf(STOP.clientOrderId), orderOf(OURS)] }, ['orphanExitOrder']],
    ['an order of ours whose position is closed', { positions: [] }, { account: { walletBalance: '10000', positions: [] } }, ['orphanExitOrder']],
    ['an order of ours that we believe never arrived', { openOrders: [stopRow('absent')] }, {}, ['unknownOrderOfOurs']],
    ['an order of ours of open fate', { openOrders: [stopRow('unknown')] }, {}, ['unknownOrderOfOurs']],
    ['an order of ours under way', { openOrders: [stopRow('submitting')] }, {}, []],
    ['a stop that only the ledger knows', {}, { openOrders: [] }, ['ghostOrder', 'unprotected']],
    ['no stop at all', NO_ORDERS, { openOrders: [] }, ['unprotected']],
    ['no stop at all, and closing', { ...NO_ORDERS, positions: [positionOf({ state: 'closing' })] }, { openOrders: [] }, []],
    ['a stop for a part', {}, { openOrders: [orderOf(STOP.clientOrderId, { quantity: '9' })] }, ['unprotected']],
    ['a target is no stop', {}, { openOrders: [orderOf(STOP.clientOrderId, { type: 'takeProfitMarket' })] }, ['unprotected']],
    ['a wallet with more than was booked', {}, { account: { walletBalance: '10000.01', positions: [held('10')] } }, ['walletMismatch']],
  ])('%s', (_name, ledger, outside, kinds) => {
    expect(differencesOf({ ...LEDGER, ...ledger }, { ...OUTSIDE, ...outside }).map((it) => it.kind)).toEqual(kinds);
  });

  it('has the same key at the next look, and says what each side holds', () => {
    const view = { ...OUTSIDE, ...GONE, fills: [fillOf('sell', 'autoclose-77')] };
    const [first] = differencesOf({ ...LEDGER, ...NO_ORDERS }, view);
    expect(differencesOf({ ...LEDGER, ...NO_ORDERS }, view)[0]?.key).toBe(first?.key);
    expect(first).toMatchObject({ key: `gone/${PLAN.positionId}`, instrumentId: BTC, evidence: { ledger: '10', venue: '0', positionId: PLAN.positionId, trades: ['9'], orders: ['autoclose-77'] } });
  });

  it('another sum of money is another difference: it must be the same at two looks', () => {
    const keyAt = (walletBalance: string) => differencesOf(LEDGER, { ...OUTSIDE, account: { walletBalance, positions: [held('10')] } })[0]?.key;
    expect([keyAt('9999.5'), keyAt('9999.50'), keyAt('9998')]).toEqual(['walletMismatch/-0.5', 'walletMismatch/-0.5', 'walletMismatch/-2']);
  });

  it.each<[string, Partial<PositionRecord>, boolean]>([
    ['nothing moved', {}, true],
    ['the position acted on some', { handledSeq: 2 }, false],
    ['more came: its signal wakes the position', { inboxSeq: 4 }, false],
  ])('news that nobody heard is the same difference at the next look only where it stands still: %s', (_name, changes, isSame) => {
    const keyOf = (position: PositionRecord) => differencesOf({ ...LEDGER, positions: [position] }, OUTSIDE)[0]?.key;
    const before = positionOf({ inboxSeq: 3 });
    expect(keyOf({ ...before, ...changes }) === keyOf(before)).toBe(isSame);
  });

  it('compares signed sums per symbol', () => {
    expect(differingInstruments(LEDGER, { positions: [held('10', { direction: 'short' })] })).toEqual([BTC]);
  });
});

describe('in hedge mode', () => {
  const plan = { ...PLAN, entry: { ...PLAN.entry, positionSide: 'long' as const } };
  const long = held('10', { positionSide: 'long' });
  const short = held('10', { positionSide: 'short', direction: 'short' });
  const of = (positionSide: 'long' | 'short', fill: Fill): Fill => ({ ...fill, positionSide });
  const kindsOf = (positions: readonly VenuePosition[], changes: Partial<OutsideView> = {}, ledger: Partial<ReconciliationView> = {}) =>
    differencesOf({ ...LEDGER, positions: [positionOf({ plan })], ...ledger }, { ...OUTSIDE, account: { walletBalance: '10000', positions }, ...changes }).map((it) => `${it.key.split('/').at(-1) ?? ''} ${it.kind}`);

  it.each<[string, ReturnType<typeof kindsOf>, readonly string[]]>([
    ['the holding of our direction alone is ours', kindsOf([long]), []],
    ['what is held the other way on the same symbol is another hand\'s, and evens nothing out', kindsOf([held('12', { positionSide: 'long' }), held('2', { positionSide: 'short', direction: 'short' })]), ['long foreignPosition', 'short foreignPosition']],
    ['ours is gone while another\'s stays: a fill that opened that one closed nothing of ours', kindsOf([short], { openOrders: [], fills: [of('short', fillOf('sell', 'web_abc'))] }, NO_ORDERS), ['long ghostPosition', 'short foreignPosition']],
    ['ours is gone: a fill of its own side tells how', kindsOf([short], { openOrders: [], fills: [of('long', fillOf('sell', 'web_abc'))] }, NO_ORDERS), ['long closedOutside', 'short foreignPosition']],
    ['ours has no stop, whatever is held the other way', kindsOf([long, short], { openOrders: [] }, NO_ORDERS), ['short foreignPosition', 'long unprotected']],
    ['ours is gone: nothing is left to protect', kindsOf([short], { openOrders: [], fills: [] }, { ...NO_ORDERS, positions: [positionOf({ plan, state: 'closing' })] }), ['long ghostPosition', 'short foreignPosition']],
  ])('%s', (_name, kinds, expected) => {
    expect(kinds).toEqual(expected);
  });
});
