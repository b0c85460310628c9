/** The guard's state and its transitions, pure: ledger, workflows and command line apply these same functions. */
import type { GuardMode, RecoveryMode, TripCause } from './types.ts';
import { needsPerson } from './triggers.ts';
import { GUARD_MODES, TRIGGERS } from './types.ts';

/** One line of the guard's history. */
export interface GuardTransition {
  /** Wall clock. */
  readonly at: number;
  readonly from: GuardMode;
  readonly to: GuardMode;
  readonly why: string;
  readonly by: string;
}

export interface GuardState {
  readonly mode: GuardMode;
  /** Number of the newest emergency; 0 before the first. */
  readonly emergency: number;
  /** How often this emergency tripped: falling back from recovery trips again. */
  readonly round: number;
  readonly cause: TripCause | null;
  /** The name of the person who said that the cause is gone. */
  readonly resetBy: string | null;
  /** Wall clock of the newest round's steps. */
  readonly trippedAt: number | null;
  readonly flatAt: number | null;
  readonly sealedAt: number | null;
  /** Positions at the venue that this round's closing ended. */
  readonly positionsClosed: number;
  /** Market clock: the drawdown's peak counts from here; null: from the beginning. */
  readonly peakSince: number | null;
  /** The fence was up already when it tripped, for another reason: recovery leaves it up until a person resumes. */
  readonly keepsFence: boolean;
  /** Of stops that were heard, newest last, bounded. Absent in what an older version wrote, also into a history that is replayed. */
  readonly requests?: readonly string[];
  /** Oldest first, bounded. */
  readonly history: readonly GuardTransition[];
}

export const ARMED: GuardState = {
  mode: 'armed', emergency: 0, round: 0, cause: null, resetBy: null, trippedAt: null, flatAt: null, sealedAt: null, positionsClosed: 0, peakSince: null, keepsFence: false, history: [],
};

const HISTORY_MAX = 100;
const REQUESTS_MAX = 50;

/** What may happen to the guard. Each carries the emergency that it is about, so that a late or repeated one changes nothing. */
export type GuardCommand =
  | { readonly kind: 'trip'; readonly cause: TripCause; readonly at: number }
  | { readonly kind: 'flat'; readonly emergency: number; readonly round: number; readonly positionsClosed: number; readonly at: number }
  | { readonly kind: 'sealed'; readonly emergency: number; readonly round: number; readonly at: number }
  /** Nothing opens until a person resumes; nothing is closed. */
  | { readonly kind: 'halt'; readonly by: string; readonly because: string; readonly at: number }
  /** `emergency`: the one that the person saw; absent: whichever there is. */
  | { readonly kind: 'reset'; readonly by: string; readonly because: string; readonly at: number; readonly emergency?: number }
  /** One step of recovery. `marketAt`: the peak is re-based there when it leaves `emergency`. */
  | { readonly kind: 'step'; readonly emergency: number; readonly from: RecoveryMode; readonly to: RecoveryMode; readonly drawdownBps: number; readonly at: number; readonly marketAt: number };

export interface GuardChange {
  readonly state: GuardState;
  readonly change: 'none' | 'tripped' | 'flat' | 'sealed' | 'reset' | 'recovered';
}

/** Applies one command. What does not fit the state (repeated, late, out of turn) leaves it as it is. */
export function applyGuard(state: GuardState, command: GuardCommand): GuardChange {
  switch (command.kind) {
    case 'trip':
      return tripped(state, command);
    case 'halt':
      return isHalting(state.mode) && !state.keepsFence ? { state: noted({ ...state, keepsFence: true }, { at: command.at, why: `the fence stays: ${command.because}`, by: command.by }), change: 'none' } : same(state);
    case 'flat':
      return isCurrent(state, command) && state.mode === 'tripping' && state.flatAt === null ? { state: { ...state, flatAt: command.at, positionsClosed: command.positionsClosed }, change: 'flat' } : same(state);
    case 'sealed':
      return isCurrent(state, command) && state.mode === 'tripping' && state.flatAt !== null
        ? { state: { ...moved(state, 'emergency', { at: command.at, why: 'nothing open, proven twice', by: 'keel' }), sealedAt: command.at }, change: 'sealed' }
        : same(state);
    case 'reset':
      return state.mode === 'armed' || state.resetBy !== null || !isMeant(state, command) ? same(state) : { state: noted({ ...state, resetBy: command.by }, { at: command.at, why: `reset: ${command.because}`, by: command.by }), change: 'reset' };
    case 'step':
      return stepped(state, command);
  }
}

