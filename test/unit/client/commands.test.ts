import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import { expect, it } from 'vitest';
import { EXIT_CODES } from '../../../client/exit-codes.ts';
import { createProgram, pathOf, withSubcommands } from '../../../client/program.ts';

const commands = withSubcommands((await createProgram()).commands).map((command) => [pathOf(command), command] as const);
const docs = readFileSync(new URL('../../../docs/commands.md', import.meta.url), 'utf8');

function helpOf(command: Command): string {
  let help = '';
  command.configureOutput({ writeOut: (text) => (help += text) });
  command.outputHelp();
  return help;
}

it('the surface is whole', () => {
  const names = commands.map(([path]) => path.slice('keel '.length));
  for (const name of [
    'start', 'stop', 'status', 'positions', 'orders', 'trades', 'cycles', 'events', 'predictions', 'predict', 'performance', 'evaluate', 'explain', 'replay', 'scenario', 'venue', 'venue clock', 'venue fault', 'venue shock', 'venue income',
    'verify', 'worker', 'schedules', 'schedules list', 'schedules pause', 'schedules resume', 'schedules trigger', 'arm', 'trip', 'resume', 'guard', 'health', 'doctor', 'policy', 'policy show', 'policy set', 'policy preset', 'policy history', 'policy diff',
  ]) expect(names).toContain(name);
});

it.each(commands)('%s: help with an example that starts with its name, and a place in docs/commands.md', (path, command) => {
  const help = helpOf(command);
  expect(help).toMatch(/\nExamples?:\n/);
  expect(help.split(/\nExamples?:\n/)[1]).toContain(path.startsWith('keel venue state') || path === 'keel schedules list' ? path.split(' ').slice(0, 2).join(' ') : path);
  expect(docs).toContain(`\`${path}`);
  expect(command.description()).not.toBe('');
});

it.each(commands.filter(([, command]) => command.commands.length === 0))('%s: takes --json, and says what each argument is', (_path, command) => {
  expect(command.options.map((option) => option.long)).toContain('--json');
  for (const argument of command.registeredArguments) expect(argument.description || command.description()).not.toBe('');
  for (const option of command.options) expect(option.description).not.toBe('');
});

it('docs/commands.md lists every exit code and every option', () => {
  for (const code of Object.values(EXIT_CODES)) expect(docs).toMatch(new RegExp(`^\\| ${code} \\|`, 'm'));
  for (const [path, command] of commands) {
    for (const option of command.options) if (option.long !== '--json') expect(docs, `${path} ${option.long ?? ''}`).toContain(option.long);
  }
});

const signed = commands.flatMap(([path, command]) => command.options.filter((option) => ['--by', '--because'].includes(option.long ?? '') && !['keel trip', 'keel performance'].includes(path)).map((option) => [path, option] as const));

it.each(signed)('%s: who and why say something', (_path, option) => {
  for (const text of ['', ' ']) expect(() => option.parseArg?.(text, undefined)).toThrow(expect.objectContaining({ code: 'USAGE', message: `${option.long ?? ''} must say something: it stands in the audit` }));
  expect(option.parseArg?.('ada', undefined)).toBe('ada');
});

it('every step by hand is signed', () => {
  expect(new Set(signed.map(([path]) => path.slice('keel '.length)))).toEqual(new Set(['policy set', 'policy preset', 'models promote', 'models rollback', 'models retire', 'models import', 'decisions answer', 'resume', 'sizing acknowledge', 'labels label', 'labels skip', 'arm']));
});
