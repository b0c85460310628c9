/** What workers say of themselves: that they start, run, are asked to stop, and have stopped in good order. Pure. */
import type { HealthPart, PartReading } from './types.ts';

/** The queue of one role. */
export type QueuePart = Extract<HealthPart, `workers.${string}`>;

export const WORKER_STATES = ['starting', 'running', 'stopping', 'stopped'] as const;
export type WorkerState = (typeof WORKER_STATES)[number];

/** The last word of one worker on one of its queues. */
export interface WorkerWord {
  readonly part: QueuePart;
  readonly state: WorkerState;
  /** Wall clock; of one that runs: when it said so last. */
  readonly at: number;
}

/** One that runs says so again and again. */
export const WORD_EVERY_MS = 10_000;
/** One that ran so shortly before another stopped, or later, and is not heard of any more, was killed. */
const MISSED_MS = 3 * WORD_EVERY_MS;
/** A worker drains for no longer: it died meanwhile. */
const STOPPING_MS = 30_000;
/** A worker is up by then, or died. */
const STARTING_MS = 60_000;

/** The queues that a part hangs on: with any of them it stops. */
const RUNS_ON: Partial<Readonly<Record<HealthPart, readonly QueuePart[]>>> = {
  'workers.trading': ['workers.trading'], 'workers.venue': ['workers.venue'], 'workers.models': ['workers.models'], 'workers.feeds': ['workers.feeds'],
  accountFeed: ['workers.feeds'], marketFeed: ['workers.feeds'], cycle: ['workers.trading', 'workers.venue'], evaluation: ['workers.trading', 'workers.models'],
  retrain: ['workers.trading', 'workers.models'],
};
/** What watches over positions and orders that are open. */
const WATCHES: readonly HealthPart[] = ['workers.trading', 'workers.venue', 'workers.feeds', 'accountFeed', 'marketFeed', 'cycle'];
/** What trading goes by: it may stop only where nothing trades. */
const FEEDS: readonly HealthPart[] = ['workers.feeds', 'accountFeed', 'marketFeed'];

export type Asked = Exclude<WorkerState, 'running'>;

export interface Situation {
  readonly words: readonly WorkerWord[];
  /** Positions or orders are open, which somebody must watch. */
  readonly isOpen: boolean;
  /** Wall clock. */
  readonly at: number;
}

/**
 * What became of a queue by its workers' words. One that runs, or was killed, leaves no queue stopped, nor one that died
 * while it drained.
 * @returns null: it is as it is measured
 */
export function queueStateOf(queue: QueuePart, { words: all, at }: Pick<Situation, 'words' | 'at'>): Asked | null {
  const words = all.filter((it) => it.part === queue);
  const ends = words.filter((it) => it.state === 'stopping' || it.state === 'stopped').map((it) => it.at);
  if (ends.length === 0) return null;
  const since = Math.max(...ends) - MISSED_MS;
  const open = words.filter((it) => it.state !== 'stopped' && it.at > since);
  if (open.some((it) => it.state === 'running' || at - it.at > (it.state === 'starting' ? STARTING_MS : STOPPING_MS))) return null;
  return open.some((it) => it.state === 'starting') ? 'starting' : open.length > 0 ? 'stopping' : 'stopped';
}

/** What was asked of a part; null: nothing, or it is needed and counts as it is measured. While it drains it is there still. */
export function askedOf(part: HealthPart, situation: Situation): Asked | null {
  const asked = askedOfQueues(part, situation);
  return asked === 'stopped' && isNeeded(part, situation) ? null : asked;
}

/** A part that stopped, was needed, and that nobody is left to look at. */
export function isMissed(part: HealthPart, situation: Situation): boolean {
  const isAnyUp = situation.words.some((it) => isUp(it, situation.at));
  return !isAnyUp && askedOfQueues(part, situation) === 'stopped' && isNeeded(part, situation);
}

/** The readings of one look with what workers said: what stopped in good order is not held against anybody. */
export function withWords(readings: readonly PartReading[], situation: Situation): readonly PartReading[] {
  return readings.map(({ part, reading }) => {
    const asked = askedOf(part, situation);
    if (asked !== null) return { part, reading: { kind: 'asked', state: asked } };
    return reading.kind === 'measured' && !mayResume(part, situation) ? { part, reading: { ...reading, resumeMs: 0 } } : { part, reading };
  });
}

/** What starts again gets its time, where nothing is open: one that died while it drained does not start again. */
function mayResume(part: HealthPart, situation: Situation): boolean {
  if (situation.isOpen && WATCHES.includes(part)) return false;
  return (RUNS_ON[part] ?? []).every((queue) => situation.words.some((it) => it.part === queue && isUp(it, situation.at)));
}

function isUp({ state, at }: WorkerWord, now: number): boolean {
  return (state === 'running' || state === 'starting') && now - at <= MISSED_MS;
}

function askedOfQueues(part: HealthPart, situation: Situation): Asked | null {
  const states = (RUNS_ON[part] ?? []).map((queue) => queueStateOf(queue, situation));
  return (['stopping', 'stopped', 'starting'] as const).find((it) => states.includes(it)) ?? null;
}

function isNeeded(part: HealthPart, situation: Situation): boolean {
  if (situation.isOpen && WATCHES.includes(part)) return true;
  return FEEDS.includes(part) && askedOfQueues('cycle', situation) === null;
}
