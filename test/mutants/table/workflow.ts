/** The workflows: what is asked for in which order, and never again. */
import type { Mutant } from '../mutant.ts';
import { edit, integration } from '../mutant.ts';

const EXECUTE = 'workflows/execute-order.ts';
const POSITION = 'workflows/position.ts';
const CYCLE = 'workflows/trading-cycle.ts';
const PROXIES = 'workflows/proxies.ts';
const workflowTest = (named: string) => integration('workflows/protocol', named);
const lost = workflowTest('proven absent, it is sent with the next attempt');
const HAND_OUT = '  await Promise.all(plan.opens.map((open) => openPosition(candle.portfolioId, open))); // abandoned children: a cycle never owns an order\n';

export const WORKFLOW_MUTANTS: readonly Mutant[] = [
  { name: 'settle never sends again', guard: 'an order that is not wanted any more is only looked for', tests: workflowTest('found absent, it stays away'), edits: [edit(EXECUTE, 'if (!isWanted()) return knowledge;', '')] },
  { name: 'settle is not execute', guard: 'a position settles what is not wanted, and does not execute it', tests: workflowTest('found absent, it stays away'), edits: [edit(POSITION, `[launch(life, intent, kind === 'submit')]`, '[launch(life, intent, true)]'), edit(POSITION, `steer(life, intent.clientOrderId, kind === 'submit');`, 'steer(life, intent.clientOrderId, true);')] },
  { name: 'next attempt, next number', guard: 'an attempt number is used once', tests: lost, edits: [edit(EXECUTE, 'attempt: row.attempt + 1 }, overseer);', 'attempt: row.attempt }, overseer);')] },
  { name: 'looks of this attempt', guard: 'looks for one attempt prove nothing about the next', tests: lost, edits: [edit(EXECUTE, '        looks = [];\n', '')] },
  { name: 'looks are kept', guard: 'two looks can prove absence together', tests: lost, edits: [edit(EXECUTE, '[...looks, look.emptyLook]', '[look.emptyLook]')] },
  { name: 'a lost attempt may have been signed late', guard: 'a lost attempt counts as signed when it was given up', tests: lost, edits: [edit(EXECUTE, 'Math.max(attemptedAt, Date.now())', 'attemptedAt')] },
  { name: 'a stop of unknown fate holds nobody up', guard: 'the next stop goes out while the fate of one is open', tests: workflowTest('followed by the next revision at once'), edits: [edit('workflows/flights.ts', 'launched.every((it) => it.isAnswered) || hasOpenStop(life)', 'life.flights.size === 0')] },
  { name: 'a position without a stop closes', guard: 'no stop in time closes at market', tests: workflowTest('closed at market as unprotected'), edits: [edit('workflows/position-life.ts', 'life.cover.isOverdue || Date.now() >= deadline;', 'life.cover.isOverdue;')] },
  { name: 'time without a stop goes along', guard: 'a position that goes on as new has no new time without a stop', tests: workflowTest('do not begin anew'), edits: [edit(POSITION, ', cover: life.cover });', ' });')] },
  { name: 'one attempt per submission: opening', guard: 'the engine never sends an opening again by itself', tests: lost, edits: [edit(PROXIES, 'retry: { maximumAttempts: 1 }, priority: ENTRY_PRIORITY', 'retry: { ...RETRY, maximumAttempts: 2 }, priority: ENTRY_PRIORITY')] },
  { name: 'one attempt per submission: exit', guard: 'the engine never sends an exit again by itself', tests: workflowTest('looked for too when it reduces'), edits: [edit(PROXIES, `startToCloseTimeout: '3.5 s', retry: { maximumAttempts: 1 }, priority: EXIT_PRIORITY`, `startToCloseTimeout: '3.5 s', retry: { ...RETRY, maximumAttempts: 2 }, priority: EXIT_PRIORITY`)] },
  { name: 'cancels once submissions stand', guard: 'a position cancels only after what it places is placed', tests: workflowTest('after everything that is to be placed'), edits: [edit(POSITION, '  const [results] = await Promise.all([\n', `  for (const duty of duties) {\n    const known = duty.kind === 'cancel' ? life.orders.get(duty.clientOrderId) : undefined;\n    if (known !== undefined) remember(life, await orders.cancelOrder(known.row));\n  }\n  const [results] = await Promise.all([\n`)] },
  { name: 'replaced before it is cancelled', guard: 'the old stop rests until the new one does', tests: workflowTest('only when the one in its place stands'), edits: [edit('domain/positions/duties.ts', '...cancels(stale)];', '...cancels([...working, ...stale]), ];'), edit(POSITION, 'const [results] = await Promise.all([', `for (const duty of duties) if (duty.kind === 'cancel') { const old = life.orders.get(duty.clientOrderId); if (old !== undefined) remember(life, await orders.cancelOrder(old.row)); }\n  const [results] = await Promise.all([`)] },
  { name: 'fills booked before the end', guard: 'a position ends only when its fills add up', tests: workflowTest('ends only when its fills are booked'), edits: [edit(POSITION, '  if (!bookedQuantityAgrees(snapshot)) {\n', '  if (false) {\n')] },
  { name: 'the end is written once', guard: 'a position whose end was written by a lost task ends', tests: workflowTest('task that was lost ends'), edits: [edit('domain/positions/position-view.ts', `if (position.state === 'closed' || instructions`, 'if (instructions')] },
  { name: 'a position lives once', guard: 'a cycle that runs again starts no second life of a position', tests: workflowTest('no second life'), edits: [edit(CYCLE, `      workflowIdReusePolicy: 'REJECT_DUPLICATE',\n`, '')] },
  { name: 'cycle recorded before handing out', guard: 'nothing is opened that is not recorded', tests: workflowTest('that cannot be recorded opens nothing'), edits: [edit(CYCLE, '  const recorded = await ledger.recordCycle', '  await Promise.all(planned.opens.map((open) => openPosition(candle.portfolioId, open)));\n  const recorded = await ledger.recordCycle'), edit(CYCLE, HAND_OUT, '')] },
  { name: 'the recorded plan is handed out', guard: 'a reset cycle opens what the first run recorded', tests: workflowTest('what was recorded first'), edits: [edit(CYCLE, 'const plan = recorded ?? planned;', 'const plan = planned;')] },
  { name: 'a duplicate cycle does nothing', guard: 'a candle is traded once', tests: workflowTest('that another claimed'), edits: [edit(CYCLE, `if ((await ledger.claimCycle({ cycleId, workflowId: workflowInfo().workflowId, candle })) === 'duplicate') return { kind: 'duplicate', cycleId };`, 'await ledger.claimCycle({ cycleId, workflowId: workflowInfo().workflowId, candle });')] },
];
