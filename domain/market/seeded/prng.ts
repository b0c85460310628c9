/** A stream of reproducible random numbers as plain state, so that a market can be continued from a saved point. */
export interface PrngState {
  a: number;
  b: number;
  c: number;
  counter: number;
}

/** From text to four words, by FNV-1a and the murmur3 finaliser. The first outputs are thrown away, as sfc32 asks for. */
export function prngOf(seed: string): PrngState {
  let hash = 0x811c9dc5;
  for (let i = 0; i < seed.length; i += 1) hash = Math.imul(hash ^ seed.charCodeAt(i), 0x01000193);
  const word = (salt: number): number => {
    let x = Math.imul(hash ^ salt, 0x85ebca6b);
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35);
    return (x ^ (x >>> 16)) | 0;
  };
  const state = { a: word(0x9e3779b9), b: word(0x243f6a88), c: word(0xb7e15162), counter: 1 };
  for (let i = 0; i < 12; i += 1) uniform(state);
  return state;
}

/**
 * The next number in [0, 1), 32 bits. sfc32.
 * @source Chris Doty-Humphrey, PractRand, "small fast chaotic" generator, public domain.
 */
export function uniform(state: PrngState): number {
  const sum = (state.a + state.b + state.counter) | 0;
  state.counter = (state.counter + 1) | 0;
  state.a = state.b ^ (state.b >>> 9);
  state.b = (state.c + (state.c << 3)) | 0;
  state.c = ((state.c << 21) | (state.c >>> 11)) + sum;
  state.c |= 0;
  return (sum >>> 0) / 4294967296;
}

/** Standard normal. @source Marsaglia's polar method, one of the two values, so that no spare is part of the state. */
export function normal(state: PrngState): number {
  for (;;) {
    const x = 2 * uniform(state) - 1;
    const y = 2 * uniform(state) - 1;
    const square = x * x + y * y;
    if (square > 0 && square < 1) return x * Math.sqrt((-2 * Math.log(square)) / square);
  }
}

/** A factor that gives normals the tails of Student's t with `degrees` > 2 degrees of freedom, at unit variance. */
export function tailScale(state: PrngState, degrees: number): number {
  let chiSquare = 0;
  for (let i = 0; i < degrees; i += 1) chiSquare += normal(state) ** 2;
  return Math.sqrt((degrees - 2) / chiSquare);
}
