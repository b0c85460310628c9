import { loadDeployment } from '../config/deployment.ts';
import { readSettings, unknownVariables } from '../config/settings.ts';
import { loadLabel, loadLearner, loadStrategy } from '../strategies/load.ts';
import { stackUrls, startStack } from '../stack/start.ts';
import { writeStarted } from '../stack/supervisor/run-files.ts';
import type { Supervisor } from '../stack/supervisor/supervisor.ts';
import type { SupervisorEvent } from '../stack/supervisor/types.ts';
import { connectClient, installLedger, installWorkflows } from './install.ts';
import type { Installation } from './install.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { print } from './output.ts';
import { LiveOutput, eventLine, processLine } from './start-output.ts';
import { assertLiveAllowed, assertStartable } from './live-checks.ts';
import type { TradingLine } from './trading-line.ts';
import { createTradingLine } from './trading-line.ts';

/** A second Ctrl-C within this time is the same one: a shell and npm both pass it on. */
const SAME_SIGNAL_MS = 1_000;

/**
 * `keel start`: everything up, then one live line until a signal; everything down in reverse order.
 * @throws {KeelError} as `startStack`; LIVE_REFUSED, SETTING_INVALID, STRATEGY_INVALID, LABEL_INVALID, LEARNER_INVALID
 */
export async function start(flags: { readonly mode?: string; readonly json?: boolean }): Promise<void> {
  const startedMs = performance.now();
  const settings = await readSettings(flags.mode === undefined ? process.env : { ...process.env, KEEL_MODE: flags.mode });
  const deployment = loadDeployment(settings, settings.mode);
  assertStartable(settings, deployment);
  await Promise.all([loadStrategy(settings.strategies), loadLabel(settings.label), ...(settings.learner === undefined ? [] : [loadLearner(settings.learner)])]); // what is wrong with them is said before anything is started
  const output = new LiveOutput();
  const say = (line: string): void => (flags.json === true ? print(JSON.stringify({ kind: 'progress', line })) : output.line(line));
  for (const name of unknownVariables(process.env)) say(`${name} is no setting of Keel and changes nothing; \`keel doctor --settings\` lists them all`);
  const onEvent = (event: SupervisorEvent): void => {
    if (flags.json === true) return print(JSON.stringify(event));
    const line = eventLine(event);
    if (line !== null) output.line(line);
  };
  let installed: Installation | null = null;
  let trading: TradingLine | null = null;
  let down: { readonly asked: () => boolean; readonly done: Promise<void> } = { asked: () => false, done: Promise.resolve() };
  const supervisor = await startStack({
    settings, deployment, say, onEvent,
    hooks: {
      ledger: async (full) => {
        installed = await installLedger(full, deployment, say);
        for (const note of await assertLiveAllowed(full, deployment)) say(note);
        trading = createTradingLine(full, deployment);
      },
      workflows: async (full) => {
        if (installed === null) throw new Error('the ledger step comes first');
        const client = await connectClient(full);
        await installWorkflows(client, full, deployment, installed).finally(() => client.connection.close());
      },
    },
  }, (starting) => {
    writeStarted(settings.home, deployment.name);
    down = untilSignal(starting, () => output.end(), say);
  }).catch((error: unknown) => {
    if (down.asked()) return null; // Ctrl-C while it started: everything is down again
    throw error;
  });
  if (supervisor === null) {
    process.exitCode = EXIT_CODES.interrupted;
    return;
  }
  const urls = stackUrls(settings, deployment);
  if (flags.json === true) print(JSON.stringify({ kind: 'up', deployment: deployment.name, home: settings.home, urls, tookMs: Math.round(performance.now() - startedMs) }));
  else {
    output.line(`\nKeel is up in ${((performance.now() - startedMs) / 1000).toFixed(1)} s (${deployment.name}, ${settings.home}). Ctrl-C stops it.`);
    for (const [name, url] of Object.entries(urls)) output.line(`  ${name.padEnd(14)} ${url}`);
    output.line('');
    output.follow(async () => `${await tradingText(trading)}${processLine(supervisor)}`);
  }
  await down.done.finally(async () => {
    output.end();
    await trading?.close();
  });
}

async function tradingText(trading: TradingLine | null): Promise<string> {
  return trading === null ? '' : `${await trading.read()} · `;
}

/** `done` resolves when everything is down, after SIGINT, SIGTERM or SIGHUP. A second Ctrl-C later on ends at once. */
function untilSignal(supervisor: Supervisor, onStop: () => void, say: (line: string) => void): { asked: () => boolean; done: Promise<void> } {
  let firstMs: number | null = null;
  const done = new Promise<void>((resolve, reject) => {
    const onSignal = (signal: NodeJS.Signals): void => {
      if (firstMs === null) {
        firstMs = performance.now();
        onStop();
        say(`${signal}: stopping …`);
        supervisor.stop().then(resolve, reject);
        return;
      }
      if (performance.now() - firstMs < SAME_SIGNAL_MS || signal !== 'SIGINT') return;
      say('ended at once; the next start deals with what is left');
      process.exit(EXIT_CODES.interrupted);
    };
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal);
  });
  return { asked: () => firstMs !== null, done };
}
