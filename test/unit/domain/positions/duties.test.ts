import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { planCycle } from '../../../../domain/cycle/plan-cycle.ts';
import type { Instruction, OpenPlan } from '../../../../domain/cycle/types.ts';
import { d, text } from '../../../../domain/decimal.ts';
import type { OrderIntent, OrderRow } from '../../../../domain/orders/order.ts';
import { WORKING_STATES } from '../../../../domain/orders/order.ts';
import { coverDeadlineMs, dutiesOf, heldQuantity, isUncovered } from '../../../../domain/positions/duties.ts';
import type { PositionSnapshot } from '../../../../domain/positions/position.ts';
import { observationWith } from '../cycle/plan.fixture.ts';

const [PLAN] = planCycle({ cycleId: 'cycle', observation: observationWith() }).opens as [OpenPlan];

function row(intent: OrderIntent, state: OrderRow['state'], filledQuantity = '0', reason: string | null = null): OrderRow {
  return { intent, state, attempt: 1, sentTimestamp: 1, venueOrderId: '1', triggeredOrderId: null, filledQuantity, averagePrice: null, reason, acceptedAt: 1, updatedAt: 1 };
}

function snapshotOf(orders: readonly OrderRow[], instructions: readonly Instruction[] = []): PositionSnapshot {
  return {
    position: { positionId: PLAN.positionId, portfolioId: 'sim', plan: PLAN, state: 'open', quantity: '0', entryPrice: null, stopPrice: PLAN.stopPrice, targetPrice: PLAN.targetPrice, realizedPnl: '0', closeReason: null, inboxSeq: 1, handledSeq: 0 },
    orders, instructions,
  };
}

const filledEntry = row(PLAN.entry, 'filled', '10');
const submitsOf = (snapshot: PositionSnapshot) => dutiesOf(snapshot).flatMap((duty) => (duty.kind === 'submit' ? [duty.intent] : []));

