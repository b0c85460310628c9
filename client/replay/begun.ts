/** What a replay was asked for, beside its venue's state, until it is over: after a crash it can go on from there. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { KeelError } from '../../domain/errors.ts';
import type { ReplayFlags } from './plan.ts';

/** What decides the result. */
export type Asked = Omit<ReplayFlags, 'keep' | 'json' | 'resume'> & { readonly data: string };

const asked = z.strictObject({
  data: z.string(), symbols: z.string().optional(), from: z.string().optional(), to: z.string().optional(), seed: z.string().optional(), retrain: z.string().optional(), preset: z.string().optional(),
});

const fileOf = (folder: string): string => join(folder, 'replay.json');

export function noteBegun(folder: string, { data, symbols, from, to, seed, retrain, preset }: Asked): void {
  const path = fileOf(folder);
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${path}.new`, JSON.stringify({ data: resolve(data), symbols, from, to, seed, retrain, preset }));
  renameSync(`${path}.new`, path);
}

export function noteOver(folder: string): void {
  rmSync(fileOf(folder), { force: true });
}

/** @throws {KeelError} USAGE when no replay of that name was interrupted on this home */
export function readBegun(home: string, name: string): Asked {
  const interrupted = interruptedOn(home);
  if (!interrupted.includes(name)) throw new KeelError('USAGE', `--resume ${name}: no such replay was interrupted on ${home} (there are: ${interrupted.join(', ') || 'none'}); one that ended, or was stopped by Ctrl-C, begins anew with --data`);
  const path = fileOf(join(home, name));
  const read = asked.safeParse(jsonOf(readFileSync(path, 'utf8')));
  if (!read.success) throw new KeelError('USAGE', `${path} does not say what was replayed (${z.prettifyError(read.error)}); begin anew with --data`);
  return Object.fromEntries(Object.entries(read.data).filter(([, value]) => value !== undefined)) as Asked;
}

function interruptedOn(home: string): readonly string[] {
  try {
    return readdirSync(home).filter((name) => /^replay-[1-9]\d*$/.test(name) && readdirSync(join(home, name)).includes('replay.json'));
  } catch {
    return []; // no home yet
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
