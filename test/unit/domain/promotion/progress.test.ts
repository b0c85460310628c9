import { expect, it } from 'vitest';
import { trialText, watchText } from '../../../../domain/promotion/progress.ts';
import type { TrialState } from '../../../../domain/promotion/shadow-trial.ts';

const HOUR_MS = 3_600_000;
const COUNT = { predictions: 40, moments: 203, horizonCandles: 4 };
const trial = (state: TrialState) => ({ id: 't', modelId: 'm', startedAt: 0, number: 2, state, since: 24 * HOUR_MS, steps: 1, canarySince: null });

it.each<[TrialState, string]>([
  [{ phase: 'operations' }, 'operations, 40 of 100 predictions, 6 h of 24 h'],
  [{ phase: 'superiority', looks: 1 }, 'look 2 of 4, 50 of 100 moments that do not overlap'],
  [{ phase: 'acknowledgement' }, 'it won, and a person is asked since 6 h (`keel models promote` or `keel models retire`)'],
  [{ phase: 'canary', stage: 1, since: 0 }, 'it votes on 50 % of the symbols since 6 h'],
  [{ phase: 'retired' }, 'retired'],
])('a trial at %j', (state, expected) => expect(trialText(trial(state), COUNT, 30 * HOUR_MS)).toBe(`trial 2 of this year, day 2: ${expected}`));

it('what was not counted is not told', () => expect(trialText(trial({ phase: 'superiority', looks: 0 }), null, 0)).toBe('trial 2 of this year, day 1: look 1 of 4'));

it.each([
  [{ id: 'w', modelIds: ['a'], since: 0, status: 'watching' as const }, 'watched since 1970-01-01T00:00, day 2 of 14'],
  [{ id: 'w', modelIds: ['a', 'b'], since: 0, status: 'watching' as const }, 'watched since 1970-01-01T00:00, day 2 of 14, with the 1 that it refreshed'],
  [{ id: 'w', modelIds: ['a'], since: 0, status: 'kept' as const }, 'the watch is over: kept'],
])('a watch', (watch, expected) => expect(watchText(watch, 30 * HOUR_MS)).toBe(expected));
