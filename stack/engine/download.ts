import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import type { CliOptions } from './cli.ts';
import { ARCHIVE_BASE_URL, archiveOf } from './release.ts';

const run = promisify(execFile);
/** To the first answer, and for the whole archive (some 60 MB). */
const ANSWER_TIMEOUT_MS = 15_000;
const TOTAL_TIMEOUT_MS = 10 * 60_000;

/**
 * Fetches the official archive, checks its sha256 against the pinned one, and puts the binary at `target`.
 * @throws Error saying what was fetched and what is wrong with it; nothing is left behind.
 */
export async function downloadCli(target: string, options: CliOptions): Promise<void> {
  const platform = `${process.platform}-${process.arch}`;
  const archive = options.archive === undefined ? archiveOf(platform) : options.archive;
  if (archive === null) throw new Error(`no archive is known for ${platform}`);
  const url = `${(options.env['KEEL_TEMPORAL_ARCHIVE_URL'] || ARCHIVE_BASE_URL).replace(/\/$/, '')}/${archive.file}`;
  const folder = await temporaryFolder(target);
  try {
    options.say(`getting the Temporal server from ${url} …`);
    const file = join(folder, archive.file);
    const sha256 = await fetchFile(url, file, options.say);
    if (sha256 !== archive.sha256) throw new Error(`${url} has the sha256 ${sha256}, and ${archive.sha256} is expected: not used`);
    await run('tar', ['-xzf', file, '-C', folder, 'temporal']);
    await chmod(join(folder, 'temporal'), 0o755);
    await rename(join(folder, 'temporal'), target);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Beside the target, so that the last step is a rename within one file system. */
export async function temporaryFolder(target: string): Promise<string> {
  await mkdir(dirname(target), { recursive: true });
  return mkdtemp(join(dirname(target), 'new-'));
}

async function fetchFile(url: string, file: string, say: (line: string) => void): Promise<string> {
  const controller = new AbortController();
  const total = setTimeout(() => controller.abort(new Error(`not complete after ${TOTAL_TIMEOUT_MS} ms`)), TOTAL_TIMEOUT_MS);
  const answer = setTimeout(() => controller.abort(new Error(`no answer within ${ANSWER_TIMEOUT_MS} ms`)), ANSWER_TIMEOUT_MS);
  try {
    const response = await fetch(url, { signal: controller.signal });
    clearTimeout(answer);
    if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}`);
    const hash = createHash('sha256');
    const meter = progress(Number(response.headers.get('content-length')), say, (chunk) => hash.update(chunk));
    await pipeline(Readable.fromWeb(response.body as ReadableStream), meter, createWriteStream(file), { signal: controller.signal });
    return hash.digest('hex');
  } catch (error) {
    throw new Error(`${url} could not be fetched: ${reasonOf(controller.signal.reason ?? error)}`, { cause: error });
  } finally {
    clearTimeout(answer);
    clearTimeout(total);
  }
}

/** Passes bytes on and says every ten percent how far it is. @param bytes whole size, 0 or NaN when unknown */
function progress(bytes: number, say: (line: string) => void, onChunk: (chunk: Buffer) => void): Transform {
  let seen = 0;
  let told = 0;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      onChunk(chunk);
      seen += chunk.length;
      const percent = bytes > 0 ? Math.floor((seen / bytes) * 10) * 10 : 0;
      if (percent > told) {
        told = percent;
        say(`getting the Temporal server … ${percent} %`);
      }
      done(null, chunk);
    },
  });
}

/** `fetch failed` hides its reason one or two causes down. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : reasonOf(error.cause);
}
