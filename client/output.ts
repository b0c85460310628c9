/** One JSON value on stdout, for scripts. */
export function printJson(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

export function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** Narrower than this no text is wrapped: it goes on a line of its own. */
const WRAPPED_MIN = 24;
const GAP = '  ';

/**
 * Characters of a line: the terminal's, else those of the variable COLUMNS; into a file or a pipe lines are as long as
 * they are. Some terminals say 0 columns: then 80.
 */
export function lineWidth(stream: Pick<NodeJS.WriteStream, 'isTTY' | 'columns'> = process.stdout, env: NodeJS.ProcessEnv = process.env): number {
  if (stream.isTTY) return stream.columns > 0 ? stream.columns : 80;
  const asked = Number(env['COLUMNS']);
  return Number.isInteger(asked) && asked > 0 ? asked : Infinity;
}

/** Columns of text, each as wide as its widest cell; the last one is wrapped to the line. */
export function columns(rows: readonly (readonly string[])[], width: number = lineWidth()): string {
  const widths = widthsOf(rows);
  const before = widths.slice(0, -1).reduce((sum, cell) => sum + cell + GAP.length, 0);
  const isBeside = width - before >= WRAPPED_MIN;
  const last = widths.length - 1;
  return rows.flatMap((row) => {
    const head = padded(row.slice(0, last), widths);
    const text = row[last];
    if (text === undefined || text === '') return [head.trimEnd()];
    const lines = wrapped(text, isBeside ? width - before : width - 4);
    if (!isBeside) return [head.trimEnd(), ...lines.map((line) => `    ${line}`)];
    return lines.map((line, at) => `${at === 0 ? head : ' '.repeat(before)}${line}`.trimEnd());
  }).join('\n');
}

/**
 * Rows under a heading, one line each. Columns that the line has no room for are left out from the right, and said so;
 * the first one, which names the row, is never cut while another could go.
 */
export function table(rows: readonly (readonly string[])[], width: number = lineWidth()): string {
  const widths = widthsOf(rows);
  let shown = widths.length;
  const needed = (): number => widths.slice(0, shown).reduce((sum, cell) => sum + cell + GAP.length, -GAP.length);
  while (shown > 1 && needed() > width) shown -= 1;
  const left = (rows[0] ?? []).slice(shown);
  const lines = rows.map((row) => cut(padded(row.slice(0, shown), widths).trimEnd(), width));
  return [...lines, ...(left.length === 0 ? [] : wrapped(`(not shown for want of room: ${left.join(', ')}; a wider terminal or --json shows them)`, width))].join('\n');
}

function widthsOf(rows: readonly (readonly string[])[]): number[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  return widths;
}

function padded(cells: readonly string[], widths: readonly number[]): string {
  return cells.map((cell, at) => `${cell.padEnd(widths[at] ?? 0)}${GAP}`).join('');
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1)}…`;
}

/** Lines of at most so many characters, broken between words; a longer word stays whole. */
function wrapped(text: string, width: number): string[] {
  return text.split('\n').flatMap((paragraph) => {
    const lines: string[] = [];
    let line = '';
    for (const word of paragraph.split(' ')) {
      const longer = line === '' ? word : `${line} ${word}`;
      if (longer.length > width && line !== '') {
        lines.push(line);
        line = word;
      } else line = longer;
    }
    return [...lines, line];
  });
}

/** `3 s`, `2 min`, `5 h`, `4 d`: the largest unit. @param timeMs duration, not negative */
export function duration(timeMs: number): string {
  const seconds = Math.floor(timeMs / 1000);
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 90 * 60) return `${Math.floor(seconds / 60)} min`;
  return seconds < 36 * 3600 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} d`;
}
