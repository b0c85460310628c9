export interface FloorActivities {
  nothing(): Promise<void>;
  /** Wall clock, milliseconds with their fraction. */
  now(): Promise<number>;
}

export const floorActivities: FloorActivities = {
  nothing: () => Promise.resolve(),
  now: () => Promise.resolve(performance.timeOrigin + performance.now()),
};
