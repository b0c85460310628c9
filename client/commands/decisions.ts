import type { Command } from 'commander';
import { saying, STANDING_DEPLOYMENT } from '../flags.ts';
import { print, printJson } from '../output.ts';

interface Flags {
  readonly deployment?: string;
  readonly json?: boolean;
}

export function register(program: Command): void {
  const decisions = program
    .command('decisions')
    .description('what waits for a person, until when, and what is done when nobody answers: list, answer')
    .addHelpText('after', `
Emergencies that only a person ends, models that won their trial (policy keys promotionAsked, promotionAnswerMin and
promotionUnanswered), and learned sizing that would be in charge. Limits are of the market's time.

Examples:
  keel decisions
  keel decisions answer promotion promote --by ada --because "looked at its trades"`);
  decisions
    .command('list', { isDefault: true })
    .description('the most urgent first')
    .option(...STANDING_DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExamples:\n  keel decisions list\n  keel decisions list --json | jq ".waiting[] | {id, dueAt}"')
    .action(async (flags: Flags) => {
      const { decisionsText, listDecisions } = await import('../decisions.ts');
      const waiting = await listDecisions(flags.deployment);
      if (flags.json === true) printJson(waiting);
      else print(decisionsText(waiting));
    });
  decisions
    .command('answer')
    .description('takes the step that was asked about')
    .argument('<decision>', 'the beginning of its id')
    .argument('<answer>', 'one of those that `keel decisions` lists')
    .requiredOption('--by <name>', 'who answers; written to the audit', saying('--by'))
    .requiredOption('--because <text>', 'why; written to the audit', saying('--because'))
    .option(...STANDING_DEPLOYMENT)
    .option('--json', 'as JSON')
    .addHelpText('after', `
Examples:
  keel decisions answer promotion retire --by ada --because "it trades what we do not want"
  keel decisions answer sizing acknowledge --by ada --because "a gain in every month"`)
    .action(async (id: string, answer: string, flags: Flags & { by: string; because: string }) => {
      const { answerDecision } = await import('../decisions.ts');
      const answered = await answerDecision(flags.deployment, { id, answer, by: flags.by, because: flags.because });
      if (flags.json === true) printJson(answered);
      else print(`${answered.deployment}: ${answered.id}: ${answered.answer}: ${answered.done}`);
    });
}
