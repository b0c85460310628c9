import { z } from 'zod';
import { KeelError } from '../domain/errors.ts';
import { checkOwnLearner } from '../domain/learning/check-own.ts';
import type { OwnLearner } from '../domain/learning/own.ts';

const aFunction = <T>() => z.custom<T>((value) => typeof value === 'function', 'must be a function');
const definition = z.strictObject({
  name: z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,39}$/, 'must be 1 to 40 letters, digits or dashes, a letter first'),
  version: z.string().regex(/^[A-Za-z0-9.-]{1,20}$/, 'must be 1 to 20 letters, digits, dots or dashes'),
  parameters: z.record(z.string(), z.json()),
  fit: aFunction<OwnLearner['fit']>(),
  predict: aFunction<OwnLearner['predict']>(),
  importances: aFunction<NonNullable<OwnLearner['importances']>>().optional(),
});

/**
 * Checks a learner: its fields, and on drawn rows that it repeats itself and foretells probabilities. Its file exports the
 * result by default.
 * @throws {KeelError} LEARNER_INVALID, not retried: names the field, or what is wrong with what it learned.
 */
export function defineLearner(learner: OwnLearner): OwnLearner {
  const invalid = (fault: string): KeelError => new KeelError('LEARNER_INVALID', `learner ${JSON.stringify((learner as Partial<OwnLearner> | null)?.name)} is not valid: ${fault}`);
  const parsed = definition.safeParse(learner);
  if (!parsed.success) throw invalid(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; '));
  const fault = checkOwnLearner(learner);
  if (fault !== null) throw invalid(fault);
  return learner;
}
