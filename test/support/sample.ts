import { prngOf, uniform } from '../../domain/market/seeded/prng.ts';

/** `count` different items, the same ones for the same seed. */
export function sample<Item>(items: readonly Item[], count: number, seed: string): readonly Item[] {
  const random = prngOf(seed);
  return items.map((item) => ({ item, key: uniform(random) })).sort((a, b) => a.key - b.key).slice(0, count).map(({ item }) => item);
}
