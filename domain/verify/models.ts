import type { RegistryChange } from '../promotion/registry.ts';
import type { Facts, Violation } from './facts.ts';

export interface ModelFact {
  readonly modelId: string;
  /** SHA-256 of the stored bytes, computed at this look; hexadecimal. */
  readonly bytesHash: string;
  readonly place: 'champion' | 'onTrial' | null;
  /** How the trial ended that it comes from. */
  readonly trial: 'passed' | 'refused' | 'failed';
  /** Of its life, in order. */
  readonly steps: readonly { readonly kind: RegistryChange['kind']; readonly isByHand: boolean }[];
}

const ACTING: readonly RegistryChange['kind'][] = ['promoted', 'refreshed'];
/** A champion that was found unfit goes on as a shadow. */
const TRIED: readonly RegistryChange['kind'][] = ['trialBegun', 'rolledBack'];

/** Invariant 10: a model is the bytes that its name says; none acts but by a passed trial or a person's step, and who acts or stands trial was put there by its last step. */
export function modelViolations({ ledger: { models } }: Facts): Violation[] {
  return models.flatMap(({ modelId, bytesHash, place, trial, steps }) => {
    const broken = (name: string, evidence: Violation['evidence']): Violation => ({ invariant: 10, name, subject: modelId, evidence });
    const last = steps.findLast(({ kind }) => kind !== 'refused')?.kind ?? null;
    const unproved = trial === 'passed' ? undefined : steps.find(({ kind, isByHand }) => ACTING.includes(kind) && !isByHand);
    return [
      ...(bytesHash === modelId ? [] : [broken('a model is not the bytes that its name says', { bytesHash })]),
      ...(unproved === undefined ? [] : [broken('a model came to act without a passed trial or a person\'s step', { step: unproved.kind, trial })]),
      ...(place === null || (last !== null && (place === 'champion' ? ACTING : TRIED).includes(last)) ? [] : [broken('the registry is not what the model\'s last step made of it', { place, last })]),
    ];
  });
}
