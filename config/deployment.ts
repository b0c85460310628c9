import { randomInt } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { KeelError, messageOf } from '../domain/errors.ts';
import { DEPLOYMENT_ID_PATTERN } from '../domain/orders/identity.ts';
import { MODES } from './fields.ts';
import type { Mode } from './fields.ts';
import type { Settings } from './settings.ts';

/** One trading Keel: its portfolio, its ledger, its task queues. A home folder may hold several (sim, replay-1, …). */
export interface Deployment {
  /** `sim`, `paper`, `testnet`, `live`, `replay-<n>` or `scenario-<n>`, which is a replay too. */
  readonly name: string;
  readonly mode: Mode;
  /** Five characters a-z2-7, drawn once: part of every client order id, so that two Keels on one account are seen. */
  readonly id: string;
  readonly databaseName: string;
  readonly portfolioId: string;
  readonly taskQueuePrefix: string;
  /** Its folder: `<home>/<name>`. */
  readonly folder: string;
}

const ALPHABET = 'abcdefghijklmnopqrstuvwxyz234567';
const stored = z.object({ id: z.string().regex(DEPLOYMENT_ID_PATTERN) });

/**
 * The deployment of a name; the first call draws its id and keeps it in `<home>/<name>/deployment.json`.
 * @throws {KeelError} SETTING_INVALID for an impossible name, a damaged file, or a home that cannot be used.
 */
export function loadDeployment(settings: Pick<Settings, 'home'>, name: string): Deployment {
  return deploymentOf(settings, name, drawId);
}

/**
 * A deployment that was made before: nothing is drawn or written.
 * @throws {KeelError} NOT_FOUND where its `deployment.json` is not there; as `loadDeployment`
 */
export function existingDeployment(settings: Pick<Settings, 'home'>, name: string): Deployment {
  return deploymentOf(settings, name, (folder) => {
    throw new KeelError('NOT_FOUND', `${join(folder, 'deployment.json')} is not there, and every order carries its id: \`keel start --mode ${name}\` makes it; beside a Keel on another machine, copy that one's here`);
  });
}

function deploymentOf(settings: Pick<Settings, 'home'>, name: string, whereNone: (folder: string) => string): Deployment {
  const mode = modeOf(name);
  const folder = join(settings.home, name);
  return {
    name, mode, id: readId(folder) ?? whereNone(folder),
    databaseName: `keel_${name.replaceAll('-', '_')}`, portfolioId: name, taskQueuePrefix: name, folder,
  };
}

function modeOf(name: string): Mode {
  const mode = /^(replay|scenario)-[1-9]\d*$/.test(name) ? 'replay' : MODES.find((known) => known === name && known !== 'replay');
  if (mode !== undefined) return mode;
  throw new KeelError('SETTING_INVALID', `deployment "${name}"; allowed: sim, paper, testnet, live, replay-1, replay-2, …, scenario-1, …`);
}

function readId(folder: string): string | null {
  const path = join(folder, 'deployment.json');
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw unusable(folder, error);
  }
  try {
    return stored.parse(JSON.parse(text)).id;
  } catch (error) {
    throw new KeelError('SETTING_INVALID', `${path} must hold {"id": "<five of a-z2-7>"} (${messageOf(error)}); restore it: open orders carry this id`, { cause: error });
  }
}

/** A link makes the file appear whole and once: of two processes the first one's id counts. */
function drawId(folder: string): string {
  const path = join(folder, 'deployment.json');
  const own = `${path}.${process.pid}`;
  const id = Array.from({ length: 5 }, () => ALPHABET.charAt(randomInt(ALPHABET.length))).join('');
  try {
    mkdirSync(folder, { recursive: true });
    writeFileSync(own, `${JSON.stringify({ id })}\n`);
  } catch (error) {
    throw unusable(folder, error);
  }
  try {
    linkSync(own, path);
    return id;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return readId(folder) ?? id;
  } finally {
    rmSync(own, { force: true });
  }
}

function unusable(folder: string, error: unknown): KeelError {
  return new KeelError('SETTING_INVALID', `${folder} cannot be used (${messageOf(error)}); make it a folder that this user may write to, or set KEEL_HOME to another one`, { cause: error });
}
