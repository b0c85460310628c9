/** What V8 wrote of each process and thread that a run of the tests started. */
import type { Profiler } from 'node:inspector';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { mergeScriptCovs } from '@bcoe/v8-coverage';

/** Merging many at a time costs less than one after the other; holding all costs memory. */
const MERGED_AT_ONCE = 32;

/**
 * Counts of each script over all processes.
 * @param folder where `NODE_V8_COVERAGE` led. A process that was killed wrote nothing.
 * @param isWanted by the script's path.
 */
export function readCounts(folder: string, isWanted: (path: string) => boolean): ReadonlyMap<string, Profiler.ScriptCoverage> {
  const gathered = new Map<string, Profiler.ScriptCoverage[]>();
  for (const name of readdirSync(folder).filter((file) => file.endsWith('.json'))) {
    for (const script of scriptsOf(join(folder, name))) {
      if (!script.url.startsWith('file://')) continue;
      const path = fileURLToPath(script.url);
      if (!isWanted(path)) continue;
      const parts = gathered.get(path) ?? [];
      gathered.set(path, parts);
      parts.push(script);
      if (parts.length === MERGED_AT_ONCE) parts.splice(0, MERGED_AT_ONCE, merged(parts));
    }
  }
  return new Map([...gathered].map(([path, parts]) => [path, merged(parts)]));
}

/** A process that was killed while it wrote left half a file: as if it had written nothing. */
function scriptsOf(file: string): readonly Profiler.ScriptCoverage[] {
  try {
    return (JSON.parse(readFileSync(file, 'utf8')) as { result: Profiler.ScriptCoverage[] }).result;
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

function merged(parts: readonly Profiler.ScriptCoverage[]): Profiler.ScriptCoverage {
  const whole = mergeScriptCovs(parts);
  if (whole === undefined) throw new Error('nothing to merge');
  return whole;
}
