import { isVenueRefusal, isVenueTrouble } from '../domain/errors.ts';
import type { Candle } from '../domain/market/candle.ts';
import type { InstrumentId } from '../domain/market/instrument.ts';
import type { Timeframe } from '../domain/market/timeframe.ts';
import type { Ledger } from '../domain/ports/ledger.ts';
import type { Venue } from '../domain/ports/venue.ts';
import type { DuePrediction, VenueAnswer } from '../domain/predictions/outcome.ts';
import { candlesComeWithinMs } from '../domain/predictions/outcome.ts';

export interface BackFillDeps {
  readonly ledger: Pick<Ledger, 'portfolio' | 'candlesBetween' | 'writeCandles'>;
  readonly venue: Pick<Venue, 'candles' | 'instruments'>;
}

export interface Lacking {
  readonly prediction: DuePrediction;
  /** Of the candles that the ledger lacks, oldest first; one at least. */
  readonly openTimes: readonly number[];
}

interface BackFill {
  /** By symbol: filled up with what the venue shows. */
  readonly shelves: Map<string, Map<number, Candle>>;
  /** Market clock. */
  readonly askedAt: number;
}

interface Asked {
  /** By symbol; none of those where the venue did not answer. */
  readonly answers: ReadonlyMap<string, VenueAnswer>;
  /** What kept it from answering; null: nothing. */
  readonly problem: string | null;
}

/** More than a span of a batch and the longest horizon. */
const FETCH_MAX = 1_000;

/** Candles that the ledger lacks come from the venue, and stay in the ledger. One instrument's trouble is not another's. */
export function createBackFiller({ ledger, venue }: BackFillDeps): (portfolioId: string, lacking: readonly Lacking[], into: BackFill) => Promise<Asked> {
  return async (portfolioId, lacking, { shelves, askedAt }) => {
    const answers = new Map<string, VenueAnswer>();
    let problem: string | null = null;
    for (const [key, group] of grouped(lacking)) {
      const [{ prediction: { instrumentId, timeframe } }] = group;
      try {
        const candles = await venue.candles({ instrumentId, timeframe, since: Math.min(...group.flatMap((it) => it.openTimes)), limit: FETCH_MAX });
        await ledger.writeCandles([{ instrumentId, timeframe, candles }]);
        const shelf = shelves.get(key) ?? new Map<number, Candle>();
        for (const candle of candles) shelf.set(candle.openTime, shelf.get(candle.openTime) ?? candle);
        shelves.set(key, shelf);
        answers.set(key, { openTimes: candles.map((it) => it.openTime), askedAt });
      } catch (error) {
        if (!isVenueTrouble(error)) throw error;
        problem = `${error.code}: ${error.message}`;
        if (isVenueRefusal(error) && !(await isListed(instrumentId))) answers.set(key, { openTimes: [], askedAt });
      }
    }
    // A whole page tells nothing of what comes after it.
    const unproved = lacking.filter((it) => {
      const openTimes = answers.get(keyOf(it.prediction))?.openTimes;
      return openTimes !== undefined && openTimes.length < FETCH_MAX && openTimes.every((time) => time <= lastOf(it));
    });
    if (unproved.length > 0) await lookAtOthers(portfolioId, unproved, answers);
    return { answers, problem };
  };

  /** A refusal has other causes too. A venue that does not say is asked again. */
  async function isListed(instrumentId: InstrumentId): Promise<boolean> {
    return await venue.instruments().then((listed) => listed.some((it) => it.id === instrumentId), () => true);
  }

  /** A symbol that was delisted shows no later candle that proves anything: in time, the other symbols' candles do. */
  async function lookAtOthers(portfolioId: string, unproved: readonly Lacking[], answers: Map<string, VenueAnswer>): Promise<void> {
    const { mode, instrumentIds } = await ledger.portfolio(portfolioId);
    const comeWithinMs = candlesComeWithinMs(mode === 'replay');
    for (const [key, group] of grouped(unproved)) {
      const answer = answers.get(key);
      const lasts = group.filter((it) => answer !== undefined && answer.askedAt >= it.prediction.dueAt + comeWithinMs).map(lastOf);
      if (answer === undefined || lasts.length === 0) continue;
      const { instrumentId, timeframe } = group[0].prediction;
      const series = await ledger.candlesBetween({ instrumentIds: instrumentIds.filter((id) => id !== instrumentId), timeframe, from: Math.min(...lasts), to: Math.max(...lasts) + 1 });
      answers.set(key, { ...answer, others: { candles: new Map(series.flatMap((it) => it.candles.map(({ openTime }) => [openTime, it.instrumentId] as const))), comeWithinMs } });
    }
  }
}

export function keyOf({ instrumentId, timeframe }: { readonly instrumentId: InstrumentId; readonly timeframe: Timeframe }): string {
  return `${timeframe} ${instrumentId}`;
}

/** By symbol, none of them empty. */
function grouped(lacking: readonly Lacking[]): Map<string, [Lacking, ...Lacking[]]> {
  return Map.groupBy(lacking, ({ prediction }) => keyOf(prediction)) as Map<string, [Lacking, ...Lacking[]]>;
}

function lastOf({ openTimes }: Lacking): number {
  return openTimes.at(-1) ?? 0;
}
