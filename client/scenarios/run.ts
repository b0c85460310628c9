/** Plays scenarios one after the other, each in a deployment of its own that is gone again afterwards. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readSettings } from '../../config/settings.ts';
import type { Settings } from '../../config/settings.ts';
import { KeelError, messageOf } from '../../domain/errors.ts';
import type { ScenarioResult } from '../../domain/events/scenarios.ts';
import { dropDatabase } from '../../stack/postgres/database.ts';
import { startServers } from '../../stack/start.ts';
import { homeStatus } from '../../stack/supervisor/supervisor.ts';
import type { Supervisor } from '../../stack/supervisor/supervisor.ts';
import { withRunningParts } from '../deployment-parts.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { onceInterrupted } from '../interrupted.ts';
import { columns, print } from '../output.ts';
import { reconcile, startDeployment } from '../replay/deployment.ts';
import { besideRunning, planReplay } from '../replay/plan.ts';
import type { ReplayPlan } from '../replay/plan.ts';
import { verifyDeployment } from '../verify/verify.ts';
import type { Check } from './checks.ts';
import { are } from './checks.ts';
import { SCENARIOS } from './index.ts';
import { forgotten, ownFolder, removeLeftovers } from './leftovers.ts';
import { candleFileOf, drawMarket } from './market.ts';
import type { Scenario } from './scenario.ts';
import { Stage } from './stage.ts';

export interface ScenarioFlags {
  readonly keep?: boolean;
  readonly json?: boolean;
}

interface Session {
  readonly flags: ScenarioFlags;
  readonly say: (line: string) => void;
  readonly signal: AbortSignal;
}

/**
 * @param wanted a number of a scenario, or `all`
 * @throws {KeelError} USAGE for another; as `startServers` and `planReplay`
 */
export async function runScenarios(wanted: string, flags: ScenarioFlags): Promise<void> {
  const chosen = chosenOf(wanted);
  const interrupted = onceInterrupted();
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const session: Session = { flags, say, signal: interrupted.signal };
  const results: ScenarioResult[] = [];
  try {
    await withServers(session, async (settings) => {
      await removeLeftovers(await besideRunning(settings), say);
      for (const scenario of chosen) results.push(await playOne(scenario, session));
    });
    if (flags.json === true) print(JSON.stringify({ scenarios: results }));
    else print(`${results.filter((it) => it.passed).length} of ${results.length} passed`);
    if (results.some((it) => !it.passed)) process.exitCode = EXIT_CODES.found;
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    if (flags.json === true) print(JSON.stringify({ interrupted: true, scenarios: results }));
    process.exitCode = EXIT_CODES.interrupted;
  } finally {
    interrupted.end();
  }
}

/** @throws {KeelError} USAGE */
export function chosenOf(wanted: string): readonly Scenario[] {
  const chosen = wanted === 'all' ? SCENARIOS : SCENARIOS.filter((it) => String(it.id) === wanted);
  if (chosen.length > 0) return chosen;
  throw new KeelError('USAGE', `no scenario ${wanted}; allowed: all, or one of\n${SCENARIOS.map((it) => `  ${it.id}  ${it.name}`).join('\n')}`);
}

/** Beside a running Keel its servers serve; else those of the home are started for all scenarios together. */
async function withServers({ say, signal }: Session, work: (settings: Settings) => Promise<void>): Promise<void> {
  const settings = await readSettings({ ...process.env, KEEL_MODE: 'replay' });
  if (homeStatus(settings.home).supervisorPid !== null) return await work(settings);
  let servers: Supervisor | null = null;
  const stop = (): void => void servers?.stop().catch(() => {}); // the start reports it
  mkdirSync(settings.home, { recursive: true });
  try {
    signal.addEventListener('abort', stop);
    await startServers({ settings, name: 'scenarios', say, onEvent: () => {} }, (starting) => (servers = starting));
    signal.removeEventListener('abort', stop); // scenarios need them until they have tidied up
    return await work(settings);
  } finally {
    await (servers as Supervisor | null)?.stop();
  }
}

