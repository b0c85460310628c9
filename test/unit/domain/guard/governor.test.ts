import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ModelSight } from '../../../../domain/cycle/types.ts';
import type { GovernorInput } from '../../../../domain/guard/governor.ts';
import { directivesOf, govern } from '../../../../domain/guard/governor.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';

const HOUR_MS = 3_600_000;
const NOW = 100 * HOUR_MS;
const CALM: GovernorInput = { dailyLossBps: 0, trades: { lossesInARow: 0, lastLossAt: null }, closeTime: NOW, overlay: { isEmergency: false, sizeFactor: null }, models: undefined, policy: PRESETS.normal };
const champion = (hadChampion: boolean, state?: ModelSight['read'][number]['state']): Partial<GovernorInput> => ({ models: { hadChampion, read: [{ modelId: 't', role: 'onTrial', state: 'used', why: null }, ...(state === undefined ? [] : [{ modelId: 'm', role: 'champion' as const, state, why: state === 'used' ? null : 'why' }])] } });
const streak = (lossesInARow: number, hoursAgo = 1) => ({ trades: { lossesInARow, lastLossAt: NOW - hoursAgo * HOUR_MS } });

// Daily loss at most 500 bps; each row changes one thing of a calm day.
it.each<[string, Partial<GovernorInput>, number, string]>([
  ['nothing to say', {}, 1, 'policy'],
  ['70 % of the daily loss less a bit', { dailyLossBps: 349.9 }, 1, 'policy'],
  ['70 % of it', { dailyLossBps: 350 }, 0.85, 'dailyLoss'],
  ['all of it', { dailyLossBps: 500 }, 0, 'dailyLoss'],
  ['four losses in a row', streak(4), 1, 'policy'],
  ['five', streak(5), 0.75, 'losingStreak'],
  ['seven', streak(7), 0.75, 'losingStreak'],
  ['eight', streak(8), 0, 'losingStreak'],
  ['eight, the last a day ago', streak(8, 24), 0.75, 'losingStreak'],
  ['an emergency', { overlay: { isEmergency: true, sizeFactor: null } }, 0, 'recovery'],
  ['a posture', { overlay: { isEmergency: false, sizeFactor: 0.6 } }, 0.6, 'posture'],
  ['a posture that enlarges', { overlay: { isEmergency: false, sizeFactor: 1.3 } }, 1.3, 'posture'],
  ['no model ever', champion(false), 1, 'policy'],
  ['a champion that is used', champion(true, 'used'), 1, 'policy'],
  ['one that is expired', champion(true, 'expired'), 0.5, 'model'],
  ['one that is refused', champion(true, 'refused'), 0.5, 'model'],
  ['none any more', champion(true), 0.5, 'model'],
  ['the smallest wins: streak over posture', { ...streak(5), overlay: { isEmergency: false, sizeFactor: 1.3 } }, 0.75, 'losingStreak'],
  ['the smallest wins: posture over loss', { dailyLossBps: 400, overlay: { isEmergency: false, sizeFactor: 0.6 } }, 0.6, 'posture'],
])('%s', (_name, changes, multiplier, owner) => expect(govern(directivesOf({ ...CALM, ...changes }))).toMatchObject({ multiplier, owner }));

describe('what is not known blocks', () => {
  it.each<[string, Partial<GovernorInput>, string]>([
    ['the daily loss', { dailyLossBps: null }, 'dailyLoss'],
    ['a daily loss that is no number', { dailyLossBps: NaN }, 'dailyLoss'],
    ['the trades', { trades: null }, 'losingStreak'],
    ['recovery and posture', { overlay: null }, 'recovery'],
  ])('%s', (_name, changes, owner) => expect(govern(directivesOf({ ...CALM, ...changes }))).toMatchObject({ multiplier: 0, owner }));
  it('no directive computed yet', () => expect(govern([])).toEqual({ multiplier: 0, owner: 'none', directives: [] }));
});

it('is never above the smallest directive', () => {
  const directive = fc.record({ owner: fc.constantFrom('dailyLoss' as const, 'losingStreak' as const, 'recovery' as const, 'posture' as const), multiplier: fc.option(fc.double({ min: 0, max: 2, noNaN: true })), value: fc.constant(''), limit: fc.constant('') });
  fc.assert(fc.property(fc.array(directive, { minLength: 1 }), (directives) => {
    const { multiplier } = govern(directives);
    for (const it of directives) if (it.multiplier !== null) expect(multiplier).toBeLessThanOrEqual(it.multiplier);
  }));
});
