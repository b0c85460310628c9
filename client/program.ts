/** The command line as commander knows it. Each command is a file of commands/. */
import { readdirSync } from 'node:fs';
import { Command } from 'commander';
import { EXIT_CODES_HELP } from './exit-codes.ts';

/** A command's file exports this; heavy modules are imported inside of its action. */
interface CommandModule {
  readonly register: (program: Command) => void;
}

/** @param name loads this command alone; all of them for help, for a name that is none, and without one */
export async function createProgram(name?: string): Promise<Command> {
  const program = new Command('keel')
    .description('A self-hosted trading system whose every step is durable.')
    .exitOverride()
    .showHelpAfterError('(see `keel --help`)')
    .addHelpText('after', `
Every command takes --json (one JSON value on stdout, failures too) and has examples: keel <command> --help.

${EXIT_CODES_HELP}

Settings come from the environment or keel.config.ts; \`keel doctor --settings\` lists them.`);
  for (const file of wantedFiles(name)) ((await import(/* @vite-ignore */ `./commands/${file}`)) as CommandModule).register(program);
  for (const command of withSubcommands(program.commands)) command.showHelpAfterError(`(see \`${pathOf(command)} --help\`)`);
  return program;
}

function wantedFiles(name: string | undefined): string[] {
  const files = readdirSync(new URL('commands', import.meta.url)).filter((file) => file.endsWith('.ts')).sort();
  return files.includes(`${name}.ts`) ? [`${name}.ts`] : files;
}

/** A program's commands and those below them. */
export function withSubcommands(commands: readonly Command[]): Command[] {
  return commands.flatMap((command) => [command, ...withSubcommands(command.commands)]);
}

/** `keel venue clock`. */
export function pathOf(command: Command): string {
  return command.parent === null ? command.name() : `${pathOf(command.parent)} ${command.name()}`;
}
