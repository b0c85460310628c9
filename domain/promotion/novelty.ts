/**
 * How unlike anything a model learned from a vector is: its distance to the nearest of the points that were learned from, in
 * units of the mean distance between them. Features count by their importance. Pure.
 * @source Meyer and Pebesma, "Predicting into unknown space?", Methods in Ecology and Evolution 2021: dissimilarity index, limit = largest of the training points without outliers (Tukey).
 */
import { z } from 'zod';
import { shuffled } from '../learning/shuffle.ts';
import type { Matrix } from '../learning/dataset.ts';
import type { Importance } from '../learning/learner.ts';
import { momentsOf } from '../statistics/moments.ts';

/** What is kept of the training set. JSON. */
export const KNOWN_SPACE = z.object({
  features: z.array(z.string()).min(1),
  /** By feature: what standardises a value, and its importance ÷ deviation. */
  means: z.array(z.number()),
  scales: z.array(z.number()),
  /** Scaled; a missing value is its feature's mean. */
  points: z.array(z.array(z.number())).min(2),
  /** Between the points, > 0. */
  meanDistance: z.number().positive(),
  /** A larger index is novel. */
  limit: z.number().positive(),
});
export type KnownSpace = z.output<typeof KNOWN_SPACE>;

/** So many features of most importance are looked at, and so many rows are kept: a look costs microseconds. */
const FEATURES_MAX = 16;
const POINTS_MAX = 256;
/** A point's neighbours in time are nearly itself: so many places on either side are no neighbours. @see limitOf */
const APART = 4;
const DIGITS = 6;

/**
 * @param matrix rows that were learned from, in order of time.
 * @returns null where nothing was learned, or all rows are alike: then nothing can be told from them.
 */
export function knownSpaceOf(matrix: Matrix, importances: readonly Importance[], seed: string): KnownSpace | null {
  const used = importances.filter((it) => it.share > 0).slice(0, FEATURES_MAX).flatMap(({ feature, share }) => {
    const column = matrix.columns[matrix.names.indexOf(feature)];
    if (column === undefined) return [];
    const { mean, deviation } = momentsOf(column.filter((value) => !Number.isNaN(value)));
    return deviation > 0 ? [{ feature, column, mean: tidy(mean), scale: tidy(share / deviation) }] : [];
  });
  const rows = [...shuffled(matrix.rows, seed).subarray(0, POINTS_MAX)].sort((a, b) => a - b);
  const points = rows.map((row) => used.map(({ column, mean, scale }) => tidy(scaled(column[row] as number, mean, scale))));
  if (used.length === 0 || points.length <= 2 * APART) return null;
  const meanDistance = tidy(meanDistanceOf(points));
  if (!(meanDistance > 0)) return null;
  const limit = tidy(limitOf(points, meanDistance));
  return limit > 0 ? { features: used.map((it) => it.feature), means: used.map((it) => it.mean), scales: used.map((it) => it.scale), points, meanDistance, limit } : null;
}

/** @param valueOf of a feature by its name; NaN: missing. @returns ≥ 0; above `limit` the model knows nothing like it. */
export function dissimilarityOf({ features, means, scales, points, meanDistance }: KnownSpace, valueOf: (feature: string) => number): number {
  const point = features.map((feature, index) => scaled(valueOf(feature), means[index] as number, scales[index] as number));
  return nearest(points, point) / meanDistance;
}

const tidy = (value: number): number => Number(value.toPrecision(DIGITS));

const scaled = (value: number, mean: number, scale: number): number => (Number.isNaN(value) ? 0 : (value - mean) * scale);

function nearest(points: readonly (readonly number[])[], point: readonly number[], isSkipped: (index: number) => boolean = () => false): number {
  return points.reduce((least, other, index) => (isSkipped(index) ? least : Math.min(least, distance(point, other))), Infinity);
}

function distance(a: readonly number[], b: readonly number[]): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += ((a[index] as number) - (b[index] as number)) ** 2;
  return Math.sqrt(sum);
}

function meanDistanceOf(points: readonly (readonly number[])[]): number {
  let [sum, pairs] = [0, 0];
  points.forEach((point, index) => { for (const other of points.slice(index + 1)) { sum += distance(point, other); pairs += 1; } });
  return sum / pairs;
}

/** The largest index that the points have among themselves, outliers left out. */
function limitOf(points: readonly (readonly number[])[], meanDistance: number): number {
  const indices = points.map((point, place) => nearest(points, point, (index) => Math.abs(index - place) <= APART) / meanDistance).sort((a, b) => a - b);
  const quartile = (share: number): number => indices[Math.round(share * (indices.length - 1))] as number;
  const fence = quartile(0.75) + 1.5 * (quartile(0.75) - quartile(0.25));
  return indices.findLast((index) => index <= fence) as number;
}
