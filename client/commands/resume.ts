import type { Command } from 'commander';
import { saying, STANDING_DEPLOYMENT } from '../flags.ts';
import { print, printJson } from '../output.ts';

interface ResumeFlags {
  readonly by: string;
  readonly because: string;
  readonly deployment?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  program
    .command('resume')
    .description('a named person says that the cause of an emergency is gone')
    .requiredOption('--by <name>', 'who says so; it stands in the audit', saying('--by'))
    .requiredOption('--because <text>', 'why', saying('--because'))
    .option(...STANDING_DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', `
Trading comes back step by step, each after a dwell: protective, cautious, normal. \`keel guard\` says what is missing.

Example:
  keel resume --by ada --because "the feed is repaired"`)
    .action(async ({ by, because, deployment: name, json }: ResumeFlags) => {
      const { chooseDeployment } = await import('../deployment-parts.ts');
      const { resume } = await import('../emergency/trip.ts');
      const chosen = await chooseDeployment(name, 'change');
      const { state, fence, change, wasHalted, isGuardTold } = await resume(chosen, { by, because });
      if (json === true) printJson({ deployment: chosen.deployment.name, mode: state.mode, resetBy: state.resetBy, change, fence, isGuardTold });
      else if (state.mode === 'armed') print(wasHalted && !fence.halted ? `${chosen.deployment.name}: the fence is down: trading goes on` : `${chosen.deployment.name}: nothing was stopped`);
      else print(`${chosen.deployment.name}: reset by ${state.resetBy ?? by}; ${state.mode} now, and back step by step (\`keel guard\` says what is missing)${isGuardTold ? '' : '; the engine does not run: it reads this when it starts'}`);
    });
}
