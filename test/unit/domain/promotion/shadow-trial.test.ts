import { describe, expect, it } from 'vitest';
import { normal, prngOf } from '../../../../domain/market/seeded/prng.ts';
import type { TrialFacts, TrialState, TrialTerms } from '../../../../domain/promotion/shadow-trial.ts';
import { canaryOf, closesToSkip, isLookDue, LOOKS, nextTrial, TRIAL_BEGUN, trialNumberOf } from '../../../../domain/promotion/shadow-trial.ts';

const DAY_MS = 86_400_000;
const TERMS: TrialTerms = { startedAt: 0, trialNumber: 1, horizonCandles: 4, needsAcknowledgement: true, canaryStageMs: DAY_MS, latencyMsMax: 50, coverageMin: 0.99 };
/** Of exactly this mean, in units of their deviation. */
function noise(count: number, mean: number): Float64Array {
  const random = prngOf('differences');
  const drawn = Float64Array.from({ length: count }, () => normal(random));
  const centre = drawn.reduce((a, b) => a + b) / count;
  return drawn.map((value) => mean + value - centre);
}
const FACTS: TrialFacts = { at: DAY_MS, predictions: 100, beside: 100, latencyMsP99: 50, coverage: 0.99, skew: [], differences: new Float64Array(0), cells: [], acknowledged: null, isWorse: false };
const next = (state: TrialState, facts: Partial<TrialFacts>, terms: Partial<TrialTerms> = {}): ReturnType<typeof nextTrial> => nextTrial(state, { ...FACTS, ...facts }, { ...TERMS, ...terms });
const LOOKING: TrialState = { phase: 'superiority', looks: 0 };

describe('operations', () => {
  it.each<[string, Partial<TrialFacts>, TrialState]>([
    ['a day and a hundred predictions without a fault', {}, LOOKING],
    ['too early', { at: DAY_MS - 1 }, TRIAL_BEGUN],
    ['too few', { predictions: 99, beside: 99 }, TRIAL_BEGUN],
    ['a few fewer than whoever acts', { predictions: 99 }, TRIAL_BEGUN],
    ['silent while others spoke a hundred times', { predictions: 0, coverage: 0 }, { phase: 'retired' }],
    ['too slow', { latencyMsP99: 51 }, { phase: 'retired' }],
    ['too often silent', { coverage: 0.98 }, { phase: 'retired' }],
    ['skewed, at once', { at: 0, predictions: 1, skew: ['rsi14'] }, { phase: 'retired' }],
    ['worse by far, which is no matter yet', { differences: noise(1_000, -1) }, LOOKING],
  ])('%s', (_name, facts, state) => {
    const step = next(TRIAL_BEGUN, facts);
    expect(step.state).toEqual(state);
    expect(step.why === null).toBe(state.phase === 'operations');
  });
});

describe('superiority', () => {
  it.each<[string, Partial<TrialFacts>, Partial<TrialTerms>, TrialState]>([
    ['one moment too few for a look', { differences: noise(199, 1) }, {}, LOOKING],
    ['better', { differences: noise(200, 1) }, {}, { phase: 'acknowledgement' }],
    ['better, and nobody has to agree', { differences: noise(200, 1) }, { needsAcknowledgement: false }, { phase: 'canary', stage: 0, since: DAY_MS }],
    ['not proved', { differences: noise(200, 0) }, {}, { phase: 'superiority', looks: 1 }],
    ['what comes after a look does not count in it', { differences: Float64Array.of(...noise(200, 0), ...noise(100, 5)) }, {}, { phase: 'superiority', looks: 1 }],
    ['worse in a symbol', { differences: noise(200, 1), cells: [{ name: 'BTC', differences: noise(200, -1) }] }, {}, { phase: 'superiority', looks: 1 }],
    ['worse in a cell too small to say so', { differences: noise(200, 1), cells: [{ name: 'BTC', differences: noise(199, -1) }] }, {}, { phase: 'acknowledgement' }],
    ['worse in a cell by chance', { differences: noise(200, 1), cells: [{ name: 'BTC', differences: noise(200, -0.02) }] }, {}, { phase: 'acknowledgement' }],
    ['skewed', { skew: ['rsi14'] }, {}, { phase: 'retired' }],
  ])('%s', (_name, facts, terms, state) => expect(next(LOOKING, facts, terms).state).toEqual(state));

  it('the more trials in a year, the harder', () => {
    const differences = noise(200, 0.19);
    expect([1, 10].map((trialNumber) => next(LOOKING, { differences }, { trialNumber }).state.phase)).toEqual(['acknowledgement', 'superiority']);
    expect(next(LOOKING, { differences }).why).toMatch(/p 0.00\d\d after 50 independent moments, at most 0.0125/);
  });

  it('neighbours that share their label count as little as they say', () => {
    const fifty = noise(50, 0.22);
    const shared = Float64Array.from({ length: 200 }, (_, index) => fifty[Math.floor(index / 4)] as number); // fifty values, four times each
    expect(next(LOOKING, { differences: shared }).state.phase).toBe('superiority');
    expect(next(LOOKING, { differences: noise(200, 0.22) }).state.phase).toBe('acknowledgement'); // the same mean, of values on their own
  });

  it('undecided after the last look is retired', () => {
    const step = next({ phase: 'superiority', looks: LOOKS.length - 1 }, { differences: noise(1_600, 0) });
    expect(step).toEqual({ state: { phase: 'retired' }, why: expect.stringMatching(/after 400 independent moments.*undecided to the end/) });
  });

  it.each([[[], 1], [[0], 2], [[0, 100 * DAY_MS], 3], [[-DAY_MS], 1]])('trials begun at %j: this is number %d', (begun, number) => expect(trialNumberOf(begun, 364 * DAY_MS)).toBe(number));
});

