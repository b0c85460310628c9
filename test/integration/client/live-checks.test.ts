/** What `keel start` asks venue and ledger before it trades real money; here the venue is a simulated one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { installLedger } from '../../../client/install.ts';
import { assertLiveAllowed } from '../../../client/live-checks.ts';
import { databaseUrlOf } from '../../../config/database.ts';
import { loadDeployment } from '../../../config/deployment.ts';
import { loadSettings } from '../../../config/settings.ts';
import { createLedger } from '../../../db/ledger.ts';
import { createPool } from '../../../db/pool.ts';
import { cycleIdOf } from '../../../domain/cycle/ids.ts';
import { planCycle } from '../../../domain/cycle/plan-cycle.ts';
import { createDatabase, dropDatabase } from '../../../stack/postgres/database.ts';
import type { TestDatabases } from '../../support/databases.ts';
import { startDatabases } from '../../support/databases.ts';
import { CALM_RETURNS, INSTRUMENT, LIQUID, observationWith, symbolWith } from '../../unit/domain/cycle/plan.fixture.ts';
import { intent, simulate } from '../venues/simulated.fixture.ts';

let databases: TestDatabases;
beforeAll(async () => { databases = await startDatabases(); });
afterAll(() => databases.stop());

/** A live deployment, ready but for what the checks look at. */
async function live({ trade = true, withdraw = false, armed = true } = {}): Promise<() => Promise<readonly string[]>> {
  const home = mkdtempSync(join(tmpdir(), 'keel-live-'));
  const simulation = await simulate({ accounts: [{ accountId: 'main', apiKey: 'key', secret: 'secret', wallet: '10000', permissions: { trade, withdraw, ipRestricted: true } }] });
  const settings = loadSettings({
    KEEL_HOME: home, KEEL_MODE: 'live', DATABASE_URL: databases.url, KEEL_VENUE_URL: simulation.urls.restUrl, KEEL_VENUE_API_KEY: 'key', KEEL_VENUE_API_SECRET: 'secret',
  });
  const deployment = loadDeployment(settings, 'live');
  onTestFinished(async () => {
    await simulation.close();
    await dropDatabase(databases.url, deployment.databaseName);
    rmSync(home, { recursive: true, force: true });
  });
  await createDatabase(databases.url, deployment.databaseName);
  await installLedger(settings, deployment);
  if (armed) {
    const ledger = createLedger(createPool(databaseUrlOf(settings, deployment)));
    await ledger.arm({ portfolioId: deployment.portfolioId, by: 'ada' });
    await ledger.close();
  }
  return async () => await assertLiveAllowed(settings, deployment);
}

it('an armed portfolio with a key that may trade and not withdraw may start', async () => {
  const check = await live();
  expect(await check()).toContainEqual(expect.stringContaining('armed by ada'));
});

it.each([
  ['a key that may withdraw', { withdraw: true }, /withdraw/],
  ['a key that may not trade', { trade: false }, /may not trade/],
  ['anybody until a person armed it', { armed: false }, /keel arm/],
])('refuses %s', async (_name, changes, words) => {
  const check = await live(changes);
  await expect(check()).rejects.toMatchObject({ code: 'LIVE_REFUSED', message: expect.stringMatching(words) });
});

async function begun(isInUse: boolean) {
  const home = mkdtempSync(join(tmpdir(), 'keel-used-'));
  const simulation = await simulate();
  const settings = loadSettings({ KEEL_HOME: home, KEEL_MODE: 'live', DATABASE_URL: databases.url, KEEL_VENUE_URL: simulation.urls.restUrl, KEEL_VENUE_API_KEY: 'key', KEEL_VENUE_API_SECRET: 'secret' });
  const deployment = loadDeployment(settings, 'live');
  await createDatabase(databases.url, deployment.databaseName);
  const ledger = createLedger(createPool(databaseUrlOf(settings, deployment)));
  onTestFinished(async () => {
    await ledger.close();
    await simulation.close();
    await dropDatabase(databases.url, deployment.databaseName);
    rmSync(home, { recursive: true, force: true });
  });
  if (isInUse) expect(await simulation.venue.submit(intent(), await simulation.times())).toMatchObject({ kind: 'accepted' });
  const said: string[] = [];
  const install = () => installLedger(settings, deployment, (line) => said.push(line));
  await install();
  return { settings, deployment, ledger, said, install };
}

