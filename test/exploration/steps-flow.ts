/** The workflow that owns the order, as `workflows/execute-order.ts` goes: it asks the row what is next. */
import type { Rules } from './rules.ts';
import type { Tell } from './steps.ts';
import type { Flow, Row, World } from './world.ts';
import { copyOf, FREE_RUN, nameOf } from './world.ts';

export function flowSteps(world: World, rules: Rules, tell: Tell): void {
  switch (world.flow.stage) {
    case 'start': {
      const next = copyOf(world);
      next.intent = { isDecided: true, epoch: world.fence.epoch };
      next.flow.stage = 'deciding';
      tell(next, `an order is decided and planned (epoch ${world.fence.epoch})`);
      return; // nothing to reset yet
    }
    case 'deciding':
      decide(world, rules, tell);
      break;
    case 'awaiting':
      timeOut(world, rules, tell);
      break;
    case 'asked':
      hearUntimed(world, rules, tell);
      break;
    case 'done':
      break;
  }
  landGhostProof(world, rules, tell);
  if (rules.scenario.hasResets) reset(world, rules, tell);
}

/** Whether the decision is still young enough is left open at each moment: every age that it can have is explored. */
function decide(world: World, rules: Rules, tell: Tell): void {
  const row = rules.scenario.mayLedgerFail ? world.flow.memory : world.row;
  const step = rules.nextStep(row, true);
  if (step === 'submit') submit(world, row, rules, tell);
  else act(world, step, rules, tell);
  const stepWhenOld = rules.nextStep(row, false);
  if (stepWhenOld !== step) act(world, stepWhenOld, rules, tell);
}

function act(world: World, step: ReturnType<Rules['nextStep']>, rules: Rules, tell: Tell): void {
  if (step === 'done') {
    const next = copyOf(world);
    become(next.flow, 'done');
    tell(next, 'the workflow sees that the order is done');
  }
  if (step === 'expire') expire(world, rules, tell);
  if (step === 'reconcile') {
    startLook(world, world.row, rules, tell);
    if (rules.scenario.mayLedgerFail) startLook(world, null, rules, tell);
  }
  if (step === 'reconcile' || step === 'follow') findOrder(world, rules, tell);
}

function expire(world: World, rules: Rules, tell: Tell): void {
  const next = copyOf(world);
  next.row = rules.apply(world.row, 'expired') ?? world.row;
  become(next.flow, 'deciding');
  tell(next, `the workflow finds the decision too old and writes "expired"; the row is ${next.row.state}`);
}

function submit(world: World, row: Row, rules: Rules, tell: Tell): void {
  if (row.attempt < rules.scenario.attemptsMax) {
    startRun(world, row.attempt + 1, `the workflow sees the row ${row.state}: `, tell);
  } else if (rules.isReducing) {
    const next = copyOf(world);
    become(next.flow, 'done');
    tell(next, 'the workflow gives up after its last attempt (bound of this exploration)');
  }
}

/** The activity is scheduled; it starts at once, but may take its first step whenever it likes. */
function startRun(world: World, attempt: number, why: string, tell: Tell): void {
  const free = world.runs.findIndex((run) => run.stage === 'free');
  if (free === -1) return;
  const next = copyOf(world);
  next.runs[free] = { ...FREE_RUN, stage: 'started', attempt };
  become(next.flow, 'awaiting', { attempt, awaits: free });
  tell(next, `${why}${nameOf(free)} starts (attempt ${attempt})`);
}

/** Where the ledger decides, nothing leans on how long the engine waits: it may lose patience at any time. */
function timeOut(world: World, rules: Rules, tell: Tell): void {
  const { flow } = world;
  if (rules.scenario.mayLedgerFail && flow.waitAge < rules.ticks.attemptTimeout) return;
  const next = copyOf(world);
  // What `executeOrder` must assume of a lost attempt: that it was signed as late as now.
  const lost: Row = { state: 'unknown', attempt: flow.attempt, stampAge: 0, isReported: false };
  become(next.flow, 'deciding', { memory: rules.scenario.mayLedgerFail ? lost : flow.memory });
  tell(next, 'the engine times the activity out');
}

/**
 * A look that may prove absence. One that is too early to prove anything can only find the order (`findOrder`). A clock
 * behind the venue's would only prove later, as if the look came later.
 * @param written the ledger's row, or null when the ledger cannot be reached.
 */
function startLook(world: World, written: Row | null, rules: Rules, tell: Tell): void {
  const { flow } = world;
  const { mayLedgerFail } = rules.scenario;
  const row = mayLedgerFail ? (written === null ? flow.memory : rules.rowToTrust(flow.memory, written)) : world.row;
  if (rules.nextStep(row, true) !== 'reconcile') {
    const next = copyOf(world);
    next.flow.memory = row;
    tell(next, `the workflow reads the ledger: the row is ${row.state}`);
    return;
  }
  const asked = { ...flow, stage: 'asked' as const, attempt: row.attempt, memory: mayLedgerFail ? row : flow.memory };
  if (!rules.isOn('lookTimedBefore')) {
    askUntimed({ ...world, flow: asked }, tell);
    return;
  }
  for (let skew = 0; skew <= rules.ticks.skew; skew += 1) {
    if (!rules.isLookLate(row, -skew)) continue;
    const words = `the workflow looks for the order (row ${row.state}, attempt ${row.attempt})${skew === 0 ? '' : ', timed by a clock a second ahead'}`;
    // An answer that takes its time only tells of later than the look claims: one that comes at once proves the most.
    hearLook({ ...world, flow: { ...asked, lookAge: -skew } }, rules, (next, found) => tell(next, `${words}: ${found}`));
  }
}