async function playOne(scenario: Scenario, session: Session): Promise<ScenarioResult> {
  const { id, name } = scenario;
  session.say(`${id}  ${name}`);
  const startedMs = performance.now();
  const checks = await performed(scenario, session);
  const passed = checks.length > 0 && checks.every((it) => it.ok);
  if (session.flags.json !== true) print(columns([['', 'expected', 'seen'], ...checks.map((it) => [`   ${it.ok ? '✓' : '✗'} ${it.what}`, it.expected, it.seen])]));
  session.say(`   ${passed ? 'passed' : 'FAILED'} in ${((performance.now() - startedMs) / 1_000).toFixed(1)} s\n`);
  const by = (read: (check: Check) => string): Record<string, string> => Object.fromEntries(checks.map((it) => [it.what, read(it)]));
  return { id, name, passed, expected: by((it) => it.expected), seen: by((it) => it.seen) };
}

/** A scenario that cannot be played to its end has failed; the others are played all the same. */
export async function performed(scenario: Scenario, session: Session): Promise<readonly Check[]> {
  try {
    return await played(scenario, session);
  } catch (error) {
    session.signal.throwIfAborted();
    return [{ what: 'played to its end', expected: 'yes', seen: messageOf(error), ok: false }];
  }
}

async function played(scenario: Scenario, session: Session): Promise<readonly Check[]> {
  const { plan, release } = await planOf(scenario);
  try {
    return await onDeployment(plan, scenario, session);
  } finally {
    if (session.flags.keep === true) {
      release();
      session.say(`   kept: ${plan.deployment.name} in ${plan.deployment.folder}`);
    } else await removed(plan);
  }
}

/**
 * Settings of people's own are left aside: a scenario is the same everywhere.
 * @returns release: deployment and candles stay
 */
async function planOf({ id, market, strategy }: Scenario): Promise<{ readonly plan: ReplayPlan; readonly release: () => void }> {
  const { home } = await readSettings();
  const data = join(home, `candles-${id}-${process.pid}`);
  mkdirSync(data, { recursive: true });
  const releaseData = ownFolder(data);
  for (const series of drawMarket(market)) {
    const { name, text } = candleFileOf(series);
    writeFileSync(join(data, name), text);
  }
  const settings: Partial<Settings> = { symbols: [...market.symbols], strategies: strategy, timeframe: '1h', historyCandles: market.history, workers: 1, logLevel: 'info' };
  try {
    const plan = await planReplay({ data, seed: market.seed }, { settings, name: { kind: 'scenario', from: Math.floor(Date.now() / 1_000) } });
    const releaseDeployment = ownFolder(plan.deployment.folder);
    return { plan, release: () => [releaseData, releaseDeployment].forEach((release) => release()) };
  } catch (error) {
    rmSync(data, { recursive: true, force: true });
    throw error;
  }
}

async function onDeployment(plan: ReplayPlan, scenario: Scenario, { say, signal }: Session): Promise<readonly Check[]> {
  const { settings, deployment, runHome } = plan;
  let supervisor: Supervisor | null = null;
  const stop = (): void => void supervisor?.stop().catch(() => {}); // the start reports it
  try {
    signal.addEventListener('abort', stop);
    await startDeployment(plan, (line) => say(`   ${line}`), (starting) => (supervisor = starting));
    signal.removeEventListener('abort', stop); // the engine forgets it first
    return await withRunningParts(settings, deployment, async (parts) => {
      const stage = new Stage({ ...parts, runHome, signal });
      await stage.setPolicy(scenario.policy);
      await stage.untilReady();
      const checks = await scenario.perform(stage);
      await reconcile(parts.client, deployment, signal);
      const { violations } = await verifyDeployment({ ...parts, portfolioId: deployment.portfolioId });
      return [...checks, are('invariants that are broken (keel verify)', [], violations.map((it) => `${it.invariant}: ${it.name}`))];
    });
  } finally {
    signal.removeEventListener('abort', stop);
    try {
      await forgotten(settings, deployment);
    } finally {
      await (supervisor as Supervisor | null)?.stop();
    }
  }
}

async function removed({ settings, deployment, recording }: ReplayPlan): Promise<void> {
  if (settings.databaseUrl !== undefined) await dropDatabase(settings.databaseUrl, deployment.databaseName);
  for (const folder of [deployment.folder, recording.folder]) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
}
