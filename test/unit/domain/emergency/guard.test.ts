import { describe, expect, it } from 'vitest';
import type { GuardCommand, GuardState } from '../../../../domain/emergency/guard.ts';
import { applyGuard, ARMED, guardStateOf } from '../../../../domain/emergency/guard.ts';
import { tripCauseOf } from '../../../../domain/emergency/trip-request.ts';
import { overlayOf } from '../../../../domain/emergency/overlay.ts';
import type { TripCause } from '../../../../domain/emergency/types.ts';
import { effectivePolicyOf } from '../../../../domain/policy/effective.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';
import { exploreEmergency } from '../../../model/emergency.ts';

const CAUSE: TripCause = { trigger: 'drawdown', reason: 'drawdown 12 %', by: 'keel', severity: 'critical' };
const PERSON = tripCauseOf({ reason: 'enough', by: 'ada' });

function after(...commands: readonly GuardCommand[]): GuardState {
  return commands.reduce((state, command) => applyGuard(state, command).state, ARMED);
}
const trip: GuardCommand = { kind: 'trip', cause: CAUSE, at: 1 };
const flat: GuardCommand = { kind: 'flat', emergency: 1, round: 1, positionsClosed: 3, at: 2 };
const sealed: GuardCommand = { kind: 'sealed', emergency: 1, round: 1, at: 3 };
const step = (from: 'emergency' | 'protective' | 'cautious', to: 'emergency' | 'protective' | 'cautious' | 'normal'): GuardCommand =>
  ({ kind: 'step', emergency: 1, from, to, drawdownBps: 800, at: 4, marketAt: 40 });
const SEALED = [trip, flat, sealed] as const;

// Each row: what went before, the command, what it changes, and the mode after it.
it.each<[string, readonly GuardCommand[], GuardCommand, string, string]>([
  ['a first trip',                      [],                                                     trip,                       'tripped',   'tripping'],
  ['the same trip twice',               [trip],                                                 trip,                       'none',      'tripping'],
  ['flat',                              [trip],                                                 flat,                       'flat',      'tripping'],
  ['flat twice',                        [trip, flat],                                           flat,                       'none',      'tripping'],
  ['flat of another round',             [trip],                                                 { ...flat, round: 2 },      'none',      'tripping'],
  ['sealed of another round',           [trip, flat],                                           { ...sealed, round: 2 },    'none',      'tripping'],
  ['sealed before flat',                [trip],                                                 sealed,                     'none',      'tripping'],
  ['sealed',                            [trip, flat],                                           sealed,                     'sealed',    'emergency'],
  ['a late trip while sealed',          SEALED,                                                 trip,                       'none',      'emergency'],
  ['a first step back',                 SEALED,                                                 step('emergency', 'protective'), 'recovered', 'protective'],
  ['a step that skips one',             SEALED,                                                 step('emergency', 'cautious'), 'none',   'emergency'],
  ['a step before it is sealed',        [trip, flat],                                           step('emergency', 'protective'), 'none', 'tripping'],
  ['a step repeated after a kill',      [...SEALED, step('emergency', 'protective')],           step('emergency', 'protective'), 'none', 'protective'],
  ['back to normal',                    [...SEALED, step('emergency', 'protective'), step('protective', 'cautious')], step('cautious', 'normal'), 'recovered', 'armed'],
  ['downward at once',                  [...SEALED, step('emergency', 'protective'), step('protective', 'cautious')], step('cautious', 'protective'), 'recovered', 'protective'],
  ['falling back trips',                [...SEALED, step('emergency', 'protective')],           trip,                       'tripped',   'tripping'],
  ['nobody steps into emergency',       [...SEALED, step('emergency', 'protective')],           step('protective', 'emergency'), 'none', 'protective'],
  ['a reset of what is reset',          [...SEALED, { kind: 'reset', by: 'ada', because: 'x', at: 1 }], { kind: 'reset', by: 'bob', because: 'y', at: 2 }, 'none', 'emergency'],
  ['a step of another emergency',       SEALED,                                                 { ...step('emergency', 'protective'), emergency: 2 } as GuardCommand, 'none', 'emergency'],
  ['a reset of what is normal',         [],                                                     { kind: 'reset', by: 'ada', because: 'x', at: 1 }, 'none', 'armed'],
  ['a reset',                           SEALED,                                                 { kind: 'reset', by: 'ada', because: 'x', at: 1 }, 'reset', 'emergency'],
])('%s', (_name, before, command, change, mode) => {
  const result = applyGuard(after(...before), command);
  expect([result.change, result.state.mode]).toEqual([change, mode]);
});

