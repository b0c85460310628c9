#!/usr/bin/env node
// The command `keel`. Runs on Node 20 with nothing installed: gets Node and the packages, then runs client/keel.ts.
import module from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { keepCompiled } from './cache.mjs';
import { ensureNode } from './node.mjs';
import { ensurePackages } from './packages.mjs';
import { guarded } from './report.mjs';
import { runTool } from './run.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const program = join(root, 'client', 'keel.ts');

await guarded(async () => {
  const node = await ensureNode();
  await ensurePackages({ root, node });
  const compiled = keepCompiled(process.env);
  if (node !== process.execPath) return runTool({ root, node, tool: 'node', args: [program, ...process.argv.slice(2)] });
  module.enableCompileCache(compiled);
  return import(pathToFileURL(program).href);
});
