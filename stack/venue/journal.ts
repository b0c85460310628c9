import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { KeelError } from '../../domain/errors.ts';

const SNAPSHOT_FILE = 'snapshot.json';

/**
 * An append-only file of JSON lines. A line is handed to the operating system before `append` returns, so it
 * survives the process (not the machine). A torn last line, left by a kill in mid-write, is cut off on opening.
 */
export class LineFile {
  readonly path: string;
  readonly #descriptor: number;
  #bytes: number;

  private constructor(path: string, descriptor: number, bytes: number) {
    this.path = path;
    this.#descriptor = descriptor;
    this.#bytes = bytes;
  }

  /** @throws {KeelError} NOT_FOUND, not retried: a whole line that is no JSON (the file was changed by hand). */
  static open(path: string): { readonly file: LineFile; readonly lines: readonly unknown[] } {
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const descriptor = openSync(path, 'a');
    const bytes = Buffer.byteLength(whole);
    if (whole.length < text.length) ftruncateSync(descriptor, bytes);
    const lines = whole === '' ? [] : whole.slice(0, -1).split('\n').map((line, index) => parseLine(path, index + 1, line));
    return { file: new LineFile(path, descriptor, bytes), lines };
  }

  /** All lines or none: a write that fails in its midst (a full disk) is taken back. */
  append(lines: readonly unknown[]): void {
    if (lines.length === 0) return;
    let text = '';
    for (const line of lines) text += `${JSON.stringify(line)}\n`;
    const data = Buffer.from(text);
    try {
      for (let written = 0; written < data.length;) written += writeSync(this.#descriptor, data, written);
    } catch (error) {
      ftruncateSync(this.#descriptor, this.#bytes);
      throw error;
    }
    this.#bytes += data.length;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

function parseLine(path: string, number: number, line: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new KeelError('NOT_FOUND', `${path}:${number} is not JSON: restore the file from a backup, or begin with an empty state folder`, { cause: error });
  }
}

/** A snapshot and what happened since: `snapshot.json` names the segment that follows it. */
export class Journal<Entry, Snapshot> {
  readonly #folder: string;
  #sequence: number;
  #file: LineFile;
  #sinceSnapshot: number;

  private constructor(folder: string, sequence: number, file: LineFile, sinceSnapshot: number) {
    this.#folder = folder;
    this.#sequence = sequence;
    this.#file = file;
    this.#sinceSnapshot = sinceSnapshot;
  }

  /** @returns the last snapshot (undefined in an empty folder) and the entries after it. */
  static open<E, S>(folder: string): { readonly journal: Journal<E, S>; readonly snapshot: S | undefined; readonly entries: readonly E[] } {
    mkdirSync(folder, { recursive: true });
    const saved = readSnapshot<S>(join(folder, SNAPSHOT_FILE));
    const sequence = saved?.sequence ?? 0;
    const { file, lines } = LineFile.open(segmentPath(folder, sequence));
    const journal = new Journal<E, S>(folder, sequence, file, lines.length);
    // What this process wrote itself is trusted to have its own shape.
    return { journal, snapshot: saved?.snapshot, entries: lines as readonly E[] };
  }

  get entriesSinceSnapshot(): number {
    return this.#sinceSnapshot;
  }

  append(entry: Entry): void {
    this.#file.append([entry]);
    this.#sinceSnapshot += 1;
  }

  /** Replaces the snapshot atomically and begins a new segment; older segments are deleted. */
  snapshot(snapshot: Snapshot): void {
    const next = this.#sequence + 1;
    const path = join(this.#folder, SNAPSHOT_FILE);
    writeDurably(`${path}.new`, JSON.stringify({ sequence: next, snapshot }));
    renameSync(`${path}.new`, path);
    this.#file.close();
    this.#file = LineFile.open(segmentPath(this.#folder, next)).file;
    this.#sequence = next;
    this.#sinceSnapshot = 0;
    for (const name of readdirSync(this.#folder)) {
      const match = /^journal-(\d+)\.jsonl$/.exec(name);
      if (match !== null && Number(match[1]) < next) rmSync(join(this.#folder, name));
    }
  }

  close(): void {
    this.#file.close();
  }
}

function segmentPath(folder: string, sequence: number): string {
  return join(folder, `journal-${String(sequence).padStart(6, '0')}.jsonl`);
}

function readSnapshot<S>(path: string): { readonly sequence: number; readonly snapshot: S } | undefined {
  if (!existsSync(path)) return undefined;
  const parsed = parseLine(path, 1, readFileSync(path, 'utf8'));
  return parsed as { sequence: number; snapshot: S };
}

function writeDurably(path: string, text: string): void {
  const descriptor = openSync(path, 'w');
  writeFileSync(descriptor, text);
  fsyncSync(descriptor);
  closeSync(descriptor);
}
