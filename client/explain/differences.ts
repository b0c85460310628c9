/** Where two JSON values differ, as paths with both sides; empty when they are deeply equal. */
export function jsonDifferences(recorded: unknown, computed: unknown, path = '$'): string[] {
  if (Object.is(recorded, computed)) return [];
  if (typeof recorded !== 'object' || typeof computed !== 'object' || recorded === null || computed === null || Array.isArray(recorded) !== Array.isArray(computed)) {
    return [`${path}: recorded ${JSON.stringify(recorded) ?? 'nothing'}, computed ${JSON.stringify(computed) ?? 'nothing'}`];
  }
  const [a, b] = [recorded as Record<string, unknown>, computed as Record<string, unknown>];
  return [...new Set([...Object.keys(a), ...Object.keys(b)])].sort().flatMap((key) => jsonDifferences(a[key], b[key], `${path}.${key}`));
}
