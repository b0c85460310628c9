/** How a model is made: what a refresh has in common with its predecessor. */
import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { InstrumentId } from '../market/instrument.ts';

export interface Recipe {
  readonly learner: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  /** Name and version, `standard/1`. */
  readonly featureSet: string;
  /** Version of a label definition; the band is fitted. */
  readonly label: string;
  /** Null: pooled over all symbols; else of these alone. */
  readonly instruments: readonly InstrumentId[] | null;
}

const ID_LENGTH = 16;

/** The same for the same recipe, in whatever order its parameters were written. */
export function recipeIdOf(recipe: Recipe): string {
  return bytesToHex(sha256(utf8ToBytes(canonical(recipe)))).slice(0, ID_LENGTH);
}

/** JSON with the keys of every object in order. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  return `{${Object.entries(value).filter(([, it]) => it !== undefined).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, it]) => `${JSON.stringify(key)}:${canonical(it)}`).join(',')}}`;
}
