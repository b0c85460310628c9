import type { Command } from 'commander';
import { DEPLOYMENT, saying, STANDING_DEPLOYMENT, wholeNumber } from '../flags.ts';
import type { ModelStep } from '../models.ts';
import { print, printJson } from '../output.ts';

interface Flags {
  readonly deployment?: string;
  readonly json?: boolean;
}

interface ChangeFlags extends Flags {
  readonly by: string;
  readonly because: string;
}

const MODEL = 'the beginning of its id, or champion, predecessor, onTrial';

export function register(program: Command): void {
  const models = program
    .command('models')
    .description('trained models: which one acts, which one stands trial, and where each comes from: list, show, learners, promote, rollback, retire, import, export')
    .addHelpText('after', `
At most one model acts, and at most one stands trial; without any the rules act.

Examples:
  keel models
  keel models show champion
  keel models rollback --by ada --because "it lost a week long"`);
  registerViews(models);
  registerReproduce(models);
  registerChange(models, { name: 'promote', about: 'it acts from the next cycle on; who acted is its predecessor. Of one that won its trial and waits for a person the canary begins', example: 'promote 3f2a', hasModel: true, step: async (name, asked) => (await import('../models.ts')).promoteModel(name, asked) });
  registerChange(models, { name: 'rollback', about: 'who acted before the champion acts again, or the rules', example: 'rollback', hasModel: false, step: async (_name, asked) => (await import('../models.ts')).rollBackModel(asked) });
  registerChange(models, { name: 'retire', about: 'takes it out of its place: of the champion the rules take over', example: 'retire champion', hasModel: true, step: async (name, asked) => (await import('../models.ts')).retireModel(name, asked) });
  registerFiles(models);
}

function registerViews(models: Command): void {
  models
    .command('list', { isDefault: true })
    .description('newest first')
    .option('--limit <n>', 'how many', '20')
    .option(...DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  keel models list\n  keel models list --json | jq ".[] | select(.place)"')
    .action(async (flags: Flags & { limit: string }) => {
      const [{ listModels }, { modelsText }] = await Promise.all([import('../models.ts'), import('../model-text.ts')]);
      const rows = await listModels(flags.deployment, wholeNumber('--limit', flags.limit, 1));
      if (flags.json === true) printJson(rows);
      else print(modelsText(rows));
    });
  models
    .command('learners')
    .description('what a recipe may train with, and why not where it cannot')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  keel models learners\n  KEEL_LEARNER=strategies/examples/own-learner.ts keel models learners')
    .action(async (flags: Flags) => {
      const [{ learners }, { learnersText }] = await Promise.all([import('../model-files.ts'), import('../model-text.ts')]);
      const offered = await learners();
      if (flags.json === true) printJson(offered);
      else print(learnersText(offered));
    });
  models
    .command('show')
    .description('one model: how far its trial or the watch over it is, recipe, data, every rule of the gate, importances, its life')
    .argument('<model>', MODEL)
    .option(...DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  keel models show champion\n  keel models show 3f2a --json | jq .trial.rules')
    .action(async (name: string, flags: Flags) => {
      const [{ showModel }, { modelText }] = await Promise.all([import('../models.ts'), import('../model-text.ts')]);
      const report = await showModel(flags.deployment, name);
      if (flags.json === true) printJson(report);
      else print(modelText(report));
    });
}

function registerReproduce(models: Command): void {
  models
    .command('reproduce')
    .description('makes its data set again from the ledger\'s candles, trains on it again, and compares the bytes: exit code 1 if they differ')
    .argument('<model>', MODEL)
    .option(...DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  keel models reproduce champion')
    .action(async (name: string, flags: Flags) => {
      const [{ reproduceModel }, { reproducedText }] = await Promise.all([import('../reproduce.ts'), import('../model-text.ts')]);
      const reproduced = await reproduceModel(flags.deployment, name);
      if (flags.json === true) printJson(reproduced);
      else print(reproducedText(reproduced));
      if (!reproduced.isSame) process.exitCode = 1;
    });
}

interface Change {
  readonly name: string;
  readonly about: string;
  readonly example: string;
  readonly hasModel: boolean;
  readonly step: (name: string, asked: { readonly deployment: string | undefined; readonly by: string; readonly because: string }) => Promise<ModelStep>;
}

function registerChange(models: Command, { name, about, example, hasModel, step }: Change): void {
  const command = models.command(name).description(about);
  if (hasModel) command.argument('<model>', MODEL);
  withReasons(command)
    .addHelpText('after', `\nExamples:\n  keel models ${example} --by ada --because "looked at its trades"`)
    .action(async (...args: readonly unknown[]) => {
      const [model, flags] = hasModel ? [args[0] as string, args[1] as ChangeFlags] : ['', args[0] as ChangeFlags];
      told(flags, await step(model, { deployment: flags.deployment, by: flags.by, because: flags.because }));
    });
}

function withReasons(command: Command): Command {
  return command
    .requiredOption('--by <name>', 'who asks; written to the audit', saying('--by'))
    .requiredOption('--because <text>', 'why; written to the audit', saying('--because'))
    .option(...STANDING_DEPLOYMENT)
    .option('--json', 'as JSON');
}

function told(flags: Flags, step: ModelStep): void {
  if (flags.json === true) printJson(step);
  else print(`${step.deployment}: ${step.kind} ${step.modelId.slice(0, 12)}: ${step.why}`);
}

function registerFiles(models: Command): void {
  models
    .command('export')
    .description('writes the artefact, or ONNX, and beside it <file>.json: what an import needs to know of it')
    .argument('<model>', MODEL)
    .argument('<file>', 'must not be there yet')
    .option('--onnx', 'as an ONNX file for other tools: our own learners')
    .option(...DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  keel models export champion champion.model\n  keel models export champion champion.onnx --onnx')
    .action(async (name: string, file: string, flags: Flags & { onnx?: boolean }) => {
      const { exportModel } = await import('../model-files.ts');
      const exported = await exportModel(flags.deployment, name, { file, asOnnx: flags.onnx === true });
      if (flags.json === true) printJson(exported);
      else print(`${exported.modelId} in ${file} (${exported.bytes} bytes), described in ${file}.json`);
    });
  withReasons(models.command('import').description('a model of another deployment or tool stands trial, if nobody does; it cannot act before it has proved itself').argument('<file>', 'as `keel models export` wrote it, <file>.json beside it; or ONNX, or XGBoost\'s JSON or UBJSON'))
    .addHelpText('after', `
What a foreign file does not say stands beside it, in <file>.json: {"features": [names in order], "task": {"kind": "classes",
"count": 3}, "label": "horizon4/1"}. It says the probabilities of buy, sell, hold. Exit code 1 where it cannot stand trial now.

Examples:
  keel models import champion.model --by ada --because "trained on the large machine"
  keel models import theirs.onnx --by ada --because "the paper's network"`)
    .action(async (file: string, flags: ChangeFlags) => {
      const { importModel } = await import('../model-files.ts');
      const step = await importModel(file, { deployment: flags.deployment, by: flags.by, because: flags.because });
      told(flags, step);
      if (step.kind === 'refused') process.exitCode = 1;
    });
}