it('a new ledger on an account in use begins halted, says so, and goes on when a person takes it on', async () => {
  const { ledger, said, install } = await begun(true);
  expect(await ledger.fence('live')).toEqual({ epoch: 2, halted: true });
  expect(said).toEqual([expect.stringContaining('keel resume')]);
  await ledger.commandGuard('live', { kind: 'reset', by: 'ada', because: 'its positions are mine', at: Date.now() });
  await install(); // the account is in use still, and known now
  expect((await ledger.fence('live')).halted).toBe(false);
  expect(said).toHaveLength(1);
});

it('a new ledger on an account without anything begins free', async () => {
  const { ledger, said } = await begun(false);
  expect([await ledger.fence('live'), said]).toEqual([{ epoch: 1, halted: false }, []]);
});

describe('a symbol that the venue does not list any more', () => {
  const OLD = 'OLD-USDT-PERP';
  const OLD_INSTRUMENT = { ...INSTRUMENT, id: OLD, venueSymbol: 'OLDUSDT', base: 'OLD' };

  /** A portfolio of BTC, ETH and a symbol that the venue listed once. */
  async function delisted({ named }: { readonly named: string }) {
    const { settings, deployment, ledger, said } = await begun(false);
    await ledger.upsertInstruments([OLD_INSTRUMENT]);
    const install = () => installLedger({ ...settings, symbols: named.split(',') }, deployment, (line) => said.push(line));
    return { ledger, said, install };
  }

  it('is left out, and the others are traded', async () => {
    const { ledger, said, install } = await delisted({ named: 'BTC,OLD' });
    expect((await install()).instrumentIds).toEqual(['BTC-USDT-PERP']);
    expect((await install()).instrumentIds).toEqual(['BTC-USDT-PERP']); // it is remembered, though the portfolio does not trade it any more
    expect((await ledger.portfolio('live')).instrumentIds).toEqual(['BTC-USDT-PERP']);
    expect(said).toEqual(Array.from({ length: 2 }, () => expect.stringContaining(`the venue does not list ${OLD} any more`) as string));
  });

  it('is traded on as long as a position of it is open, as the ledger knows it', async () => {
    const { ledger, install } = await delisted({ named: 'BTC,OLD' });
    const observation = observationWith({ symbols: [symbolWith({ instrument: OLD_INSTRUMENT })], account: { portfolioId: 'live' }, risk: { conditions: { [OLD]: LIQUID }, returns: { [OLD]: CALM_RETURNS } } });
    const candle = { ...observation.candle, portfolioId: 'live' };
    const cycleId = cycleIdOf(candle);
    await ledger.claimCycle({ cycleId, workflowId: 'w', candle });
    await ledger.recordCycle({ cycleId, observation: { ...observation, candle }, plan: planCycle({ cycleId, observation: { ...observation, candle } }) });
    expect(await ledger.openPositions('live')).toHaveLength(1);
    expect((await install()).instrumentIds).toEqual(['BTC-USDT-PERP', OLD]);
  });

  it.each([['BTC,SHELLS', 'KEEL_SYMBOLS names SHELLS-USDT-PERP'], ['OLD', 'names nothing else']])('is no excuse for a name that was never listed, and not enough alone: %s', async (named, words) => {
    const { install } = await delisted({ named });
    await expect(install()).rejects.toMatchObject({ code: 'SETTING_INVALID', message: expect.stringContaining(words) as string });
  });
});
