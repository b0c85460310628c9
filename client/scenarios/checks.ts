/** What a scenario expects beside what was seen, in words and figures. */
export interface Check {
  readonly what: string;
  readonly expected: string;
  readonly seen: string;
  readonly ok: boolean;
}

/** Exactly so. */
export function is(what: string, expected: string | number, seen: string | number | undefined): Check {
  return { what, expected: String(expected), seen: String(seen ?? 'nothing'), ok: expected === seen };
}

/** The same items in the same order. */
export function are(what: string, expected: readonly string[], seen: readonly string[]): Check {
  return is(what, expected.join(', ') || 'none', seen.join(', ') || 'none');
}

/** A number within bounds, both included; what is not known is outside. */
export function within(what: string, { min = -Infinity, max = Infinity, digits = 2, unit = '' }: { readonly min?: number; readonly max?: number; readonly digits?: number; readonly unit?: string }, seen: number | undefined): Check {
  const said = (value: number): string => `${value.toFixed(digits)}${unit === '' ? '' : ` ${unit}`}`;
  const expected = min === -Infinity ? `≤ ${said(max)}` : max === Infinity ? `≥ ${said(min)}` : min === max ? said(min) : `${min.toFixed(digits)} to ${said(max)}`;
  return { what, expected, seen: seen === undefined ? 'nothing' : said(seen), ok: seen !== undefined && seen >= min && seen <= max };
}
