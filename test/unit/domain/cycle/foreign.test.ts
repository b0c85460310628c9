import { expect, it } from 'vitest';
import { foreignIn } from '../../../../domain/cycle/foreign.ts';
import type { PositionView } from '../../../../domain/cycle/types.ts';
import { INSTRUMENT, positionWith } from './plan.fixture.ts';

const [id, OTHER] = [INSTRUMENT.id, 'OTHER'];
const held = (instrumentId: string, direction: 'long' | 'short', quantity: string) => ({ instrumentId, direction, quantity, entryPrice: '90', markPrice: '100.1', unrealizedPnl: '0', positionSide: 'both' }) as const;
const ours = (quantity: string, changes: Partial<PositionView> = {}): PositionView => positionWith({ direction: 'long', state: 'open', quantity, plannedQuantity: '10', ...changes });

// Ours: a long of the symbol. Each row: what we hold, what the venue holds, what of it is another hand's.
it.each<[string, readonly PositionView[], ReturnType<typeof held>[], (readonly [string, 'long' | 'short', string])[]]>([
  ['just what is ours', [ours('10')], [held(id, 'long', '10')], []],
  ['a position of a symbol that we do not hold', [ours('10')], [held(OTHER, 'short', '0.3')], [[OTHER, 'short', '30.03']]],
  ['the other side of a symbol of ours', [ours('10')], [held(id, 'long', '10'), held(id, 'short', '2')], [[id, 'short', '200.2']]],
  ['an addition to what is ours', [ours('0.1')], [held(id, 'long', '0.3')], [[id, 'long', '20.02']]],
  ['an addition to several of ours', [ours('4'), ours('5', { positionId: 'b' })], [held(id, 'long', '10')], [[id, 'long', '100.1']]],
  ['less than what is ours: its end is not booked yet', [ours('10', { state: 'closing' })], [held(id, 'long', '4')], []],
  ['an entry whose fills are not booked yet', [ours('0', { state: 'opening' })], [held(id, 'long', '10')], []],
  ['an addition during an entry', [ours('3', { state: 'opening' })], [held(id, 'long', '11')], [[id, 'long', '100.1']]],
  ['what was left of an entry', [ours('3')], [held(id, 'long', '4')], [[id, 'long', '100.1']]],
  ['all of it, with nothing of ours', [], [held(id, 'long', '1')], [[id, 'long', '100.1']]],
])('%s', (_name, own, account, expected) => {
  expect(foreignIn(account, own).map((it) => [it.instrumentId, it.direction, it.notional])).toEqual(expected);
});