describe('a ladder', () => {
  // Ten units from 100 to 106: half at 103.6, three at 106, two trail.
  const LADDERED: OpenPlan = { ...PLAN, ladder: { firstAtShare: 0.6, firstShare: 0.5, targetShare: 0.3 } };
  const seen = (orders: readonly OrderRow[], instructions: readonly Instruction[] = []): PositionSnapshot => {
    const snapshot = snapshotOf(orders, instructions);
    return { ...snapshot, position: { ...snapshot.position, plan: LADDERED } };
  };
  const [stop, first, target] = submitsOf(seen([filledEntry])) as [OrderIntent, OrderIntent, OrderIntent];
  const resting = [filledEntry, row(stop, 'accepted'), row(first, 'accepted'), row(target, 'accepted')];

  it('rests on the venue beside the stop for all', () => {
    expect([stop, first, target]).toMatchObject([
      { leg: 'stop', quantity: '10', triggerPrice: '97', closesPosition: true },
      { leg: 'firstTarget', type: 'takeProfitMarket', quantity: '5', triggerPrice: '103.6', closesPosition: false, reduceOnly: true },
      { leg: 'target', type: 'takeProfitMarket', quantity: '3', triggerPrice: '106', closesPosition: false },
    ]);
    expect(dutiesOf(seen(resting))).toEqual([{ kind: 'wait' }]);
  });
  it('the stop follows each rung, placed before the old one is cancelled', () => {
    const taken = [filledEntry, row(stop, 'accepted'), row(first, 'filled', '5'), row(target, 'accepted')];
    const [smaller] = submitsOf(seen(taken)) as [OrderIntent];
    expect(dutiesOf(seen(taken))).toEqual([{ kind: 'submit', intent: smaller }]);
    expect(smaller).toMatchObject({ leg: 'stop', revision: 2, quantity: '5', triggerPrice: '97' });
    expect(dutiesOf(seen([...taken, row(smaller, 'accepted')]))).toEqual([{ kind: 'cancel', clientOrderId: stop.clientOrderId }]);
  });
  it('after both rungs the rest has a stop and no target', () => {
    const rest = { ...stop, quantity: '2', revision: 3, clientOrderId: 'rest' };
    expect(dutiesOf(seen([filledEntry, row(stop, 'canceled'), row(first, 'filled', '5'), row(target, 'filled', '3'), row(rest, 'accepted')]))).toEqual([{ kind: 'wait' }]);
  });
  it.each([['would trigger at once', 'rejected', '-2021'], ['was refused when it triggered', 'rejected', 'rejectedOnTrigger']] as const)('a rung that %s is closed at market', (_name, state, reason) => {
    const duties = submitsOf(seen([filledEntry, row(stop, 'accepted'), row(first, state, '0', reason), row(target, 'accepted')]));
    expect(duties).toMatchObject([{ leg: 'firstTarget', type: 'market', quantity: '5', revision: 2, triggerPrice: null, closesPosition: false }]);
    expect(dutiesOf(seen([filledEntry, row(stop, 'accepted'), row(first, state, '0', reason), row(target, 'accepted'), row(duties[0] as OrderIntent, 'submitting')]))).toMatchObject([{ kind: 'submit', intent: duties[0] }]);
  });
  it('a rung that was filled in part and ended closes what it left at market', () => {
    const partly = { ...row(first, 'canceled', '2'), triggeredOrderId: '7' };
    expect(submitsOf(seen([filledEntry, row(stop, 'accepted'), partly, row(target, 'accepted')]))).toMatchObject([{ leg: 'stop', quantity: '8' }, { leg: 'firstTarget', type: 'market', quantity: '3' }]);
  });
  it('a nearer target moves both rungs, and never moves back', () => {
    const move: Instruction = { kind: 'moveTarget', instructionId: 'm', positionId: PLAN.positionId, targetPrice: '103', reason: 'age' };
    const duties = submitsOf(seen(resting, [move]));
    expect(duties).toMatchObject([{ leg: 'firstTarget', triggerPrice: '101.8', quantity: '5', revision: 2 }, { leg: 'target', triggerPrice: '103', quantity: '3', revision: 2 }]);
    const placed = [...resting, ...duties.map((it) => row(it, 'accepted'))];
    expect(dutiesOf(seen(placed, [move]))).toEqual([{ kind: 'cancel', clientOrderId: first.clientOrderId }, { kind: 'cancel', clientOrderId: target.clientOrderId }]);
    const farther: Instruction = { ...move, targetPrice: '105' };
    expect(dutiesOf(seen([filledEntry, row(stop, 'accepted'), ...duties.map((it) => row(it, 'accepted'))], [farther]))).toEqual([{ kind: 'wait' }]);
  });
  it('an entry that was filled for less than its rungs need takes one target for all', () => {
    const little = row(PLAN.entry, 'canceled', '0.003');
    expect(submitsOf(seen([little]))).toMatchObject([{ leg: 'stop', quantity: '0.003' }, { leg: 'target', quantity: '0.003', closesPosition: true }]);
  });
  it('takes no target while the entry may still fill', () => expect(submitsOf(seen([row(PLAN.entry, 'partiallyFilled', '4')])).map((it) => it.leg)).toEqual(['entry', 'stop'].slice(1)));
  it('ends for the target when the rungs closed most, trailing when a moved stop did', () => {
    const ended = (stopRow: OrderRow) => [filledEntry, row(first, 'filled', '5'), row(target, 'filled', '3'), stopRow];
    expect(dutiesOf(seen(ended(row({ ...stop, quantity: '2', triggerPrice: '104' }, 'filled', '2'))))).toEqual([{ kind: 'close', reason: 'target' }]);
    expect(dutiesOf(seen([filledEntry, row({ ...stop, triggerPrice: '104' }, 'filled', '10')]))).toEqual([{ kind: 'close', reason: 'trail' }]);
    expect(dutiesOf(seen([filledEntry, row(stop, 'filled', '10')]))).toEqual([{ kind: 'close', reason: 'stop' }]);
  });
  it('closing leaves the rungs on the book until it is flat, and then takes them away', () => {
    const close: Instruction = { kind: 'close', instructionId: 'c', positionId: PLAN.positionId, reason: 'person', decisionPrice: '100' };
    expect(dutiesOf(seen(resting, [close]))).toMatchObject([{ kind: 'submit', intent: { leg: 'exit', quantity: '10' } }]);
    const exit = submitsOf(seen(resting, [close]))[0] as OrderIntent;
    expect(dutiesOf(seen([...resting, row(exit, 'filled', '10')], [close])).map((it) => it.kind)).toEqual(['cancel', 'cancel', 'cancel']);
  });
  it('a plan of an older version has one target for all', () => {
    const { ladder: _ladder, ...older } = LADDERED;
    const snapshot = snapshotOf([filledEntry]);
    expect(submitsOf({ ...snapshot, position: { ...snapshot.position, plan: older as OpenPlan } })).toMatchObject([{ leg: 'stop' }, { leg: 'target', quantity: '10' }]);
  });

  it('rungs never close more than the entry, and the stop covers what is held', () => {
    const quantity = fc.integer({ min: 0, max: 10_000 }).map((it) => text(d(it).div(1_000)));
    fc.assert(fc.property(quantity, quantity, quantity, (entered, byFirst, byTarget) => {
      const snapshot = seen([row(PLAN.entry, 'filled', entered), row(first, 'canceled', byFirst), row(target, 'canceled', byTarget)]);
      const held = heldQuantity(snapshot);
      const placed = submitsOf(snapshot);
      const sum = placed.filter((it) => it.leg !== 'stop' && it.leg !== 'exit').reduce((total, it) => total.plus(d(it.quantity)), d(0));
      expect(sum.lte(held)).toBe(true);
      for (const it of placed) if (it.leg === 'stop') expect(it.quantity).toBe(text(held));
    }));
  });
});

