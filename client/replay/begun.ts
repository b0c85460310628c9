/** What a replay was asked for, beside its venue's state, until it is over: after a crash it can go on from there. */
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { FIELDS } from '../../config/fields.ts';
import type { FieldKey } from '../../config/fields.ts';
import { settingsEnv } from '../../config/settings.ts';
import type { Settings } from '../../config/settings.ts';
import { KeelError } from '../../domain/errors.ts';
import { replayNumberOf } from '../deployment-choice.ts';
import type { ReplayFlags } from './plan.ts';

/** Flags that decide the result. */
export type Asked = Omit<ReplayFlags, 'keep' | 'json' | 'resume'> & { readonly data: string };

export interface Begun {
  readonly asked: Asked;
  /** Settings that decide it too, as environment. */
  readonly env: Readonly<Record<string, string>>;
}

const DECIDING = ['symbols', 'timeframe', 'historyCandles', 'strategies', 'features', 'label', 'learner', 'retrainAt'] as const satisfies readonly FieldKey[];

const schema = z.strictObject({
  asked: z.strictObject({
    data: z.string(), symbols: z.string().optional(), from: z.string().optional(), to: z.string().optional(), seed: z.string().optional(), retrain: z.string().optional(), preset: z.string().optional(),
  }),
  env: z.record(z.string(), z.string()),
});

const fileOf = (folder: string): string => join(folder, 'replay.json');

export function noteBegun(folder: string, { data, symbols, from, to, seed, retrain, preset }: Asked, settings: Settings): void {
  const path = fileOf(folder);
  const all = settingsEnv(settings);
  const env = Object.fromEntries(DECIDING.flatMap((key) => { const name = FIELDS[key].env; const value = all[name]; return value === undefined ? [] : [[name, value]]; }));
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${path}.new`, JSON.stringify({ asked: { data: resolve(data), symbols, from, to, seed, retrain, preset }, env }));
  renameSync(`${path}.new`, path);
}

export function noteOver(folder: string): void {
  rmSync(fileOf(folder), { force: true });
}

/** @throws {KeelError} USAGE when no replay of that name was interrupted on this home */
export function readBegun(home: string, name: string): Begun {
  const interrupted = interruptedOn(home);
  if (!interrupted.includes(name)) throw new KeelError('USAGE', `--resume ${name}: no such replay was interrupted on ${home} (there are: ${interrupted.join(', ') || 'none'}); one that ended, or was stopped by Ctrl-C, begins anew with --data`);
  const path = fileOf(join(home, name));
  const read = schema.safeParse(jsonOf(readFileSync(path, 'utf8')));
  if (!read.success) throw new KeelError('USAGE', `${path} does not say what was replayed (${z.prettifyError(read.error)}); begin anew with --data`);
  return read.data as Begun; // an absent flag and an undefined one are the same to whoever reads them
}

function interruptedOn(home: string): readonly string[] {
  try {
    return readdirSync(home).filter((name) => replayNumberOf(name) !== null && readdirSync(join(home, name)).includes('replay.json'));
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
