/** The triggers of the emergency stop as one table: what is read, by which clock, from where on it holds, and when it is over. */
import type { EmergencyLimits } from './limits.ts';
import { NORMAL_LIMITS } from './limits.ts';
import type { Severity, Trigger, TripCause } from './types.ts';
import { TRIGGERS } from './types.ts';

/** What the account feed knows at one account event. Losses are never negative; null: not known yet, which trips nothing by itself. */
export interface RiskReadings {
  /** Of equity at the day's start (UTC, market clock), net of transfers. */
  readonly dailyLossBps: number | null;
  /** From the peak since it was last re-based, net of transfers. */
  readonly drawdownBps: number | null;
  /** Unrealised loss of all open positions, of equity. */
  readonly openLossBps: number | null;
  /** Positions that their stop (or a liquidation) ended, within 15 min of the market clock. */
  readonly stopOuts: number;
  /** Orders that the venue refused or whose answer was lost, within 5 min of wall time. */
  readonly executionErrors: number;
  /** Of all workers, within a minute of wall time. */
  readonly venueCalls: number;
  readonly venueFailures: number;
  /** Wall time since the feed last heard anything. */
  readonly feedAgeMs: number;
  readonly isFeedCorrupt: boolean;
  /** `unreachable` counts as critical: it fails closed. */
  readonly health: 'ok' | 'critical' | 'unreachable';
  /** What ledger and venue disagree on, seen twice; null when nothing. */
  readonly ledgerDiffers: string | null;
}

export const CALM: RiskReadings = {
  dailyLossBps: 0, drawdownBps: 0, openLossBps: 0, stopOuts: 0, executionErrors: 0, venueCalls: 0, venueFailures: 0, feedAgeMs: 0,
  isFeedCorrupt: false, health: 'ok', ledgerDiffers: null,
};

/** A cause is over for the feed once its reading is below this share of the limit: so one crossing is told once. */
const CLEAR_SHARE = 0.8;

interface TriggerRule {
  readonly trigger: Exclude<Trigger, 'person'>;
  readonly clock: 'market' | 'wall';
  /** Market data on the market's clock: by it a replay trades as life would, and the same each time. */
  readonly actsInReplay: boolean;
  readonly severity: Severity;
  readonly holds: (readings: RiskReadings, limits: EmergencyLimits) => boolean;
  readonly isOver: (readings: RiskReadings, limits: EmergencyLimits) => boolean;
  readonly say: (readings: RiskReadings, limits: EmergencyLimits) => string;
}

function loss(trigger: 'dailyLoss' | 'drawdown' | 'openLoss', name: string): TriggerRule {
  const field = `${trigger}Bps` as const;
  return {
    trigger, clock: 'market', actsInReplay: true, severity: 'critical',
    holds: (it, limits) => (it[field] ?? 0) >= limits[field],
    isOver: (it, limits) => (it[field] ?? 0) < limits[field] * CLEAR_SHARE,
    say: (it, limits) => `${name} ${percent(it[field] ?? 0)}, allowed below ${percent(limits[field])}`,
  };
}

export const TRIGGER_TABLE: readonly TriggerRule[] = [
  loss('dailyLoss', 'daily loss'),
  loss('drawdown', 'drawdown from the peak'),
  loss('openLoss', 'open loss'),
  {
    trigger: 'stopOuts', clock: 'market', actsInReplay: true, severity: 'high',
    holds: (it, limits) => it.stopOuts > limits.stopOutsMax, isOver: (it) => it.stopOuts === 0,
    say: (it, limits) => `${it.stopOuts} positions stopped out within ${minutes(limits.stopOutsWindowMs)}`,
  },
  {
    trigger: 'executionErrors', clock: 'wall', actsInReplay: false, severity: 'high',
    holds: (it, limits) => it.executionErrors >= limits.executionErrors, isOver: (it) => it.executionErrors === 0,
    say: (it, limits) => `${it.executionErrors} execution errors within ${minutes(limits.executionErrorsWindowMs)}`,
  },
  {
    trigger: 'venueCalls', clock: 'wall', actsInReplay: false, severity: 'high',
    holds: (it, limits) => it.venueCalls >= limits.venueCallsMin && it.venueFailures >= it.venueCalls * limits.venueFailureShare,
    isOver: (it, limits) => it.venueFailures < it.venueCalls * limits.venueFailureShare * CLEAR_SHARE || it.venueFailures === 0,
    say: (it, limits) => `${it.venueFailures} of ${it.venueCalls} venue calls failed within ${minutes(limits.venueCallsWindowMs)}`,
  },
  {
    trigger: 'feed', clock: 'wall', actsInReplay: false, severity: 'high',
    holds: (it, limits) => it.isFeedCorrupt || it.feedAgeMs > limits.feedAgeMaxMs,
    isOver: (it, limits) => !it.isFeedCorrupt && it.feedAgeMs < limits.feedAgeMaxMs * CLEAR_SHARE,
    say: (it) => (it.isFeedCorrupt ? 'the feed brings data that cannot be understood' : `the feed has been silent for ${Math.round(it.feedAgeMs / 1_000)} s`),
  },
  {
    trigger: 'health', clock: 'wall', actsInReplay: false, severity: 'high',
    holds: (it) => it.health !== 'ok', isOver: (it) => it.health === 'ok',
    say: (it) => (it.health === 'critical' ? 'health is critical' : 'the health monitor cannot be reached'),
  },
  {
    trigger: 'ledgerDiffers', clock: 'wall', actsInReplay: false, severity: 'high',
    holds: (it) => it.ledgerDiffers !== null, isOver: (it) => it.ledgerDiffers === null,
    say: (it) => `ledger and venue differ twice: ${it.ledgerDiffers ?? ''}`,
  },
];

