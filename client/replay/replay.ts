import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { databaseUrlOf } from '../../config/database.ts';
import type { Violation } from '../../domain/verify/facts.ts';
import { withRunningParts } from '../deployment-parts.ts';
import { retrainRhythmOf } from '../../config/retraining.ts';
import type { Settings } from '../../config/settings.ts';
import { loadLabel } from '../../strategies/load.ts';
import { stackUrls } from '../../stack/start.ts';
import type { Supervisor } from '../../stack/supervisor/supervisor.ts';
import { replaySessionId } from '../../workflows/ids.ts';
import type { ReplayInput, ReplayOutcome } from '../../workflows/messages.ts';
import { connectClient } from '../install.ts';
import type { Installation } from '../install.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { onceInterrupted } from '../interrupted.ts';
import { columns, print } from '../output.ts';
import { violationText } from '../verify/text.ts';
import { verifyDeployment } from '../verify/verify.ts';
import { workflowResult } from '../wait.ts';
import { noteBegun, noteOver } from './begun.ts';
import { forget, reconcile, startDeployment, startOnce } from './deployment.ts';
import { planReplay } from './plan.ts';
import type { ReplayFlags, ReplayPlan } from './plan.ts';
import { followProgress } from './progress.ts';
import { summarize } from './summary.ts';
import type { LedgerSummary } from './summary.ts';

/** What `keel replay --json` prints. */
export interface ReplayReport extends LedgerSummary {
  readonly deployment: string;
  readonly portfolioId: string;
  readonly venueUrl: string;
  readonly cycles: number;
  /** Wall seconds from the first candle to the last. */
  readonly seconds: number;
  readonly cyclesPerSecond: number;
  /** Of all invariants, as `keel verify` finds them. */
  readonly violations: number;
}

/**
 * Recorded candles traded from the first to the last, each waited for, by the same workflows, workers and ledger as
 * every other mode. Everything that it starts is stopped again.
 * @throws {KeelError} as `planReplay` and `startStack`; INVARIANT when the replay's workflow fails
 */
export async function replay(flags: ReplayFlags): Promise<void> {
  const plan = await planReplay(flags);
  const interrupted = onceInterrupted();
  noteBegun(plan.deployment.folder, plan.asked, plan.settings);
  const say = (line: string): void => void (flags.json === true || process.stderr.write(`${line}\n`));
  const started: { supervisor: Supervisor | null } = { supervisor: null };
  const stopStarting = (): void => void started.supervisor?.stop().catch(() => {}); // the start reports it
  interrupted.signal.addEventListener('abort', stopStarting);
  try {
    const { supervisor, installation } = await startDeployment(plan, say, (starting) => (started.supervisor = starting));
    interrupted.signal.removeEventListener('abort', stopStarting);
    await runReplay({ plan, installation, supervisor, flags, say, signal: interrupted.signal });
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    noteOver(plan.deployment.folder);
    process.exitCode = EXIT_CODES.interrupted;
  } finally {
    await started.supervisor?.stop();
    interrupted.end();
  }
}

interface ReplayRun {
  readonly plan: ReplayPlan;
  readonly installation: Installation;
  readonly supervisor: Supervisor;
  readonly flags: ReplayFlags;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

async function runReplay({ plan, installation, flags, say, signal }: ReplayRun): Promise<void> {
  const { settings, deployment } = plan;
  const client = await connectClient(settings);
  try {
    for (const [name, url] of Object.entries(stackUrls(settings, deployment))) say(`  ${name.padEnd(14)} ${url}`);
    const bar = await followProgress(settings.venueControlUrl ?? '', { isShown: flags.json !== true && process.stderr.isTTY });
    const outcome = await session(client, plan, installation, signal).finally(() => bar.end());
    await reconcile(client, plan.deployment, signal);
    const { report, violations } = await verified(plan, outcome);
    if (flags.json === true) print(JSON.stringify(report));
    else print([tableOf(report), ...violations.map(violationText)].join('\n'));
    if (report.violations > 0) process.exitCode = EXIT_CODES.found;
    if (flags.keep === true) await kept(say, signal);
  } finally {
    await forget(client, plan.deployment).finally(() => client.connection.close());
    noteOver(plan.deployment.folder);
  }
}

async function session(client: Client, { settings, deployment }: ReplayPlan, { strategy }: Installation, signal: AbortSignal): Promise<ReplayOutcome> {
  const { portfolioId } = deployment;
  const retrain = retrainRhythmOf(settings);
  const input: ReplayInput = { portfolioId, strategy, timeframe: settings.timeframe, ...(retrain === null ? {} : { retrain }) };
  const workflowId = replaySessionId(portfolioId);
  await startOnce(client, { type: 'replaySession', workflowId, deployment, input, signal });
  return workflowResult<ReplayOutcome>(client, workflowId, signal);
}

async function verified({ settings, deployment, runHome }: ReplayPlan, { cycles, startedAt, endedAt }: ReplayOutcome): Promise<{ report: ReplayReport; violations: readonly Violation[] }> {
  const { name, portfolioId } = deployment;
  const full = await withDatabase(settings, runHome);
  const seconds = (endedAt - startedAt) / 1000;
  await loadLabel(settings.label); // outcomes are recomputed by it
  const { violations } = await withRunningParts(full, deployment, (parts) => verifyDeployment({ ...parts, portfolioId }));
  const report: ReplayReport = {
    deployment: name, portfolioId, venueUrl: settings.venueUrl ?? '', cycles, seconds, cyclesPerSecond: Number((cycles / Math.max(seconds, 0.001)).toFixed(2)),
    ...(await summarize(databaseUrlOf(full, deployment), portfolioId)),
    violations: violations.length,
  };
  return { report, violations };
}

async function withDatabase(settings: Settings, home: string): Promise<Settings> {
  if (settings.databaseUrl !== undefined) return settings;
  const { embeddedPostgresUrl } = await import('../../stack/postgres/server.ts');
  return { ...settings, databaseUrl: await embeddedPostgresUrl({ home, port: settings.postgresPort }) };
}

function tableOf(report: ReplayReport): string {
  return columns([
    ['deployment', report.deployment],
    ['cycles', `${report.cycles} in ${report.seconds.toFixed(1)} s (${report.cyclesPerSecond} a second)`],
    ['orders', String(report.orders)],
    ['fills', String(report.fills)],
    ['trades', `${report.trades} closed, ${report.tradesWon} of them won, ${report.openPositions} open`],
    ['refused signals', Object.entries(report.refusals).sort(([, a], [, b]) => b - a).map(([code, count]) => `${code} ${count}`).join(', ') || '-'],
    ['final equity', `${report.finalEquity ?? '-'}, at worst ${(report.drawdownMaxBps / 100).toFixed(2)} % below its highest`],
    ['longest unprotected', `${report.unprotectedSecondsMax.toFixed(3)} s`],
    ['violations', String(report.violations)],
  ]);
}

async function kept(say: (line: string) => void, signal: AbortSignal): Promise<void> {
  say('kept up; Ctrl-C stops it');
  await sleep(2 ** 31 - 1, undefined, { signal }).catch(() => {}); // the wanted end, and the replay's own exit code
}
