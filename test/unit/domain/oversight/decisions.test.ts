import { describe, expect, it } from 'vitest';
import { answerOf, decisionNamed, decisionsText } from '../../../../client/decisions.ts';
import { ARMED } from '../../../../domain/emergency/guard.ts';
import type { Decision, DecisionFacts } from '../../../../domain/oversight/decisions.ts';
import { decisionsOf } from '../../../../domain/oversight/decisions.ts';
import { PRESETS } from '../../../../domain/policy/policy.ts';

const MODEL = 'abcdef0123456789';
const PERSON = { trigger: 'person', reason: 'a strange fill', by: 'ada', severity: 'critical' } as const;
const QUIET: DecisionFacts = { guard: ARMED, trial: null, hasPassedGate: false, policy: PRESETS.normal, sizing: { modelId: MODEL, boundBps: 1, notCompared: null, closedTrades: 300, isAcknowledged: false } };
const ASKED: DecisionFacts = { ...QUIET, trial: { modelId: MODEL, since: 60_000, state: { phase: 'acknowledgement' } }, hasPassedGate: true, policy: { ...PRESETS.normal, promotionAnswerMin: 30, promotionUnanswered: 'promote' } };
const TRIPPED: DecisionFacts = { ...QUIET, guard: { ...ARMED, mode: 'emergency', emergency: 3, cause: PERSON } };

describe('what waits for a person', () => {
  it.each<[string, DecisionFacts, readonly string[]]>([
    ['nothing', QUIET, []],
    ['an emergency by a person', TRIPPED, ['emergency/3']],
    ['not one whose cause ends by itself', { ...TRIPPED, guard: { ...TRIPPED.guard, cause: { ...PERSON, trigger: 'feed' } } }, []],
    ['not one that was reset', { ...TRIPPED, guard: { ...TRIPPED.guard, resetBy: 'ben' } }, []],
    ['a model that won its trial', ASKED, ['promotion/abcdef012345']],
    ['not one that still has to', { ...ASKED, trial: { modelId: MODEL, since: 0, state: { phase: 'superiority', looks: 1 } } }, []],
    ['sizing that would be in charge', { ...QUIET, policy: { ...PRESETS.normal, rlSizing: 'primary' } }, ['sizing/abcdef012345']],
    ['not where more is missing', { ...QUIET, policy: { ...PRESETS.normal, rlSizing: 'primary' }, sizing: { ...QUIET.sizing, closedTrades: 299 } }, []],
    ['not where it was acknowledged', { ...QUIET, policy: { ...PRESETS.normal, rlSizing: 'primary' }, sizing: { ...QUIET.sizing, isAcknowledged: true } }, []],
    ['all of it, an emergency first', { ...ASKED, guard: TRIPPED.guard, policy: { ...ASKED.policy, rlSizing: 'primary' } }, ['emergency/3', 'promotion/abcdef012345', 'sizing/abcdef012345']],
  ])('%s', (_name, facts, ids) => expect(decisionsOf(facts).map((it) => it.id)).toEqual(ids));

  it.each<[string, Partial<DecisionFacts>, string]>([
    ['by policy', {}, 'after 30 min it is promoted'],
    ['by the usual policy', { policy: { ...ASKED.policy, promotionUnanswered: 'retire' } }, 'after 30 min it is retired'],
    ['never without the gate', { hasPassedGate: false }, 'after 30 min it is retired'],
  ])('has its limit, and what is done at it: %s', (_name, change, unanswered) => {
    const [decision] = decisionsOf({ ...ASKED, ...change });
    expect(decision).toMatchObject({ askedAt: 60_000, dueAt: 60_000 + 30 * 60_000, answers: ['promote', 'retire'] });
    expect(decision?.unanswered).toContain(unanswered);
  });
});

describe('an answer', () => {
  const waiting = decisionsOf({ ...ASKED, guard: TRIPPED.guard });

  it('is to one that waits, by the beginning of its id', () => {
    expect(decisionNamed(waiting, 'promo', 'sim').kind).toBe('promotion');
    expect(() => decisionNamed(waiting, 'sizing', 'sim')).toThrow(expect.objectContaining({ code: 'NOT_FOUND', message: expect.stringContaining('emergency/3, promotion/abcdef012345') as string }) as Error);
    expect(() => decisionNamed([...waiting, { ...(waiting[0] as Decision), id: 'emergency/4' }], 'emer', 'sim')).toThrow(expect.objectContaining({ code: 'USAGE' }) as Error);
  });

  it('that says nothing of which is to none, also where one waits alone: a script\'s empty variable resumes nothing', () => {
    expect(() => decisionNamed(waiting.slice(0, 1), '', 'sim')).toThrow(expect.objectContaining({ code: 'NOT_FOUND', message: expect.stringContaining('emergency/3') as string }) as Error);
  });

  it('is one of those that it has', () => {
    const promotion = decisionNamed(waiting, 'promotion', 'sim');
    expect(answerOf(promotion, 'retire')).toBe('retire');
    expect(() => answerOf(promotion, 'resume')).toThrow(expect.objectContaining({ code: 'USAGE', message: expect.stringContaining('allowed: promote, retire') as string }) as Error);
  });
});

it('the list says how long is left', () => {
  expect(decisionsText({ deployment: 'sim', now: 0, waiting: [] })).toBe('sim: nothing waits for a person');
  const text = decisionsText({ deployment: 'sim', now: 10 * 60_000, waiting: decisionsOf({ ...ASKED, guard: TRIPPED.guard }) });
  expect(text).toMatch(/promotion\/abcdef012345 {2}21 min left {2}promote, retire/);
  expect(text).toMatch(/emergency\/3 +no limit +resume/);
});