export function percent(bps: number): string {
  return `${(bps / 100).toFixed(2)} %`;
}

function minutes(ms: number): string {
  return `${Number((ms / 60_000).toFixed(1))} min`;
}

/** Whether losses, not conditions, made it: such an emergency ends by recovery drawdown. */
export function isLossTrigger(trigger: Trigger): boolean {
  return trigger === 'dailyLoss' || trigger === 'drawdown' || trigger === 'openLoss';
}

/** Whether only a named person ends it. */
export function needsPerson(trigger: Trigger): boolean {
  return trigger === 'person';
}

/** Whether the condition of a trigger is over; losses and people have no such condition. */
export function isConditionOver(trigger: Trigger, readings: RiskReadings, limits: EmergencyLimits = NORMAL_LIMITS): boolean {
  return TRIGGER_TABLE.find((rule) => rule.trigger === trigger)?.isOver(readings, limits) ?? false;
}

/** Conditions, as against losses, that hold now. */
export function conditionsHolding(readings: RiskReadings, limits: EmergencyLimits = NORMAL_LIMITS): readonly Trigger[] {
  return TRIGGER_TABLE.filter((rule) => !isLossTrigger(rule.trigger) && rule.holds(readings, limits)).map((rule) => rule.trigger);
}

/** Whether market data alone acts: in a replay, unless the policy asks for more. */
export function isMarketAlone({ isReplay, limits }: { readonly isReplay: boolean; readonly limits: Pick<EmergencyLimits, 'machineryInReplay'> }): boolean {
  return isReplay && !limits.machineryInReplay;
}

/** Readings without those of the machinery. */
export function marketAlone({ dailyLossBps, drawdownBps, openLossBps, stopOuts }: RiskReadings): RiskReadings {
  return { ...CALM, dailyLossBps, drawdownBps, openLossBps, stopOuts };
}

/** Triggers that were told and are not over yet. */
export type CrossingMemory = readonly Trigger[];

export interface Crossing {
  /** The first trigger of the table that began to hold just now; null: nothing to tell. */
  readonly cause: TripCause | null;
  readonly memory: CrossingMemory;
}

/**
 * Compares readings with what was told before: a trigger is told when it begins to hold, and again only after it was over.
 * @param options.isReplay market data alone acts there, unless the limits ask for more.
 */
export function crossingOf(memory: CrossingMemory, readings: RiskReadings, { isReplay, limits = NORMAL_LIMITS }: { readonly isReplay: boolean; readonly limits?: EmergencyLimits }): Crossing {
  const acting = TRIGGER_TABLE.filter((rule) => rule.actsInReplay || !isMarketAlone({ isReplay, limits }));
  const kept = memory.filter((trigger) => !(TRIGGER_TABLE.find((rule) => rule.trigger === trigger)?.isOver(readings, limits) ?? true));
  const begun = acting.filter((rule) => rule.holds(readings, limits) && !kept.includes(rule.trigger));
  const first = begun[0];
  const told = [...kept, ...begun.map((rule) => rule.trigger)];
  return {
    cause: first === undefined ? null : { trigger: first.trigger, reason: first.say(readings, limits), by: 'keel', severity: first.severity },
    memory: TRIGGERS.filter((trigger) => told.includes(trigger)),
  };
}
