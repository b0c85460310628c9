import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cachedCliPath, findEngineCli } from '../../../stack/engine/cli.ts';
import type { CliOptions } from '../../../stack/engine/cli.ts';
import { testHome } from '../../support/processes.ts';

/** No server answers here: port 9 of loopback (discard) is refused at once. */
const NOWHERE = 'http://127.0.0.1:9';

function program(path: string, script: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const says = (version: string): string => `echo "temporal version ${version} (Server 1.31.2, UI 2.50.1)"`;

interface Situation {
  readonly folder: string;
  readonly lines: string[];
  readonly options: CliOptions;
}

/** A machine with nothing: an empty cache, no `temporal`, no `go`, no network. */
function situation(env: Record<string, string> = {}, archive: CliOptions['archive'] = { file: 'temporal.tar.gz', sha256: 'x' }): Situation {
  const folder = testHome();
  const lines: string[] = [];
  mkdirSync(join(folder, 'path'));
  const merged = { PATH: join(folder, 'path'), HOME: folder, KEEL_TEMPORAL_ARCHIVE_URL: NOWHERE, ...env };
  return { folder, lines, options: { cache: join(folder, 'cache'), env: merged, archive, say: (line) => void lines.push(line) } };
}

/** Serves an archive with a program in it from loopback. */
async function archiveServer(folder: string, script: string): Promise<{ url: string; sha256: string }> {
  program(join(folder, 'archive', 'temporal'), script);
  execFileSync('tar', ['-czf', join(folder, 'temporal.tar.gz'), '-C', join(folder, 'archive'), 'temporal']);
  const content = readFileSync(join(folder, 'temporal.tar.gz'));
  const server = createServer((request, response) => {
    if (request.url === '/mirror/temporal.tar.gz') response.writeHead(200, { 'content-length': content.length }).end(content);
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}/mirror`, sha256: createHash('sha256').update(content).digest('hex') };
}

/** What is left of a failed fetch: nothing but the lock's folder. */
function remains(cache: string): string[] {
  const folder = dirname(cachedCliPath(cache));
  return existsSync(folder) ? readdirSync(folder) : [];
}

describe('findEngineCli', () => {
  it('takes KEEL_TEMPORAL_CLI before anything else', async () => {
    const { folder, options } = situation();
    program(join(folder, 'path', 'temporal'), says('1.9.0'));
    const path = program(join(folder, 'own'), says('1.8.2'));
    expect(await findEngineCli({ ...options, env: { ...options.env, KEEL_TEMPORAL_CLI: path } })).toEqual({ path, version: '1.8.2', route: 'KEEL_TEMPORAL_CLI' });
  });

  it.each([
    ['too old', says('1.5.0'), 'version 1.5.0 does not serve'],
    ['something else', 'echo hello', 'is not the Temporal CLI'],
    ['broken', 'exit 3', 'does not run'],
  ])('refuses a KEEL_TEMPORAL_CLI that is %s, and tries nothing else', async (_name, script, words) => {
    const { folder, options } = situation();
    program(join(folder, 'path', 'temporal'), says('1.9.0'));
    const given = program(join(folder, 'own'), script);
    const failure = findEngineCli({ ...options, env: { ...options.env, KEEL_TEMPORAL_CLI: given } });
    await expect(failure).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
    await expect(failure).rejects.toThrow(words);
  });

  it('takes `temporal` on the PATH if its version serves', async () => {
    const { folder, options } = situation();
    const path = program(join(folder, 'path', 'temporal'), says('1.9.0'));
    expect(await findEngineCli(options)).toEqual({ path, version: '1.9.0', route: 'PATH' });
  });

  it('takes the cache when the one on the PATH is too old', async () => {
    const { folder, options } = situation();
    program(join(folder, 'path', 'temporal'), says('1.7.0'));
    const path = program(cachedCliPath(options.cache), says('1.8.2'));
    expect(await findEngineCli(options)).toEqual({ path, version: '1.8.2', route: 'cache' });
  });

  it('gets the archive, keeps it, and the cache serves the next time', async () => {
    const base = situation();
    const { url, sha256 } = await archiveServer(base.folder, says('1.8.2'));
    const options = { ...base.options, env: { ...base.options.env, PATH: `${base.options.env['PATH']}:/usr/bin:/bin`, KEEL_TEMPORAL_ARCHIVE_URL: `${url}/` }, archive: { file: 'temporal.tar.gz', sha256 } };
    const path = cachedCliPath(options.cache);
    expect(await findEngineCli(options)).toEqual({ path, version: '1.8.2', route: 'archive' });
    expect(base.lines.some((line) => line.includes('100 %'))).toBe(true);
    expect(remains(options.cache)).toEqual(['temporal']);
    expect(await findEngineCli({ ...options, env: { ...options.env, KEEL_TEMPORAL_ARCHIVE_URL: NOWHERE } })).toMatchObject({ route: 'cache' });
  });

  it('two at once get it once', async () => {
    const base = situation();
    const { url, sha256 } = await archiveServer(base.folder, says('1.8.2'));
    const options = { ...base.options, env: { ...base.options.env, PATH: `${base.options.env['PATH']}:/usr/bin:/bin`, KEEL_TEMPORAL_ARCHIVE_URL: url }, archive: { file: 'temporal.tar.gz', sha256 } };
    const routes = (await Promise.all([findEngineCli(options), findEngineCli(options)])).map(({ route }) => route).sort();
    expect(routes).toEqual(['archive', 'cache']);
  });

  it('does not use an archive with a wrong checksum', async () => {
    const base = situation();
    const { url, sha256 } = await archiveServer(base.folder, `touch ${join(base.folder, 'was-run')}; ${says('1.8.2')}`);
    const options = { ...base.options, env: { ...base.options.env, KEEL_TEMPORAL_ARCHIVE_URL: url }, archive: { file: 'temporal.tar.gz', sha256: '0'.repeat(64) } };
    const failure = findEngineCli(options);
    await expect(failure).rejects.toThrow(`has the sha256 ${sha256}`);
    expect(existsSync(join(base.folder, 'was-run'))).toBe(false);
    expect(remains(options.cache)).toEqual([]);
  });

  it('builds with Go when there is no archive: the module is ours and pinned', async () => {
    const { folder, lines, options } = situation();
    program(join(folder, 'path', 'go'), `
      /bin/grep -q 'require' go.mod && test -s go.sum || exit 9
      echo "$@" > ${join(folder, 'go-args')}; echo "$CGO_ENABLED $GOWORK" > ${join(folder, 'go-env')}
      while [ "$1" != "-o" ]; do shift; done
      /bin/cp ${program(join(folder, 'built'), says('1.8.2'))} "$2"`);
    expect(await findEngineCli(options)).toEqual({ path: cachedCliPath(options.cache), version: '1.8.2', route: 'build' });
    expect(readFileSync(join(folder, 'go-args'), 'utf8')).toMatch(/^build .*-mod=readonly -trimpath .*Version=1\.8\.2.* github\.com\/temporalio\/cli\/cmd\/temporal$/m);
    expect(readFileSync(join(folder, 'go-env'), 'utf8')).toBe('0 off\n');
    expect(lines.some((line) => line.startsWith('archive: '))).toBe(true);
    expect(remains(options.cache)).toEqual(['temporal']);
  });

  it('lists every choice and what came of it when all fail', async () => {
    const { folder, options } = situation();
    program(join(folder, 'path', 'temporal'), says('1.2.0'));
    program(join(folder, 'path', 'go'), 'echo "go: no module proxy" >&2; exit 1');
    const failure = findEngineCli(options);
    await expect(failure).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
    for (const words of ['KEEL_TEMPORAL_CLI: not set', 'version 1.2.0 does not serve', 'cache: ', 'none', `${NOWHERE}/temporal.tar.gz could not be fetched`, 'go: no module proxy', 'TEMPORAL_ADDRESS=']) {
      await expect(failure).rejects.toThrow(words);
    }
  });

  it('says that Go is missing, and that no archive is known for the platform', async () => {
    const { options } = situation({}, null);
    const failure = findEngineCli(options);
    await expect(failure).rejects.toThrow('no archive is known');
    await expect(failure).rejects.toThrow('Go is not installed');
  });

  it('only looks when it is told to', async () => {
    const { options, lines } = situation();
    await expect(findEngineCli({ ...options, fetch: false })).rejects.toMatchObject({ code: 'ENGINE_UNAVAILABLE' });
    expect(lines).toEqual([]);
  });
});
