import { BOOSTING, boosting } from './boosting.ts';
import type { Learner } from './learner.ts';
import { LINEAR, linear } from './linear.ts';

const LEARNERS: Readonly<Record<string, (parameters: Readonly<Record<string, unknown>>) => Learner>> = { [BOOSTING]: boosting, [LINEAR]: linear };

/** Those that need nothing but this. */
export const LEARNER_NAMES: readonly string[] = Object.keys(LEARNERS);

/**
 * A learner by its name and parameters, as a run record holds them.
 * @throws {RangeError} not retried: a name that is not known, a parameter out of its range.
 */
export function learnerOf(name: string, parameters: Readonly<Record<string, unknown>>): Learner {
  const make = Object.hasOwn(LEARNERS, name) ? LEARNERS[name] : undefined;
  if (make === undefined) throw new RangeError(`no learner is called "${name}"; known are ${LEARNER_NAMES.join(', ')}`);
  return make(parameters);
}
