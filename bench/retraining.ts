import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { registerSearchAttributes } from '../client/search-attributes.ts';
import { writePlantedMarket } from '../test/support/planted-market.ts';
import { retrained } from '../test/support/retraining.ts';
import { startServers } from '../test/support/servers.ts';
import { beginStandstill } from '../test/support/standstill.ts';
import { startSystem } from '../test/support/system.ts';
import type { RetrainOutcome } from '../workflows/messages.ts';
import { cycleMs, storeHistory } from './cycle.ts';
import type { BenchOptions, Row } from './support/measurement.ts';
import { atMostMs, overFloor, plainRow } from './support/measurement.ts';
import { quantile } from './support/statistics.ts';

const SYMBOLS = ['BTC', 'ETH', 'SOL', 'XRP', 'ADA'];
/** Two years of hours, and what the features need before. */
const HISTORY = { whole: 2 * 365 * 24 + 1_400, quick: 11_000 };
const WARM_UP = 20;
const USUAL_CYCLES = 300;
const KNOWN_CANDLES = 990;
/** Between two cycles: so close that hundreds fall into one retrain, so far apart that they do not queue. */
const APART_MS = 400;
const GOAL_MS = 15 * 60_000;

/** A retrain of five symbols and two years, standard features, the usual candidates; and what cycles notice of it. */
export async function benchRetraining({ isQuick }: BenchOptions): Promise<readonly Row[]> {
  const history = isQuick ? HISTORY.quick : HISTORY.whole;
  const folder = mkdtempSync(join(tmpdir(), 'keel-bench-retrain-'));
  const servers = await startServers();
  try {
    writePlantedMarket({ folder, symbols: SYMBOLS, timeframe: '1h', candles: history + 40, seed: 'bench', strengthAt: () => 0.1 });
    const system = await startSystem({ ...servers, mode: 'sim', data: folder, history, candles: 40, workers: 2 });
    try {
      await beginStandstill(system);
      await registerSearchAttributes(system.client, system.settings.temporalNamespace);
      const closeTimes = await storeHistory(system, KNOWN_CANDLES);
      const cycles = async (from: number, until: () => boolean): Promise<readonly number[]> => {
        const times: number[] = [];
        for (const closeTime of closeTimes.slice(from)) {
          if (until()) break;
          times.push(await cycleMs(system, closeTime));
          await sleep(APART_MS);
        }
        return times;
      };
      let left = WARM_UP + USUAL_CYCLES;
      const usual = (await cycles(0, () => (left -= 1) < 0)).slice(WARM_UP);
      let outcome: RetrainOutcome | null = null;
      const startedMs = performance.now();
      const training = retrained(system).then((it) => (outcome = it));
      const beside = await cycles(WARM_UP + USUAL_CYCLES, () => outcome !== null);
      const { rows, reason, candidates } = await training;
      const ms = performance.now() - startedMs;
      if (rows === null) throw new Error(`nothing was trained: ${reason ?? ''}`);
      return [
        atMostMs(`retrain, ${SYMBOLS.length} symbols, ${rows.toLocaleString('en')} rows, ${candidates.length} candidates, 5 folds`, ms, GOAL_MS),
        overFloor('trading cycle while it trains, p99, to its usual', { ms: quantile(beside, 0.99), floorMs: quantile(usual, 0.99), goal: 1.3 }),
        plainRow('cycles beside it, and before', `${beside.length}, ${usual.length}`),
      ];
    } finally {
      await system.close();
    }
  } finally {
    await servers.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
