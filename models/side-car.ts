/** What a file beside a model says, where the model does not say it itself. */
import { z } from 'zod';
import type { KeelError } from '../domain/errors.ts';
import { TASK } from '../domain/learning/learner.ts';

/** More than any model of candles needs; a larger file is somebody else's. */
export const BYTES_MAX = 64 * 2 ** 20;

export const SIDE_CAR = z.strictObject({
  /** Of its input, in order. */
  features: z.array(z.string().min(1)).min(1).optional(),
  task: TASK.optional(),
  /** Version of the label that its classes were made under. */
  label: z.string().optional(),
});
export type SideCar = z.output<typeof SIDE_CAR>;

const NAMED_MAX = 5;

/** @throws what `refuse` makes: features that there are not, or one twice, by name. */
export function assertKnown(features: readonly string[], known: readonly string[], refuse: (found: string) => KeelError): void {
  const twice = features.find((name, index) => features.indexOf(name) !== index);
  if (twice !== undefined) throw refuse(`it names the feature ${JSON.stringify(twice)} twice`);
  const unknown = features.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw refuse(`it reads ${unknown.slice(0, NAMED_MAX).map((name) => JSON.stringify(name)).join(', ')}${unknown.length > NAMED_MAX ? ` and ${unknown.length - NAMED_MAX} others` : ''}, which the feature set does not have; it has: ${known.join(', ')}`);
}
