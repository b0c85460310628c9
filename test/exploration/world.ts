/**
 * All that matters of one intent at one moment: ledger, fence, workflow, activities, network, venue, guard.
 * Time is told in ages, counted in ticks and no further than anything depends on, so the world is finite without an end
 * of time. An age of -1 belongs to a timestamp that a clock ahead of the venue's has made.
 */
import { ORDER_STATES } from '../../domain/orders/order.ts';
import type { OrderState } from '../../domain/orders/order.ts';

/** The ledger's row of the order, or what somebody remembers of it. */
export interface Row {
  readonly state: OrderState;
  readonly attempt: number;
  /** Age of the claimed timestamp while the order's fate is open, else 0. */
  readonly stampAge: number;
  /** Whether the venue has ever spoken of the order. */
  readonly isReported: boolean;
}

export const RUN_STAGES = ['free', 'started', 'stamped', 'sending', 'waiting', 'writing'] as const;
export const REQUESTS = ['none', 'travelling', 'accepted', 'refused'] as const;
/** Of a verdict that forbids to send, until it is written. */
export const OUTCOMES = ['none', 'notSent', 'halted'] as const;

/** One run of the submitting activity and the one request that it may send; it stays while the request may still arrive. */
export interface Run {
  stage: (typeof RUN_STAGES)[number];
  attempt: number;
  /** Ticks since it started, until the verdict; not counted where nothing leans on the deadline. */
  startAge: number;
  /** Age of the timestamp that it took, while it still counts. */
  stampAge: number;
  request: (typeof REQUESTS)[number];
  outcome: (typeof OUTCOMES)[number];
}

export const FLOW_STAGES = ['start', 'deciding', 'awaiting', 'asked', 'done'] as const;

/** The workflow that owns the order, in its latest run. */
export interface Flow {
  stage: (typeof FLOW_STAGES)[number];
  /** The attempt that it waits for or looks for. */
  attempt: number;
  /** Index of the run that it waits for, or -1. */
  awaits: number;
  waitAge: number;
  /** Age of the look that is being judged, by its own clock. */
  lookAge: number;
  /** Age of the first look that was late enough and empty, plus 2; 0 without one. */
  firstLook: number;
  wasFirstLookStale: boolean;
  /** What it remembers of the order; only where the ledger may fail does it act on it. */
  memory: Row;
}

export const GUARD_STAGES = ['calm', 'raised', 'sealed', 'resumed'] as const;
export const VENUE_STATUSES = ['none', 'working', 'filled', 'canceled'] as const;
export const PROPERTIES = ['none', 'twoOrders', 'resentInFlight', 'acceptedAfterSeal', 'sealedOverOpen', 'endsDisagree'] as const;
export type Property = Exclude<(typeof PROPERTIES)[number], 'none'>;

export interface World {
  row: Row;
  /** `epoch`: the fence's when it was decided. */
  intent: { isDecided: boolean; epoch: number };
  fence: { epoch: number; isHalted: boolean };
  guard: { stage: (typeof GUARD_STAGES)[number]; age: number; firstLook: number; wasLookStale: boolean };
  /** `isOpen`: an order that works or a position that it made. `age`: ticks since acceptance, while look-ups may lag. */
  venue: { orders: number; status: (typeof VENUE_STATUSES)[number]; isOpen: boolean; age: number };
  flow: Flow;
  /** A proof of absence that is still on its way to the ledger: of this attempt, or 0. */
  ghostProof: number;
  runs: Run[];
  broken: (typeof PROPERTIES)[number];
}

export const FREE_RUN: Run = { stage: 'free', attempt: 0, startAge: 0, stampAge: 0, request: 'none', outcome: 'none' };
const PLANNED: Row = { state: 'planned', attempt: 0, stampAge: 0, isReported: false };

export function initialWorld(runs: number): World {
  return {
    row: PLANNED,
    intent: { isDecided: false, epoch: 0 },
    fence: { epoch: 0, isHalted: false },
    guard: { stage: 'calm', age: 0, firstLook: 0, wasLookStale: false },
    venue: { orders: 0, status: 'none', isOpen: false, age: 0 },
    flow: { stage: 'start', attempt: 0, awaits: -1, waitAge: 0, lookAge: 0, firstLook: 0, wasFirstLookStale: false, memory: PLANNED },
    ghostProof: 0,
    runs: Array.from({ length: runs }, () => ({ ...FREE_RUN })),
    broken: 'none',
  };
}

export function nameOf(index: number): string {
  return `activity ${'ABC'.charAt(index)}`;
}

export function runOf(world: World, index: number): Run {
  const run = world.runs[index];
  if (run === undefined) throw new RangeError(`no run ${index}`);
  return run;
}

export function copyOf(world: World): World {
  return {
    row: world.row, // rows are never changed in place
    intent: { ...world.intent },
    fence: { ...world.fence },
    guard: { ...world.guard },
    venue: { ...world.venue },
    flow: { ...world.flow },
    ghostProof: world.ghostProof,
    runs: world.runs.map((run) => ({ ...run })),
    broken: world.broken,
  };
}

const FIXED_BYTES = 20;
const RUN_BYTES = 3;

