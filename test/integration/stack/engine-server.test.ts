import { existsSync } from 'node:fs';
import { Client, Connection } from '@temporalio/client';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadSettings } from '../../../config/settings.ts';
import { clientConnectionOptions } from '../../../config/temporal.ts';
import { findEngineCli } from '../../../stack/engine/cli.ts';
import { registerSearchAttributes } from '../../../stack/engine/namespace.ts';
import { engineFile, startEngine } from '../../../stack/engine/server.ts';
import type { RunningEngine } from '../../../stack/engine/server.ts';
import { freePort } from '../../../stack/supervisor/ports.ts';
import { testHome, until } from '../../support/processes.ts';

async function started(home: string, port: number): Promise<RunningEngine> {
  const cli = await findEngineCli({ cache: loadSettings(process.env).cache, env: process.env, say: (line) => process.stderr.write(`${line}\n`) });
  const engine = await startEngine({ home, port, uiPort: null, namespace: 'trading', cli });
  onTestFinished(() => engine.stop());
  expect(existsSync(engineFile(home, cli.version))).toBe(true);
  return engine;
}

async function connected(port: number): Promise<Connection> {
  const connection = await Connection.connect(clientConnectionOptions(loadSettings({ KEEL_ENGINE_PORT: String(port) })));
  onTestFinished(() => connection.close());
  return connection;
}

describe('the embedded engine', () => {
  it('serves its namespace, keeps closed workflows for 30 days, and survives kill -9 with its state', async () => {
    const home = testHome();
    const port = await freePort();
    const engine = await started(home, port);
    const connection = await connected(port);
    const described = await connection.workflowService.describeNamespace({ namespace: 'trading' });
    expect(Number(described.config?.workflowExecutionRetentionTtl?.seconds)).toBe(30 * 86_400);
    const client = new Client({ connection, namespace: 'trading' });
    await client.workflow.start('waiting', { taskQueue: 'nobody', workflowId: 'kept' });
    const first = engine.pid;
    process.kill(first ?? 0, 'SIGKILL');
    await until('it is up again', () => engine.pid !== null && engine.pid !== first);
    await until('the workflow is there', async () => {
      const again = await Connection.connect({ ...clientConnectionOptions(loadSettings({ KEEL_ENGINE_PORT: String(port) })), connectTimeout: 1_000 }).catch(() => null);
      if (again === null) return false;
      return new Client({ connection: again, namespace: 'trading' }).workflow.getHandle('kept').describe().then(({ status }) => status.name === 'RUNNING', () => false).finally(() => again.close());
    });
  });

  it('registers search attributes, as often as one likes, and refuses another type', async () => {
    const port = await freePort();
    await started(testHome(), port);
    const connection = await connected(port);
    await registerSearchAttributes(connection, 'trading', { KeelSymbol: 'KEYWORD', KeelCount: 'INT' });
    await registerSearchAttributes(connection, 'trading', { KeelSymbol: 'KEYWORD', KeelCount: 'INT' });
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace: 'trading' });
    expect(customAttributes).toMatchObject({ KeelSymbol: 2, KeelCount: 3 });
    await expect(registerSearchAttributes(connection, 'trading', { KeelCount: 'KEYWORD' })).rejects.toMatchObject({ code: 'SETTING_INVALID' });
    await expect(registerSearchAttributes(connection, 'trading', { A: 'INT', B: 'INT', C: 'INT' })).rejects.toMatchObject({ code: 'ENGINE_UNREACHABLE' });
  });
});
