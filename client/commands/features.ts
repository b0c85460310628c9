import type { Command } from 'commander';
import { columns, print, printJson } from '../output.ts';
import type { FeatureFlags } from '../features.ts';

export function register(program: Command): void {
  program
    .command('features')
    .description('the feature vector of a symbol at the newest closed candle of recorded data')
    .requiredOption('--data <folder>', 'candle files: BTC-USDT-PERP.1h.csv, .csv.gz or .parquet; all of them are the market')
    .requiredOption('--symbol <name>', 'by base or full name')
    .option('--set <name>', 'standard, or the path of a file with your own', 'standard')
    .option('--at <time>', 'the candle that closes then, such as 2023-01-31T12:00Z (default: the newest)')
    .option('--json', 'as JSON')
    .addHelpText('after', `
A value that is not known (too little history, no such data) is left empty; null in JSON.

Examples:
  keel features --data candles --symbol BTC
  keel features --data candles --symbol ETH --at 2023-01-31T12:00Z --json | jq .values.rsi14
  keel features --data candles --symbol BTC --set strategies/examples/own-features.ts`)
    .action(async (flags: FeatureFlags & { json?: boolean }) => {
      const { featuresOf } = await import('../features.ts');
      const found = await featuresOf(flags);
      if (flags.json === true) return printJson({ ...found, values: Object.fromEntries(found.values.map(({ name, value }) => [name, value])) });
      print(`${found.instrumentId}, ${found.timeframe} candle that closed at ${found.closedAt}, feature set ${found.set} version ${found.version}`);
      print(columns([['feature', 'value', 'family', 'candles', 'about'], ...found.values.map(({ name, value, family, warmupCandles, about }) => [name, value === null ? '' : value.toPrecision(6), family, String(warmupCandles), about])]));
    });
}
