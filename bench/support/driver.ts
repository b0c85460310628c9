import { createReplayActivities } from '../../activities/replay.ts';
import { installWorkflows } from '../../client/install.ts';
import { databaseUrlOf } from '../../config/database.ts';
import { createLedger } from '../../db/ledger.ts';
import { createModelStore } from '../../db/model-store.ts';
import { createTrialStore } from '../../db/trial-store.ts';
import { createPool } from '../../db/pool.ts';
import { KeelError } from '../../domain/errors.ts';
import type { MarketAdvance } from '../../domain/ports/market-control.ts';
import type { System } from '../../test/support/system.ts';
import { venueSettingsOf } from '../../venues/settings.ts';
import { createMarketControl } from '../../venues/simulated-market.ts';
import { createEngine } from '../../workers/engine.ts';

/** Told before each step of the market, when everything that the last one made due is done. */
export type BeforeStep = (last: MarketAdvance | null) => Promise<void>;

/** Trades a system's whole market in lockstep with the product's own driver, stopped now and then by the measurement. */
export async function driveSession({ settings, deployment, client }: System, beforeStep: BeforeStep): Promise<void> {
  const pool = createPool(databaseUrlOf(settings, deployment), { applicationName: 'keel-bench' });
  const ledger = createLedger(pool);
  try {
    const { instrumentIds, strategy, timeframe } = await ledger.portfolio(deployment.portfolioId);
    const { controlUrl } = venueSettingsOf(settings, deployment);
    if (controlUrl === undefined) throw new KeelError('SETTING_INVALID', `${deployment.name} has no market clock`);
    const market = createMarketControl(controlUrl);
    let last: MarketAdvance | null = null;
    const control = {
      ...market,
      advance: async (request: Parameters<typeof market.advance>[0]) => {
        await beforeStep(last);
        last = await market.advance(request);
        return last;
      },
    };
    await installWorkflows(client, settings, deployment, { instrumentIds, strategy });
    const never = new Promise<never>(() => {});
    const driver = createReplayActivities({ ledger, control, engine: createEngine(client, deployment.taskQueuePrefix), models: createModelStore(pool), trials: createTrialStore(pool), cancelled: () => never });
    await driver.driveReplay({ portfolioId: deployment.portfolioId, strategy, timeframe });
  } finally {
    await ledger.close();
  }
}
