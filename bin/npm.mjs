import { spawn, spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { SetupError } from './report.mjs';

/** Variables of an outer `npm start` or `npx` that would lead an inner npm to other folders. */
const OUTER_NPM = /^(npm_config_(local_prefix|global|global_prefix|prefix|workspace|package|call)|npm_(package|lifecycle)_.*|INIT_CWD)$/i;

/**
 * The user's npm as a script, so that another Node can run it.
 * @returns {string} path of npm-cli.js
 */
export function findNpmScript(env = process.env) {
  const outer = env.npm_execpath ? [join(dirname(env.npm_execpath), 'npm-cli.js')] : [];
  const onPath = (env.PATH ?? '').split(delimiter).map((folder) => join(folder, 'npm'));
  const besideNode = join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
  for (const candidate of [...outer, ...onPath, besideNode]) {
    if (!existsSync(candidate)) continue;
    const real = realpathSync(candidate);
    if (real.endsWith('npm-cli.js')) return real;
    const script = askWrapper(real, env);
    if (script !== null) return script;
  }
  throw new SetupError('npm was not found.', 'Install npm (it comes with Node.js), or put it on the PATH.');
}

/** A wrapper (a version manager's shim) is asked where its packages are. */
function askWrapper(command, env) {
  const answer = spawnSync(command, ['root', '--global'], { encoding: 'utf8', env });
  if (answer.status !== 0) return null;
  const script = join(answer.stdout.trim(), 'npm', 'bin', 'npm-cli.js');
  return existsSync(script) ? script : null;
}

/**
 * Runs npm with a given Node in a folder; its output goes to stderr.
 * @param {{ node: string, args: string[], cwd: string }} command
 * @returns {Promise<void>}
 * @throws SetupError when npm fails
 */
export async function runNpm({ node, args, cwd }) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OUTER_NPM.test(name)));
  env.PATH = `${dirname(node)}${delimiter}${env.PATH ?? ''}`;
  env.npm_config_update_notifier = 'false';
  const child = spawn(node, [findNpmScript(), ...args], { cwd, env, stdio: ['ignore', 2, 2] });
  const code = await new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (status, signal) => resolve(signal ?? status));
  });
  if (code === 0) return;
  throw new SetupError(
    `\`npm ${args.join(' ')}\` in ${cwd} ended with ${code}; its own words stand above.`,
    'Check that the npm registry can be reached (`npm config get registry`, `npm ping`) and that the disk has 3 GB free, then run the command again.',
  );
}
