/**
 * The submitting activity, step by step as `activities/orders.ts` takes them. Between any two steps it may pause as long
 * as it likes, or die. Steps that commute with everything else are one: hearing an answer and writing it down (a pause
 * between the two is a pause before both).
 */
import type { Rules } from './rules.ts';
import { offerToVenue } from './steps-venue.ts';
import type { Tell } from './steps.ts';
import type { Row, Run, World } from './world.ts';
import { copyOf, FREE_RUN, nameOf, runOf } from './world.ts';

export function runSteps(world: World, index: number, rules: Rules, tell: Tell): void {
  const run = runOf(world, index);
  switch (run.stage) {
    case 'free':
      return;
    case 'started':
      takeTimestamp(world, index, rules, tell);
      break;
    case 'stamped':
      claim(world, index, rules, tell);
      break;
    case 'sending':
      send(world, index, rules, tell);
      break;
    case 'waiting':
      hear(world, index, rules, tell);
      if (run.request === 'travelling') {
        offerToVenue(world, index, rules, tell);
        return; // dead or deaf is the same: its request goes on
      }
      break;
    case 'writing':
      write(world, index, run.outcome === 'halted' ? 'halted' : 'notSent', rules, tell);
      break;
  }
  const next = copyOf(world);
  next.runs[index] = { ...FREE_RUN };
  if (next.flow.awaits === index) next.flow.awaits = -1;
  tell(next, `${nameOf(index)} dies (or never wakes again)`);
}

function takeTimestamp(world: World, index: number, rules: Rules, tell: Tell): void {
  if (!rules.isReducing) {
    const next = copyOf(world);
    next.row = rules.apply(world.row, 'expired') ?? world.row;
    finish(next, index, world.flow.memory);
    tell(next, `${nameOf(index)} finds the decision too old and ends the order if nothing of it was sent`);
  }
  for (const skew of [0, rules.ticks.skew, -rules.ticks.skew]) {
    const next = copyOf(world);
    Object.assign(runOf(next, index), { stage: 'stamped', stampAge: -skew });
    tell(next, `${nameOf(index)} takes its timestamp${skew === 0 ? '' : skew > 0 ? ', from a clock a second ahead' : ', from a clock a second behind'}`);
  }
}

function claim(world: World, index: number, rules: Rules, tell: Tell): void {
  const run = runOf(world, index);
  const next = copyOf(world);
  if (rules.isOn('rowClaim') && !rules.canClaim(world.row, run.attempt)) {
    finish(next, index, rules.scenario.mayLedgerFail ? world.row : world.flow.memory);
    tell(next, `${nameOf(index)} does not win the row for attempt ${run.attempt} and sends nothing`);
  } else {
    const claimed = rules.canClaim(world.row, run.attempt) ? rules.apply(world.row, 'claimed', run.attempt, run.stampAge) : null;
    next.row = claimed ?? rules.submitting(run.attempt, run.stampAge);
    const verdict = proceed(next, index, world.fence, rules);
    tell(next, `${nameOf(index)} wins the row for attempt ${run.attempt}, reads the fence (${fenceInWords(world)}): ${verdict}`);
  }
  if (!rules.scenario.mayLedgerFail || !rules.goesWithoutLedger) return;
  const without = copyOf(world);
  tell(without, `${nameOf(index)} cannot reach the ledger and goes on without it: ${proceed(without, index, null, rules)}`);
}

/**
 * The verdict is asked right after the claim. A later moment could only turn "send" into "not sent", which `send` offers
 * at any time.
 */
function proceed(next: World, index: number, fence: World['fence'] | null, rules: Rules): string {
  const run = runOf(next, index);
  const verdict = rules.verdict(next, fence, run.startAge);
  run.startAge = 0;
  run.stampAge = Math.min(run.stampAge, rules.ticks.recvWindow + 1);
  if (verdict === 'send') run.stage = 'sending';
  else Object.assign(run, { stage: 'writing', outcome: verdict, stampAge: 0 });
  return { send: 'will send', notSent: 'past its deadline, does not send', halted: 'halted' }[verdict];
}

function send(world: World, index: number, rules: Rules, tell: Tell): void {
  const next = copyOf(world);
  const run = runOf(next, index);
  const mayArrive = (request: Run): boolean => request.stampAge <= rules.ticks.recvWindow;
  const isOtherUnderWay = world.runs.some((other, at) => at !== index && other.request === 'travelling' && mayArrive(other));
  if (mayArrive(run) && (isOtherUnderWay || world.venue.orders > 0)) rules.mark(next, 'resentInFlight');
  run.stage = 'waiting';
  run.request = 'travelling';
  if (!rules.isOn('signedBeforeClaim')) run.stampAge = 0;
  tell(next, `${nameOf(index)} sends the order (attempt ${run.attempt})`);

  // Its deadline passed since the verdict, or the limiter gave no permit.
  write(world, index, 'notSent', rules, tell);
}

function hear(world: World, index: number, rules: Rules, tell: Tell): void {
  const { request } = runOf(world, index);
  if (request === 'accepted') write(world, index, 'working', rules, tell);
  if (request === 'refused') write(world, index, 'rejected', rules, tell);
  write(world, index, 'answerLost', rules, tell);
}

/** The last step: what is known goes into the ledger, and to the workflow if it still waits. */
function write(world: World, index: number, said: 'working' | 'rejected' | 'answerLost' | 'notSent' | 'halted', rules: Rules, tell: Tell): void {
  const run = runOf(world, index);
  const { mayLedgerFail } = rules.scenario;
  const local = rules.apply(rules.submitting(run.attempt, run.stampAge), said) ?? world.row;
  const written = rules.apply(world.row, said, run.attempt);
  const next = copyOf(world);
  next.row = written ?? world.row;
  finish(next, index, mayLedgerFail ? rules.rowToTrust(local, next.row) : world.flow.memory);
  tell(next, `${nameOf(index)} ${HEARD[said]}${written === null ? '; the row refuses that' : `; the row is ${next.row.state}`}`);
  if (!mayLedgerFail) return;
  const without = copyOf(world);
  finish(without, index, local);
  tell(without, `${nameOf(index)} ${HEARD[said]}; the ledger cannot be reached, it tells the workflow alone`);
}

const HEARD = {
  working: 'hears that the venue accepted, and writes it',
  rejected: 'hears that the venue refused, and writes it',
  answerLost: 'gets no answer, and writes that',
  notSent: 'does not send (past its deadline, or no permit of the limiter), and writes that',
  halted: 'was stopped by the fence, and writes that',
} as const;

/** Ends the run, unless its request still travels, and tells the workflow if it still waits for it. */
function finish(next: World, index: number, known: Row): void {
  if (runOf(next, index).request !== 'travelling') next.runs[index] = { ...FREE_RUN };
  if (next.flow.awaits !== index) return;
  Object.assign(next.flow, { stage: 'deciding', awaits: -1, waitAge: 0, attempt: 0, memory: known });
}

function fenceInWords({ fence, intent }: World): string {
  if (fence.isHalted) return `halted, epoch ${fence.epoch} (the order's: ${intent.epoch})`;
  return fence.epoch === intent.epoch ? 'open' : `open, epoch ${fence.epoch} (the order's: ${intent.epoch})`;
}
