import type { CliOptions } from 'vitest/node';

/** Flags that leave tests out, or run something else than the tests. */
const NARROWING = ['project', 'testNamePattern', 'tagsFilter', 'shard', 'changed', 'related', 'sinceLastRun', 'lastFailed', 'dir', 'exclude', 'config', 'root', 'mode', 'standalone', 'watch', 'mergeReports', 'version', 'clearCache', 'listTags'] as const;

/**
 * Do these flags of vitest run every test? Only then does coverage say something.
 * @param filter names of files.
 */
export function isWholeSuite(filter: readonly string[], options: CliOptions): boolean {
  const given: Readonly<Record<string, unknown>> = { ...options };
  return filter.length === 0 && NARROWING.every((flag) => given[flag] === undefined || given[flag] === false);
}
