/**
 * A rule's own newest scores, from which its confidence is told: how a score ranks among the last five hundred. They
 * travel from cycle to cycle in the plan's memory, as text: two characters each, per mille in base 36.
 * @source learning.md, "Prediction".
 */

/** By voter and version: a new version starts anew. */
export type ScoreWindows = Readonly<Record<string, string>>;

const REMEMBERED = 500;
/** With fewer, a rank says little: the score stands for itself. */
const RANKED_MIN = 50;
const WIDTH = 2;
const UNITS = 1_000;

export function scoreKeyOf({ voter, version }: { readonly voter: string; readonly version: string }): string {
  return `${voter}@${version}`;
}

/** @param scores 0..1, of this cycle, by key; keys that do not speak any more are forgotten once others do. */
export function withScores(windows: ScoreWindows, scores: ReadonlyMap<string, readonly number[]>): ScoreWindows {
  if (scores.size === 0) return windows;
  return Object.fromEntries([...scores].map(([key, added]) => [key, `${windows[key] ?? ''}${added.map(encoded).join('')}`.slice(-REMEMBERED * WIDTH)]));
}

function encoded(score: number): string {
  return Math.round(Math.min(1, Math.max(0, score)) * UNITS).toString(36).padStart(WIDTH, '0');
}

/** How scores of one rule rank: a function from score to 0..1, where equal ones count half. */
export function rankIn(window: string | undefined): (score: number) => number {
  const known = Uint16Array.from({ length: (window?.length ?? 0) / WIDTH }, (_, index) => Number.parseInt(window?.slice(index * WIDTH, (index + 1) * WIDTH) ?? '', 36)).sort();
  if (known.length < RANKED_MIN) return (score) => score;
  return (score) => {
    const value = Math.round(score * UNITS);
    return (firstFrom(known, value) + firstFrom(known, value + 1)) / 2 / known.length;
  };
}

/** How many lie below the value. */
function firstFrom(sorted: Uint16Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? 0) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}
