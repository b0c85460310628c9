import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { GUARD_MODES } from '../../../../domain/emergency/types.ts';
import { HEALTH_LEVELS } from '../../../../domain/health/types.ts';
import type { PostureFacts, PostureState } from '../../../../domain/oversight/posture.ts';
import { alikeness, FIRST_POSTURE, heededHealth, nextPosture, postureOverlayOf, wantedPosture } from '../../../../domain/oversight/posture.ts';
import { effectivePolicyOf, POSTURES } from '../../../../domain/policy/effective.ts';
import type { PostureName } from '../../../../domain/policy/effective.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';

const POLICY = PRESETS.normal;
const MINUTE = 60_000;
const NOW = 1_000 * MINUTE;
const drawn = (drawdownBps: number | null, recoveryDrawdownBps = drawdownBps) => ({ losses: { drawdownBps, recoveryDrawdownBps } });
/** Drawdown 2 %, all healthy, half of the slots used; each row changes one thing. */
const CALM: PostureFacts = { at: NOW, guard: 'armed', ...drawn(200), health: 'healthy', room: { open: 10, slots: 20 } };

it.each<[string, Partial<PostureFacts>, PostureName]>([
  ['calm', {}, 'normal'],
  ['an emergency', { guard: 'emergency' }, 'critical'],
  ['one that just began', { guard: 'tripping' }, 'critical'],
  ['critical health', { health: 'critical' }, 'critical'],
  ['drawdown at 8 %', drawn(800), 'critical'],
  ['drawdown just below 8 %', drawn(799.9), 'safe'],
  ['drawdown just above 3 %', drawn(300.1), 'safe'],
  ['drawdown at 3 %', drawn(300), 'normal'],
  ['the high of the day was higher than the peak since the emergency', drawn(0, 350), 'safe'],
  ['a drawdown that is not known', drawn(null), 'safe'],
  ['degraded health', { health: 'degraded' }, 'safe'],
  ['drawdown below 1.5 %', drawn(149.9), 'aggressive'],
  ['drawdown at 1.5 %', drawn(150), 'normal'],
  ['no drawdown, but 80 % of the slots used', { ...drawn(0), room: { open: 16, slots: 20 } }, 'normal'],
  ['no drawdown, nearly 80 % of the slots used', { ...drawn(0), room: { open: 15, slots: 20 } }, 'aggressive'],
  ['no drawdown, and the regime leaves half of the slots', { ...drawn(0), room: { open: 15, slots: 15 } }, 'normal'],
  ['no drawdown, and room is not known', { ...drawn(0), room: null }, 'normal'],
  ['no drawdown, no slots at all', { ...drawn(0), room: { open: 0, slots: 0 } }, 'normal'],
  ['no drawdown, on the way back from an emergency', { ...drawn(0), guard: 'cautious' }, 'normal'],
])('%s', (_name, changes, expected) => expect(wantedPosture({ ...CALM, ...changes }, POLICY).posture).toBe(expected));

it.each([[false, false, 'critical'], [true, false, 'healthy'], [true, true, 'critical']] as const)('health moves a posture (replay: %s, asked for there: %s): %s', (isReplay, machineryInReplay, expected) => {
  expect(heededHealth({ isReplay, newest: { at: NOW, level: 'critical' }, now: NOW }, { ...POLICY, machineryInReplay })).toBe(expected);
});

