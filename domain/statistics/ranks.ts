/** From 0; equal values share their mean rank. */
export function ranksOf(values: ArrayLike<number>): readonly number[] {
  const order = Array.from(values, (value, index) => ({ value, index })).sort((a, b) => a.value - b.value);
  const ranks = new Array<number>(values.length).fill(0);
  for (let from = 0; from < order.length;) {
    let to = from;
    while (to + 1 < order.length && order[to + 1]?.value === order[from]?.value) to += 1;
    for (let at = from; at <= to; at += 1) ranks[order[at]?.index ?? 0] = (from + to) / 2;
    from = to + 1;
  }
  return ranks;
}