describe('what a position owes', () => {
  it('a stop and a target for all of it once the entry is filled', () => {
    expect(submitsOf(snapshotOf([filledEntry]))).toMatchObject([
      { leg: 'stop', type: 'stopMarket', quantity: '10', triggerPrice: '97', side: 'sell', reduceOnly: true, closesPosition: true, validUntil: null },
      { leg: 'target', type: 'takeProfitMarket', quantity: '10', triggerPrice: '106', side: 'sell', reduceOnly: true },
    ]);
  });

  it('protects the part that is filled while the rest still works', () => {
    expect(submitsOf(snapshotOf([row(PLAN.entry, 'partiallyFilled', '4')])).filter((it) => it.leg === 'stop')).toMatchObject([{ quantity: '4' }]);
  });

  it('protects what one entry filled while the fate of a second is open', () => {
    const second = { ...PLAN.entry, intentId: 'second', clientOrderId: 'second', revision: 2 };
    expect(submitsOf(snapshotOf([row(PLAN.entry, 'canceled', '4'), row(second, 'unknown')]))).toMatchObject([{ leg: 'entry', revision: 2 }, { leg: 'stop', quantity: '4' }]);
  });

  it('closes at market once the venue refused three stops in a row', () => {
    const [stop] = submitsOf(snapshotOf([filledEntry])) as [OrderIntent];
    const refused = (times: number): OrderRow[] => Array.from({ length: times }, (_unused, at) => row({ ...stop, revision: at + 1, clientOrderId: `stop${at}` }, 'rejected', '0', '-4045'));
    expect(submitsOf(snapshotOf([filledEntry, ...refused(2)]))).toMatchObject([{ leg: 'stop', revision: 3 }, { leg: 'target' }]);
    expect(submitsOf(snapshotOf([filledEntry, ...refused(3)]))).toMatchObject([{ leg: 'exit', type: 'market', quantity: '10' }]);
  });

  it('closes in parts what is larger than the largest market order', () => {
    const close: Instruction = { kind: 'close', instructionId: 'c', positionId: PLAN.positionId, reason: 'person', decisionPrice: '100' };
    const snapshot = snapshotOf([filledEntry], [close]);
    const narrow: PositionSnapshot = { ...snapshot, position: { ...snapshot.position, plan: { ...PLAN, instrument: { ...PLAN.instrument, maxMarketQuantity: '6' } } } };
    const [first] = submitsOf(narrow) as [OrderIntent];
    expect(first).toMatchObject({ leg: 'exit', quantity: '6', closesPosition: false });
    expect(submitsOf({ ...narrow, orders: [filledEntry, row(first, 'filled', '6')] })).toMatchObject([{ leg: 'exit', revision: 2, quantity: '4', closesPosition: true }]);
  });

  it.each<[string, OrderRow['state']]>([['rejected', 'rejected'], ['halted', 'halted'], ['expired', 'expired'], ['canceled', 'canceled']])('nothing but its end when the entry was %s', (_name, state) => {
    expect(dutiesOf(snapshotOf([row(PLAN.entry, state)]))).toEqual([{ kind: 'close', reason: 'notEntered' }]);
  });

  it('places the new stop before it cancels the old one', () => {
    const [stop, target] = submitsOf(snapshotOf([filledEntry])) as [OrderIntent, OrderIntent];
    const move: Instruction = { kind: 'moveStop', instructionId: 'm', positionId: PLAN.positionId, stopPrice: '100.2', reason: 'breakeven' };
    const first = snapshotOf([filledEntry, row(stop, 'accepted'), row(target, 'accepted')], [move]);
    const [next] = submitsOf(first) as [OrderIntent];
    expect(dutiesOf(first)).toEqual([{ kind: 'submit', intent: next }]); // nothing is taken away yet
    expect(next).toMatchObject({ leg: 'stop', revision: 2, triggerPrice: '100.2', quantity: '10' });
    const second = dutiesOf(snapshotOf([...first.orders, row(next, 'accepted')], [move]));
    expect(second).toEqual([{ kind: 'cancel', clientOrderId: stop.clientOrderId }]);
  });

  it('puts every cancel after every submission', () => {
    const [stop, target] = submitsOf(snapshotOf([filledEntry])) as [OrderIntent, OrderIntent];
    const duties = dutiesOf(snapshotOf([filledEntry, row({ ...stop, quantity: '4' }, 'absent')]));
    expect(duties).toMatchObject([{ kind: 'submit', intent: { leg: 'stop', quantity: '10' } }, { kind: 'submit', intent: target }, { kind: 'cancel', clientOrderId: stop.clientOrderId }]);
  });

  it('sends no exit while the entry may still fill, or another exit is under way', () => {
    const close: Instruction = { kind: 'close', instructionId: 'c', positionId: PLAN.positionId, reason: 'person', decisionPrice: '100' };
    expect(dutiesOf(snapshotOf([row(PLAN.entry, 'partiallyFilled', '4')], [close]))).toEqual([{ kind: 'cancel', clientOrderId: PLAN.entry.clientOrderId }]);
    const [exit] = submitsOf(snapshotOf([row(PLAN.entry, 'canceled', '4')], [close])) as [OrderIntent];
    expect(exit).toMatchObject({ leg: 'exit', quantity: '4' });
    expect(dutiesOf(snapshotOf([row(PLAN.entry, 'canceled', '4'), row(exit, 'accepted')], [close]))).toEqual([{ kind: 'wait' }]);
  });

  it('only looks for an entry of unknown fate while it closes what an earlier one filled', () => {
    const close: Instruction = { kind: 'close', instructionId: 'c', positionId: PLAN.positionId, reason: 'person', decisionPrice: '100' };
    const second = { ...PLAN.entry, intentId: 'second', clientOrderId: 'second', revision: 2 };
    const duties = dutiesOf(snapshotOf([row(PLAN.entry, 'canceled', '4'), row(second, 'unknown')], [close]));
    expect(duties).toMatchObject([{ kind: 'submit', intent: { leg: 'exit', quantity: '4' } }, { kind: 'settle', intent: second }]);
  });

  it('closes at market when the stop would trigger at once', () => {
    const [stop] = submitsOf(snapshotOf([filledEntry])) as [OrderIntent];
    expect(submitsOf(snapshotOf([filledEntry, row(stop, 'rejected', '0', '-2021')]))).toMatchObject([{ leg: 'exit', type: 'market', quantity: '10', reduceOnly: true }]);
  });

  describe('without a stop that covers it', () => {
    const [stop, target] = submitsOf(snapshotOf([filledEntry])) as [OrderIntent, OrderIntent];
    const unknown = snapshotOf([filledEntry, row(stop, 'unknown'), row(target, 'accepted')]);

    it('sends the next revision at once while the fate of one is open, and closes at market once it is overdue', () => {
      expect(submitsOf(unknown)).toMatchObject([{ leg: 'stop', revision: 1 }, { leg: 'stop', revision: 2, quantity: '10' }]);
      expect(dutiesOf(unknown, true)[0]).toMatchObject({ kind: 'submit', intent: { leg: 'exit', type: 'market', quantity: '10', reduceOnly: true } });
      const exit = dutiesOf(unknown, true).flatMap((duty) => (duty.kind === 'submit' ? [duty.intent] : []))[0] as OrderIntent;
      const flat = [filledEntry, row(stop, 'expired'), row(target, 'canceled'), row(exit, 'filled', '10')];
      expect(dutiesOf(snapshotOf(flat), true)).toEqual([{ kind: 'close', reason: 'unprotected' }]);
    });

    it('has five seconds, fifteen when an attempt was lost with its worker', () => {
      expect(coverDeadlineMs({ sinceMs: 1_000, isWorkerLost: false })).toBe(6_000);
      expect(coverDeadlineMs({ sinceMs: 1_000, isWorkerLost: true })).toBe(16_000);
    });

    it.each<[string, readonly OrderRow[], boolean]>([
      ['nothing is held', [row(PLAN.entry, 'accepted')], false],
      ['no stop was placed', [filledEntry], true],
      ['the fate of the stop is open', unknown.orders, true],
      ['the stop works', [filledEntry, row(stop, 'accepted')], false],
      ['the stop covers a part', [filledEntry, row({ ...stop, quantity: '4' }, 'accepted')], true],
    ])('%s', (_case, orders, expected) => expect(isUncovered(snapshotOf(orders))).toBe(expected));
  });

  it('a looser stop of unknown fate is looked for, never sent again', () => {
    const [stop, target] = submitsOf(snapshotOf([filledEntry])) as [OrderIntent, OrderIntent];
    const move: Instruction = { kind: 'moveStop', instructionId: 'm', positionId: PLAN.positionId, stopPrice: '100.2', reason: 'breakeven' };
    const duties = dutiesOf(snapshotOf([filledEntry, row(stop, 'unknown'), row(target, 'accepted')], [move]));
    expect(duties).toMatchObject([{ kind: 'settle', intent: { triggerPrice: '97' } }, { kind: 'submit', intent: { leg: 'stop', triggerPrice: '100.2' } }]);
  });

  it('an entry of unknown fate is not sent again once the position is told to close', () => {
    const close: Instruction = { kind: 'close', instructionId: 'c', positionId: PLAN.positionId, reason: 'person', decisionPrice: '100' };
    expect(dutiesOf(snapshotOf([row(PLAN.entry, 'unknown')], [close]))).toMatchObject([{ kind: 'settle', intent: { leg: 'entry' } }]);
    expect(dutiesOf(snapshotOf([row(PLAN.entry, 'absent')], [close]))).toEqual([{ kind: 'cancel', clientOrderId: PLAN.entry.clientOrderId }]);
  });

  it('what another hand closed is held no more: orders follow what is left, and it ends when that is closed', () => {
    const [stop, target] = submitsOf(snapshotOf([filledEntry])) as [OrderIntent, OrderIntent];
    const with4Less = (rows: readonly OrderRow[], outside = '4') => dutiesOf({ ...snapshotOf([filledEntry, ...rows]), outside });
    expect(with4Less([row(stop, 'accepted'), row(target, 'accepted')])).toMatchObject([{ kind: 'submit', intent: { leg: 'stop', quantity: '6' } }, { kind: 'submit', intent: { leg: 'target', quantity: '6' } }]);
    expect(with4Less([row(stop, 'filled', '6'), row(target, 'canceled')])).toEqual([{ kind: 'close', reason: 'stop' }]);
    expect(with4Less([row(stop, 'canceled'), row(target, 'canceled')], '10')).toEqual([{ kind: 'close', reason: 'outside' }]);
    expect(with4Less([row(stop, 'filled', '4'), row(target, 'canceled')], '6')).toEqual([{ kind: 'close', reason: 'outside' }]);
  });

  describe('in an emergency', () => {
    const emergency: Instruction = { kind: 'emergency', instructionId: 'e', positionId: PLAN.positionId, reason: 'emergency', emergencyId: 'ess/sim/1' };
    const [stop, target] = submitsOf(snapshotOf([filledEntry])) as [OrderIntent, OrderIntent];
    const gone: Instruction = { kind: 'gone', instructionId: 'g', positionId: PLAN.positionId, reason: 'emergency' };

    it('withdraws what opens, and places nothing: another hand closes', () => {
      expect(dutiesOf(snapshotOf([row(PLAN.entry, 'partiallyFilled', '4'), row(stop, 'accepted')], [emergency]))).toEqual([{ kind: 'cancel', clientOrderId: PLAN.entry.clientOrderId }]);
      expect(dutiesOf(snapshotOf([filledEntry, row(stop, 'canceled'), row(target, 'canceled')], [emergency]))).toEqual([{ kind: 'wait' }]);
      expect(dutiesOf(snapshotOf([filledEntry], [emergency]))).toEqual([{ kind: 'wait' }]);
    });

    it('looks for what is on its way and keeps here what never left', () => {
      const exit: OrderIntent = { ...stop, leg: 'exit', type: 'market', clientOrderId: 'exit', intentId: 'exit' };
      expect(dutiesOf(snapshotOf([filledEntry, row(stop, 'unknown'), row(exit, 'planned')], [emergency]))).toEqual([{ kind: 'settle', intent: stop }, { kind: 'cancel', clientOrderId: 'exit' }]);
      expect(dutiesOf(snapshotOf([row(PLAN.entry, 'planned')], [emergency]))).toEqual([{ kind: 'cancel', clientOrderId: PLAN.entry.clientOrderId }]);
    });

    it('ends as what closed it: its own stop, or the emergency once it is told that nothing is held', () => {
      expect(dutiesOf(snapshotOf([filledEntry, row(stop, 'filled', '10'), row(target, 'canceled')], [emergency]))).toEqual([{ kind: 'close', reason: 'stop' }]);
      expect(dutiesOf(snapshotOf([filledEntry, row(stop, 'accepted'), row(target, 'canceled')], [emergency, gone]))).toEqual([{ kind: 'cancel', clientOrderId: stop.clientOrderId }]);
      expect(dutiesOf(snapshotOf([filledEntry, row(stop, 'canceled'), row(target, 'canceled')], [emergency, gone]))).toEqual([{ kind: 'close', reason: 'emergency' }]);
      expect(dutiesOf(snapshotOf([row(PLAN.entry, 'halted')], [emergency]))).toEqual([{ kind: 'close', reason: 'notEntered' }]);
      expect(dutiesOf({ ...snapshotOf([filledEntry, row(stop, 'canceled'), row(target, 'canceled')], [emergency]), outside: '10' })).toEqual([{ kind: 'close', reason: 'emergency' }]);
    });
  });

  it('tells the end with the reason of what closed it, and cancels what is left', () => {
    const [stop, target] = submitsOf(snapshotOf([filledEntry])) as [OrderIntent, OrderIntent];
    const orders = [filledEntry, row(stop, 'filled', '10')];
    expect(dutiesOf(snapshotOf([...orders, row(target, 'accepted')]))).toEqual([{ kind: 'cancel', clientOrderId: target.clientOrderId }]);
    expect(dutiesOf(snapshotOf([...orders, row(target, 'canceled')]))).toEqual([{ kind: 'close', reason: 'stop' }]);
  });
});

