import { spawn } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { SetupError } from './report.mjs';

/**
 * Runs a tool with the given Node and ends as it ends.
 * @param {{ root: string, node: string, tool: string, args: string[] }} command `node`, or a command of node_modules
 */
export async function runTool({ root, node, tool, args }) {
  const folder = join(root, 'node_modules', '.bin');
  const script = tool === 'node' ? [] : [commandScript(folder, tool)];
  const PATH = [dirname(node), folder, process.env.PATH ?? ''].join(delimiter);
  const child = spawn(node, [...script, ...args], { stdio: 'inherit', env: { ...process.env, PATH } });
  const forward = (signal) => {
    // Ctrl-C in a terminal reaches the whole group by itself: passing it on would make it two.
    if (signal === 'SIGINT' && process.stdin.isTTY) return;
    child.kill(signal);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, forward);
  await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      process.exitCode = signal ? 128 + constants.signals[signal] : (code ?? 1);
      resolve();
    });
  });
}

function commandScript(folder, tool) {
  const link = join(folder, tool);
  if (existsSync(link)) return realpathSync(link);
  throw new SetupError(`There is no tool "${tool}" in ${folder}.`, 'Use `node`, or a command that an installed package brings, such as `vitest`.');
}
