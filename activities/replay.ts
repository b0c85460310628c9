import { cycleIdOf } from '../domain/cycle/ids.ts';
import { KeelError } from '../domain/errors.ts';
import { timeframeMs } from '../domain/market/timeframe.ts';
import type { Ledger } from '../domain/ports/ledger.ts';
import type { ModelStore } from '../domain/ports/model-store.ts';
import { isLookAwaited } from '../domain/promotion/standing.ts';
import type { TrialStore } from '../domain/ports/trial-store.ts';
import { isRetrainDue } from '../domain/retraining/schedule.ts';
import type { MarketAdvance, MarketControl } from '../domain/ports/market-control.ts';
import type { ReplayInput } from '../workflows/messages.ts';
import type { Cancelled, Engine } from './feeds.ts';
import { marketFeedCursor } from './feeds.ts';
import type { ReplayActivities } from './types.ts';

export interface ReplayDeps {
  readonly ledger: Ledger;
  readonly control: MarketControl | null;
  readonly engine: Engine;
  readonly models: Pick<ModelStore, 'latestRun' | 'latestSupervision'>;
  readonly trials: Pick<TrialStore, 'awaited'>;
  readonly cancelled: Cancelled;
}

/** A safety net only: changes are announced. */
const LOOK_AGAIN_MS = 250;
/** A look at voters or at a trial that did not come is asked for again so often. Wall clock. */
const ASK_AGAIN_MS = 2_000;
const DAY_MS = 86_400_000;

/** When both were asked for, at one stop. Wall clock. */
interface Asked {
  atMs: number;
  wokenAtMs: number;
}

/** Moves the market on, one stop at a time, and only when everything that the last stop made due is done. */
export function createReplayActivities({ ledger, control, engine, models, trials, cancelled }: ReplayDeps): ReplayActivities {
  /** @param stop the last stop; null before the first, and after a restart: then only what is under way counts. */
  async function settled(input: ReplayInput, market: MarketControl, stop: MarketAdvance | null): Promise<void> {
    const due = dueOf(input, stop);
    const asked: Asked = { atMs: performance.now(), wokenAtMs: -Infinity };
    for (;;) {
      const change = ledger.settlementChange(LOOK_AGAIN_MS); // listens first, looks second
      if (await isSettled(input.portfolioId, due, { market, asked })) return;
      await change;
    }
  }

  /** One question after the other, the likeliest to fail first: most looks end at the first one. */
  async function isSettled(portfolioId: string, { cycleId, pricedTo, supervisedFrom, retrainAt, lookedTo }: Due, { market, asked }: { readonly market: MarketControl; readonly asked: Asked }): Promise<boolean> {
    if (cycleId !== null && (await ledger.cycleState(cycleId)) !== 'recorded') return false;
    if (pricedTo !== null && ((await ledger.nextDueAt(portfolioId)) ?? Infinity) <= pricedTo) return false;
    if (supervisedFrom !== null && !(await isSupervised(portfolioId, supervisedFrom, asked))) return false;
    if (retrainAt !== null && !(await isTrained(portfolioId, retrainAt))) return false;
    if (!(await ledger.settlement(portfolioId)).settled || !(await isAnsweredFor(market))) return false;
    if (lookedTo !== null && !(await isTried(portfolioId, lookedTo, asked))) return false; // last: what a cycle sees of models is what the look before it left
    return (await ledger.settlement(portfolioId)).settled; // again: an event that was answered for meanwhile lies in the ledger, as news
  }

  /** It follows the day's first prices by itself. */
  async function isSupervised(portfolioId: string, from: number, asked: Asked): Promise<boolean> {
    if (((await models.latestSupervision(portfolioId))?.at ?? -Infinity) >= from) return true;
    if (performance.now() - asked.atMs > ASK_AGAIN_MS) {
      asked.atMs = performance.now();
      await engine.startEvaluation(portfolioId);
    }
    return false;
  }

  /** One that began before is followed by this one. */
  async function isTrained(portfolioId: string, retrainAt: number): Promise<boolean> {
    const run = await models.latestRun(portfolioId);
    if (run !== null && run.asOf >= retrainAt) return true;
    await engine.startRetrain(portfolioId, 'schedule');
    return false;
  }

  /** By all that fell due by then, and nothing later. */
  async function isTried(portfolioId: string, closeTime: number, asked: Asked): Promise<boolean> {
    if (!isLookAwaited(await trials.awaited(portfolioId), closeTime)) return true;
    if (((await ledger.nextDueAt(portfolioId)) ?? Infinity) <= closeTime || performance.now() - asked.wokenAtMs <= ASK_AGAIN_MS) return false;
    asked.wokenAtMs = performance.now();
    await engine.wakeTrial(portfolioId);
    return false;
  }

  async function driveReplay(input: ReplayInput): Promise<{ cycles: number }> {
    if (control === null) throw new KeelError('SETTING_INVALID', `portfolio ${input.portfolioId} trades on a venue without a market clock; only a simulated venue can replay`);
    let step = (await ledger.cursor(input.portfolioId, 'replayStep')) ?? 0;
    while ((await ledger.cursor(input.portfolioId, marketFeedCursor(input))) === null) await ledger.settlementChange(LOOK_AGAIN_MS); // its history ends where the replay begins
    await settled(input, control, null);
    const candlesBefore = await candlesBeforeReplay(input.portfolioId, control);
    for (;;) {
      const untilMarketTime = await ledger.nextOrderDeadline(input.portfolioId);
      const stop = await control.advance({ requestId: `${input.portfolioId}/${step}`, untilMarketTime });
      if (stop.stoppedAt === 'until') for (const due of await ledger.dueOrders(input.portfolioId, stop.marketTime)) await engine.tellTimeReached(due.positionId, due.clientOrderId);
      await settled(input, control, stop);
      if (stop.stoppedAt === 'end') return { cycles: (await control.state()).candlesDone - candlesBefore }; // the market's own count: no death loses or doubles a candle
      step += 1;
      await ledger.setCursor(input.portfolioId, 'replayStep', step);
    }
  }

  /** Written before the market moves for the first time. */
  async function candlesBeforeReplay(portfolioId: string, market: MarketControl): Promise<number> {
    const known = await ledger.cursor(portfolioId, 'replayCandlesBefore');
    if (known !== null) return known;
    const { candlesDone } = await market.state();
    await ledger.setCursor(portfolioId, 'replayCandlesBefore', candlesDone);
    return candlesDone;
  }

  return {
    driveReplay: async (input) => await Promise.race([driveReplay(input), cancelled()]),
  };
}

