/** The emergency stop: fence up, sweep, looks, sealed; later a resume. */
import type { Rules } from './rules.ts';
import type { Tell } from './steps.ts';
import type { World } from './world.ts';
import { copyOf } from './world.ts';

export function guardSteps(world: World, rules: Rules, tell: Tell): void {
  switch (world.guard.stage) {
    case 'calm': {
      const next = copyOf(world);
      next.fence = rules.raised(world.fence);
      next.guard.stage = 'raised';
      tell(next, `EMERGENCY STOP: the fence is raised (epoch ${next.fence.epoch})`);
      return;
    }
    case 'raised':
      sweep(world, tell);
      look(world, rules, tell);
      return;
    case 'sealed': {
      const next = copyOf(world);
      next.fence = rules.lowered(world.fence);
      next.guard.stage = 'resumed';
      tell(next, `a person resumes: the fence is down (epoch ${next.fence.epoch})`);
      return;
    }
    case 'resumed':
      return;
  }
}

function sweep(world: World, tell: Tell): void {
  if (!world.venue.isOpen) return;
  const next = copyOf(world);
  const isWorking = world.venue.status === 'working';
  next.venue = { ...world.venue, isOpen: false, status: isWorking ? 'canceled' : world.venue.status };
  tell(next, isWorking ? 'the stop cancels the working order' : 'the stop closes the position');
}

/** One look at positions and both books. It may lag; beyond that it may be stale, but never two in a row. */
function look(world: World, rules: Rules, tell: Tell): void {
  const { venue, guard } = world;
  if (venue.isOpen) {
    const next = copyOf(world);
    Object.assign(next.guard, { firstLook: 0, wasLookStale: false });
    tell(next, 'the stop looks and finds something open');
  }
  const isStale = venue.isOpen && venue.age >= rules.ticks.lookLag;
  if (isStale && guard.wasLookStale) return;
  const next = copyOf(world);
  next.guard.wasLookStale = isStale;
  const blind = isStale ? ' (a stale answer)' : venue.isOpen ? ' (it does not show yet)' : '';
  if (!rules.isSealable(guard.age)) {
    tell(next, `the stop looks, too early to count, and finds nothing open${blind}`);
    return;
  }
  const looks = guard.firstLook === 0 ? [0] : [guard.firstLook - 1, 0];
  if (rules.isSealProven(looks)) {
    Object.assign(next.guard, { stage: 'sealed', age: 0, firstLook: 0, wasLookStale: false });
    if (venue.isOpen) rules.mark(next, 'sealedOverOpen');
    tell(next, `the stop looks again and finds nothing open${blind}: SEALED`);
    return;
  }
  if (guard.firstLook === 0) next.guard.firstLook = 1;
  tell(next, `the stop looks and finds nothing open${blind}`);
}
