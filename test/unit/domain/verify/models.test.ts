import { describe, expect, it } from 'vitest';
import type { ModelFact } from '../../../../domain/verify/models.ts';
import { violationsIn } from '../../../../domain/verify/verify.ts';
import { factsWith } from './facts.fixture.ts';

const BEGUN = { kind: 'trialBegun', isByHand: false } as const;
const PROMOTED = { kind: 'promoted', isByHand: false } as const;
const REFUSED = { kind: 'refused', isByHand: false } as const;
const ROLLED_BACK = { kind: 'rolledBack', isByHand: false } as const;
const WON: ModelFact['phases'] = (['operations', 'superiority', 'canary', 'canary', 'canary', 'promoted'] as const).map((phase) => ({ phase, isByHand: false }));
const CHAMPION: ModelFact = { modelId: 'a', bytesHash: 'a', place: 'champion', trial: 'passed', steps: [BEGUN, PROMOTED], phases: WON };
const phasesOf = (...names: readonly ModelFact['phases'][number]['phase'][]): ModelFact['phases'] => names.map((phase) => ({ phase, isByHand: false }));
const without = (index: number): ModelFact['phases'] => WON.filter((_, place) => place !== index);
const agreed = WON.map((it, index) => ({ ...it, isByHand: index === 2 }));
const names = (phases: ModelFact['phases']) => phases.map((it) => it.phase);
const found = (changes: Partial<ModelFact>) => violationsIn(factsWith({ ledger: { models: [{ ...CHAMPION, ...changes }] } })).map(({ invariant, name, subject, evidence }) => [invariant, name, subject, evidence]);

const OTHER_BYTES = 'a model is not the bytes that its name says';
const UNPROVED = 'a model came to act without a passed trial or a person\'s step';
const ELSEWHERE = 'the registry is not what the model\'s last step made of it';

describe('broken', () => {
  it.each<[string, Partial<ModelFact>, Readonly<Record<string, unknown>>]>([
    [OTHER_BYTES, { bytesHash: 'b' }, { bytesHash: 'b' }],
    [UNPROVED, { trial: 'refused' }, { step: 'promoted', gate: 'refused', phases: names(WON) }],
    [UNPROVED, { phases: [] }, { step: 'promoted', gate: 'passed', phases: [] }],
    [UNPROVED, { phases: without(0) }, { step: 'promoted', gate: 'passed', phases: names(without(0)) }],
    [UNPROVED, { phases: without(1) }, { step: 'promoted', gate: 'passed', phases: names(without(1)) }],
    [UNPROVED, { phases: without(4) }, { step: 'promoted', gate: 'passed', phases: names(without(4)) }],
    [UNPROVED, { phases: without(5) }, { step: 'promoted', gate: 'passed', phases: names(without(5)) }],
    [UNPROVED, { phases: [...phasesOf('operations', 'superiority', 'retired'), ...without(1)] }, { step: 'promoted', gate: 'passed', phases: names([...phasesOf('operations', 'superiority', 'retired'), ...without(1)]) }],
    [UNPROVED, { trial: 'failed', steps: [{ kind: 'refreshed', isByHand: false }] }, { step: 'refreshed', gate: 'failed', phases: names(WON) }],
    [UNPROVED, { trial: 'refused', place: null, steps: [PROMOTED, ROLLED_BACK] }, { step: 'promoted', gate: 'refused', phases: names(WON) }],
    [ELSEWHERE, { steps: [] }, { place: 'champion', last: null }],
    [ELSEWHERE, { steps: [BEGUN, PROMOTED, ROLLED_BACK] }, { place: 'champion', last: 'rolledBack' }],
    [ELSEWHERE, { place: 'onTrial', steps: [BEGUN, { kind: 'retired', isByHand: true }] }, { place: 'onTrial', last: 'retired' }],
    [ELSEWHERE, { place: 'onTrial' }, { place: 'onTrial', last: 'promoted' }],
  ])('%s: %o', (name, changes, evidence) => { expect(found(changes)).toEqual([[10, name, 'a', evidence]]); });
});

describe('allowed', () => {
  it.each<[string, Partial<ModelFact>]>([
    ['a champion that its trial proved', {}],
    ['one that was imported, won its trial and was agreed to by a person', { trial: 'failed', phases: agreed }],
    ['one that won the second time', { phases: [...phasesOf('operations', 'retired'), ...WON] }],
    ['a refresh', { steps: [{ kind: 'refreshed', isByHand: false }] }],
    ['a champion that came out again as it was', { steps: [BEGUN, PROMOTED, REFUSED] }],
    ['a person\'s step for one that did not pass', { trial: 'refused', steps: [BEGUN, { kind: 'promoted', isByHand: true }] }],
    ['one on trial that did not pass', { trial: 'refused', place: 'onTrial', steps: [BEGUN] }],
    ['a champion that went back to the shadows', { place: 'onTrial', steps: [BEGUN, PROMOTED, ROLLED_BACK] }],
    ['one that is only kept', { place: null, trial: 'failed', steps: [REFUSED] }],
  ])('%s', (_name, changes) => { expect(found(changes)).toEqual([]); });
});
