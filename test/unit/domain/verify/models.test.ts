import { describe, expect, it } from 'vitest';
import type { ModelFact } from '../../../../domain/verify/models.ts';
import { violationsIn } from '../../../../domain/verify/verify.ts';
import { factsWith } from './facts.fixture.ts';

const BEGUN = { kind: 'trialBegun', isByHand: false } as const;
const PROMOTED = { kind: 'promoted', isByHand: false } as const;
const REFUSED = { kind: 'refused', isByHand: false } as const;
const ROLLED_BACK = { kind: 'rolledBack', isByHand: false } as const;
const CHAMPION: ModelFact = { modelId: 'a', bytesHash: 'a', place: 'champion', trial: 'passed', steps: [BEGUN, PROMOTED] };
const found = (changes: Partial<ModelFact>) => violationsIn(factsWith({ ledger: { models: [{ ...CHAMPION, ...changes }] } })).map(({ invariant, name, subject, evidence }) => [invariant, name, subject, evidence]);

const OTHER_BYTES = 'a model is not the bytes that its name says';
const UNPROVED = 'a model came to act without a passed trial or a person\'s step';
const ELSEWHERE = 'the registry is not what the model\'s last step made of it';

describe('broken', () => {
  it.each<[string, Partial<ModelFact>, Readonly<Record<string, unknown>>]>([
    [OTHER_BYTES, { bytesHash: 'b' }, { bytesHash: 'b' }],
    [UNPROVED, { trial: 'refused' }, { step: 'promoted', trial: 'refused' }],
    [UNPROVED, { trial: 'failed', steps: [{ kind: 'refreshed', isByHand: false }] }, { step: 'refreshed', trial: 'failed' }],
    [UNPROVED, { trial: 'refused', place: null, steps: [PROMOTED, ROLLED_BACK] }, { step: 'promoted', trial: 'refused' }],
    [ELSEWHERE, { steps: [] }, { place: 'champion', last: null }],
    [ELSEWHERE, { steps: [BEGUN, PROMOTED, ROLLED_BACK] }, { place: 'champion', last: 'rolledBack' }],
    [ELSEWHERE, { place: 'onTrial', steps: [BEGUN, { kind: 'retired', isByHand: true }] }, { place: 'onTrial', last: 'retired' }],
    [ELSEWHERE, { place: 'onTrial' }, { place: 'onTrial', last: 'promoted' }],
  ])('%s: %o', (name, changes, evidence) => { expect(found(changes)).toEqual([[10, name, 'a', evidence]]); });
});

describe('allowed', () => {
  it.each<[string, Partial<ModelFact>]>([
    ['a champion that its trial proved', {}],
    ['a refresh', { steps: [{ kind: 'refreshed', isByHand: false }] }],
    ['a champion that came out again as it was', { steps: [BEGUN, PROMOTED, REFUSED] }],
    ['a person\'s step for one that did not pass', { trial: 'refused', steps: [BEGUN, { kind: 'promoted', isByHand: true }] }],
    ['one on trial that did not pass', { trial: 'refused', place: 'onTrial', steps: [BEGUN] }],
    ['a champion that went back to the shadows', { place: 'onTrial', steps: [BEGUN, PROMOTED, ROLLED_BACK] }],
    ['one that is only kept', { place: null, trial: 'failed', steps: [REFUSED] }],
  ])('%s', (_name, changes) => { expect(found(changes)).toEqual([]); });
});