describe('a posture', () => {
  const held = (posture: PostureName, minutes: number): PostureState => ({ posture, since: NOW - minutes * MINUTE, why: '', room: null });
  it.each<[string, PostureState, Partial<PostureFacts>, PostureName]>([
    ['gets stricter at once', held('aggressive', 0), drawn(900), 'critical'],
    ['gets stricter at once, by one', held('aggressive', 0), {}, 'normal'],
    ['gets bolder after its dwell', held('critical', 15), {}, 'normal'],
    ['not before', held('critical', 14.9), {}, 'critical'],
    ['goes where the facts point, not step by step', held('critical', 15), drawn(0), 'aggressive'],
    ['that holds from the beginning dwells no more', FIRST_POSTURE, drawn(0), 'aggressive'],
    ['of a look from before it began is kept', { ...held('safe', 0), since: NOW + MINUTE }, {}, 'safe'],
  ])('%s', (_name, state, changes, expected) => {
    const next = nextPosture(state, { ...CALM, ...changes }, POLICY);
    expect(next.state.posture).toBe(expected);
    expect(next.change === null ? null : [next.change.from, next.change.to]).toEqual(expected === state.posture ? null : [state.posture, expected]);
    if (next.change !== null) expect(next.state).toMatchObject({ since: NOW, why: next.change.why, room: CALM.room });
  });

  it('is not changed for one that asks for nearly the same', () => {
    const policy = { ...POLICY, confidenceMin: 0.59, aggressiveConfidenceMin: 0.6, aggressiveSizeFactor: 1.05 };
    expect(alikeness(policy, 'normal', 'aggressive')).toBeCloseTo((0.59 / 0.6 + 1 / 1.05 + 1) / 3, 10);
    expect(nextPosture(held('normal', 60), { ...CALM, ...drawn(0) }, policy)).toMatchObject({ state: { posture: 'normal' }, change: null });
    expect(nextPosture(held('normal', 60), { ...CALM, ...drawn(0) }, { ...policy, postureAlikeMin: 1 })).toMatchObject({ state: { posture: 'aggressive' } });
  });

  it('gets stricter whatever it asks for: nearly the same is an excuse for boldness alone', () => {
    const policy = { ...POLICY, confidenceMin: 0.59, aggressiveConfidenceMin: 0.6, aggressiveSizeFactor: 1.05 };
    expect(nextPosture(held('aggressive', 0), CALM, policy).state.posture).toBe('normal');
    expect(nextPosture(held('normal', 0), { ...CALM, ...drawn(900) }, { ...policy, allowNewTrades: false }).state.posture).toBe('critical');
  });

  it.each<[PostureName, Record<string, unknown>]>([
    ['critical', { allowNewTrades: false }],
    ['safe', { confidenceMin: 0.75, positionsMax: 5, allowNewTrades: true }],
    ['normal', { confidenceMin: 0.5, positionsMax: 30, allowNewTrades: true }],
    ['aggressive', { confidenceMin: 0.6, positionsMax: 30, allowNewTrades: true }],
  ])('%s demands its numbers', (posture, expected) => {
    const { policy, sizeFactor } = effectivePolicyOf(POLICY, [postureOverlayOf(posture, POLICY)]);
    expect(policy).toMatchObject(expected);
    expect(sizeFactor).toBe({ critical: 1, safe: 0.6, normal: 1, aggressive: 1.3 }[posture]);
  });
});

it('is never bolder than the facts, and gets bolder only after a dwell', () => {
  const facts = fc.record({
    at: fc.integer({ min: 0, max: 200 }).map((minutes) => NOW + minutes * MINUTE), guard: fc.constantFrom(...GUARD_MODES), health: fc.constantFrom(...HEALTH_LEVELS),
    losses: fc.option(fc.integer({ min: 0, max: 1_200 })).map((bps) => ({ drawdownBps: bps, recoveryDrawdownBps: bps })), room: fc.option(fc.record({ open: fc.integer({ min: 0, max: 30 }), slots: fc.integer({ min: 0, max: 30 }) })),
  });
  const rank = (posture: PostureName): number => POSTURES.indexOf(posture);
  fc.assert(fc.property(fc.array(facts, { maxLength: 30 }).map((all) => all.sort((a, b) => a.at - b.at)), (looks) => {
    let state = FIRST_POSTURE;
    for (const look of looks) {
      const { state: next, change } = nextPosture(state, look, POLICY);
      expect(rank(next.posture)).toBeLessThanOrEqual(Math.max(rank(wantedPosture(look, POLICY).posture), 0));
      if (rank(next.posture) > rank(state.posture)) expect(look.at - state.since).toBeGreaterThanOrEqual(POLICY.postureDwellMin * MINUTE);
      expect(change === null).toBe(next.posture === state.posture);
      state = next;
    }
  }));
});
