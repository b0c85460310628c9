/** Which predictions people are asked about, and in which order. Pure. @source learning.md, "People teach". */
import type { VoteAction } from '../cycle/types.ts';
import type { InstrumentId } from '../market/instrument.ts';

/** An acting prediction with an outcome, as far as the order goes by it: the outcome is no part of it. */
export interface Evaluated {
  readonly predictionId: number;
  readonly instrumentId: InstrumentId;
  /** Market clock. */
  readonly madeAt: number;
  /** 0..1. */
  readonly confidence: number;
  /** What each voice said. */
  readonly votes: readonly VoteAction[];
}

export type Priority = 1 | 2 | 3;

export interface Waiting extends Evaluated {
  readonly priority: Priority;
  /** 0..1: share of those who spoke that did not say what most did. */
  readonly disagreement: number;
}

export const QUEUE_MAX = 1_000;
/** Of the market's time: what is older is not asked about any more. */
export const QUEUE_DAYS = 30;
const DAY_MS = 86_400_000;

const UNSURE = 0.5;
/** Distances of the confidence from unsure, the largest of each priority. */
const NEAR = { 3: 0.02, 2: 0.04 } as const;
/** A float's noise moves nobody across a limit. */
const NOISE = 1e-9;

/** @param confidence 0..1 */
export function priorityOf(confidence: number): Priority {
  const distance = Math.abs(confidence - UNSURE) - NOISE;
  return distance <= NEAR[3] ? 3 : distance <= NEAR[2] ? 2 : 1;
}

/** Of those who spoke; 0 where nobody did. */
export function disagreementOf(votes: readonly VoteAction[]): number {
  const spoken = votes.filter((it) => it !== 'abstain');
  if (spoken.length === 0) return 0;
  return 1 - Math.max(...[...Map.groupBy(spoken, (it) => it).values()].map((same) => same.length)) / spoken.length;
}

/**
 * The queue as it stands: by priority, then by disagreement, then the newest first.
 * @param rows of which nobody has spoken yet. @param now market clock.
 */
export function queueOf(rows: readonly Evaluated[], now: number): readonly Waiting[] {
  return rows
    .filter((it) => it.madeAt > now - QUEUE_DAYS * DAY_MS)
    .map((it): Waiting => ({ ...it, priority: priorityOf(it.confidence), disagreement: disagreementOf(it.votes) }))
    .sort((a, b) => b.priority - a.priority || b.disagreement - a.disagreement || b.madeAt - a.madeAt || a.predictionId - b.predictionId)
    .slice(0, QUEUE_MAX);
}

export function isExpired(madeAt: number, now: number): boolean {
  return madeAt <= now - QUEUE_DAYS * DAY_MS;
}