/** From here on the venue does as it is told, and a person closes. */
function endsFlat(rows: Map<string, OrderRow>, instructions: Instruction[], isOverdue: boolean): boolean {
  instructions.push({ kind: 'close', instructionId: 'end', positionId: PLAN.positionId, reason: 'person', decisionPrice: '100' });
  for (let round = 0; round < 20; round += 1) {
    const snapshot = snapshotOf([...rows.values()], instructions);
    const held = heldQuantity(snapshot);
    for (const duty of dutiesOf(snapshot, isOverdue)) {
      if (duty.kind === 'close') return held.eq(0);
      if (duty.kind === 'submit') rows.set(duty.intent.clientOrderId, row(duty.intent, duty.intent.leg === 'exit' ? 'filled' : 'accepted', duty.intent.leg === 'exit' ? text(held) : '0'));
      if (duty.kind === 'settle') rows.set(duty.intent.clientOrderId, row(duty.intent, 'absent'));
      if (duty.kind === 'cancel') rows.set(duty.clientOrderId, { ...rows.get(duty.clientOrderId) as OrderRow, state: 'canceled' });
    }
    for (const working of rows.values()) if (working.intent.leg === 'exit' && WORKING_STATES.includes(working.state)) rows.set(working.intent.clientOrderId, row(working.intent, 'filled', text(held)));
  }
  return false;
}

