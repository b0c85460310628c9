/** Health of a deployment as its last checks found it, for the command line. */
import { createHealthStore } from '../db/health-store.ts';
import { levelNow } from '../domain/health/check.ts';
import { HEALTH_RULES } from '../domain/health/rules.ts';
import type { HealthLevel, PartHealth } from '../domain/health/types.ts';
import type { HealthTrend } from '../domain/ports/health.ts';
import type { Chosen } from './deployment-parts.ts';
import { withLedger } from './deployment-parts.ts';
import { columns, duration, table } from './output.ts';

export interface PartReport extends PartHealth {
  /** What is looked at. */
  readonly about: string;
  /** Of its checks of the last 24 hours; null: none counted. */
  readonly healthyShare: number | null;
  /** States of the last checks, newest first, at most 100. */
  readonly recent: readonly PartHealth['state'][];
}

export interface HealthReport {
  readonly deployment: string;
  readonly level: HealthLevel;
  /** Wall clock; null: nobody looked yet. */
  readonly checkedAt: number | null;
  /** Nobody looked for longer than the policy allows: the last check says nothing of now. */
  readonly isStale: boolean;
  /** Its workers stopped in good order, and nothing needs them: no check comes before the next start. */
  readonly isStopped: boolean;
  readonly parts: readonly PartReport[];
  readonly trend: readonly HealthTrend[];
}

export async function healthReport(chosen: Chosen, now: number = Date.now()): Promise<HealthReport> {
  const { name, portfolioId } = chosen.deployment;
  const { newest, staleMs, checks, trend } = await withLedger(chosen, (pool) => createHealthStore(pool).history(portfolioId));
  const parts = checks[0]?.parts.map((it): PartReport => ({
    ...it, about: HEALTH_RULES[it.part].about, healthyShare: healthyShare(trend.filter((row) => row.part === it.part)),
    recent: checks.flatMap(({ parts: then }) => then.find((part) => part.part === it.part)?.state ?? []),
  }));
  const isStopped = newest?.isStopped === true;
  const isStale = !isStopped && (newest === null || Math.abs(now - newest.at) > staleMs);
  return { deployment: name, level: isStopped ? newest.level : levelNow({ newest, staleMs, now }), checkedAt: newest?.at ?? null, isStale, isStopped, parts: parts ?? [], trend };
}

function healthyShare(rows: readonly HealthTrend[]): number | null {
  const sum = (value: (row: HealthTrend) => number): number => rows.reduce((total, row) => total + value(row), 0);
  const checks = sum((row) => row.checks);
  return checks === 0 ? null : (checks - sum((row) => row.degraded + row.unhealthy)) / checks;
}

export function healthText({ deployment, level, checkedAt, isStale, isStopped, parts }: HealthReport, now: number = Date.now()): string {
  const seen = checkedAt === null ? 'nobody looked yet' : `${isStopped ? 'stopped in good order' : 'looked'} ${duration(Math.max(0, now - checkedAt))} ago`;
  const head = columns([['health', `${deployment}: ${level}, ${seen}${isStale ? '; too long ago: nobody vouches for anything' : ''}`]]);
  if (parts.length === 0) return head;
  const rows = parts.map((it) => [it.part, it.state, it.value, it.limit, it.healthyShare === null ? '-' : `${(it.healthyShare * 100).toFixed(1)} %`, duration(Math.max(0, now - it.since))]);
  const actions = parts.flatMap((it) => (it.action === null ? [] : [[it.part, it.action]]));
  return [head, '', table([['part', 'state', 'value', 'limit', 'healthy in 24 h', 'since'], ...rows]), ...(actions.length === 0 ? [] : ['', columns(actions)])].join('\n');
}
