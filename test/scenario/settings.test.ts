/** A deployment that is started again with other settings: they hold whole, or the start is refused. */
import { expect, test } from 'vitest';
import { installLedger, installWorkflows } from '../../client/install.ts';
import { marketFeedId } from '../../workflows/ids.ts';
import { METRONOME } from '../support/fault-session.ts';
import { testSystem } from '../support/scenario.ts';
import { beginStandstill, rowsOf, untilOpen } from '../support/standstill.ts';

test('symbols may change unless a position would be left alone, and the feeds follow', async () => {
  const system = await testSystem({ candles: 10, strategy: METRONOME });
  const { settings, deployment, client } = system;
  await beginStandstill(system);
  await untilOpen(system);
  const held = (await rowsOf<{ id: string }>(system, `SELECT DISTINCT instrument_id id FROM positions WHERE state <> 'closed' ORDER BY 1`)).map((row) => row.id);
  const all = (await rowsOf<{ id: string }>(system, 'SELECT instrument_id id FROM instruments ORDER BY 1')).map((row) => row.id);
  expect(held.length).toBeLessThan(all.length); // so that one can be left out
  const feed = async (): Promise<string> => (await client.workflow.getHandle(marketFeedId(deployment.portfolioId)).describe()).runId;
  const before = await feed();

  await expect(installLedger({ ...settings, symbols: all.filter((id) => id !== held[0]) }, deployment)).rejects.toThrow(`KEEL_SYMBOLS leaves out ${held[0] ?? ''}`);
  expect(await rowsOf(system, 'SELECT instrument_ids ids FROM portfolios')).toEqual([{ ids: all }]);
  await installWorkflows(client, settings, deployment, await installLedger(settings, deployment));
  expect(await feed()).toBe(before);

  const fewer = { ...settings, symbols: held };
  await installWorkflows(client, fewer, deployment, await installLedger(fewer, deployment));
  expect(await feed()).not.toBe(before);
  expect(await rowsOf(system, 'SELECT instrument_ids ids FROM portfolios')).toEqual([{ ids: held }]);
});
