/** What a registered model says of itself: all that serving, evaluating and watching it needs beside its bytes. JSON. */
import { z } from 'zod';
import { LEARNED_INPUT } from '../drift/input.ts';
import { LEARNED_LOSS } from '../drift/loss.ts';
import { KeelError, messageOf } from '../errors.ts';
import { KNOWN_SPACE } from './novelty.ts';

const SERVED_MODEL = z.object({
  learner: z.string(),
  parameters: z.record(z.string(), z.unknown()),
  /** Whatever was drawn was drawn from it. */
  seed: z.string(),
  /** Name and version, `standard/2`. */
  featureSet: z.string(),
  timeframe: z.string(),
  /** With the band that its classes were made under, `horizon4/1@0.6123`. */
  label: z.string(),
  /** It foretells these alone; null: every one (pooled). */
  instruments: z.array(z.string()).nullable(),
  /**
   * |P(buy) - P(sell)| of its out-of-fold predictions at every whole percentile, ascending: confidence is the rank of an
   * edge among them.
   */
  edges: z.array(z.number()).length(101),
  /** Null: novelty cannot be told. */
  known: KNOWN_SPACE.nullable(),
  /** What its inputs and losses are compared with later; absent or null: drift cannot be told. */
  input: LEARNED_INPUT.nullable().optional(),
  loss: LEARNED_LOSS.nullable().optional(),
  /** What its test parts showed, for the watch after a promotion; null: too few trades. */
  promised: z.object({ winRate: z.number(), meanR: z.number(), deviationR: z.number(), worseR: z.number(), correlation: z.number().min(0).max(1).optional() }).nullable(),
  /** Of the test parts, by name. */
  metrics: z.record(z.string(), z.number().nullable()),
  importances: z.array(z.object({ feature: z.string(), share: z.number() })),
  /** By how much the loss rises, on rows that it was not fitted on, when a feature's values are dealt out anew; absent: of an imported model, or from before it was told. */
  permuted: z.array(z.object({ feature: z.string(), lossIncrease: z.number() })).optional(),
});
export type ServedModel = z.output<typeof SERVED_MODEL>;

/** @throws {KeelError} MODEL_INVALID, not retried: what does not fit. */
export function servedModelOf(description: Readonly<Record<string, unknown>>): ServedModel {
  try {
    return SERVED_MODEL.parse(description);
  } catch (error) {
    throw new KeelError('MODEL_INVALID', `the model's description cannot be read: ${messageOf(error)}`, { cause: error });
  }
}

/** Of edges in any order, at least one, their values at every whole percentile, ascending. */
export function edgePercentilesOf(edges: Float64Array): number[] {
  const sorted = edges.toSorted();
  return Array.from({ length: 101 }, (_, percent) => sorted[Math.round((percent / 100) * (sorted.length - 1))] ?? 0);
}

/** 0..1: how the edge of three probabilities ranks among the model's own out-of-fold edges. */
export function confidenceOf({ edges }: Pick<ServedModel, 'edges'>, edge: number): number {
  const size = Math.abs(edge);
  const above = edges.findIndex((value) => value > size);
  if (above === 0) return 0;
  if (above < 0) return 1;
  const [low, high] = [edges[above - 1] as number, edges[above] as number];
  return (above - 1 + (size - low) / (high - low)) / (edges.length - 1);
}
