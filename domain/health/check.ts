/** Readings of all parts folded into one check, pure: what each part's state is, since when, and what changed. */
import { rounded } from '../checks/check.ts';
import { badnessOf, HEALTH_RULES, limitTextOf } from './rules.ts';
import type { Asked, Situation } from './stops.ts';
import { askedOf, isMissed } from './stops.ts';
import type { HealthChange, HealthCheck, HealthLevel, HealthPart, PartChange, PartHealth, PartReading, PartState, Reading } from './types.ts';

/** So many checks in a row must find a part as bad as that before it is unhealthy; until then it is degraded. One good check ends it. */
export const FAILURES_TO_UNHEALTHY = 3;

/** What is no cause to worry. */
const QUIET: readonly PartState[] = ['healthy', 'starting', 'stopping', 'stopped'];

type Looked = Extract<Reading, { kind: 'measured' | 'failed' }>;

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
  const parts = readings.map(({ part, reading }) => {
    if (reading.kind === 'none') return withoutData(before, part, reading, at);
    const was = known.get(part) ?? null;
    return reading.kind === 'asked' ? asAsked(was, part, reading.state, at) : nextPart(was, part, reading, at);
  });
  return { check: { at, level: levelOf(parts, unhealthyParts), parts }, changes: changesOf(before, parts) };
}

/**
 * The check that a worker leaves when it starts, is asked to stop, or has stopped: of what hangs on it, all else as it was.
 * @param limits.staleMs a check of longer ago vouches for nothing: the whole is degraded then
 * @returns null: nothing changed
 */
export function toldCheck(before: HealthCheck, situation: Situation, { unhealthyParts, staleMs }: CheckLimits & { readonly staleMs: number }): ReturnType<typeof nextCheck> | null {
  const { at } = situation;
  const parts = before.parts.map((it) => {
    const asked = askedOf(it.part, situation);
    if (asked !== null) return asAsked(it, it.part, asked, at);
    return isMissed(it.part, situation) ? nextPart(it, it.part, { kind: 'failed', problem: 'stopped while positions or orders are open: nobody watches them' }, at) : it;
  });
  const changes = changesOf(before, parts);
  if (changes.length === 0) return null;
  return { check: { at, level: at - before.at > staleMs ? 'degraded' : levelOf(parts, unhealthyParts), parts }, changes };
}

function changesOf(before: HealthCheck | null, parts: readonly PartHealth[]): PartChange[] {
  return parts.flatMap(({ part, state }): PartChange[] => {
    const from = before?.parts.find((it) => it.part === part)?.state ?? null;
    return from === state || (from === null && QUIET.includes(state)) ? [] : [{ part, from, to: state }];
  });
}

const SAID = { starting: 'its workers start', stopping: 'asked to stop: its workers finish what they do', stopped: 'stopped in good order' } as const;

function asAsked(before: PartHealth | null, part: HealthPart, state: Asked, at: number): PartHealth {
  const resumedAt = state === 'starting' ? { resumedAt: resumedAtOf(before, at) ?? at } : {};
  return { part, state, value: `not counted: ${SAID[state]}`, limit: limitTextOf(HEALTH_RULES[part]), failures: 0, since: before?.state === state ? before.since : at, action: null, ...resumedAt };
}

/** Since when a part starts again; null: it was not stopped in good order. */
function resumedAtOf(before: PartHealth | null, at: number): number | null {
  return before?.state === 'stopped' || before?.state === 'stopping' ? at : (before?.resumedAt ?? null);
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

function nextPart(before: PartHealth | null, part: HealthPart, reading: Looked, at: number): PartHealth {
  const rule = HEALTH_RULES[part];
  const limit = limitTextOf(rule, reading.kind === 'measured' ? reading.wanted : undefined);
  const found = reading.kind === 'failed' ? 'unhealthy' : badnessOf(rule, reading.value, reading.wanted);
  const resumedAt = resumedAtOf(before, at);
  if (found !== 'healthy' && resumedAt !== null && reading.kind === 'measured' && at - resumedAt < (reading.resumeMs ?? 0)) {
    return { part, state: 'starting', value: `not counted: ${valueOf(reading, rule.unit)}`, limit, failures: 0, since: before?.state === 'starting' ? before.since : at, action: null, resumedAt };
  }
  const failures = found === 'unhealthy' ? (before?.failures ?? 0) + 1 : 0;
  const state = found === 'unhealthy' && failures < FAILURES_TO_UNHEALTHY ? 'degraded' : found;
  return { part, state, value: valueOf(reading, rule.unit), limit, failures, since: before?.state === state ? before.since : at, action: state === 'healthy' ? null : rule.action };
}

function valueOf(reading: Looked, unit: string): string {
  if (reading.kind === 'failed') return reading.problem;
  return `${rounded(reading.value)} ${unit}${reading.note === undefined ? '' : ` (${reading.note})`}`;
}

/** Nothing looked at is not healthy. */
function levelOf(parts: readonly PartHealth[], unhealthyParts: number): HealthLevel {
  if (parts.filter((it) => it.state === 'unhealthy').length >= unhealthyParts) return 'critical';
  const isWell = parts.some((it) => it.state === 'healthy') && parts.every((it) => QUIET.includes(it.state));
  return isWell ? 'healthy' : 'degraded';
}

/** A change with what its part showed. */
export function toldChange({ parts }: HealthCheck, { part, from, to }: PartChange): HealthChange {
  const { value = '', limit = '', action = null } = parts.find((it) => it.part === part) ?? {};
  return { part, from, to, value, limit, action };
}

/** Whether the next check should come sooner. */
export function hasFailed({ parts }: HealthCheck): boolean {
  return parts.some((it) => !QUIET.includes(it.state));
}

/** The newest check. */
export interface Newest extends Pick<HealthCheck, 'at' | 'level'> {
  /** Whoever looks was stopped in good order since, where nothing needs it: no other check comes. */
  readonly isStopped?: boolean;
}

/** What the monitor knows of the newest check, and by when it must have another one. */
export interface Freshness {
  readonly newest: Newest | null;
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
  const isFresh = newest !== null && (newest.isStopped === true || Math.abs(now - newest.at) <= staleMs);
  if (isFresh) return newest.level === 'critical' ? 'critical' : 'ok';
  return now - since <= staleMs ? 'ok' : 'unreachable';
}

/** The level that still holds now: an old check says degraded, whatever it said then. @source risk.md, "Health" */
export function levelNow({ newest, now, staleMs }: Omit<Freshness, 'since'>): HealthLevel {
  const isFresh = newest !== null && Math.abs(now - newest.at) <= staleMs;
  return isFresh ? newest.level : 'degraded';
}
