import { KeelError } from '../domain/errors.ts';
import type { Candle } from '../domain/market/candle.ts';
import { timeframeMs } from '../domain/market/timeframe.ts';
import type { DueMark, Ledger } from '../domain/ports/ledger.ts';
import type { ModelStore } from '../domain/ports/model-store.ts';
import type { TrialStore } from '../domain/ports/trial-store.ts';
import type { Venue } from '../domain/ports/venue.ts';
import { isKnownLabel } from '../domain/predictions/label.ts';
import type { CandleShelf, DuePrediction, Outcome, Pricing } from '../domain/predictions/outcome.ts';
import { pricingOf } from '../domain/predictions/outcome.ts';
import { isLookAwaited } from '../domain/promotion/standing.ts';
import { isSupervisionDue } from '../domain/promotion/supervisor.ts';
import { createBackFiller, keyOf } from './back-fill.ts';
import type { EvaluationActivities, EvaluationStep } from './types.ts';

export interface EvaluationDeps {
  readonly ledger: Pick<Ledger, 'portfolio' | 'duePredictions' | 'candlesBetween' | 'writeCandles' | 'recordOutcomes'>;
  readonly venue: Pick<Venue, 'candles' | 'instruments' | 'marketTime'>;
  readonly models: Pick<ModelStore, 'latestSupervision'>;
  readonly trials: Pick<TrialStore, 'awaited'>;
}

/** Predictions of one transaction, and transactions of one attempt: it stays within seconds, whatever waits. */
const BATCH_MAX = 4_000;
const BATCHES_MAX = 20;
/** What lies further apart is priced in different batches: candles are read in one span. */
const SPAN_CANDLES = 500;

