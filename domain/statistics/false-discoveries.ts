/**
 * Which of many findings stand when at most a share of those that do may be luck.
 * @param pValues 0..1 each.
 * @param share 0 < share < 1: of what is named, expected to be wrong.
 * @returns their places, ascending.
 * @source Benjamini and Hochberg, Controlling the false discovery rate, JRSS B 57, 1995.
 */
export function discoveriesOf(pValues: readonly number[], share: number): readonly number[] {
  const ordered = pValues.map((p, place) => ({ p, place })).sort((a, b) => a.p - b.p);
  const last = ordered.findLastIndex(({ p }, index) => p <= (share * (index + 1)) / pValues.length);
  return ordered.slice(0, last + 1).map((it) => it.place).sort((a, b) => a - b);
}
