import { spawn } from 'node:child_process';
import { cp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CliOptions } from './cli.ts';
import { temporaryFolder } from './download.ts';
import { ENGINE_VERSION } from './release.ts';

/** Our small module: the CLI cannot be installed by `go install`, since its own module replaces a part. */
const MODULE = fileURLToPath(new URL('build', import.meta.url));
const PACKAGE = 'github.com/temporalio/cli/cmd/temporal';
const TELL_EVERY_MS = 10_000;

/**
 * Builds the CLI from Go modules, pinned by go.sum. Some minutes on a small machine.
 * @throws Error with the end of what `go` said; nothing is left behind.
 */
export async function buildCli(target: string, { env, say }: CliOptions): Promise<void> {
  const folder = await temporaryFolder(target);
  try {
    await cp(MODULE, folder, { recursive: true });
    const output = join(folder, 'temporal');
    const flags = `-s -w -X github.com/temporalio/cli/internal/temporalcli.Version=${ENGINE_VERSION}`;
    say('building the Temporal server with Go (three to five minutes, once) …');
    await runGo(['build', '-v', '-mod=readonly', '-trimpath', '-ldflags', flags, '-o', output, PACKAGE], { cwd: folder, env, say });
    await rename(output, target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function runGo(args: string[], { cwd, env, say }: { cwd: string; env: CliOptions['env']; say: CliOptions['say'] }): Promise<void> {
  const startedMs = Date.now();
  const child = spawn('go', args, { cwd, env: { ...env, CGO_ENABLED: '0', GOWORK: 'off' }, stdio: ['ignore', 'pipe', 'pipe'] });
  const lines: string[] = [];
  const collect = (chunk: Buffer): void => void lines.push(...chunk.toString('utf8').trim().split('\n').slice(-20));
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const timer = setInterval(() => say(`building the Temporal server … ${Math.round((Date.now() - startedMs) / 1000)} s ${(lines.at(-1) ?? '').slice(0, 80)}`), TELL_EVERY_MS);
  try {
    await new Promise<void>((resolve, reject) => {
      child.once('error', (error: NodeJS.ErrnoException) => reject(error.code === 'ENOENT' ? new Error('Go is not installed (no `go` on the PATH)') : error));
      child.once('exit', (code, signal) => (code === 0 ? resolve() : reject(new Error(`\`go build\` ended with ${signal ?? code}: ${lines.slice(-8).join(' | ')}`))));
    });
  } finally {
    clearInterval(timer);
  }
}
