/** The workflows' code as one file, made once per version of the code: packing it costs each worker two seconds and 150 MiB. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode } from '@temporalio/worker';
import { ROOT } from '../config/settings.ts';

/** Everything that the bundle can be made of. */
const SOURCES = ['workflows', 'domain', 'activities'];
/** Bundles of this many versions of the code stay. */
const KEPT_MAX = 8;
const BUNDLE = /[/\\]workflows[/\\][0-9a-f]{32}\.js$/;
const KEPT_WITH = ['package-lock.json', 'tsconfig.json'];

/** Is this path that of a bundle of some version? */
export function isWorkflowBundle(path: string): boolean {
  return BUNDLE.test(path);
}

/**
 * Where the bundle of this very code lies; made now when it does not.
 * @param cache the folder for what can be made again; several workers may ask at the same time.
 */
export async function workflowBundle(cache: string): Promise<{ readonly codePath: string }> {
  const codePath = join(cache, 'workflows', `${versionOfCode()}.js`);
  if (existsSync(codePath)) return { codePath };
  const { code } = await bundleWorkflowCode({ workflowsPath: join(ROOT, 'workflows/index.ts') });
  mkdirSync(join(cache, 'workflows'), { recursive: true });
  const fresh = `${codePath}.${process.pid}`;
  writeFileSync(fresh, code);
  renameSync(fresh, codePath); // whole or not at all
  removeOld(join(cache, 'workflows'));
  return { codePath };
}

/** A worker reads its bundle once, so an older version's may go at any time. */
function removeOld(folder: string): void {
  const newestFirst = readdirSync(folder).map((name) => join(folder, name)).map((path) => ({ path, time: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 })).sort((a, b) => b.time - a.time);
  for (const { path } of newestFirst.slice(KEPT_MAX)) rmSync(path, { force: true });
}

/** Changes with every source, package and Node version, and with the clone: the bundle's source map names its files. */
function versionOfCode(): string {
  const hash = createHash('sha256').update(`${process.version}\n${ROOT}`);
  for (const path of [...KEPT_WITH, ...SOURCES.flatMap(filesBelow)]) hash.update(`\n${path}\n`).update(readFileSync(join(ROOT, path)));
  return hash.digest('hex').slice(0, 32);
}

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length)).sort();
}
