/** A smooth function's value and, written into `gradient`, its slope. */
export type Smooth = (at: Float64Array, gradient: Float64Array) => number;

/** Steps remembered. */
const MEMORY = 10;
/** Share of the promised fall that a step must keep. */
const ARMIJO = 1e-4;
const HALVINGS_MAX = 40;

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, index) => sum + value * (b[index] as number), 0);

/**
 * The minimum of a convex function, by L-BFGS with halved steps.
 * @param start is not changed.
 * @returns where no component of the slope is above the tolerance, or where steps no longer help.
 * @source Liu and Nocedal, "On the limited memory BFGS method for large scale optimization", Mathematical Programming 1989.
 */
export function minimise(smooth: Smooth, start: Float64Array, { tolerance = 1e-9, stepsMax = 1_000 }: { readonly tolerance?: number; readonly stepsMax?: number } = {}): Float64Array {
  let at = start.slice();
  let gradient = new Float64Array(at.length);
  let value = smooth(at, gradient);
  const past: { readonly step: Float64Array; readonly turn: Float64Array; readonly product: number }[] = [];
  for (let count = 0; count < stepsMax && gradient.some((slope) => Math.abs(slope) > tolerance); count += 1) {
    const direction = directionOf(gradient, past);
    const fall = dot(direction, gradient);
    let length = past.length === 0 ? Math.min(1, 1 / Math.sqrt(dot(gradient, gradient))) : 1;
    const slope = new Float64Array(at.length);
    let next = at;
    let nextValue = Infinity;
    for (let halving = 0; halving < HALVINGS_MAX; halving += 1, length /= 2) {
      next = at.map((coordinate, index) => coordinate + length * (direction[index] as number));
      nextValue = smooth(next, slope);
      if (nextValue <= value + ARMIJO * length * fall) break;
    }
    if (!(nextValue < value)) break; // as low as float64 sees
    const [step, turn] = [next.map((coordinate, index) => coordinate - (at[index] as number)), slope.map((one, index) => one - (gradient[index] as number))];
    const product = dot(step, turn);
    if (product > 0) past.push({ step, turn, product });
    if (past.length > MEMORY) past.shift();
    [at, value, gradient] = [next, nextValue, slope];
  }
  return at;
}

/** The two loops over the remembered steps. */
function directionOf(gradient: Float64Array, past: readonly { readonly step: Float64Array; readonly turn: Float64Array; readonly product: number }[]): Float64Array {
  const direction = gradient.map((slope) => -slope);
  const shares = past.map(() => 0);
  const add = (to: Float64Array, from: Float64Array, factor: number): void => { for (let index = 0; index < to.length; index += 1) to[index] = (to[index] as number) + factor * (from[index] as number); };
  for (let index = past.length - 1; index >= 0; index -= 1) {
    const { step, turn, product } = past[index] as (typeof past)[number];
    shares[index] = dot(step, direction) / product;
    add(direction, turn, -(shares[index] as number));
  }
  const newest = past.at(-1);
  if (newest !== undefined) direction.forEach((value, index) => { direction[index] = (value * newest.product) / dot(newest.turn, newest.turn); });
  past.forEach(({ step, turn, product }, index) => add(direction, step, (shares[index] as number) - dot(turn, direction) / product));
  return direction;
}