it('a trip during recovery belongs to the same emergency; one after it is the next', () => {
  const fellBack = applyGuard(after(...SEALED, step('emergency', 'protective')), trip).state;
  expect([fellBack.emergency, fellBack.round, fellBack.sealedAt]).toEqual([1, 2, null]);
  const normal = after(...SEALED, step('emergency', 'protective'), step('protective', 'cautious'), step('cautious', 'normal'));
  expect(applyGuard(normal, trip).state).toMatchObject({ emergency: 2, round: 1 });
});

it('a person who trips during an emergency of losses must be asked before it ends', () => {
  const both = applyGuard(after(...SEALED), { kind: 'trip', cause: PERSON, at: 5 }).state;
  expect(both.cause).toEqual(PERSON);
  expect(applyGuard(after(...SEALED), { ...trip, cause: { ...CAUSE, trigger: 'feed' } }).state.cause).toEqual(CAUSE);
});

it('a person who trips while it closes must be asked as well, also after another gave their word', () => {
  const closing = applyGuard(after(trip, flat), { kind: 'trip', cause: PERSON, at: 5 });
  expect([closing.change, closing.state.mode, closing.state.round, closing.state.cause]).toEqual(['none', 'tripping', 1, PERSON]);
  expect(closing.state.history.at(-1)).toMatchObject({ why: 'again: enough', by: 'ada' });
  const given = applyGuard(closing.state, { kind: 'reset', by: 'bob', because: 'looked at it', at: 6 }).state;
  expect(given.resetBy).toBe('bob');
  expect(applyGuard(given, { kind: 'trip', cause: PERSON, at: 7 }).state.resetBy).toBeNull();
  expect(applyGuard(after(trip), { kind: 'trip', cause: { ...CAUSE, trigger: 'feed' }, at: 5 }).state).toEqual(after(trip));
});

it('a stop that was heard already changes nothing, however late, also by a guard of an older version', () => {
  const stop: GuardCommand = { kind: 'trip', cause: { ...PERSON, requestId: 'x' }, at: 1 };
  const given = applyGuard(after(stop, flat, sealed), { kind: 'reset', by: 'bob', because: 'looked at it', at: 6 }).state;
  expect(applyGuard(given, { ...stop, at: 9 }).state).toBe(given);
  expect(applyGuard(given, { ...stop, cause: { ...PERSON, requestId: 'y' }, at: 9 }).state).toMatchObject({ resetBy: null, requests: ['x', 'y'] });
  const many = Array.from({ length: 60 }, (_, id): GuardCommand => ({ ...stop, cause: { ...PERSON, requestId: String(id) } }));
  expect(after(...many).requests).toEqual(Array.from({ length: 50 }, (_, id) => String(id + 10)));
});

it('the stop of another person, or of one with other words, is noted as the cause; the same again is not', () => {
  const by = (reason: string, name: string): GuardCommand => ({ kind: 'trip', cause: { ...PERSON, reason, by: name }, at: 5 });
  const { history, cause } = after(by('enough', 'ada'), by('enough', 'ada'), by('enough', 'bob'), by('fire', 'bob'), trip);
  expect(history.map((it) => `${it.why} (${it.by})`)).toEqual(['person: enough (ada)', 'again: enough (bob)', 'again: fire (bob)']);
  expect(cause).toMatchObject({ reason: 'fire', by: 'bob' });
});

it('a halt is kept while it is stopped, and noted once; else it is the fence\'s own', () => {
  const halt: GuardCommand = { kind: 'halt', by: 'reconciliation', because: 'another Keel', at: 5 };
  expect(applyGuard(ARMED, halt).state).toBe(ARMED);
  const kept = applyGuard(after(trip), halt).state;
  expect([kept.keepsFence, kept.mode, kept.history.at(-1)?.why]).toEqual([true, 'tripping', 'the fence stays: another Keel']);
  expect(applyGuard(kept, halt).state).toBe(kept);
});

