#!/usr/bin/env node
// Runs on Node 20 with nothing installed: gets Node and the packages, then runs a tool with them.
//   node bin/bootstrap.mjs vitest run
//   node bin/bootstrap.mjs node scripts/check.ts
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { keepCompiled } from './cache.mjs';
import { ensureNode } from './node.mjs';
import { ensurePackages } from './packages.mjs';
import { SetupError, guarded } from './report.mjs';
import { runTool } from './run.mjs';

const root = dirname(dirname(fileURLToPath(import.meta.url)));

await guarded(async () => {
  const [tool, ...args] = process.argv.slice(2);
  if (tool === undefined) throw new SetupError('No tool was named.', 'Say for example: node bin/bootstrap.mjs vitest run');
  const node = await ensureNode();
  await ensurePackages({ root, node });
  keepCompiled(process.env);
  await runTool({ root, node, tool, args });
});
