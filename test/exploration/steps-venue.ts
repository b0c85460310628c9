/** The network between, the venue, and what its stream tells. */
import type { Rules } from './rules.ts';
import type { Tell } from './steps.ts';
import type { World } from './world.ts';
import { copyOf, nameOf, runOf } from './world.ts';

/** What may become of a request on its way: lost, delayed (nothing happens), or delivered once. */
export function offerToVenue(world: World, index: number, rules: Rules, tell: Tell): void {
  const { stampAge } = runOf(world, index);
  const lost = copyOf(world);
  resolve(lost, index, 'none');
  tell(lost, `the request of ${nameOf(index)} is lost on its way`);

  const isFresh = stampAge <= rules.ticks.recvWindow || !rules.isOn('recvWindow');
  const isIdTaken = world.venue.status === 'working';
  const refused = copyOf(world);
  resolve(refused, index, 'refused');
  tell(refused, `the venue refuses the request of ${nameOf(index)} (${isFresh ? (isIdTaken ? 'its id works already' : 'for a reason of its own') : 'its timestamp is too old'})`);
  if (!isFresh || isIdTaken) return;

  const accepted = copyOf(world);
  resolve(accepted, index, 'accepted');
  accepted.venue = { orders: Math.min(world.venue.orders + 1, 2), status: 'working', isOpen: true, age: 0 };
  judgeAcceptance(accepted, rules);
  tell(accepted, `the venue accepts the request of ${nameOf(index)}${world.venue.orders > 0 ? ' as a SECOND order: the id was free again' : ''}`);
}

function resolve(next: World, index: number, request: 'none' | 'accepted' | 'refused'): void {
  Object.assign(runOf(next, index), { request, stampAge: 0 });
}

function judgeAcceptance(world: World, rules: Rules): void {
  const { guard, intent, fence, venue } = world;
  if (venue.orders > 1) rules.mark(world, 'twoOrders');
  const isVoid = guard.stage === 'sealed' || (guard.stage === 'resumed' && intent.epoch < fence.epoch);
  if (isVoid && !rules.isReducing) rules.mark(world, 'acceptedAfterSeal');
}

export function venueSteps(world: World, rules: Rules, tell: Tell): void {
  const { status } = world.venue;
  if (status === 'none') return;
  if (status === 'working') {
    const filled = copyOf(world);
    filled.venue = { ...world.venue, status: 'filled', isOpen: !rules.isReducing };
    tell(filled, 'the order fills; the venue forgets its client id');
  }
  for (const told of status === 'working' ? (['working'] as const) : (['working', status] as const)) {
    const row = rules.apply(world.row, told);
    if (row === null || row === world.row) continue;
    const next = copyOf(world);
    next.row = row;
    tell(next, `the account's stream reports the order ${told}; the row is ${row.state}`);
  }
}
