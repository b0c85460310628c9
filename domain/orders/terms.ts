/** How the account must stand at the venue before an opening order is sent. */
import type { OpenPlan } from '../cycle/types.ts';
import type { Policy } from '../policy/policy.ts';

export interface OpeningTerms {
  /** Of the symbol: a whole number, ≥ 1. */
  readonly leverage: number;
  /** Of the symbol. */
  readonly marginMode: Policy['marginMode'];
  /** Of the whole account. */
  readonly positionMode: Policy['positionMode'];
}

export type TermsAnswer =
  /** The venue says that all stands as wanted. */
  | { readonly kind: 'agreed' }
  /** It does not, and setting it was refused or had no effect: nothing may be opened. `detail`: wanted, found, and the venue's words. */
  | { readonly kind: 'refused'; readonly reason: 'positionModeNotSet' | 'marginModeNotSet' | 'leverageNotSet'; readonly detail: string };

/** The terms that a plan was decided for. */
export function openingTermsOf({ leverage, marginMode, entry }: Pick<OpenPlan, 'leverage' | 'marginMode' | 'entry'>): OpeningTerms {
  return { leverage, marginMode, positionMode: entry.positionSide === 'both' ? 'oneWay' : 'hedge' };
}