/** What a stop made due before the market may move on. */
interface Due {
  readonly cycleId: string | null;
  /** Predictions that fell due by then (market clock) have their outcome. */
  readonly pricedTo: number | null;
  /** The voters were looked at since then (market clock): the next day's cycles weigh their votes by it. */
  readonly supervisedFrom: number | null;
  /** A retrain as of then (market clock) or later has ended. */
  readonly retrainAt: number | null;
  /** Trial and watch, where there are any, were looked at as of then (market clock). */
  readonly lookedTo: number | null;
}

/** No cycle reads what the candle before it made of predictions, so these may be priced while the market walks to the next close. */
function dueOf(input: ReplayInput, stop: MarketAdvance | null): Due {
  const { retrain, timeframe } = input;
  switch (stop?.stoppedAt) {
    case 'candleClose': {
      const candleMs = timeframeMs(timeframe);
      const before = stop.marketTime - candleMs;
      const today = Math.floor(stop.marketTime / DAY_MS) * DAY_MS;
      const supervisedFrom = stop.marketTime + candleMs >= today + DAY_MS ? today : null;
      return { cycleId: cycleIdOf({ ...input, closeTime: stop.marketTime }), pricedTo: before, supervisedFrom, retrainAt: retrain !== undefined && isRetrainDue(retrain, before, stop.marketTime) ? stop.marketTime : null, lookedTo: stop.marketTime };
    }
    case 'end': return { cycleId: null, pricedTo: stop.marketTime, supervisedFrom: null, retrainAt: null, lookedTo: null };
    default: return { cycleId: null, pricedTo: null, supervisedFrom: null, retrainAt: null, lookedTo: null };
  }
}

async function isAnsweredFor(market: MarketControl): Promise<boolean> {
  const { acknowledgedEventId, lastEventId } = await market.state();
  return acknowledgedEventId >= lastEventId;
}
