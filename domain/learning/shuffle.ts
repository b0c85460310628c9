import { prngOf, uniform } from '../market/seeded/prng.ts';

/** 0 … count - 1 in a drawn order. @source Fisher and Yates 1938. */
export function shuffled(count: number, seed: string): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  const random = prngOf(seed);
  for (let last = count - 1; last > 0; last -= 1) {
    const other = Math.floor(uniform(random) * (last + 1));
    [order[last], order[other]] = [order[other] as number, order[last] as number];
  }
  return order;
}
