import { setTimeout as sleep } from 'node:timers/promises';
import { nextCheck, toldChange } from '../domain/health/check.ts';
import type { HealthCheck, PartChange, PartReading } from '../domain/health/types.ts';
import type { Alert } from '../domain/events/alert.ts';
import { unwrittenHealthAlert } from '../domain/events/alert.ts';
import { PRESETS } from '../domain/policy/policy.ts';
import type { RecordedCheck } from '../domain/ports/health.ts';
import type { People } from '../domain/ports/people.ts';

export interface UnwrittenHealthDeps {
  readonly people: Pick<People, 'tell'>;
  /** Aborted when this worker stops. */
  readonly stopping: AbortSignal;
  /** Between the first tries to tell people, doubled each time. */
  readonly firstRetryMs?: number;
}

const FIRST_RETRY_MS = 1_000;
const RETRY_MS_MAX = 60_000;

/** Checks that the ledger cannot take: they follow on one another here, and people are told past it of what changed. */
export function createUnwrittenHealth({ people, stopping, firstRetryMs = FIRST_RETRY_MS }: UnwrittenHealthDeps) {
  const newest = new Map<string, { readonly check: HealthCheck; readonly isStored: boolean }>();
  /** As the ledger told it last: what a person set stricter holds while it is away. */
  const toldParts = new Map<string, number>();

  function tell(portfolioId: string, check: HealthCheck, changes: readonly PartChange[]): void {
    for (const change of changes) {
      const alert = unwrittenHealthAlert(portfolioId, check.at, toldChange(check, change));
      if (alert !== null) void untilTold(alert); // nothing waits for it
    }
  }

  async function untilTold(alert: Alert): Promise<void> {
    for (let waitMs = firstRetryMs; !stopping.aborted; waitMs = Math.min(2 * waitMs, RETRY_MS_MAX)) {
      try {
        await people.tell(alert);
        return;
      } catch {
        await sleep(waitMs, undefined, { signal: stopping }).catch(() => undefined); // woken early only to stop
      }
    }
  }

  return {
    /** The ledger did not take it. */
    add: (portfolioId: string, readings: readonly PartReading[], at: number): HealthCheck => {
      const unhealthyParts = Math.min(PRESETS.normal.criticalUnhealthyParts, toldParts.get(portfolioId) ?? Infinity);
      const { check, changes } = nextCheck(newest.get(portfolioId)?.check ?? null, readings, { at, unhealthyParts });
      newest.set(portfolioId, { check, isStored: false });
      tell(portfolioId, check, changes);
      return check;
    },
    /** The ledger took it: what went wrong and ended while it was away is told here, the rest by the ledger's events. */
    stored: (portfolioId: string, { check, unhealthyParts }: RecordedCheck): void => {
      toldParts.set(portfolioId, unhealthyParts);
      const before = newest.get(portfolioId);
      newest.set(portfolioId, { check, isStored: true });
      if (before === undefined || before.isStored) return;
      const wasIll = new Map(before.check.parts.filter((it) => it.state === 'unhealthy').map((it) => [it.part, it.state]));
      tell(portfolioId, check, check.parts.flatMap(({ part, state }): PartChange[] => (wasIll.has(part) && state !== 'unhealthy' ? [{ part, from: 'unhealthy', to: state }] : [])));
    },
  };
}
