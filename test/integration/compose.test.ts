/** docker-compose.yml against the schema of the Compose specification: it is checked where no container engine exists. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DCLinter } from 'dclint';
import { expect, it } from 'vitest';
import { unknownVariables } from '../../config/settings.ts';
import { FIELDS } from '../../config/fields.ts';
import { DYNAMIC_CONFIG } from '../../stack/engine/server.ts';
import { testHome } from '../support/processes.ts';

const FILE = new URL('../../docker-compose.yml', import.meta.url);
const TEXT = readFileSync(FILE, 'utf8');

interface Finding {
  readonly rule: string;
  readonly type: string;
  readonly message: string;
}

/** As far as it is used: its own types do not resolve under Node's rules. */
const Linter = DCLinter as unknown as new (config: object) => { lintFiles(paths: string[], isRecursive: boolean): { messages: Finding[] }[] };

/** What the schema refuses, and what contradicts itself; matters of taste are left out. */
function errorsOf(text: string): string[] {
  const path = join(testHome(), 'docker-compose.yml');
  writeFileSync(path, text);
  return new Linter({ rules: {}, exclude: [], quiet: true, debug: false }).lintFiles([path], false).flatMap(({ messages }) => messages).filter(({ type }) => type === 'error').map(({ rule, message }) => `${rule}: ${message}`);
}

it('fits the specification', () => expect(errorsOf(TEXT)).toEqual([]));

it.each([
  ['a condition that there is not', 'service_healthy', 'service_well'],
  ['a key that there is not', 'restart: unless-stopped', 'restarts: unless-stopped'],
  ['a port that is none', "'127.0.0.1:7233:7233'", '[7233]'],
])('a fault would be found: %s', (_name, right, wrong) => {
  expect(TEXT).toContain(right);
  expect(errorsOf(TEXT.replace(right, wrong)).join('\n')).toContain('invalid-schema');
});

it('gives Keel settings that it knows', () => {
  const own = [...TEXT.slice(TEXT.indexOf('  keel:')).matchAll(/^ {6}([A-Z][A-Z_]+):/gm)].map((match) => match[1] ?? '');
  expect(own).toContain('DATABASE_URL');
  const known = new Set<string>(Object.values(FIELDS).map(({ env }) => env));
  expect(own.filter((name) => !known.has(name))).toEqual([]);
  expect(unknownVariables(Object.fromEntries(own.map((name) => [name, 'x'])))).toEqual([]);
});

/** Lines of one service, from its name to the next. */
function serviceOf(name: string): string {
  return new RegExp(`^  ${name}:\\n((?: {4}.*\\n)+)`, 'm').exec(TEXT)?.[1] ?? '';
}

it('keeps packages and downloads in volumes: the clone\'s own packages stay, a new container fetches nothing again', () => {
  const keel = serviceOf('keel');
  const mounts = [...keel.matchAll(/^ {6}- (\S+):(\/\S+)$/gm)].map(([, from = '', to = '']) => ({ from, to }));
  expect(mounts).toContainEqual({ from: 'packages', to: '/keel/node_modules' });
  expect(TEXT.slice(TEXT.indexOf('\nvolumes:'))).toContain('\n  packages:\n');
  const cache = /KEEL_CACHE: (\S+)/.exec(keel)?.[1] ?? '';
  expect(mounts.filter(({ from }) => !from.startsWith('.')).some(({ to }) => cache.startsWith(`${to}/`))).toBe(true);
});

it('names the Temporal UI where a person reaches it', () => {
  const port = /- '(127\.0\.0\.1:\d+):8080'/.exec(serviceOf('temporal-ui'))?.[1] ?? 'none';
  expect(serviceOf('keel')).toContain(`KEEL_TEMPORAL_UI_URL: http://${port}\n`);
});

it('gives the Temporal server the polling that the embedded one has', () => {
  const temporal = serviceOf('temporal');
  const [, file = '', inside = ''] = /- \.\/(\S+):\/etc\/temporal\/(\S+):ro/.exec(temporal) ?? [];
  expect(temporal).toContain(`DYNAMIC_CONFIG_FILE_PATH: ${inside}\n`);
  const given = Object.fromEntries([...readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8').matchAll(/^([\w.]+):\n {2}- value: (\w+)$/gm)].map(([, key = '', value = '']) => [key, /^\d+$/.test(value) ? Number(value) : value]));
  expect(given).toEqual(Object.fromEntries(Object.entries(DYNAMIC_CONFIG).filter(([key]) => key.startsWith('history.'))));
});
