/** The engine's files are gone: everything it knew is rebuilt from the ledger and the venue. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, inject, onTestFinished, test } from 'vitest';
import { readSettings } from '../../config/settings.ts';
import { findEngineCli } from '../../stack/engine/cli.ts';
import { startEngine } from '../../stack/engine/server.ts';
import { freePort } from '../../stack/supervisor/ports.ts';
import { portfolioGuardId } from '../../workflows/ids.ts';
import { METRONOME } from '../support/fault-session.ts';
import { testHome } from '../support/processes.ts';
import { allowCorrelated } from '../support/set-policy.ts';
import { beginStandstill, rowsOf, settled, untilOpen } from '../support/standstill.ts';
import { startSystem } from '../support/system.ts';

const CANDLES = 12;

test('an engine whose files are deleted gets its guard, feeds and positions back, and trades to the end', async () => {
  const home = testHome();
  mkdirSync(home, { recursive: true });
  const { cache } = await readSettings();
  const options = { home, port: await freePort(), uiPort: null, namespace: 'default', cli: await findEngineCli({ cache, env: process.env, say: () => {} }) };
  let engine = await startEngine(options);
  onTestFinished(async () => { await engine.stop(); });
  const system = await startSystem({ postgresUrl: inject('postgresUrl'), temporalAddress: engine.address, candles: CANDLES, strategy: METRONOME });
  onTestFinished(async () => { await system.close(); });
  await allowCorrelated(system);
  await beginStandstill(system);
  await untilOpen(system);
  const open = await openPositions();

  await system.killWorker(0);
  await engine.stop();
  rmSync(join(home, 'engine'), { recursive: true });
  engine = await startEngine(options);
  await system.restartWorker(0);
  expect(await isRunning(portfolioGuardId(system.deployment.portfolioId))).toBe(false); // it knows nothing
  await system.startFeeds(); // as `keel start` does
  await system.reconcile();
  for (const id of [portfolioGuardId(system.deployment.portfolioId), ...open]) expect(await isRunning(id), id).toBe(true);
  await settled(system);
  expect(await openPositions()).toEqual(open);

  await system.startReplay();
  await system.waitDone();
  await system.reconcile();
  expect((await rowsOf(system, `SELECT 1 FROM positions WHERE position_id = ANY($1) AND state = 'closed'`, [open])).length).toBeGreaterThan(0);
  expect(await system.checkInvariants()).toEqual([]);
  expect(await system.violations()).toEqual([]);

  async function openPositions(): Promise<readonly string[]> {
    return (await rowsOf<{ id: string }>(system, `SELECT position_id id FROM positions WHERE state = 'open' ORDER BY 1`)).map((row) => row.id);
  }

  async function isRunning(workflowId: string): Promise<boolean> {
    return await system.client.workflow.getHandle(workflowId).describe().then(({ status }) => status.name === 'RUNNING', () => false);
  }
});
