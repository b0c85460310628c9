import { Option } from 'commander';
import type { Command } from 'commander';
import { MODES } from '../../config/fields.ts';

interface StartFlags {
  readonly mode?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('start')
    .description('start everything and trade until Ctrl-C or `keel stop`')
    .addOption(new Option('--mode <mode>', 'what to trade on (KEEL_MODE)').choices(MODES.filter((mode) => mode !== 'replay')))
    .option('--json', 'one JSON object per event, one per line')
    .addHelpText('after', `
Examples:
  keel start                                       a market drawn from a seed; no keys, no network
  KEEL_SEED=7 KEEL_PACE_MS=1000 keel start         another market, one candle a second
  KEEL_SYMBOLS=BTC,ETH keel start --mode paper     real prices, simulated fills
  DATABASE_URL=postgres://… TEMPORAL_ADDRESS=host:7233 keel start`)
    .action(async (flags: StartFlags) => {
      const { start } = await import('../start.ts');
      await start(flags);
    });
}
