import type { Command } from 'commander';

interface WorkerFlags {
  readonly roles?: string;
  readonly deployment?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('worker')
    .description('one worker in the foreground, against any cluster; Ctrl-C ends it')
    .option('--roles <names>', 'trading, venue, models, feeds, with commas between (default: all)')
    .option('--deployment <name>', 'whose work it does: sim, paper, testnet, live, replay-1, … (default: KEEL_MODE)')
    .option('--json', 'a failure to start as JSON too; the log is JSON lines anyway')
    .addHelpText('after', `
Examples:
  keel worker                                          one more beside a Keel that runs here
  keel worker --roles venue,feeds --deployment paper
  TEMPORAL_ADDRESS=host:7233 DATABASE_URL=postgres://… keel worker --deployment live
It logs JSON lines and listens on no port.`)
    .action(async (flags: WorkerFlags) => {
      const { runWorker } = await import('../worker.ts');
      await runWorker(flags);
    });
}
