/** The command line. Each command is a file of commands/ and is loaded only when it is asked for. */
import { readdirSync } from 'node:fs';
import { Command } from 'commander';
import { EXIT_CODES_HELP } from './exit-codes.ts';
import { run } from './run.ts';

/** A command's file exports this; heavy modules are imported inside of its action. */
interface CommandModule {
  readonly register: (program: Command) => void;
}

async function main(): Promise<void> {
  const program = new Command('keel')
    .description('A self-hosted trading system whose every step is durable.')
    .exitOverride()
    .showHelpAfterError('(see `keel --help`)')
    .addHelpText('after', `\n${EXIT_CODES_HELP}\n\nSettings come from the environment or keel.config.ts; \`keel doctor --settings\` lists them.`);
  for (const file of wantedFiles(process.argv[2])) ((await import(`./commands/${file}`)) as CommandModule).register(program);
  for (const command of program.commands) command.exitOverride();
  await program.parseAsync();
}

/** The named command's file, or all of them for help and for a name that is none. */
function wantedFiles(name: string | undefined): string[] {
  const files = readdirSync(new URL('commands', import.meta.url)).filter((file) => file.endsWith('.ts')).sort();
  return files.includes(`${name}.ts`) ? [`${name}.ts`] : files;
}

await run(main);
