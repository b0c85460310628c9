import type { CoverageMap, FileCoverageData } from '@vitest/istanbul-lib-coverage';
import { createCoverageMap } from '@vitest/istanbul-lib-coverage';
import { isWorkflowBundle } from '../../workers/bundle.ts';
import { readCounts } from './raw.ts';
import { productSources } from './sources.ts';
import { addBundled, bundleCoverage, fileCoverage } from './statements.ts';

/**
 * What ran of the product's sources in all processes and threads of a run: those of the tests, the processes that they
 * started, and the sandbox of the workflows. A file that nobody loaded counts with all that it holds.
 * @param folder what V8 wrote.
 */
export async function coverageOf(folder: string, root: string): Promise<CoverageMap> {
  const sources = productSources(root);
  const wanted = new Set(sources);
  const counts = readCounts(folder, (path) => wanted.has(path) || isWorkflowBundle(path));
  const bundled = createCoverageMap({});
  for (const [path, script] of counts) if (isWorkflowBundle(path)) bundled.merge(await bundleCoverage(path, script));
  const files: FileCoverageData[] = [];
  for (const path of sources) {
    const file = await fileCoverage(path, counts.get(path) ?? null);
    files.push(bundled.files().includes(path) ? addBundled(file, bundled.fileCoverageFor(path).toJSON()) : file);
  }
  return createCoverageMap(Object.fromEntries(files.map((file) => [file.path, file])));
}
