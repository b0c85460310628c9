import { expect, it } from 'vitest';
import { NORMAL_LIMITS } from '../../../../domain/emergency/limits.ts';
import type { RecoveryFacts, RecoveryState } from '../../../../domain/emergency/recovery.ts';
import { bandOf, missingForNextStep, recoveryLook } from '../../../../domain/emergency/recovery.ts';
import { CALM } from '../../../../domain/emergency/triggers.ts';
import type { RecoveryMode, Trigger } from '../../../../domain/emergency/types.ts';

function state(mode: RecoveryMode, trigger: Trigger = 'drawdown', more: Partial<RecoveryState> = {}): RecoveryState {
  return { mode, cause: { trigger, reason: 'it happened', by: 'keel', severity: 'high' }, isReset: false, betterSince: null, ...more };
}
function facts(at: number, drawdownBps: number | null, readings: Partial<RecoveryFacts['readings']> = {}): RecoveryFacts {
  return { at, drawdownBps, readings: { ...CALM, ...readings } };
}
const D = NORMAL_LIMITS.dwellMs;

it.each([[0, 'normal'], [199, 'normal'], [200, 'cautious'], [399, 'cautious'], [400, 'protective'], [999, 'protective'], [1_000, 'emergency'], [5_000, 'emergency']])(
  'a drawdown of %i basis points is the band %s', (bps, band) => {
    expect(bandOf(bps)).toBe(band);
  });

// Since when it is better, when it is looked at, what is read, and where it goes.
it.each<[string, RecoveryState, RecoveryFacts, RecoveryMode]>([
  ['better, before the dwell is over',  state('emergency', 'drawdown', { betterSince: 0 }), facts(D - 1, 0),   'emergency'],
  ['better for the dwell',              state('emergency', 'drawdown', { betterSince: 0 }), facts(D, 0),       'protective'],
  ['one step only, however good',       state('protective', 'drawdown', { betterSince: 0 }), facts(9 * D, 0),  'cautious'],
  ['in its own band it stays',          state('protective', 'drawdown', { betterSince: 0 }), facts(9 * D, 500), 'protective'],
  ['downward at once',                  state('cautious'),                                  facts(0, 500),     'protective'],
  ['downward by several at once',       state('cautious'),                                  facts(0, 1_500),   'emergency'],
  ['equity unknown gives nothing back', state('emergency', 'drawdown', { betterSince: 0 }), facts(9 * D, null), 'emergency'],
  ['a person is waited for',            state('emergency', 'person', { betterSince: 0 }),   facts(9 * D, 0),   'emergency'],
  ['a person reset it',                 state('emergency', 'person', { betterSince: 0, isReset: true }), facts(D, 0), 'protective'],
  ['a condition that still holds',      state('emergency', 'feed', { betterSince: 0 }),     facts(9 * D, 0, { feedAgeMs: 300_001 }), 'emergency'],
  ['a condition over for the dwell',    state('emergency', 'feed', { betterSince: 0 }),     facts(D, 0),       'protective'],
  ['no word ends a condition',          state('emergency', 'feed', { betterSince: 0, isReset: true }), facts(9 * D, 0, { feedAgeMs: 300_001 }), 'emergency'],
  ['a condition that came meanwhile',   state('emergency', 'openLoss', { betterSince: 0 }), facts(9 * D, 0, { ledgerDiffers: 'ghostPosition BTC' }), 'emergency'],
  ['also after a person\'s word',       state('emergency', 'person', { betterSince: 0, isReset: true }), facts(9 * D, 0, { health: 'critical' }), 'emergency'],
  ['a loss of the day that stays',      state('emergency', 'openLoss', { betterSince: 0 }), facts(D, 0, { dailyLossBps: 1_200 }), 'protective'],
  ['a condition hinders no later step', state('protective', 'feed', { betterSince: 0 }),    facts(D, 0, { isFeedCorrupt: true }), 'cautious'],
  ['later steps go by drawdown alone',  state('protective', 'person', { betterSince: 0 }),  facts(D, 0),       'cautious'],
])('%s', (_name, before, seen, mode) => {
  expect(recoveryLook(before, seen).state.mode).toBe(mode);
});

it('a relapse begins the dwell anew', () => {
  const first = recoveryLook(state('emergency'), facts(0, 800)).state;
  const relapsed = recoveryLook(first, facts(D - 1, 1_000)).state;
  expect(recoveryLook(relapsed, facts(D + 1, 800))).toMatchObject({ step: null, state: { betterSince: D + 1 } });
});

it('a step begins the next dwell', () => {
  const stepped = recoveryLook(state('emergency', 'drawdown', { betterSince: 0 }), facts(D, 0)).state;
  expect(stepped).toMatchObject({ mode: 'protective', betterSince: null });
  expect(recoveryLook(stepped, facts(D + 1, 0)).step).toBeNull();
});

it('12 % to 8 % to 3 % to 1 % is exactly three steps', () => {
  const steps: string[] = [];
  let now = state('emergency');
  let at = 0;
  for (const bps of [1_200, 800, 300, 100]) {
    for (let minute = 0; minute < 30; minute += 1, at += 60_000) {
      const look = recoveryLook(now, facts(at, bps));
      now = look.state;
      if (look.step !== null) steps.push(`${look.step.from} > ${look.step.to}`);
    }
  }
  expect(steps).toEqual(['emergency > protective', 'protective > cautious', 'cautious > normal']);
});

it.each<[string, RecoveryState, RecoveryFacts, RegExp | null]>([
  ['drawdown',   state('emergency'),                                     facts(0, 1_100),    /11\.00 %, must fall below 10\.00 %/],
  ['a person',   state('emergency', 'person'),                           facts(0, 0),        /keel resume/],
  ['condition',  state('emergency', 'feed'),                             facts(0, 0, { isFeedCorrupt: true }), /feed: must be over/],
  ['another condition', state('emergency', 'openLoss'),                  facts(0, 0, { health: 'unreachable' }), /^health: must be over$/],
  ['all of them', state('emergency', 'person'),                          facts(0, 0, { isFeedCorrupt: true }), /keel resume.*; feed: must be over/],
  ['the dwell',  state('emergency', 'drawdown', { betterSince: 0 }),     facts(60_000, 0),   /240 s more/],
  ['equity',     state('emergency'),                                     facts(0, null),     /equity is not known/],
  ['nothing',    state('normal'),                                        facts(0, 0),        null],
])('says what is missing: %s', (_name, now, seen, words) => {
  const missing = missingForNextStep(now, seen).join('; ');
  if (words === null) expect(missing).toBe('');
  else expect(missing).toMatch(words);
});
