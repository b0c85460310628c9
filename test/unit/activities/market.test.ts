/** What a cycle tells of its posture. */
import { expect, it } from 'vitest';
import { overseen } from '../../../activities/market.ts';
import { roomOf } from '../../../domain/cycle/room.ts';
import type { PostureState, Room } from '../../../domain/oversight/posture.ts';
import { PRESETS } from '../../../domain/policy/policy.ts';
import type { Ledger, OversightSight } from '../../../domain/ports/ledger.ts';
import { portOf } from '../../support/ports.ts';
import { observationWith } from '../domain/cycle/plan.fixture.ts';

const OBSERVATION = observationWith({});
const POLICY = PRESETS.normal;
const ROOM = roomOf(OBSERVATION.symbols, 0, POLICY);
const HOLDS: PostureState = { posture: 'aggressive', since: 0, why: 'a test', room: ROOM };

it.each<[string, Room | null, boolean]>([
  ['the same room: nothing', ROOM, false],
  ['more open than before: the room', { ...ROOM, open: 5 }, true],
  ['slots that another regime left: the room', { ...ROOM, slots: 1 }, true],
  ['never any before: the room', null, true],
])('a cycle that changes no posture writes, of %s', async (_name, room, isWritten) => {
  const written: OversightSight[] = [];
  const ledger = portOf<Ledger>({
    oversee: (_portfolioId, sight) => {
      written.push(sight);
      return Promise.resolve({ state: { ...HOLDS, room: sight.room }, change: null });
    },
  });
  const context = { isReplay: false, health: { at: 0, level: 'healthy' }, posture: { ...HOLDS, room }, account: { positions: [] } } as const;
  const state = await overseen({ ledger, clock: () => 0 }, OBSERVATION.candle, { symbols: OBSERVATION.symbols, context, guard: 'armed', losses: { dailyLossBps: 0, drawdownBps: 0, recoveryDrawdownBps: 0 }, policy: POLICY });
  expect(state).toMatchObject({ posture: 'aggressive', room: ROOM });
  expect(written.map((it) => it.room)).toEqual(isWritten ? [ROOM] : []);
});
