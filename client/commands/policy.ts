import type { Command } from 'commander';
import type { PolicyChangeOutcome } from '../../domain/ports/policy-store.ts';
import { saying, STANDING_DEPLOYMENT, wholeNumber } from '../flags.ts';
import { columns, print, printJson, table } from '../output.ts';

const WHILE_INVALID = 'While it is the newest, the stricter of what is known and preset defensive holds. `keel policy preset <name>` mends it, `keel policy set` must set all that are named here.';

interface Common {
  readonly deployment?: string;
  readonly json?: boolean;
}

interface ChangeFlags extends Common {
  readonly by: string;
  readonly because: string;
}

export function register(program: Command): void {
  const policy = program
    .command('policy')
    .description('the numbers that bound what Keel may do: show, set, preset, history, diff')
    .addHelpText('after', `
A change holds from the next cycle on, open positions included.

Examples:
  keel policy
  keel policy set riskPerTradeBps=100 positionsMax=5 --by ada --because "a quiet week"
  keel policy preset defensive --by ada --because "away until Monday"
  keel policy diff normal`);
  registerShow(policy);
  registerChanges(policy);
  registerHistory(policy);
}

function registerShow(policy: Command): void {
  policy
    .command('show', { isDefault: true })
    .description('the policy that holds, who made it so and why; each key with its bounds')
    .argument('[keys...]', 'these keys alone')
    .option('--version <n>', 'an older version')
    .option(...STANDING_DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', `
Examples:
  keel policy show
  keel policy show leverageMax notionalMax
  keel policy show --version 1 --json | jq .policy`)
    .action(async (keys: string[], flags: Common & { version?: string }) => {
      const { policyKeys, policyRows, problemRows, showPolicy, withKeys } = await import('../policy.ts');
      const wanted = policyKeys(keys);
      const shown = await showPolicy(flags.deployment, flags.version === undefined ? null : wholeNumber('--version', flags.version, 0));
      if (flags.json === true) return printJson(withKeys(shown, wanted));
      print(`${shown.deployment}, version ${shown.version} (${shown.preset ?? 'single keys'}) by ${shown.by}, ${new Date(shown.at).toISOString()}: ${shown.because}\n`);
      if (shown.problems.length > 0) print(`${columns([...problemRows(shown), ['', WHILE_INVALID]])}\n`);
      print(table([['key', 'value', 'differs', 'allowed', 'what'], ...policyRows(shown, wanted)]));
    });
}

function registerChanges(policy: Command): void {
  policy
    .command('set')
    .description('changes keys, all or none')
    .argument('<key=value...>', 'as `keel policy show` lists them')
    .requiredOption('--by <name>', 'who changes it; written to the audit', saying('--by'))
    .requiredOption('--because <text>', 'why; written to the audit', saying('--because'))
    .option(...STANDING_DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', `
Exit code 2 for a key or value that is not allowed, 6 when somebody else changed the same key meanwhile.

Examples:
  keel policy set leverageMax=3 notionalMax=500 --by ada --because "earnings season"
  keel policy set allowNewTrades=off --by ada --because "no openings over the weekend"`)
    .action(async (pairs: string[], flags: ChangeFlags) => {
      const { setPolicy } = await import('../policy.ts');
      tell(await setPolicy(pairs, flags), flags);
    });
  policy
    .command('preset')
    .description('takes all keys from a preset, but the terms of the account')
    .argument('<name>', 'small-aggressive, normal or defensive')
    .requiredOption('--by <name>', 'who changes it; written to the audit', saying('--by'))
    .requiredOption('--because <text>', 'why; written to the audit', saying('--because'))
    .option(...STANDING_DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', `
positionMode, marginMode and foreignPositions stay as they are: \`keel policy set\` changes them.

Examples:
  keel policy preset defensive --by ada --because "away until Monday"
  keel policy preset normal --by ada --because "back again"`)
    .action(async (name: string, flags: ChangeFlags) => {
      const { choosePreset } = await import('../policy.ts');
      tell(await choosePreset(name, flags), flags);
    });
}

function registerHistory(policy: Command): void {
  policy
    .command('history')
    .description('every version, newest first: who, why, when, what changed')
    .option('--limit <n>', 'how many', '20')
    .option(...STANDING_DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', `
Examples:
  keel policy history
  keel policy history --limit 100 --json`)
    .action(async (flags: Common & { limit: string }) => {
      const { policyHistory, problemRows } = await import('../policy.ts');
      const versions = await policyHistory(flags.deployment, wholeNumber('--limit', flags.limit, 1));
      if (flags.json === true) return printJson(versions);
      print(table([['version', 'at', 'by', 'kind', 'because', 'changes'], ...versions.map((it) => [String(it.version), new Date(it.at).toISOString().slice(0, 19), it.by, it.preset ?? it.kind, it.because, it.changes.map(changeText).join(', ')])]));
      const invalid = versions.flatMap(problemRows);
      if (invalid.length > 0) print(`\n${columns(invalid)}`);
    });
  policy
    .command('diff')
    .description('where two versions or presets differ')
    .argument('[a]', 'a version or a preset; default: the one before the newest')
    .argument('[b]', 'default: the newest')
    .option(...STANDING_DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', `
Examples:
  keel policy diff                 the last change
  keel policy diff normal          from the preset to what holds
  keel policy diff 3 7 --json`)
    .action(async (a: string | undefined, b: string | undefined, flags: Common) => {
      const { diffPolicies } = await import('../policy.ts');
      const diff = await diffPolicies(flags.deployment, [a, b].filter((name) => name !== undefined));
      if (flags.json === true) return printJson(diff);
      print(diff.changes.length === 0 ? `${diff.from} and ${diff.to} are the same` : table([['key', diff.from, diff.to], ...diff.changes.map(({ key, before, after }) => [key, String(before), String(after)])]));
    });
}

function tell(outcome: PolicyChangeOutcome, { json }: Common): void {
  const { kind, version } = outcome;
  if (json === true) return printJson(outcome);
  if (kind === 'unchanged') return print(`version ${version.version} says so already; nothing was changed`);
  print([`version ${version.version} holds from the next cycle on`, ...version.changes.map((change) => `  ${changeText(change)}`)].join('\n'));
}

function changeText({ key, before, after }: { key: string; before: unknown; after: unknown }): string {
  return `${key} ${String(before)} → ${String(after)}`;
}
