import type { Command } from 'commander';
import { DEPLOYMENT, timeoutSeconds } from '../flags.ts';
import { print, printJson } from '../output.ts';

interface Flags {
  readonly deployment?: string;
  readonly symbol: readonly string[];
  readonly request?: string;
  readonly timeout: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('predict')
    .description('foretells by the newest closed candle, and trades nothing')
    .option('--symbol <symbol>', 'BTC, BTCUSDT or BTC-USDT-PERP, several times for several; default: all', (symbol: string, before: readonly string[]) => [...before, symbol], [])
    .option('--request <id>', 'of your own: the same id gives the same predictions; default: a new one')
    .option(...DEPLOYMENT)
    .option('--timeout <s>', 'how long to wait for it', '60')
    .option('--json', 'as JSON, with each voter')
    .addHelpText('after', `
It says what a cycle would go by. The predictions are stored (\`keel predictions\`) and priced at their own horizon like
any other; \`keel performance\` tells of them under a heading of their own, and nothing else counts them. Needs a worker.

Examples:
  keel predict
  keel predict --symbol BTC --symbol ETH
  keel predict --request monday --json | jq '.predictions[].action'`)
    .action(async (flags: Flags) => {
      const { predictNow, predictedText } = await import('../predict.ts');
      const predicted = await predictNow({ deployment: flags.deployment, symbols: flags.symbol, request: flags.request, timeoutS: timeoutSeconds(flags.timeout) });
      if (flags.json === true) printJson(predicted);
      else print(predictedText(predicted));
    });
}
