/** A copy of the repository in which guards are left out: the sources themselves are never touched. */
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ROOT } from '../../config/settings.ts';
import type { Mutant } from './mutant.ts';
import { mutated } from './mutant.ts';

export interface Workspace {
  readonly folder: string;
  /** Runs `work` while the mutant's edits are in the copy, and takes them out again. */
  whileMutated<T>(mutant: Mutant, work: () => Promise<T>): Promise<T>;
  remove(): void;
}

/** What git tracks, and what is new and not ignored; the packages are linked. */
export function makeWorkspace(): Workspace {
  const folder = mkdtempSync(join(tmpdir(), 'keel-mutants-'));
  const listed = execFileSync('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], { cwd: ROOT, encoding: 'utf8' });
  for (const file of listed.split('\0').filter((name) => name !== '' && existsSync(join(ROOT, name)))) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(ROOT, file), join(folder, file));
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'));

  return {
    folder,
    async whileMutated({ edits }, work) {
      const originals = new Map<string, string>();
      try {
        for (const each of edits) {
          const path = join(folder, each.file);
          const source = readFileSync(path, 'utf8');
          if (!originals.has(path)) originals.set(path, source);
          writeFileSync(path, mutated(source, each));
        }
        return await work();
      } finally {
        for (const [path, source] of originals) writeFileSync(path, source);
      }
    },
    remove: () => { rmSync(folder, { recursive: true, force: true }); },
  };
}
