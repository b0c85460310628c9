import type { Dec, DecimalString } from '../decimal.ts';
import { d, ZERO } from '../decimal.ts';

export function sumOf<T>(items: readonly T[], value: (item: T) => DecimalString): Dec {
  return items.reduce((sum, item) => sum.plus(d(value(item))), ZERO);
}

export function grouped<T>(items: readonly T[], key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group === undefined) groups.set(key(item), [item]);
    else group.push(item);
  }
  return groups;
}

/** Decimals by value, words by letter. */
export function same(a: string, b: string): boolean {
  return a === b || (/^-?\d/.test(a) && /^-?\d/.test(b) && d(a).eq(d(b)));
}
