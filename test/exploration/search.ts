/** Breadth-first search through every state of a small model: exhaustive, with the shortest path to a violation. */

export interface Model<State> {
  readonly initial: State;
  /** Bytes of one encoded state, a multiple of 4. */
  readonly byteLength: number;
  /** Writes the canonical form: states that differ by nothing that matters become one. */
  encode(state: State, into: Uint8Array): void;
  decode(bytes: Uint8Array): State;
  /** Tells every step that can happen next. */
  steps(state: State, tell: (next: State, words: string) => void): void;
  /** The property that the state breaks, or null. */
  brokenBy(state: State): string | null;
  /** Everything is over: nothing is under way and nothing can change any more. */
  isEnd(state: State): boolean;
}

export interface Step<State> {
  readonly words: string;
  readonly state: State;
}

export interface Findings<State> {
  readonly states: number;
  readonly transitions: number;
  /** Steps from the start to the farthest state. */
  readonly depth: number;
  readonly ends: number;
  readonly violation: { readonly property: string; readonly path: readonly Step<State>[] } | null;
  /** States from which no end can be reached; null when that was not asked for. */
  readonly trapped: { readonly count: number; readonly path: readonly Step<State>[] } | null;
}

/**
 * Explores until everything was seen or a property is broken.
 * @param options.checkProgress also asks whether from every state an end can be reached (stores all transitions).
 * @throws {RangeError} when there are more than `statesMax` states: an exploration that stops early proves nothing.
 */
export function explore<State>(model: Model<State>, options: { readonly statesMax: number; readonly checkProgress: boolean }): Findings<State> {
  const seen = new StateSet(model.byteLength);
  const edges = new EdgeList();
  const encoded = new Uint8Array(model.byteLength);
  const parents = new Numbers();
  const ends: number[] = [];
  model.encode(model.initial, encoded);
  seen.add(encoded);
  parents.push(0);
  let [transitions, depth, levelEnd] = [0, 0, 1];
  let broken: { property: string; at: number } | null = null;

  for (let at = 0; at < seen.size && broken === null; at += 1) {
    if (at === levelEnd) [depth, levelEnd] = [depth + 1, seen.size];
    const state = model.decode(seen.bytesOf(at));
    if (model.isEnd(state)) ends.push(at);
    edges.beginSource();
    model.steps(state, (next) => {
      transitions += 1;
      model.encode(next, encoded);
      const before = seen.size;
      const index = seen.add(encoded);
      if (options.checkProgress) edges.push(index);
      if (index < before) return;
      parents.push(at);
      const property = model.brokenBy(next);
      if (property !== null && broken === null) broken = { property, at: index };
    });
    if (seen.size > options.statesMax) throw new RangeError(`more than ${options.statesMax} states (${depth} steps deep): make the model smaller or raise statesMax`);
  }

  const pathTo = (index: number): Step<State>[] => retell(model, seen, parents, index);
  const found = broken as { property: string; at: number } | null;
  const isWhole = found === null && options.checkProgress;
  return {
    states: seen.size,
    transitions,
    depth,
    ends: ends.length,
    violation: found === null ? null : { property: found.property, path: pathTo(found.at) },
    trapped: isWhole ? trappedIn(edges, ends, seen.size, pathTo) : null,
  };
}

/** Tells the path again in words, from states that were never made canonical, so that names stay with their bearers. */
function retell<State>(model: Model<State>, seen: StateSet, parents: Numbers, index: number): Step<State>[] {
  const indices: number[] = [];
  for (let at = index; at !== 0; at = parents.at(at)) indices.unshift(at);
  const encoded = new Uint8Array(model.byteLength);
  const path: Step<State>[] = [];
  let state = model.initial;
  for (const wanted of indices) {
    let taken: Step<State> | null = null;
    model.steps(state, (next, words) => {
      if (taken !== null) return;
      model.encode(next, encoded);
      if (seen.indexOf(encoded) === wanted) taken = { words, state: next };
    });
    const step = taken as Step<State> | null;
    if (step === null) throw new RangeError('a path cannot be told again: two states with one canonical form differ in what can happen next');
    path.push(step);
    state = step.state;
  }
  return path;
}

/** Walks backward from all ends; what is not met is trapped. */
function trappedIn<State>(edges: EdgeList, ends: readonly number[], size: number, pathTo: (index: number) => Step<State>[]): { count: number; path: Step<State>[] } {
  const backward = edges.reversed(size);
  const canEnd = new Uint8Array(size);
  const open = [...ends];
  for (const end of ends) canEnd[end] = 1;
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    backward.forEachTarget(at, (source) => {
      if (canEnd[source] === 1) return;
      canEnd[source] = 1;
      open.push(source);
    });
  }
  const first = canEnd.indexOf(0);
  const count = canEnd.reduce((sum, can) => sum + (can === 0 ? 1 : 0), 0);
  return { count, path: first === -1 ? [] : pathTo(first) };
}

