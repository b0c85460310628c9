/** Readings of all parts folded into one check, pure: what each part's state is, since when, and what changed. */
import { rounded } from '../checks/check.ts';
import { badnessOf, HEALTH_RULES, limitTextOf } from './rules.ts';
import type { HealthChange, HealthCheck, HealthLevel, HealthPart, PartChange, PartHealth, PartReading, Reading } from './types.ts';

/** So many checks in a row must find a part as bad as that before it is unhealthy; until then it is degraded. One good check ends it. */
export const FAILURES_TO_UNHEALTHY = 3;

export interface CheckLimits {
  /** Unhealthy parts that make the whole critical; policy `criticalUnhealthyParts`. */
  readonly unhealthyParts: number;
}

/**
 * The next check. A part that could not be looked at, or whose number is none, counts as bad as its worst limit.
 * @param before the check before this one; null: none
 * @param at wall clock
 */
export function nextCheck(before: HealthCheck | null, readings: readonly PartReading[], { at, unhealthyParts }: CheckLimits & { readonly at: number }): { readonly check: HealthCheck; readonly changes: readonly PartChange[] } {
  const known = new Map(before?.parts.map((it) => [it.part, it]));
  const parts = readings.map(({ part, reading }) => (reading.kind === 'none' ? withoutData(before, part, reading, at) : nextPart(known.get(part) ?? null, part, reading, at)));
  const changes = parts.flatMap(({ part, state }): PartChange[] => {
    const from = known.get(part)?.state ?? null;
    return from === state || (from === null && (state === 'healthy' || state === 'starting')) ? [] : [{ part, from, to: state }];
  });
  return { check: { at, level: levelOf(parts, unhealthyParts), parts }, changes };
}

/** What must come once has a time to come; no data beyond it is degraded. A check from before a long stop is not held against the start. */
function withoutData(check: HealthCheck | null, part: HealthPart, { why, graceMs = Infinity }: Extract<Reading, { kind: 'none' }>, at: number): PartHealth {
  const rule = HEALTH_RULES[part];
  const before = check === null || at - check.at > graceMs ? null : (check.parts.find((it) => it.part === part) ?? null);
  const nothingSince = before?.nothingSince ?? at;
  const state = at - nothingSince < graceMs ? 'starting' : 'degraded';
  const seen = state === 'starting' ? { value: `not counted: ${why}`, action: null } : { value: why, action: rule.action };
  return { part, state, ...seen, limit: limitTextOf(rule), failures: 0, since: before?.state === state ? before.since : at, nothingSince };
}

function nextPart(before: PartHealth | null, part: HealthPart, reading: Exclude<Reading, { kind: 'none' }>, at: number): PartHealth {
  const rule = HEALTH_RULES[part];
  const limit = limitTextOf(rule, reading.kind === 'measured' ? reading.wanted : undefined);
  const found = reading.kind === 'failed' ? 'unhealthy' : badnessOf(rule, reading.value, reading.wanted);
  const failures = found === 'unhealthy' ? (before?.failures ?? 0) + 1 : 0;
  const state = found === 'unhealthy' && failures < FAILURES_TO_UNHEALTHY ? 'degraded' : found;
  return { part, state, value: valueOf(reading, rule.unit), limit, failures, since: before?.state === state ? before.since : at, action: state === 'healthy' ? null : rule.action };
}

function valueOf(reading: Exclude<Reading, { kind: 'none' }>, unit: string): string {
  if (reading.kind === 'failed') return reading.problem;
  return `${rounded(reading.value)} ${unit}${reading.note === undefined ? '' : ` (${reading.note})`}`;
}

/** Nothing looked at is not healthy. */
function levelOf(parts: readonly PartHealth[], unhealthyParts: number): HealthLevel {
  if (parts.filter((it) => it.state === 'unhealthy').length >= unhealthyParts) return 'critical';
  const isWell = parts.some((it) => it.state === 'healthy') && parts.every((it) => it.state === 'healthy' || it.state === 'starting');
  return isWell ? 'healthy' : 'degraded';
}

/** A change with what its part showed. */
export function toldChange({ parts }: HealthCheck, { part, from, to }: PartChange): HealthChange {
  const { value = '', limit = '', action = null } = parts.find((it) => it.part === part) ?? {};
  return { part, from, to, value, limit, action };
}

/** Whether the next check should come sooner. */
export function hasFailed({ parts }: HealthCheck): boolean {
  return parts.some((it) => it.state === 'degraded' || it.state === 'unhealthy');
}

/** What the monitor knows of the newest check, and by when it must have another one. */
export interface Freshness {
  readonly newest: Pick<HealthCheck, 'at' | 'level'> | null;
  /** Wall clock now. */
  readonly now: number;
  /** Wall clock since when somebody listens: a check from before a long stop is not held against the start. */
  readonly since: number;
  /** Policy `healthStaleS`. */
  readonly staleMs: number;
}

/**
 * What the emergency stop hears. No check for `staleMs` is an unreachable monitor, which counts as critical: it fails
 * closed. A check from the future (a clock was set back) is as good as none.
 */
export function monitorReading({ newest, now, since, staleMs }: Freshness): 'ok' | 'critical' | 'unreachable' {
  const isFresh = newest !== null && Math.abs(now - newest.at) <= staleMs;
  if (isFresh) return newest.level === 'critical' ? 'critical' : 'ok';
  return now - since <= staleMs ? 'ok' : 'unreachable';
}

/** The level that still holds now: an old check says degraded, whatever it said then. @source risk.md, "Health" */
export function levelNow({ newest, now, staleMs }: Omit<Freshness, 'since'>): HealthLevel {
  const isFresh = newest !== null && Math.abs(now - newest.at) <= staleMs;
  return isFresh ? newest.level : 'degraded';
}