export function byteLengthOf(runs: number): number {
  return Math.ceil((FIXED_BYTES + RUN_BYTES * runs) / 4) * 4;
}

/** Writes the canonical form. Runs are told apart by nothing but their contents, so they stand in sorted order. */
export function encodeWorld(world: World, into: Uint8Array): void {
  const { intent, fence, guard, venue, flow } = world;
  const order = sortedRuns(world);
  into.fill(0);
  encodeRow(world.row, into, 0);
  into[3] = Number(intent.isDecided) | (intent.epoch << 1);
  into[4] = Number(fence.isHalted) | (fence.epoch << 1);
  into[5] = GUARD_STAGES.indexOf(guard.stage) | (Number(guard.wasLookStale) << 3);
  into[6] = guard.age;
  into[7] = guard.firstLook;
  into[8] = venue.orders | (VENUE_STATUSES.indexOf(venue.status) << 2) | (Number(venue.isOpen) << 4);
  into[9] = venue.age;
  into[10] = FLOW_STAGES.indexOf(flow.stage) | (Number(flow.wasFirstLookStale) << 4);
  into[11] = flow.attempt;
  into[12] = order.findIndex((at) => at === flow.awaits) + 1;
  into[13] = flow.waitAge;
  into[14] = flow.lookAge + 1;
  into[15] = flow.firstLook;
  encodeRow(flow.memory, into, 16);
  into[19] = world.ghostProof | (PROPERTIES.indexOf(world.broken) << 4);
  order.forEach((at, place) => {
    const run = world.runs[at];
    if (run !== undefined) encodeRun(run, into, FIXED_BYTES + place * RUN_BYTES);
  });
}

export function decodeWorld(bytes: Uint8Array, runs: number): World {
  const at = (index: number): number => bytes[index] ?? 0;
  return {
    row: decodeRow(bytes, 0),
    intent: { isDecided: (at(3) & 1) === 1, epoch: at(3) >> 1 },
    fence: { isHalted: (at(4) & 1) === 1, epoch: at(4) >> 1 },
    guard: { stage: GUARD_STAGES[at(5) & 7] ?? 'calm', wasLookStale: (at(5) & 8) === 8, age: at(6), firstLook: at(7) },
    venue: { orders: at(8) & 3, status: VENUE_STATUSES[(at(8) >> 2) & 3] ?? 'none', isOpen: (at(8) & 16) === 16, age: at(9) },
    flow: {
      stage: FLOW_STAGES[at(10) & 15] ?? 'start',
      wasFirstLookStale: (at(10) & 16) === 16,
      attempt: at(11),
      awaits: at(12) - 1,
      waitAge: at(13),
      lookAge: at(14) - 1,
      firstLook: at(15),
      memory: decodeRow(bytes, 16),
    },
    ghostProof: at(19) & 15,
    broken: PROPERTIES[at(19) >> 4] ?? 'none',
    runs: Array.from({ length: runs }, (_, place) => decodeRun(bytes, FIXED_BYTES + place * RUN_BYTES)),
  };
}

function encodeRow(row: Row, into: Uint8Array, offset: number): void {
  into[offset] = ORDER_STATES.indexOf(row.state) | (Number(row.isReported) << 4);
  into[offset + 1] = row.attempt;
  into[offset + 2] = row.stampAge + 1;
}

function decodeRow(bytes: Uint8Array, offset: number): Row {
  const first = bytes[offset] ?? 0;
  return { state: ORDER_STATES[first & 15] ?? 'planned', isReported: first >> 4 === 1, attempt: bytes[offset + 1] ?? 0, stampAge: (bytes[offset + 2] ?? 0) - 1 };
}

function encodeRun(run: Run, into: Uint8Array, offset: number): void {
  into[offset] = RUN_STAGES.indexOf(run.stage) | (REQUESTS.indexOf(run.request) << 3) | (run.attempt << 5);
  into[offset + 1] = OUTCOMES.indexOf(run.outcome) | (run.startAge << 3);
  into[offset + 2] = run.stampAge + 1;
}

function decodeRun(bytes: Uint8Array, offset: number): Run {
  const [first = 0, second = 0, third = 0] = bytes.subarray(offset, offset + RUN_BYTES);
  return {
    stage: RUN_STAGES[first & 7] ?? 'free',
    request: REQUESTS[(first >> 3) & 3] ?? 'none',
    attempt: first >> 5,
    outcome: OUTCOMES[second & 7] ?? 'none',
    startAge: second >> 3,
    stampAge: third - 1,
  };
}

function sortedRuns({ runs, flow }: World): number[] {
  const weights = runs.map((run, index) => weightOf(run) * 2 + Number(index === flow.awaits));
  return runs.map((_, index) => index).sort((a, b) => (weights[a] ?? 0) - (weights[b] ?? 0));
}

/** Different for different contents. */
function weightOf(run: Run): number {
  const stage = RUN_STAGES.indexOf(run.stage) * 4 + REQUESTS.indexOf(run.request);
  return ((stage * 8 + OUTCOMES.indexOf(run.outcome)) * 8 + run.attempt) * 256 + run.startAge * 16 + run.stampAge + 1;
}
