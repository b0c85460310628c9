/** How a model is made: what a refresh has in common with its predecessor. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from '../canonical-json.ts';
import type { InstrumentId } from '../market/instrument.ts';

export interface Recipe {
  readonly learner: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Name and version, `standard/2`. */
  readonly featureSet: string;
  /** Version of a label definition; the band is fitted. */
  readonly label: string;
  /** Null: pooled over all symbols; else of these alone. */
  readonly instruments: readonly InstrumentId[] | null;
}

const ID_LENGTH = 16;

/** The same for the same recipe, in whatever order its parameters were written. */
export function recipeIdOf(recipe: Recipe): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(recipe)))).slice(0, ID_LENGTH);
}