it.each<[string, TrialState, Partial<Parameters<typeof isLookDue>[1]>, boolean]>([
  ['operations: a day and a hundred', TRIAL_BEGUN, {}, true],
  ['operations: too early', TRIAL_BEGUN, { at: DAY_MS - 1 }, false],
  ['operations: too few of both', TRIAL_BEGUN, { predictions: 99, beside: 99 }, false],
  ['operations: too few of its own alone', TRIAL_BEGUN, { predictions: 0 }, true],
  ['the first look', LOOKING, { moments: 200 }, true],
  ['a moment before it', LOOKING, { moments: 199 }, false],
  ['the second look', { phase: 'superiority', looks: 1 }, { moments: 399 }, false],
  ['a person is waited for', { phase: 'acknowledgement' }, {}, true],
])('facts are gathered when they may decide: %s', (_name, state, facts, expected) => expect(isLookDue(state, { at: DAY_MS, predictions: 100, beside: 100, moments: 0, ...facts }, TERMS)).toBe(expected));

it.each<[string, TrialState, number, number]>([
  ['150 moments of 200 are there: the fiftieth close from now is the next that may decide', LOOKING, 150, 49],
  ['one is missing', LOOKING, 199, 0],
  ['none is missing', LOOKING, 200, 0],
  ['operations go by time too', TRIAL_BEGUN, 0, 0],
  ['so does a canary', { phase: 'canary', stage: 0, since: 0 }, 0, 0],
])('closes to skip: %s', (_name, state, moments, expected) => expect(closesToSkip(state, moments, 4)).toBe(expected));

describe('a person, and the canary', () => {
  it.each<[boolean | null, TrialState]>([[null, { phase: 'acknowledgement' }], [true, { phase: 'canary', stage: 0, since: DAY_MS }], [false, { phase: 'retired' }]])('acknowledged %s', (acknowledged, state) => expect(next({ phase: 'acknowledgement' }, { acknowledged }).state).toEqual(state));

  it.each<[string, number, Partial<TrialFacts>, TrialState]>([
    ['its stage is not over', 0, { at: DAY_MS - 1 }, { phase: 'canary', stage: 0, since: 0 }],
    ['the next stage', 0, {}, { phase: 'canary', stage: 1, since: DAY_MS }],
    ['all symbols', 1, {}, { phase: 'canary', stage: 2, since: DAY_MS }],
    ['held on all', 2, {}, { phase: 'promoted' }],
    ['worse than promised', 1, { isWorse: true }, { phase: 'retired' }],
  ])('%s', (_name, stage, facts, state) => expect(next({ phase: 'canary', stage, since: 0 }, facts).state).toEqual(state));

  it.each([[8, [1, 4, 8]], [10, [1, 5, 10]], [11, [2, 6, 11]], [1, [1, 1, 1]]])('of %d symbols: %j', (count, sizes) => {
    const symbols = Array.from({ length: count }, (_, index) => `s${index}`);
    const stages = [0, 1, 2].map((stage) => canaryOf('m', symbols, stage));
    expect(stages.map((it) => it.length)).toEqual(sizes);
    expect(stages.slice(1).every((it, index) => stages[index]?.every((symbol) => it.includes(symbol)))).toBe(true);
    expect(canaryOf('m', symbols.toReversed(), 1)).toEqual(stages[1]);
  });
  it('each model draws its own symbols', () => {
    const symbols = Array.from({ length: 10 }, (_, index) => `s${index}`);
    expect(new Set(Array.from({ length: 40 }, (_, model) => canaryOf(`m${model}`, symbols, 0)[0])).size).toBeGreaterThan(5);
  });

  it.each(['promoted', 'retired'] as const)('%s stays', (phase) => expect(next({ phase }, { isWorse: true })).toEqual({ state: { phase }, why: null }));
});
