import { setTimeout as sleep } from 'node:timers/promises';
import { applyGuard } from '../domain/emergency/guard.ts';
import type { TripCause } from '../domain/emergency/types.ts';
import { hasFailed, monitorReading } from '../domain/health/check.ts';
import type { HealthCheck } from '../domain/health/types.ts';
import { PRESETS } from '../domain/policy/policy.ts';
import type { HealthMonitor, HealthStanding, HealthStore, RecordedCheck } from '../domain/ports/health.ts';
import type { Ledger } from '../domain/ports/ledger.ts';
import type { HealthInput, HealthOutcome } from '../workflows/messages.ts';
import type { Cancelled, Engine } from './feeds.ts';
import type { ProbeDeps } from './health-probes.ts';
import { readParts } from './health-probes.ts';
import { isLedgerDown } from './patience.ts';
import type { HealthActivities, OversightActivities } from './types.ts';
import type { UnwrittenHealthDeps } from './unwritten-health.ts';
import { createUnwrittenHealth } from './unwritten-health.ts';

export interface HealthDeps extends ProbeDeps, UnwrittenHealthDeps {
  readonly ledger: Pick<Ledger, 'guard' | 'commandGuard' | 'oversee'>;
  readonly engine: Pick<Engine, 'wakeGuard' | 'tripGuard'>;
  readonly cancelled: Cancelled;
}

/** Until the next check when the ledger cannot take one. */
const UNSTORED_NEXT_MS = PRESETS.normal.healthRecheckS * 1_000;

/** What oversight asks of the ledger. */
export function createOversightActivities({ ledger, clock }: Pick<HealthDeps, 'ledger' | 'clock'>): OversightActivities {
  return { oversee: async (portfolioId) => await ledger.oversee(portfolioId, { at: null, wallAt: clock(), room: null, by: 'oversight' }) };
}

/** Looks at every part, again and again as the policy asks, until its time is over. */
export function createHealthActivities(deps: HealthDeps): HealthActivities {
  const { store, clock } = deps;
  const unwritten = createUnwrittenHealth(deps);
  const told = new Set<string>();
  /** As the ledger told it last: a replay is one also while the ledger is away. */
  const recordOnly = new Map<string, boolean>();

  /** While the ledger is away the guard hears of critical health directly, once, and stops by its own copy. */
  async function tellUnwritten(portfolioId: string, check: HealthCheck, isStored: boolean): Promise<void> {
    if (isStored || check.level !== 'critical') return void told.delete(portfolioId);
    if (told.has(portfolioId)) return;
    await deps.engine.tripGuard(portfolioId, causeOf(check));
    told.add(portfolioId);
  }

  async function recorded(input: HealthInput): Promise<Pick<RecordedCheck, 'check' | 'nextMs'> & { readonly isStored: boolean; readonly isRecordOnly: boolean }> {
    const { readings, isRecordOnly: said } = await readParts(deps, input);
    if (said !== null) recordOnly.set(input.portfolioId, said);
    const isRecordOnly = recordOnly.get(input.portfolioId) ?? false;
    const at = clock();
    try {
      const result = await store.record(input.portfolioId, readings, at);
      unwritten.stored(input.portfolioId, result);
      return { ...result, isStored: true, isRecordOnly };
    } catch (error) {
      if (!isLedgerDown(error)) throw error;
      return { check: unwritten.add(input.portfolioId, readings, at), nextMs: UNSTORED_NEXT_MS, isStored: false, isRecordOnly };
    }
  }

  return {
    checkHealth: async (input) => {
      const cancelled = deps.cancelled();
      const endsAt = input.startedAt + input.lastsMs;
      const ended = new AbortController();
      const signal = AbortSignal.any([ended.signal, deps.stopping]);
      try {
        for (;;) {
          const { check, nextMs, isStored, isRecordOnly } = await Promise.race([recorded(input), cancelled]);
          if (isStored && !isRecordOnly) await actOn(deps, input.portfolioId, check);
          if (!isRecordOnly) await tellUnwritten(input.portfolioId, check, isStored);
          // The Schedule's next run goes on.
          if (clock() + nextMs >= endsAt) return outcomeOf(check, isStored);
          await Promise.race([sleep(nextMs, undefined, { signal }), cancelled]);
        }
      } finally {
        ended.abort();
      }
    },
  };
}

/** A change of health sets the posture at once, not at the next tick; critical health stops trading. */
async function actOn(deps: HealthDeps, portfolioId: string, check: HealthCheck): Promise<void> {
  await deps.ledger.oversee(portfolioId, { at: null, wallAt: check.at, room: null, by: 'healthCheck' });
  if (check.level === 'critical') await tripFor(deps, portfolioId, check);
}

function causeOf({ parts }: HealthCheck): TripCause {
  const ill = parts.filter((it) => it.state === 'unhealthy').map((it) => `${it.part} ${it.value}`);
  return { trigger: 'health', reason: `health is critical: ${ill.join('; ')}`.slice(0, 500), by: 'keel', severity: 'high' };
}

/** The account's feed hears of it too, if it lives: its look is one of the parts. */
async function tripFor({ ledger, engine, clock }: HealthDeps, portfolioId: string, check: HealthCheck): Promise<void> {
  const cause = causeOf(check);
  const command = { kind: 'trip', cause, at: clock() } as const;
  const { state } = await ledger.guard(portfolioId, { marketAt: null, wallAt: clock() });
  if (applyGuard(state, command).change !== 'tripped') return; // it is stopped already
  await ledger.commandGuard(portfolioId, command);
  await engine.wakeGuard(portfolioId);
}

function outcomeOf(check: HealthCheck, isStored: boolean): HealthOutcome {
  return { at: check.at, level: check.level, isStored, parts: hasFailed(check) ? check.parts.filter((it) => it.state !== 'healthy') : [] };
}

/**
 * Health for the emergency stop. While the ledger does not answer, the last that it told counts until it is too old.
 * @param clock wall clock
 */
export function createHealthMonitor({ store, clock }: { readonly store: Pick<HealthStore, 'standing'>; readonly clock: () => number }): HealthMonitor {
  const since = clock();
  const known = new Map<string, HealthStanding>();
  return {
    reading: async (portfolioId) => {
      try {
        known.set(portfolioId, await store.standing(portfolioId));
      } catch (error) {
        if (!isLedgerDown(error)) throw error;
      }
      const { newest, staleMs } = known.get(portfolioId) ?? { newest: null, staleMs: PRESETS.normal.healthStaleS * 1_000 };
      return monitorReading({ newest, staleMs, now: clock(), since });
    },
  };
}