/** With the guard left out, a look is timed when its answer is in, however long that takes. Only the second may be stale here. */
function askUntimed(world: World, tell: Tell): void {
  const { venue, flow } = world;
  const mayBeStale = flow.firstLook > 0;
  if (venue.orders === 0 || mayBeStale) tell(copyOf(world), `the workflow looks for the order; the venue answers that there is none${venue.orders === 0 ? '' : ' (a stale answer)'}`);
}

function hearUntimed(world: World, rules: Rules, tell: Tell): void {
  if (!rules.isLookLate(world.row, 0)) return; // too early still: as if it had not been asked
  countLook(world, false, 'the answer that there was none is in and timed only now', rules, tell);
}

/** A look that finds the order, early or late. */
function findOrder(world: World, rules: Rules, tell: Tell): void {
  const { status } = world.venue;
  if (status === 'none') return;
  const next = copyOf(world);
  next.row = rules.apply(world.row, status) ?? world.row;
  become(next.flow, 'deciding', { memory: rules.scenario.mayLedgerFail ? next.row : world.flow.memory });
  tell(next, `a look finds the order: ${status}; the row is ${next.row.state}`);
  if (!rules.scenario.mayLedgerFail) return;
  const without = copyOf(world);
  become(without.flow, 'deciding', { memory: rules.apply(world.flow.memory, status) ?? world.flow.memory });
  tell(without, `a look finds the order: ${status}; the ledger cannot be reached, the workflow remembers it`);
}

/** A look may lag; beyond that it may be stale, but never two in a row. Finding the order is `findOrder`'s. */
function hearLook(world: World, rules: Rules, tell: Tell): void {
  const { venue, flow } = world;
  const isStale = venue.orders > 0 && venue.age >= rules.ticks.lookLag;
  if (isStale && flow.wasFirstLookStale) return;
  countLook(world, isStale, `it finds nothing${isStale ? ' (a stale answer)' : venue.orders > 0 ? ' (it does not show yet)' : ''}`, rules, tell);
}

function countLook(world: World, isStale: boolean, found: string, rules: Rules, tell: Tell): void {
  const { flow } = world;
  const looks = flow.firstLook === 0 ? [flow.lookAge] : [flow.firstLook - 2, flow.lookAge];
  if (rules.isAbsenceProven(looks)) {
    prove(world, found, rules, tell);
    return;
  }
  const next = copyOf(world);
  const isFirst = flow.firstLook === 0;
  become(next.flow, 'deciding', { firstLook: isFirst ? flow.lookAge + 2 : flow.firstLook, wasFirstLookStale: isFirst ? isStale : flow.wasFirstLookStale });
  tell(next, found);
}

/** Absence is proven; the write may take its time, and the workflow may be timed out or reset meanwhile. */
function prove(world: World, found: string, rules: Rules, tell: Tell): void {
  const { flow } = world;
  const { mayLedgerFail } = rules.scenario;
  const local = rules.apply(flow.memory, 'provenAbsent') ?? flow.memory;
  const next = copyOf(world);
  const written = rules.apply(world.row, 'provenAbsent', flow.attempt);
  next.row = written ?? world.row;
  become(next.flow, 'deciding', { memory: mayLedgerFail ? rules.rowToTrust(local, next.row) : flow.memory });
  tell(next, `${found}, attempt ${flow.attempt} is proven absent; the row is ${next.row.state}`);

  const late = copyOf(world);
  late.ghostProof = flow.attempt;
  become(late.flow, 'deciding');
  tell(late, `${found}, attempt ${flow.attempt} is proven absent, but the write of that is slow and timed out`);
  if (!mayLedgerFail) return;
  const without = copyOf(world);
  become(without.flow, 'deciding', { memory: local });
  tell(without, `${found}, attempt ${flow.attempt} is proven absent; the ledger cannot be reached, the workflow remembers it`);
}

function landGhostProof(world: World, rules: Rules, tell: Tell): void {
  if (world.ghostProof === 0) return;
  const lost = copyOf(world);
  lost.ghostProof = 0;
  tell(lost, 'the old write is lost');
  const landed = copyOf(world);
  landed.ghostProof = 0;
  landed.row = rules.apply(world.row, 'provenAbsent', world.ghostProof) ?? world.row;
  tell(landed, `the old write "proven absent" of attempt ${world.ghostProof} lands; the row is ${landed.row.state}`);
}

/** To before any submission of the past, or to where only the row is asked. The old run's activities live on. */
function reset(world: World, rules: Rules, tell: Tell): void {
  const next = copyOf(world);
  become(next.flow, 'deciding');
  tell(next, 'the workflow is reset and asks the row');
  for (let attempt = 1; attempt <= Math.min(world.row.attempt, rules.scenario.attemptsMax); attempt += 1) {
    startRun(world, attempt, `the workflow is reset to before its submission of attempt ${attempt}: `, tell);
  }
}

function become(flow: Flow, stage: Flow['stage'], changes: Partial<Flow> = {}): void {
  Object.assign(flow, { stage, attempt: 0, awaits: -1, waitAge: 0, lookAge: 0, firstLook: 0, wasFirstLookStale: false }, changes);
}
