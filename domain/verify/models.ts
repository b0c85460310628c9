import type { RegistryChange } from '../promotion/registry.ts';
import { CANARY_SHARES } from '../promotion/shadow-trial.ts';
import type { TrialState } from '../promotion/shadow-trial.ts';
import type { Facts, Violation } from './facts.ts';

export interface ModelFact {
  readonly modelId: string;
  /** SHA-256 of the stored bytes, computed at this look; hexadecimal. */
  readonly bytesHash: string;
  readonly place: 'champion' | 'onTrial' | null;
  /** How the gate ended for it. */
  readonly trial: 'passed' | 'refused' | 'failed';
  /** Of its life, in order. */
  readonly steps: readonly { readonly kind: RegistryChange['kind']; readonly isByHand: boolean }[];
  /** Of its shadow trials, in order. */
  readonly phases: readonly { readonly phase: TrialState['phase']; readonly isByHand: boolean }[];
}

const ACTING: readonly RegistryChange['kind'][] = ['promoted', 'refreshed'];
/** A champion that was found unfit goes on as a shadow. */
const TRIED: readonly RegistryChange['kind'][] = ['trialBegun', 'rolledBack'];

/**
 * Phases that lead to a promotion, up to each: from operations over a proof and every share of the symbols. A model that the
 * gate did not let pass needs a person's word on the way.
 */
function isWon(trial: ModelFact['trial'], phases: ModelFact['phases']): boolean {
  const end = phases.findLastIndex(({ phase }) => phase === 'promoted');
  const way = phases.slice(phases.slice(0, end).findLastIndex(({ phase }) => phase === 'operations'), end);
  const shares = way.filter(({ phase }) => phase === 'canary');
  return end > 0 && way.some(({ phase }) => phase === 'superiority') && shares.length === CANARY_SHARES.length && (trial === 'passed' || shares[0]?.isByHand === true);
}

/** Invariant 10: a model is the bytes that its name says; none acts but by a passed gate and a trial that it won, or a person's step, and who acts or stands trial was put there by its last step. */
export function modelViolations({ ledger: { models } }: Facts): Violation[] {
  return models.flatMap(({ modelId, bytesHash, place, trial, steps, phases }) => {
    const broken = (name: string, evidence: Violation['evidence']): Violation => ({ invariant: 10, name, subject: modelId, evidence });
    const last = steps.findLast(({ kind }) => kind !== 'refused')?.kind ?? null;
    const unproved = steps.find(({ kind, isByHand }) => !isByHand && ((kind === 'refreshed' && trial !== 'passed') || (kind === 'promoted' && !isWon(trial, phases))));
    return [
      ...(bytesHash === modelId ? [] : [broken('a model is not the bytes that its name says', { bytesHash })]),
      ...(unproved === undefined ? [] : [broken('a model came to act without a passed trial or a person\'s step', { step: unproved.kind, gate: trial, phases: phases.map(({ phase }) => phase) })]),
      ...(place === null || (last !== null && (place === 'champion' ? ACTING : TRIED).includes(last)) ? [] : [broken('the registry is not what the model\'s last step made of it', { place, last })]),
    ];
  });
}