/** Prices what is due, set by set: predictions, their candles, their outcomes. */
export function createEvaluationActivities({ ledger, venue, models, trials }: EvaluationDeps): EvaluationActivities {
  const backFill = createBackFiller({ ledger, venue });

  return { evaluateDue };

  async function evaluateDue({ portfolioId, after }: { portfolioId: string; after: DueMark | null }): Promise<EvaluationStep> {
    const marketTime = await venue.marketTime();
    let step: EvaluationStep = { after, evaluated: 0, unpriceable: 0, waiting: 0, problem: null, isLast: false };
    for (let batch = 1; batch <= BATCHES_MAX && !step.isLast; batch += 1) {
      const due = withinSpan(await ledger.duePredictions({ portfolioId, marketTime, after: step.after, limit: BATCH_MAX }));
      const last = due.at(-1);
      if (last === undefined) return { ...step, isLast: true, ...(await alsoDue(portfolioId, marketTime)) };
      const { outcomes, waiting, problem } = await priceKnown(portfolioId, due, marketTime);
      await ledger.recordOutcomes(portfolioId, outcomes);
      const unpriceable = outcomes.filter((it) => it.state === 'unpriceable').length;
      step = {
        after: { dueAt: last.dueAt, cycleId: last.cycleId }, evaluated: step.evaluated + outcomes.length - unpriceable, unpriceable: step.unpriceable + unpriceable,
        waiting: step.waiting + waiting, problem: step.problem ?? problem, isLast: false,
      };
    }
    return step;
  }

  /** What is foretold by a label whose file is not loaded here waits until it is. */
  async function priceKnown(portfolioId: string, due: readonly DuePrediction[], evaluatedAt: number): ReturnType<typeof price> {
    const known = due.filter((it) => isKnownLabel(it.labelVersion));
    const unknown = due.find((it) => !isKnownLabel(it.labelVersion));
    const priced = await price(portfolioId, known, evaluatedAt);
    return unknown === undefined ? priced : { ...priced, waiting: priced.waiting + due.length - known.length, problem: priced.problem ?? `label ${unknown.labelVersion} is not known here: KEEL_LABEL must name the file that defines it` };
  }

  /** What goes by the outcomes. */
  async function alsoDue(portfolioId: string, marketTime: number): Promise<Pick<EvaluationStep, 'isSupervisionDue' | 'isTrialDue'>> {
    const [supervised, awaited] = await Promise.all([models.latestSupervision(portfolioId), trials.awaited(portfolioId)]);
    return { isSupervisionDue: isSupervisionDue(supervised?.at ?? null, marketTime), isTrialDue: awaited?.isReplay === false && isLookAwaited(awaited, marketTime) };
  }

  async function price(portfolioId: string, due: readonly DuePrediction[], evaluatedAt: number): Promise<{ outcomes: readonly Outcome[]; waiting: number; problem: string | null }> {
    const shelves = await readShelves(due);
    const first = due.map((prediction) => ({ prediction, pricing: pricingUnlessInvalid(prediction, shelfOf(shelves, prediction), { evaluatedAt, asked: null }) }));
    const lacking = first.flatMap(({ prediction, pricing }) => (pricing.kind === 'missing' ? [{ prediction, openTimes: pricing.openTimes }] : []));
    const { answers, problem } = await backFill(portfolioId, lacking, { shelves, askedAt: evaluatedAt });
    const second = lacking.map(({ prediction }) => pricingUnlessInvalid(prediction, shelfOf(shelves, prediction), { evaluatedAt, asked: answers.get(keyOf(prediction)) ?? null }));
    const pricings = [...first.map(({ pricing }) => pricing).filter((it) => it.kind !== 'missing'), ...second];
    const outcomes = pricings.flatMap((pricing) => (pricing.kind === 'outcome' ? [pricing.outcome] : []));
    return { outcomes, waiting: due.length - outcomes.length, problem: problemOf(pricings, problem) };
  }

  async function readShelves(due: readonly DuePrediction[]): Promise<Map<string, Map<number, Candle>>> {
    const shelves = new Map<string, Map<number, Candle>>();
    for (const [timeframe, group] of Map.groupBy(due, (it) => it.timeframe)) {
      const span = { from: Math.min(...group.map((it) => it.madeAt)), to: Math.max(...group.map((it) => it.madeAt + it.horizonCandles * timeframeMs(timeframe))) };
      for (const { instrumentId, candles } of await ledger.candlesBetween({ instrumentIds: [...new Set(group.map((it) => it.instrumentId))], timeframe, ...span })) {
        shelves.set(keyOf({ instrumentId, timeframe }), new Map(candles.map((candle) => [candle.openTime, candle])));
      }
    }
    return shelves;
  }
}

/** Why some wait, in words; null: none does. @param said what kept the venue from answering */
function problemOf(pricings: readonly ReturnType<typeof pricingUnlessInvalid>[], said: string | null): string | null {
  const invalid = pricings.find((it) => it.kind === 'invalid');
  const isAwaited = pricings.some((it) => it.kind === 'missing');
  return invalid?.problem ?? (isAwaited ? said ?? 'the venue does not show their candles yet' : null);
}

/** What a user's label cannot price waits until it can: the others do not wait for it. */
function pricingUnlessInvalid(...of: Parameters<typeof pricingOf>): Pricing | { readonly kind: 'invalid'; readonly problem: string } {
  try {
    return pricingOf(...of);
  } catch (error) {
    if (error instanceof KeelError && error.code === 'LABEL_INVALID') return { kind: 'invalid', problem: error.message };
    throw error;
  }
}

const NO_CANDLES: CandleShelf = new Map();

function shelfOf(shelves: ReadonlyMap<string, CandleShelf>, prediction: DuePrediction): CandleShelf {
  return shelves.get(keyOf(prediction)) ?? NO_CANDLES;
}

/** The first ones that lie near each other; whole cycles. */
function withinSpan(due: readonly DuePrediction[]): readonly DuePrediction[] {
  const [first] = due;
  if (first === undefined) return due;
  const until = first.dueAt + SPAN_CANDLES * timeframeMs(first.timeframe);
  return due.filter((it) => it.dueAt <= until);
}