/** Whether a person's word is about this emergency. */
export function isMeant(state: Pick<GuardState, 'emergency'>, { emergency = state.emergency }: { readonly emergency?: number }): boolean {
  return emergency === state.emergency;
}

/** Twice while it is stopped is once; from any other mode it trips, within the emergency that still runs if one does. */
function tripped(before: GuardState, { cause, at }: Extract<GuardCommand, { kind: 'trip' }>): GuardChange {
  if (isHeard(before, cause)) return same(before);
  const state = cause.requestId === undefined ? before : { ...before, requests: [...(before.requests ?? []), cause.requestId].slice(-REQUESTS_MAX) };
  if (isHalting(state.mode)) {
    // It closes, or is closed. A cause that only a person ends takes the place of one that ends by itself, or that was given free.
    const isHarder = needsPerson(cause.trigger) && (state.cause?.trigger !== cause.trigger || state.resetBy !== null);
    return isHarder || isOtherStop(state, cause) ? { state: noted({ ...state, cause, resetBy: null }, { at, why: `again: ${cause.reason}`, by: cause.by }), change: 'none' } : same(state);
  }
  const isNew = state.mode === 'armed';
  const next: GuardState = {
    ...moved(state, 'tripping', { at, why: `${cause.trigger}: ${cause.reason}`, by: cause.by }),
    emergency: isNew ? state.emergency + 1 : state.emergency, round: isNew ? 1 : state.round + 1,
    cause, resetBy: null, trippedAt: at, flatAt: null, sealedAt: null, positionsClosed: 0,
  };
  return { state: next, change: 'tripped' };
}

/** One stop goes several ways: what the engine kept for hours may be heard after a person resumed. */
function isHeard({ requests = [] }: GuardState, { requestId }: TripCause): boolean {
  return requestId !== undefined && requests.includes(requestId);
}

/** While it is stopped by a person, another stops it too, or the same with other words. */
export function isOtherStop({ mode, cause }: GuardState, { trigger, reason, by }: TripCause): boolean {
  return isHalting(mode) && needsPerson(trigger) && cause !== null && cause.trigger === trigger && (cause.reason !== reason || cause.by !== by);
}

function stepped(state: GuardState, command: Extract<GuardCommand, { kind: 'step' }>): GuardChange {
  if (command.emergency !== state.emergency || guardModeOf(command.from) !== state.mode || state.mode === 'armed') return same(state);
  if (command.to === 'emergency') return same(state); // falling back is a trip: it closes again
  if (state.mode === 'emergency' && command.to !== 'protective') return same(state);
  const to = guardModeOf(command.to);
  if (to === state.mode) return same(state);
  const next = moved(state, to, { at: command.at, why: `drawdown ${(command.drawdownBps / 100).toFixed(2)} %`, by: 'keel' });
  return { state: state.mode === 'emergency' ? { ...next, peakSince: command.marketAt } : next, change: 'recovered' };
}

export function guardModeOf(mode: RecoveryMode): GuardMode {
  return mode === 'normal' ? 'armed' : mode;
}

export function recoveryModeOf(mode: GuardMode): RecoveryMode {
  if (mode === 'armed') return 'normal';
  return mode === 'tripping' ? 'emergency' : mode;
}

/** Whether no opening may be sent. */
export function isHalting(mode: GuardMode): boolean {
  return mode === 'tripping' || mode === 'emergency';
}

function isCurrent(state: GuardState, command: { readonly emergency: number; readonly round: number }): boolean {
  return state.emergency === command.emergency && state.round === command.round;
}

function same(state: GuardState): GuardChange {
  return { state, change: 'none' };
}

function moved(state: GuardState, to: GuardMode, entry: Pick<GuardTransition, 'at' | 'why' | 'by'>): GuardState {
  return { ...noted(state, entry, to), mode: to };
}

function noted(state: GuardState, entry: Pick<GuardTransition, 'at' | 'why' | 'by'>, to: GuardMode = state.mode): GuardState {
  return { ...state, history: [...state.history, { ...entry, from: state.mode, to }].slice(-HISTORY_MAX) };
}

/** Reads a stored state; what an older version did not write is as at the beginning. */
export function guardStateOf(stored: Readonly<Record<string, unknown>>): GuardState {
  const mode = GUARD_MODES.find((it) => it === stored['mode']) ?? 'armed';
  const cause = stored['cause'] as TripCause | null | undefined;
  return { ...ARMED, ...stored, mode, cause: cause !== undefined && cause !== null && TRIGGERS.includes(cause.trigger) ? cause : null };
}
