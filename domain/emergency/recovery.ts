/** The way back from an emergency: one step at a time upward after a dwell, at once downward. Pure. */
import { conditionsHolding, isConditionOver, isLossTrigger, needsPerson, percent } from './triggers.ts';
import type { RiskReadings } from './triggers.ts';
import type { EmergencyLimits } from './limits.ts';
import { NORMAL_LIMITS } from './limits.ts';
import type { RecoveryMode, Trigger, TripCause } from './types.ts';
import { RECOVERY_MODES } from './types.ts';

export function bandOf(drawdownBps: number, { bands }: Pick<EmergencyLimits, 'bands'> = NORMAL_LIMITS): RecoveryMode {
  if (drawdownBps >= bands.emergency) return 'emergency';
  if (drawdownBps >= bands.protective) return 'protective';
  return drawdownBps >= bands.cautious ? 'cautious' : 'normal';
}

/** What recovery goes by at one moment. */
export interface RecoveryFacts {
  /** Market clock. */
  readonly at: number;
  /** From the high of the last 24 h; null: not known, nothing is given back. */
  readonly drawdownBps: number | null;
  /** Readings of the triggers, to tell whether a condition is over. */
  readonly readings: RiskReadings;
}

export interface RecoveryState {
  readonly mode: RecoveryMode;
  readonly cause: TripCause;
  /** A named person has given their word that the cause is gone. */
  readonly isReset: boolean;
  /** Market clock: since when everything that the next step needs has held; null: something is missing. */
  readonly betterSince: number | null;
}

export interface RecoveryLook {
  readonly state: RecoveryState;
  /** Where to, or null: it stays. */
  readonly step: { readonly from: RecoveryMode; readonly to: RecoveryMode; readonly drawdownBps: number } | null;
}

/** One look. Upward exactly one step after a dwell in which all that it needs held; downward at once to the drawdown's band. */
export function recoveryLook(state: RecoveryState, facts: RecoveryFacts, limits: EmergencyLimits = NORMAL_LIMITS): RecoveryLook {
  const { mode } = state;
  if (facts.drawdownBps === null || mode === 'normal') return { state: { ...state, betterSince: null }, step: null };
  const band = bandOf(facts.drawdownBps, limits);
  if (rank(band) < rank(mode)) return stepTo(state, band, facts.drawdownBps);
  if (rank(band) === rank(mode) || !isCauseGone(state, facts.readings, limits)) return { state: { ...state, betterSince: null }, step: null };
  const betterSince = state.betterSince ?? facts.at;
  if (facts.at - betterSince < limits.dwellMs) return { state: { ...state, betterSince }, step: null };
  return stepTo(state, RECOVERY_MODES[rank(mode) + 1] ?? 'normal', facts.drawdownBps);
}

function stepTo(state: RecoveryState, to: RecoveryMode, drawdownBps: number): RecoveryLook {
  return { state: { ...state, mode: to, betterSince: null }, step: { from: state.mode, to, drawdownBps: Math.round(drawdownBps) } };
}

function rank(mode: RecoveryMode): number {
  return RECOVERY_MODES.indexOf(mode);
}

/** Only the way out of `emergency` asks for causes; later steps go by drawdown alone. A person's word ends what a person stopped, and no condition. */
function isCauseGone(state: RecoveryState, readings: RiskReadings, limits: EmergencyLimits): boolean {
  return state.mode !== 'emergency' || (!waitsForPerson(state) && lastingOf(state, readings, limits).length === 0);
}

function waitsForPerson({ cause, isReset }: RecoveryState): boolean {
  return needsPerson(cause.trigger) && !isReset;
}

/** Conditions that hold, or made it and are not over: whichever came first, trading would stop again at once. */
function lastingOf({ cause }: RecoveryState, readings: RiskReadings, limits: EmergencyLimits): readonly Trigger[] {
  const isOwnOver = isLossTrigger(cause.trigger) || needsPerson(cause.trigger) || isConditionOver(cause.trigger, readings, limits);
  return [...new Set([...(isOwnOver ? [] : [cause.trigger]), ...conditionsHolding(readings, limits)])];
}

/** What the next step waits for, in words; empty when nothing is missing. */
export function missingForNextStep(state: RecoveryState, facts: RecoveryFacts, limits: EmergencyLimits = NORMAL_LIMITS): readonly string[] {
  const { mode } = state;
  if (mode === 'normal') return [];
  const missing: string[] = [];
  const below = limits.bands[mode];
  if (facts.drawdownBps === null) missing.push('equity is not known yet');
  else if (facts.drawdownBps >= below) missing.push(`drawdown from the high of 24 h is ${percent(facts.drawdownBps)}, must fall below ${percent(below)}`);
  if (mode === 'emergency') {
    if (waitsForPerson(state)) missing.push('a named person: keel resume --by <name> --because "<text>"');
    for (const trigger of lastingOf(state, facts.readings, limits)) missing.push(`${trigger}: must be over${trigger === state.cause.trigger ? ` (was: ${state.cause.reason})` : ''}`);
  }
  if (missing.length > 0) return missing;
  const leftMs = limits.dwellMs - (facts.at - (state.betterSince ?? facts.at));
  return leftMs > 0 ? [`${Math.ceil(leftMs / 1_000)} s more of the dwell (market clock)`] : [];
}
