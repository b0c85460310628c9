/** What can happen next in a world: the sum of what its actors can do, and time. */
import type { Rules } from './rules.ts';
import { guardSteps } from './steps-guard.ts';
import { runSteps } from './steps-run.ts';
import { venueSteps } from './steps-venue.ts';
import { flowSteps } from './steps-flow.ts';
import type { World } from './world.ts';
import { copyOf } from './world.ts';

export type Tell = (next: World, words: string) => void;

export function stepsOf(world: World, rules: Rules, tell: Tell): void {
  if (world.broken !== 'none') return;
  flowSteps(world, rules, tell);
  for (let index = 0; index < world.runs.length; index += 1) runSteps(world, index, rules, tell);
  venueSteps(world, rules, tell);
  if (rules.scenario.hasEmergency) guardSteps(world, rules, tell);
  tell(afterTick(world, rules), 'TICK');
}

/** Everything grows older by one tick, as far as its age still matters. */
function afterTick(world: World, { scenario, ticks, stampAgeMax }: Rules): World {
  const next = copyOf(world);
  next.row = older(world.row, stampAgeMax);
  for (const run of next.runs) {
    const isBeforeVerdict = run.stage === 'started' || run.stage === 'stamped';
    if (isBeforeVerdict && scenario.mayLedgerFail) run.startAge = Math.min(run.startAge + 1, ticks.attemptTimeout + 1);
    if (run.stage === 'stamped') run.stampAge = Math.min(run.stampAge + 1, stampAgeMax);
    else if (run.stage === 'sending' || run.request === 'travelling') run.stampAge = Math.min(run.stampAge + 1, ticks.recvWindow + 1);
  }
  const { flow, guard, venue } = next;
  flow.memory = older(world.flow.memory, stampAgeMax);
  if (flow.stage === 'awaiting' && scenario.mayLedgerFail) flow.waitAge = Math.min(flow.waitAge + 1, ticks.attemptTimeout);
  if (flow.firstLook > 0) flow.firstLook = Math.min(flow.firstLook + 1, ticks.looksApart + ticks.skew + 2);
  if (guard.stage === 'raised') guard.age = Math.min(guard.age + 1, ticks.recvWindow + ticks.sealMargin);
  if (guard.firstLook > 0) guard.firstLook = Math.min(guard.firstLook + 1, ticks.looksApart + 1);
  if (venue.orders > 0) venue.age = Math.min(venue.age + 1, ticks.lookLag);
  return next;
}

function older(row: World['row'], ageMax: number): World['row'] {
  const isOpen = row.state === 'submitting' || row.state === 'unknown';
  return isOpen && row.stampAge < ageMax ? { ...row, stampAge: row.stampAge + 1 } : row;
}
