/** The emergency stop's workflow and its writes: real code on a real engine and a real Postgres. */
import type { Mutant } from '../mutant.ts';
import { edit, integration } from '../mutant.ts';

const CLOSING = 'workflows/ess-closing.ts';
const GUARD = 'workflows/portfolio-guard.ts';
const LEDGER = 'db/ledger/guard.ts';
const run = (named: string) => integration('workflows/emergency', named);
const ledger = (named: string) => integration('db/guard', named);
const calls = (named: string) => integration('db/venue-calls', named);
const waiting = run('waits for the ledger for hours');
const inOrder = run('closes in order, and again when it is sealed');

export const EMERGENCY_RUN_MUTANTS: readonly Mutant[] = [
  { name: 'run: openings are cancelled', guard: 'what could open is cancelled before anything is closed', tests: inOrder, edits: [edit(CLOSING, `    await withdraw(look.openings, 'opening orders');\n`, '')] },
  { name: 'run: stops of what is closed', guard: 'stops are cancelled once their positions are closed', tests: inOrder, edits: [edit(CLOSING, `    await withdraw(look.leftovers, 'orders of what is closed');\n`, '')] },
  { name: 'run: closed after the openings', guard: 'openings are cancelled first', tests: inOrder, edits: [edit(CLOSING, `    await withdraw(look.openings, 'opening orders');\n    const answers = await close(run, look.targets);\n`, `    const answers = await close(run, look.targets);\n    await withdraw(look.openings, 'opening orders');\n`)] },
  { name: 'run: positions are told later', guard: 'the first closing orders are sent before positions wake', tests: inOrder, edits: [edit(CLOSING, `  if (!patched('positions told after the first closing')) void tell();\n`, '  void tell();\n')] },
  { name: 'run: sealed by two late looks', guard: 'one clear look does not seal', tests: inOrder, edits: [edit(CLOSING, `if (isSealProven(raisedAt, looks, FENCE_TIMES)) return 'proven';`, `if (looks.length > 0) return 'proven';`)] },
  { name: 'run: swept again behind the fence', guard: 'what was opened until the fence was written is closed', tests: run('writes the fence when it is back, and sweeps again'), edits: [edit(CLOSING, `    if ((await sweep(run)) === 'leaving') return; // what was opened until the fence was up\n`, '')] },
  { name: 'run: names of each pass', guard: 'a closing order whose fate is open is not sent again under its name', tests: run('goes on with other names'), edits: [edit(CLOSING, '  run.attempts += 1;\n', '')] },
  { name: 'run: names of each run', guard: 'a run that takes up where another was ended uses none of its names', tests: run('whose run was ended'), edits: [edit(GUARD, 'const attempts = Date.now();', 'const attempts = 0;')] },
  { name: 'run: a straggler is closed', guard: 'what came through after flat is closed before sealed', tests: run('catches a straggler'), edits: [edit(CLOSING, `      if ((await sweep(run, { seen: last })) === 'leaving') return 'leaving';\n`, '')] },
  { name: 'run: of its round', guard: 'what an earlier round closed is not taken off what is held now', tests: run('looks with the closing orders of its round alone'), edits: [edit(CLOSING, '    run.sentBefore = run.sent.length;', '    run.sentBefore = 0;')] },
  { name: 'run: fills are waited for', guard: 'closing fills are looked for until they are booked', tests: run('waits for fills that the venue does not show yet'), edits: [edit(CLOSING, '    if (missing.length === 0) return look', '    if (look > 1 || missing.length === 0) return look')] },
  { name: 'run: continues while it closes', guard: 'a venue that refuses for days does not fill the history', tests: run('whose closing is refused for hours, from the beginning'), edits: [edit(CLOSING, `    if (mustLeave(run)) return 'leaving';\n`, '')] },
  { name: 'run: continues while the ledger is away', guard: 'a ledger that is away for hours does not fill the history', tests: waiting, edits: [edit(CLOSING, `() => isOver || mustLeave(run, 'continues while the ledger is away')`, '() => isOver')] },
  { name: 'run: told once', guard: 'a trip that a run knows of is not told to it again', tests: waiting, edits: [edit(GUARD, `    if (isTold && patched('told once')) return; // every signal is an event in its history\n`, '')] },
  { name: 'run: people are told once', guard: 'a guard that continues as new does not tell people of the same trip again', tests: waiting, edits: [edit(GUARD, 'directAlert(input.direct)', 'directAlert()')] },
  { name: 'ledger: the fence with the guard', guard: 'the fence rises in the transaction that trips', tests: ledger('is one transaction'), edits: [edit(LEDGER, `if (isHalting(state.mode) || command.kind === 'halt') return`, `if (command.kind === 'halt') return`)] },
  { name: 'ledger: the fence comes down', guard: 'the first step back lowers the fence', tests: ledger('every step is told once'), edits: [edit(LEDGER, 'const isRecovering = isHalting(before.mode) && !state.keepsFence;', 'const isRecovering = false;')] },
  { name: 'ledger: a fence that was up before', guard: 'recovery lowers no fence that was raised for another reason', tests: ledger('recovery leaves a fence up'), edits: [edit(LEDGER, 'isHalting(before.mode) && !state.keepsFence;', 'isHalting(before.mode);')] },
  { name: 'ledger: positions are told', guard: 'each open position is told to stand aside in the transaction that trips', tests: ledger('is one transaction'), edits: [edit(LEDGER, `result.change === 'tripped' ? await instructPositions(client, portfolioId, state) : 0;`, '0;')] },
  { name: 'ledger: one at a time', guard: 'trips at the same moment are one', tests: ledger('many at the same moment, is once'), edits: [edit(LEDGER, 'WHERE portfolio_id = $1 FOR UPDATE', 'WHERE portfolio_id = $1')] },
  { name: 'calls: within the window', guard: 'failing calls are over once the window of the policy is', tests: calls('within the window of the policy'), edits: [edit(LEDGER, 'AND stretch_at > ($3 - ', 'AND stretch_at > (0 * $3 - ')] },
  { name: 'calls: nothing is taken back', guard: 'what arrives late does not undo what was told since', tests: calls('takes nothing back'), edits: [edit('db/call-store.ts', 'calls = greatest(c.calls, excluded.calls)', 'calls = excluded.calls')] },
];