/** A list of whole numbers below 2³² that grows by doubling. */
class Numbers {
  #values = new Uint32Array(1 << 16);
  length = 0;

  push(value: number): void {
    if (this.length === this.#values.length) {
      const grown = new Uint32Array(this.#values.length * 2);
      grown.set(this.#values);
      this.#values = grown;
    }
    this.#values[this.length] = value;
    this.length += 1;
  }

  at(index: number): number {
    return this.#values[index] ?? 0;
  }
}

/** Edges grouped by source, in the order of sources. */
class EdgeList {
  readonly #starts = new Numbers();
  readonly #targets = new Numbers();

  beginSource(): void {
    this.#starts.push(this.#targets.length);
  }

  push(target: number): void {
    this.#targets.push(target);
  }

  reversed(size: number): { forEachTarget(source: number, tell: (target: number) => void): void } {
    const offsets = new Uint32Array(size + 1);
    for (let edge = 0; edge < this.#targets.length; edge += 1) offsets[this.#targets.at(edge) + 1] = (offsets[this.#targets.at(edge) + 1] ?? 0) + 1;
    for (let index = 0; index < size; index += 1) offsets[index + 1] = (offsets[index + 1] ?? 0) + (offsets[index] ?? 0);
    const sources = new Uint32Array(this.#targets.length);
    const next = offsets.slice();
    for (let source = 0; source < size; source += 1) {
      const end = source + 1 < this.#starts.length ? this.#starts.at(source + 1) : this.#targets.length;
      for (let edge = this.#starts.at(source); edge < end; edge += 1) {
        const target = this.#targets.at(edge);
        const place = next[target] ?? 0;
        sources[place] = source;
        next[target] = place + 1;
      }
    }
    return {
      forEachTarget: (source, tell) => {
        for (let place = offsets[source] ?? 0; place < (offsets[source + 1] ?? 0); place += 1) tell(sources[place] ?? 0);
      },
    };
  }
}

/** A set of encoded states, each with its number in the order of finding. Open addressing over one growing array. */
class StateSet {
  readonly #byteLength: number;
  readonly #words: number;
  #bytes: Uint8Array;
  #view: Uint32Array;
  #table = new Uint32Array(1 << 16);
  size = 0;

  constructor(byteLength: number) {
    if (byteLength % 4 !== 0) throw new RangeError(`a state must take a multiple of 4 bytes, not ${byteLength}`);
    this.#byteLength = byteLength;
    this.#words = byteLength / 4;
    this.#bytes = new Uint8Array(byteLength * (1 << 14));
    this.#view = new Uint32Array(this.#bytes.buffer);
  }

  bytesOf(index: number): Uint8Array {
    return this.#bytes.subarray(index * this.#byteLength, (index + 1) * this.#byteLength);
  }

  /** @returns the state's number: the old one when it was known. */
  add(encoded: Uint8Array): number {
    this.#reserve();
    const words = new Uint32Array(encoded.buffer, encoded.byteOffset, this.#words);
    const place = this.#placeOf(words);
    const known = this.#table[place] ?? 0;
    if (known !== 0) return known - 1;
    this.#view.set(words, this.size * this.#words);
    this.size += 1;
    this.#table[place] = this.size;
    return this.size - 1;
  }

  /** @returns -1 when it is not in the set. */
  indexOf(encoded: Uint8Array): number {
    return (this.#table[this.#placeOf(new Uint32Array(encoded.buffer, encoded.byteOffset, this.#words))] ?? 0) - 1;
  }

  /** Where the state stands in the table, or the free place where it would. */
  #placeOf(words: Uint32Array): number {
    const mask = this.#table.length - 1;
    let place = hashOf(words) & mask;
    for (;;) {
      const known = this.#table[place] ?? 0;
      if (known === 0 || this.#isAt(known - 1, words)) return place;
      place = (place + 1) & mask;
    }
  }

  #isAt(index: number, words: Uint32Array): boolean {
    const offset = index * this.#words;
    for (let word = 0; word < this.#words; word += 1) if (this.#view[offset + word] !== words[word]) return false;
    return true;
  }

  #reserve(): void {
    if ((this.size + 1) * this.#byteLength > this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
      this.#view = new Uint32Array(grown.buffer);
    }
    if ((this.size + 1) * 2 <= this.#table.length) return;
    this.#table = new Uint32Array(this.#table.length * 2);
    for (let index = 0; index < this.size; index += 1) {
      this.#table[this.#placeOf(this.#view.subarray(index * this.#words, (index + 1) * this.#words))] = index + 1;
    }
  }
}

/** Murmur3's mixing over whole words. */
function hashOf(words: Uint32Array): number {
  let hash = 0x9747b28c;
  for (const word of words) {
    hash ^= Math.imul(Math.imul(word, 0xcc9e2d51), 0x1b873593);
    hash = Math.imul((hash << 13) | (hash >>> 19), 5) + 0xe6546b64;
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