/** Carries duties out in a small world in which the venue does as it pleases; checked after every step. */
it('whatever the venue does: one exit at a time, stops never loosen, and everything ends flat', () => {
  fc.assert(fc.property(fc.array(fc.nat(999), { minLength: 40, maxLength: 120 }), (choices) => {
    const rows = new Map<string, OrderRow>([[PLAN.entry.clientOrderId, row(PLAN.entry, 'filled', '10')]]);
    const instructions: Instruction[] = [];
    let tightest = d(PLAN.stopPrice);
    let isOverdue = false;
    for (const choice of choices) {
      const snapshot = snapshotOf([...rows.values()], instructions);
      isOverdue ||= choice % 7 === 0 && isUncovered(snapshot);
      const duties = dutiesOf(snapshot, isOverdue);
      if (isOverdue) expect(duties.some((duty) => duty.kind === 'submit' && duty.intent.leg === 'target')).toBe(false);
      for (const duty of duties) {
        if (duty.kind === 'submit') {
          if (duty.intent.leg === 'stop') expect(d(duty.intent.triggerPrice ?? 0).gte(tightest)).toBe(true);
          if (duty.intent.leg === 'stop' && d(duty.intent.triggerPrice ?? 0).gt(tightest)) tightest = d(duty.intent.triggerPrice ?? 0);
          const lost = choice % 11 === 0;
          rows.set(duty.intent.clientOrderId, row(duty.intent, lost ? 'unknown' : duty.intent.leg === 'exit' && choice % 3 !== 0 ? 'filled' : 'accepted', duty.intent.leg === 'exit' && !lost && choice % 3 !== 0 ? text(heldQuantity(snapshot)) : '0'));
        }
        if (duty.kind === 'settle') {
          const known = rows.get(duty.intent.clientOrderId);
          if (known !== undefined) rows.set(duty.intent.clientOrderId, { ...known, state: choice % 2 === 0 ? 'absent' : 'accepted' });
        }
        if (duty.kind === 'cancel') {
          const known = rows.get(duty.clientOrderId);
          if (known !== undefined) rows.set(duty.clientOrderId, { ...known, state: 'canceled' });
        }
      }
      if (duties.some((duty) => duty.kind === 'close')) return;
      const live = [...rows.values()];
      expect(live.filter((it) => it.intent.leg === 'exit' && ['submitting', 'unknown', ...WORKING_STATES].includes(it.state)).length).toBeLessThanOrEqual(1);
      const held = heldQuantity(snapshotOf(live));
      const pick = live[choice % live.length];
      if (pick !== undefined && pick.intent.leg !== 'entry' && WORKING_STATES.includes(pick.state) && held.gt(0) && choice % 5 === 0) rows.set(pick.intent.clientOrderId, { ...pick, state: 'filled', filledQuantity: text(held) });
      else if (pick !== undefined && pick.state === 'unknown') rows.set(pick.intent.clientOrderId, { ...pick, state: 'accepted' });
      else if (choice % 17 === 0) instructions.push({ kind: 'moveStop', instructionId: String(choice), positionId: PLAN.positionId, stopPrice: String(97 + (choice % 30) / 10), reason: 'trail' });
      else if (choice % 23 === 0) instructions.push({ kind: 'close', instructionId: 'c', positionId: PLAN.positionId, reason: 'person', decisionPrice: '100' });
    }
    expect(endsFlat(rows, instructions, isOverdue)).toBe(true);
  }), { numRuns: 500 });
});
