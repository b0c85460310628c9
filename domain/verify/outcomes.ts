import type { Candle } from '../market/candle.ts';
import { timeframeMs } from '../market/timeframe.ts';
import type { CandleShelf, DuePrediction, PricedOutcome } from '../predictions/outcome.ts';
import { isKnownLabel } from '../predictions/label.ts';
import { candlesComeWithinMs, isSound, openTimesOf, pricingOf } from '../predictions/outcome.ts';
import type { Facts, JudgedFact, LedgerFacts, OutcomeFact, Violation } from './facts.ts';
import { grouped } from './sums.ts';

/** @source learning.md: what falls due is priced within so long, market clock. */
const LATE_MS = 300_000;

/** Invariant 8: a prediction was made at its decision, until its own horizon, and stored before its use; it has at most one outcome, and that is what its label function says of the stored candles; none that fell due has none. */
export function outcomeViolations({ ledger, engine }: { readonly ledger: LedgerFacts; readonly engine: Pick<Facts['engine'], 'isAtRest'> }): Violation[] {
  const judged = ledger.judged.flatMap(({ prediction, outcome }) => (outcome === null ? [] : [{ prediction, outcome }]));
  return [...ledger.judged.flatMap(untimely), ...doubled(judged), ...judged.flatMap((it) => [...apart(it), ...changed(it, ledger)]), ...overdue(ledger, engine.isAtRest ? 0 : LATE_MS)];
}

interface Judged {
  readonly prediction: DuePrediction;
  readonly outcome: OutcomeFact;
}

/** One transaction stores a cycle's plan and its predictions: what was stored in a later one was made knowing what came. */
function untimely({ prediction, decidedAt, storedAt, recordedAt }: JudgedFact): Violation[] {
  const { predictionId, cycleId, madeAt, dueAt, horizonCandles, timeframe } = prediction;
  const broken = (name: string, evidence: Violation['evidence']): Violation => ({ invariant: 8, name, subject: `prediction ${predictionId}`, evidence: { cycle: cycleId, ...evidence } });
  const until = madeAt + horizonCandles * timeframeMs(timeframe);
  return [
    ...(madeAt === decidedAt ? [] : [broken('a prediction was made at another moment than its decision', { madeAt, decidedAt })]),
    ...(dueAt === until ? [] : [broken('a prediction falls due at another moment than the end of its horizon', { dueAt, until })]),
    ...(storedAt === null || recordedAt === null || storedAt <= recordedAt ? [] : [broken('a prediction was stored after its use', { storedAt, recordedAt })]),
  ];
}

function doubled(judged: readonly Judged[]): Violation[] {
  return [...grouped(judged, ({ prediction }) => String(prediction.predictionId))].flatMap(([id, group]): Violation[] =>
    (group.length === 1 ? [] : [{ invariant: 8, name: 'a prediction has more than one outcome', subject: `prediction ${id}`, evidence: { outcomes: group.length } }]));
}

function apart({ prediction: { predictionId, labelVersion, madeAt, dueAt }, outcome }: Judged): Violation[] {
  if (outcome.labelVersion === labelVersion && outcome.entryAt === madeAt && outcome.exitAt === dueAt) return [];
  const evidence = { label: labelVersion, madeAt, dueAt, ofOutcome: outcome.labelVersion, entryAt: outcome.entryAt, exitAt: outcome.exitAt };
  return [{ invariant: 8, name: 'an outcome is of another label or span than its prediction', subject: `prediction ${predictionId}`, evidence }];
}

const COMPARED = ['entryPrice', 'exitPrice', 'actual', 'moveBps', 'returnBps', 'isRight', 'exitsReturnBps'] as const satisfies readonly (keyof PricedOutcome)[];

/** Candles that are not stored any more prove nothing. */
function changed({ prediction, outcome }: Judged, { candles, mode }: LedgerFacts): Violation[] {
  const subject = `prediction ${prediction.predictionId}`;
  const shelf = candles.get(`${prediction.timeframe} ${prediction.instrumentId}`) ?? new Map<number, Candle>();
  if (outcome.state !== 'priced') return isProved(prediction, outcome.evidence, { shelf, isRecorded: mode === 'replay' }) ? [] : [{ invariant: 8, name: 'an outcome is unpriceable without proof', subject, evidence: { told: JSON.stringify(outcome.evidence) } }];
  if (!isKnownLabel(prediction.labelVersion)) return [{ invariant: 8, name: 'an outcome cannot be recomputed: its label is not known here', subject, evidence: { label: prediction.labelVersion, action: 'KEEL_LABEL must name the file that defines it' } }];
  const pricing = pricingOf(prediction, shelf, { evaluatedAt: prediction.dueAt, asked: null });
  if (pricing.kind === 'missing') return [];
  if (pricing.outcome.state !== 'priced') return [{ invariant: 8, name: 'an outcome was priced on a candle that cannot be', subject, evidence: {} }];
  const again = pricing.outcome;
  const different = COMPARED.filter((key) => outcome[key] !== again[key]);
  if (different.length === 0) return [];
  return [{ invariant: 8, name: 'an outcome is not what its label says of the stored candles', subject, evidence: { label: prediction.labelVersion, stored: different.map((key) => `${key} ${String(outcome[key])}`), recomputed: different.map((key) => `${key} ${String(again[key])}`) } }];
}

/**
 * The venue had shown later candles than one of the horizon's, which may have come since; or none, long after another symbol
 * had its own; or one of them cannot be.
 */
function isProved(prediction: DuePrediction, { missing, venueShows, other, askedAt, openTime }: Readonly<Record<string, unknown>>, { shelf, isRecorded }: { readonly shelf: CandleShelf; readonly isRecorded: boolean }): boolean {
  const own: readonly unknown[] = openTimesOf(prediction);
  if (Array.isArray(missing)) {
    const isLater = typeof venueShows === 'number' && venueShows > Number(missing.at(-1));
    const isGone = typeof other === 'string' && other !== prediction.instrumentId && typeof askedAt === 'number' && askedAt >= prediction.dueAt + candlesComeWithinMs(isRecorded);
    return missing.length > 0 && missing.every((it) => own.includes(it)) && (isLater || isGone);
  }
  const candle = shelf.get(openTime as number);
  return own.includes(openTime) && (candle === undefined || !isSound(candle));
}

/** Measured by the newest recorded cycle: as far as the market was followed. One for all that are due of a cycle. */
function overdue({ judged, cycles }: LedgerFacts, lateMs: number): Violation[] {
  const newest = cycles.filter((it) => it.isRecorded).reduce((latest, it) => Math.max(latest, it.closeTime), -Infinity);
  const open = judged.filter(({ prediction, outcome }) => outcome === null && prediction.dueAt + lateMs <= newest);
  return [...grouped(open, ({ prediction }) => prediction.cycleId)].map(([cycleId, group]): Violation => ({
    invariant: 8, name: 'predictions fell due and have no outcome', subject: cycleId, evidence: { predictions: group.length, dueAt: group[0]?.prediction.dueAt ?? 0, newestCycle: newest },
  }));
}
