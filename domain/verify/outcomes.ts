import type { DuePrediction, PricedOutcome } from '../predictions/outcome.ts';
import { isKnownLabel } from '../predictions/label.ts';
import { pricingOf } from '../predictions/outcome.ts';
import type { Facts, LedgerFacts, OutcomeFact, Violation } from './facts.ts';
import { grouped } from './sums.ts';

/** @source learning.md: what falls due is priced within so long, market clock. */
const LATE_MS = 300_000;

/** Invariant 8: a prediction has at most one outcome, and it is what its label function says of the stored candles; none that fell due has none. */
export function outcomeViolations({ ledger, engine }: Facts): Violation[] {
  const judged = ledger.judged.flatMap(({ prediction, outcome }) => (outcome === null ? [] : [{ prediction, outcome }]));
  return [...doubled(judged), ...judged.flatMap((it) => changed(it, ledger)), ...overdue(ledger, engine.isAtRest ? 0 : LATE_MS)];
}

interface Judged {
  readonly prediction: DuePrediction;
  readonly outcome: OutcomeFact;
}

function doubled(judged: readonly Judged[]): Violation[] {
  return [...grouped(judged, ({ prediction }) => String(prediction.predictionId))].flatMap(([id, group]): Violation[] =>
    (group.length === 1 ? [] : [{ invariant: 8, name: 'a prediction has more than one outcome', subject: `prediction ${id}`, evidence: { outcomes: group.length } }]));
}

const COMPARED = ['entryPrice', 'exitPrice', 'actual', 'moveBps', 'returnBps', 'isRight', 'exitsReturnBps'] as const satisfies readonly (keyof PricedOutcome)[];

/** Candles that are not stored any more prove nothing. */
function changed({ prediction, outcome }: Judged, { candles }: LedgerFacts): Violation[] {
  if (outcome.state !== 'priced') return [];
  const subject = `prediction ${prediction.predictionId}`;
  if (!isKnownLabel(prediction.labelVersion)) return [{ invariant: 8, name: 'an outcome cannot be recomputed: its label is not known here', subject, evidence: { label: prediction.labelVersion, action: 'KEEL_LABEL must name the file that defines it' } }];
  const pricing = pricingOf(prediction, candles.get(`${prediction.timeframe} ${prediction.instrumentId}`) ?? new Map(), { evaluatedAt: prediction.dueAt, asked: null });
  if (pricing.kind === 'missing') return [];
  if (pricing.outcome.state !== 'priced') return [{ invariant: 8, name: 'an outcome was priced on a candle that cannot be', subject, evidence: {} }];
  const again = pricing.outcome;
  const different = COMPARED.filter((key) => outcome[key] !== again[key]);
  if (different.length === 0) return [];
  return [{ invariant: 8, name: 'an outcome is not what its label says of the stored candles', subject, evidence: { label: prediction.labelVersion, stored: different.map((key) => `${key} ${String(outcome[key])}`), recomputed: different.map((key) => `${key} ${String(again[key])}`) } }];
}

/** Measured by the newest recorded cycle: as far as the market was followed. One for all that are due of a cycle. */
function overdue({ judged, cycles }: LedgerFacts, lateMs: number): Violation[] {
  const newest = cycles.filter((it) => it.isRecorded).reduce((latest, it) => Math.max(latest, it.closeTime), -Infinity);
  const open = judged.filter(({ prediction, outcome }) => outcome === null && prediction.dueAt + lateMs <= newest);
  return [...grouped(open, ({ prediction }) => prediction.cycleId)].map(([cycleId, group]): Violation => ({
    invariant: 8, name: 'predictions fell due and have no outcome', subject: cycleId, evidence: { predictions: group.length, dueAt: group[0]?.prediction.dueAt ?? 0, newestCycle: newest },
  }));
}
