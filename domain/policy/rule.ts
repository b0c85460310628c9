/** What a policy key may hold. Each row of the tables in this folder is one key, its default and its bounds. */

interface Told {
  /** Of the number, for people: `bps of equity`, `s`, `×`. Empty for a pure choice. */
  readonly unit: string;
  /** One line for people. */
  readonly help: string;
}

/**
 * Which of two numbers is the stricter: the one that opens less, smaller or later, or stops sooner. `none`: neither is (exit plans, windows, percentiles);
 * the built-in policy's holds then.
 */
export type NumberWay = 'lower' | 'higher' | 'none';

export type Rule =
  | (Told & { readonly kind: 'number' | 'integer'; readonly value: number; readonly min: number; readonly max: number; readonly stricter: NumberWay })
  /** Money or volume: an exact decimal as text. */
  | (Told & { readonly kind: 'decimal'; readonly value: string; readonly min: string; readonly max: string; readonly stricter: NumberWay })
  /** What a person switched off stays off. */
  | (Told & { readonly kind: 'toggle'; readonly value: boolean; readonly stricter: 'off' | 'on' })
  /** `stricter`: every choice, the strictest first. `kept`: terms that a person set with the account, which no caution and no preset changes. */
  | (Told & { readonly kind: 'choice'; readonly value: string; readonly choices: readonly string[]; readonly stricter: 'none' | 'kept' | readonly string[] });

export type ValueOf<R> = R extends { readonly kind: 'number' | 'integer' } ? number
  : R extends { readonly kind: 'decimal' } ? string
  : R extends { readonly kind: 'toggle' } ? boolean
  : R extends { readonly kind: 'choice'; readonly choices: readonly (infer C)[] } ? C
  : never;
