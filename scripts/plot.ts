/** Line and bar charts as SVG, for pages of docs/. */

export interface Line {
  readonly name: string;
  /** `[x, y]`, x ascending. */
  readonly points: readonly (readonly [number, number])[];
}

export interface Points {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly low: number; readonly high: number }[];
}

export interface Bars {
  readonly name: string;
  /** By group. */
  readonly values: Readonly<Record<string, number>>;
}

const [WIDTH, HEIGHT] = [900, 360];
const EDGE = { left: 70, right: 40, top: 50, bottom: 40 };
/** Told apart also by those who see no red or no green (Okabe and Ito). */
const COLOURS = ['#0072b2', '#e69f00', '#009e73', '#cc79a7'];
const POINTS_MAX = 600;
const TICKS = 5;

/** @param format of y values; x values are epoch milliseconds */
export function lineChart(title: string, lines: readonly Line[], format: (value: number) => string): string {
  const all = lines.flatMap(({ points }) => points);
  const xs = all.map(([x]) => x);
  const ys = all.map(([, y]) => y);
  const x = scale(min(xs), max(xs), EDGE.left, WIDTH - EDGE.right);
  const y = scale(min(ys), max(ys), HEIGHT - EDGE.bottom, EDGE.top);
  const grid = ticks(min(ys), max(ys)).map((value) => gridLine(y(value), format(value)));
  const days = ticks(min(xs), max(xs)).map((value) => text(x(value), HEIGHT - 15, new Date(value).toISOString().slice(0, 10), 'middle'));
  const drawn = lines.map(({ points }, index) => `<polyline fill="none" stroke="${colourOf(index)}" stroke-width="1.5" points="${thinned(points).map(([a, b]) => `${round(x(a))},${round(y(b))}`).join(' ')}"/>`);
  return svg(title, lines.map(({ name }) => name), [...grid, ...days, ...drawn], HEIGHT);
}

/** What was foretold (x) beside what came (y, with its interval), both 0..1; on the diagonal they are the same. */
export function calibrationChart(title: string, series: readonly Points[]): string {
  const all = series.flatMap(({ points }) => points.flatMap(({ x: at, low, high }) => [at, low, high]));
  const [from, to] = all.length === 0 ? [0, 1] : [min(all), max(all)];
  const x = scale(from, to, EDGE.left, WIDTH - EDGE.right);
  const y = scale(from, to, HEIGHT - EDGE.bottom, EDGE.top);
  const percent = (value: number): string => `${(100 * value).toFixed(0)} %`;
  const grid = ticks(from, to).flatMap((value) => [gridLine(y(value), percent(value)), text(x(value), HEIGHT - 15, percent(value), 'middle')]);
  const diagonal = `<line x1="${round(x(from))}" y1="${round(y(from))}" x2="${round(x(to))}" y2="${round(y(to))}" stroke="#999999" stroke-dasharray="4 3"/>`;
  const drawn = series.flatMap(({ points }, index) => points.map(({ x: at, y: came, low, high }) => [
    `<line x1="${round(x(at))}" x2="${round(x(at))}" y1="${round(y(low))}" y2="${round(y(high))}" stroke="${colourOf(index)}" stroke-width="1.5"/>`,
    `<circle cx="${round(x(at))}" cy="${round(y(came))}" r="3.5" fill="${colourOf(index)}"/>`,
  ].join('')));
  return svg(title, series.map(({ name }) => name), [...grid, diagonal, ...drawn], HEIGHT);
}

/** Horizontal bars, one of each series in each group; the largest group first. */
export function barChart(title: string, series: readonly Bars[]): string {
  const groups = [...new Set(series.flatMap(({ values }) => Object.keys(values)))];
  const total = (group: string): number => series.reduce((sum, { values }) => sum + (values[group] ?? 0), 0);
  groups.sort((a, b) => total(b) - total(a) || (a < b ? -1 : 1));
  const bar = 10;
  const step = series.length * bar + 8;
  const height = EDGE.top + groups.length * step + 15;
  const x = scale(0, max(series.flatMap(({ values }) => Object.values(values))), 150, WIDTH - 60);
  const rows = groups.flatMap((group, row) => {
    const top = EDGE.top + row * step;
    const bars = series.flatMap(({ values }, index) => {
      const value = values[group] ?? 0;
      const at = top + index * bar;
      return [`<rect x="150" y="${at}" width="${round(x(value) - 150)}" height="${bar - 1}" fill="${colourOf(index)}"/>`, text(x(value) + 4, at + bar - 2, String(value), 'start', 9)];
    });
    return [text(142, top + (series.length * bar) / 2 + 4, group, 'end'), ...bars];
  });
  return svg(title, series.map(({ name }) => name), rows, height);
}

function svg(title: string, names: readonly string[], body: readonly string[], height: number): string {
  const legend = names.map((name, index) => `<rect x="${EDGE.left + index * 170}" y="30" width="12" height="12" fill="${colourOf(index)}"/>${text(EDGE.left + index * 170 + 18, 40, name, 'start')}`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" role="img">`,
    `<title>${escaped(title)}</title>`, `<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`,
    text(EDGE.left, 20, title, 'start', 14), ...legend, ...body, '</svg>', '',
  ].join('\n');
}

function gridLine(at: number, label: string): string {
  return `<line x1="${EDGE.left}" x2="${WIDTH - EDGE.right}" y1="${round(at)}" y2="${round(at)}" stroke="#dddddd"/>${text(EDGE.left - 8, at + 4, label, 'end')}`;
}

function text(x: number, y: number, content: string, anchor: 'start' | 'middle' | 'end', size = 11): string {
  return `<text x="${round(x)}" y="${round(y)}" font-size="${size}" text-anchor="${anchor}" fill="#333333">${escaped(content)}</text>`;
}

/** Linear; a range of nothing lies in the middle. */
function scale(from: number, to: number, start: number, end: number): (value: number) => number {
  return (value) => (to === from ? (start + end) / 2 : start + ((value - from) / (to - from)) * (end - start));
}

function ticks(from: number, to: number): number[] {
  return Array.from({ length: TICKS }, (_, index) => from + ((to - from) * index) / (TICKS - 1));
}

/** Of each stretch its lowest and highest value, so that no peak is lost. */
function thinned(points: Line['points']): Line['points'] {
  const size = Math.ceil(points.length / (POINTS_MAX / 2));
  if (size <= 2) return points;
  const kept: (readonly [number, number])[] = [];
  for (let from = 0; from < points.length; from += size) {
    const stretch = [...points.slice(from, from + size)].sort((a, b) => a[1] - b[1]);
    const ends = [stretch[0], stretch.at(-1)].filter((point) => point !== undefined);
    kept.push(...ends.sort((a, b) => a[0] - b[0]));
  }
  return kept;
}

function colourOf(index: number): string {
  return COLOURS[index % COLOURS.length] ?? '#000000';
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function min(values: readonly number[]): number {
  return values.reduce((a, b) => Math.min(a, b), Infinity);
}

function max(values: readonly number[]): number {
  return values.reduce((a, b) => Math.max(a, b), -Infinity);
}

function escaped(content: string): string {
  return content.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