it('a word about another emergency than this one changes nothing', () => {
  const reset = (emergency: number): GuardCommand => ({ kind: 'reset', by: 'bob', because: 'the last one is over', at: 5, emergency });
  expect(applyGuard(after(...SEALED), reset(0))).toEqual({ state: after(...SEALED), change: 'none' });
  expect(applyGuard(after(...SEALED), reset(1)).change).toBe('reset');
});

it('a word that was given for one round does not end the next', () => {
  const given = after(...SEALED, { kind: 'reset', by: 'ada', because: 'looked at it', at: 4 }, step('emergency', 'protective'));
  expect(given.resetBy).toBe('ada');
  expect(applyGuard(given, { kind: 'trip', cause: PERSON, at: 5 }).state.resetBy).toBeNull();
});

it('leaving emergency re-bases the peak of the drawdown', () => {
  expect(after(...SEALED, step('emergency', 'protective')).peakSince).toBe(40);
});

it('a stored state is read whole, an old or strange one as armed', () => {
  const state = after(...SEALED);
  expect(guardStateOf(JSON.parse(JSON.stringify(state)) as Record<string, unknown>)).toEqual(state);
  expect(guardStateOf({ mode: 'armed' })).toEqual(ARMED);
  expect(guardStateOf({ mode: 'what' }).mode).toBe('armed');
});

describe('a malformed payload still trips', () => {
  it.each<[string, unknown, string, string]>([
    ['nothing',        undefined,                         'no reason given', 'unknown'],
    ['null',           null,                              'no reason given', 'unknown'],
    ['text',           'fire',                            'fire',            'unknown'],
    ['empty text',     '  ',                              'no reason given', 'unknown'],
    ['a number',       42,                                'no reason given', 'unknown'],
    ['a list',         ['x'],                             'no reason given', 'unknown'],
    ['wrong keys',     { why: 'x', who: 'y' },            'no reason given', 'unknown'],
    ['wrong types',    { reason: 7, by: { name: 'x' } },  'no reason given', 'unknown'],
    ['control characters', { reason: 'a\u0000\nb', by: 'ada' }, 'a b',       'ada'],
  ])('%s', (_name, payload, reason, by) => {
    const cause = tripCauseOf(payload);
    expect([cause.trigger, cause.reason, cause.by]).toEqual(['person', reason, by]);
    expect(applyGuard(ARMED, { kind: 'trip', cause, at: 1 }).state.mode).toBe('tripping');
  });
});

it.each([
  ['armed',      true,  false, '1000', 5, 0.5],
  ['tripping',   false, true,  '1000', 5, 0.5],
  ['emergency',  false, true,  '1000', 5, 0.5],
  ['protective', true,  false, '100',  5, 0.75],
  ['cautious',   true,  false, '300',  5, 0.55],
] as const)('in %s new trades are allowed: %s, emergency: %s, notional at most %s, leverage %f, confidence from %f', (mode, allowed, emergencyMode, notionalMax, leverageMax, confidenceMin) => {
  const effective = effectivePolicyOf(PRESETS.normal, [overlayOf(mode, PRESETS.normal)]);
  expect(effective.emergencyMode).toBe(emergencyMode);
  expect(effective.policy).toMatchObject({ allowNewTrades: allowed, notionalMax, leverageMax, confidenceMin });
});

it.each([['armed', true], ['tripping', false], ['emergency', false], ['protective', true], ['cautious', true]] as const)('the overlay of %s says by itself whether trades are allowed: %s', (mode, allowed) => {
  expect(overlayOf(mode, PRESETS.normal)).toMatchObject({ allowNewTrades: allowed, emergencyMode: !allowed });
});

it('guard, recovery and fence keep their promises (more of it: npm run model)', () => {
  exploreEmergency({ runs: 300, seed: Number(process.env['KEEL_TEST_SEED'] ?? '1') });
});
