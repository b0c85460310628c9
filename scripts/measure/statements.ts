/** From V8's counts of character ranges to statements, branches and functions of the sources. */
import type { Profiler } from 'node:inspector';
import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { pathToFileURL } from 'node:url';
import type { CoverageMap, FileCoverageData } from '@vitest/istanbul-lib-coverage';
import { createCoverageMap } from '@vitest/istanbul-lib-coverage';
import type { Options } from 'ast-v8-to-istanbul';
import { convert } from 'ast-v8-to-istanbul';
import { parseAstAsync } from 'vitest/node';

/**
 * One source file. Node runs TypeScript with its types blanked out, so that V8's ranges are those of the source.
 * @param counts null: no process loaded it, nothing of it ran.
 */
export async function fileCoverage(path: string, counts: Profiler.ScriptCoverage | null): Promise<FileCoverageData> {
  const source = readFileSync(path, 'utf8');
  const code = path.endsWith('.ts') ? stripTypeScriptTypes(source) : source;
  const map = await converted({ code, coverage: counts ?? { url: pathToFileURL(path).href, functions: [] } });
  return map.fileCoverageFor(path).toJSON();
}

const MAP_COMMENT = '//# sourceMappingURL=data:application/json;charset=utf-8;base64,';

/** The workflows' bundle, as its sources by the map at its end. @throws when it has none. */
export async function bundleCoverage(path: string, counts: Profiler.ScriptCoverage): Promise<CoverageMap> {
  const text = readFileSync(path, 'utf8');
  const at = text.lastIndexOf(MAP_COMMENT);
  if (at < 0) throw new Error(`${path} ends without its source map: what ran of the workflows cannot be told`);
  const sourceMap = JSON.parse(Buffer.from(text.slice(at + MAP_COMMENT.length), 'base64').toString()) as NonNullable<Options['sourceMap']>;
  return await converted({ code: text.slice(0, at), coverage: counts, sourceMap });
}

async function converted({ code, ...rest }: { code: string; coverage: Options['coverage']; sourceMap?: NonNullable<Options['sourceMap']> }): Promise<CoverageMap> {
  const ast = await parseAstAsync(code) as unknown as Awaited<Options['ast']>;
  return createCoverageMap(await convert({ code, ast, ...rest }) as Record<string, FileCoverageData>);
}

/**
 * Adds what the bundle ran of a file to what ran of the file itself. The bundle's code is written anew by its packer, but
 * each statement, function and branch begins where the source says. What finds no counterpart counts as not run there.
 */
export function addBundled(file: FileCoverageData, bundled: FileCoverageData): FileCoverageData {
  const statements = countsByStart(Object.entries(bundled.statementMap).map(([id, { start }]) => [keyOf(start), bundled.s[id] ?? 0]));
  const functions = countsByStart(Object.entries(bundled.fnMap).map(([id, { decl }]) => [keyOf(decl.start), bundled.f[id] ?? 0]));
  const arms = countsByStart(Object.entries(bundled.branchMap).flatMap(([id, { type, locations }]) => locations.map(({ start }, arm): [string, number] => [`${type} ${keyOf(start)}`, bundled.b[id]?.[arm] ?? 0])));
  return {
    ...file,
    s: Object.fromEntries(Object.entries(file.s).map(([id, count]) => [id, count + (statements.get(keyOf(file.statementMap[id]?.start)) ?? 0)])),
    f: Object.fromEntries(Object.entries(file.f).map(([id, count]) => [id, count + (functions.get(keyOf(file.fnMap[id]?.decl.start)) ?? 0)])),
    b: Object.fromEntries(Object.entries(file.b).map(([id, counts]) => {
      const branch = file.branchMap[id];
      return [id, counts.map((count, arm) => count + (arms.get(`${branch?.type ?? ''} ${keyOf(branch?.locations[arm]?.start)}`) ?? 0))];
    })),
  };
}

function keyOf(place: { readonly line: number; readonly column: number } | undefined): string {
  return place === undefined ? '' : `${place.line}:${place.column}`;
}

/** Of two that begin at one place the smaller count is taken. */
function countsByStart(entries: readonly (readonly [string, number])[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const [key, count] of entries) counts.set(key, Math.min(count, counts.get(key) ?? Infinity));
  return counts;
}
