import { Option } from 'commander';
import type { Command } from 'commander';
import type { ReplayFlags } from '../replay/plan.ts';

export function register(program: Command): void {
  program
    .command('replay')
    .description('trade recorded candles as fast as they can be traded, in a deployment of its own; exit code 1 when a rule was broken')
    .option('--data <folder>', 'candle files: BTC-USDT-PERP.1h.csv, .csv.gz or .parquet')
    .option('--symbols <names>', 'by base or full name, with commas between (KEEL_SYMBOLS; default: all of the folder)')
    .option('--from <day>', 'first day, UTC; candles before it are history (default: after KEEL_HISTORY_CANDLES candles)')
    .option('--to <day>', 'last day, included, UTC (default: the end of the recording)')
    .option('--seed <text>', 'draws what is not recorded: funding rates')
    .option('--preset <name>', 'of the policy: small-aggressive, normal or defensive', 'normal')
    .option('--retrain <often>', 'train models anew: off, daily or weekly; the market waits for it', 'off')
    .addOption(new Option('--resume <name>', 'go on with a replay that was killed, where it was').conflicts(['data', 'symbols', 'from', 'to', 'seed', 'preset', 'retrain']))
    .option('--keep', 'stay up afterwards, until Ctrl-C')
    .option('--json', 'the summary as one JSON object')
    .addHelpText('after', `
Each replay is a new deployment, replay-<n>, with a database of its own. Beside a running Keel it uses that one's
database server and engine, and its own venue and workers. One that was killed, with all of its processes, goes on with
--resume and comes to the result that it would have had; KEEL_HOME=<home>/replay-<n> keel stop ends what was left of one
beside a running Keel. Ctrl-C ends a replay for good.

Examples:
  keel replay --data candles
  keel replay --data candles --symbols BTC,ETH --from 2023-01-01 --to 2023-01-31
  keel replay --data candles --from 2021-07-01 --retrain weekly
  keel replay --resume replay-1
  keel replay --data candles --to 2023-01-31 --json | jq '{cycles, trades, finalEquity, violations}'`)
    .action(async (flags: ReplayFlags) => {
      const { replay } = await import('../replay/replay.ts');
      await replay(flags);
    });
}
