declare module '@bcoe/v8-coverage' {
  import type { Profiler } from 'node:inspector';

  /** Adds up what several processes counted of one script. @returns undefined for none. */
  export function mergeScriptCovs(scripts: readonly Profiler.ScriptCoverage[]): Profiler.ScriptCoverage | undefined;
}
