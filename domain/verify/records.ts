import { timeframeMs } from '../market/timeframe.ts';
import type { Mode } from '../ports/ledger.ts';
import type { CycleFact, Facts, LedgerFacts, OrderFact, Violation } from './facts.ts';
import { grouped } from './sums.ts';

/**
 * Where the market feed hands on every candle: a stop of ours stops the market, or is caught up with. Elsewhere a Schedule fires by
 * the world's clock: a night without Keel and a paused Schedule rightly leave candles without a cycle.
 */
const DRIVEN_BY_FEED: readonly Mode[] = ['sim', 'replay'];

/** Invariant 7: every order links to its decision, predictions and policy version; no candle that the market feed told of is without its cycle; the audit chain verifies. */
export function recordViolations({ ledger, engine }: Facts): Violation[] {
  return [
    ...ledger.orders.flatMap((row) => linkViolations(row, ledger)),
    ...(DRIVEN_BY_FEED.includes(ledger.mode) ? gaps(ledger.cycles) : []),
    ...(engine.isAtRest ? ledger.cycles.filter((cycle) => !cycle.isRecorded).map(({ cycleId }): Violation => ({ invariant: 7, name: 'a cycle was claimed and never recorded', subject: cycleId, evidence: {} })) : []),
    ...(ledger.auditBrokenAt === null ? [] : [{ invariant: 7 as const, name: 'the audit chain is broken', subject: `record ${ledger.auditBrokenAt}`, evidence: { position: ledger.auditBrokenAt } }]),
  ];
}

function linkViolations({ intent }: OrderFact, ledger: LedgerFacts): Violation[] {
  const { clientOrderId, positionId, instrumentId, leg, policyVersion } = intent;
  const position = ledger.positions.find((it) => it.positionId === positionId);
  const cycleId = intent.cycleId ?? (leg === 'entry' ? null : position?.cycleId ?? null);
  const broken = (name: string, evidence: Violation['evidence']): Violation => ({ invariant: 7, name, subject: clientOrderId, evidence });
  if (cycleId === null) return [broken('an order without a decision', { position: positionId, leg })];
  const isDecided = ledger.cycles.some((cycle) => cycle.cycleId === cycleId && cycle.isRecorded);
  return [
    ...(isDecided ? [] : [broken('the cycle of an order is not recorded', { cycle: cycleId, leg })]),
    ...(leg === 'entry' && !ledger.predicted.has(`${cycleId} ${instrumentId}`) ? [broken('an entry without a prediction', { cycle: cycleId, instrument: instrumentId })] : []),
    ...(ledger.policyVersions.includes(policyVersion) ? [] : [broken('the policy of an order does not exist', { policyVersion })]),
  ];
}

/** Every candle between the first cycle and the last has one. */
function gaps(cycles: readonly CycleFact[]): Violation[] {
  return [...grouped(cycles, (cycle) => `${cycle.strategy} ${cycle.timeframe}`)].flatMap(([name, group]) => {
    const sorted = group.toSorted((a, b) => a.closeTime - b.closeTime);
    return sorted.flatMap((cycle, at): Violation[] => {
      const previous = sorted[at - 1];
      const missing = previous === undefined ? 0 : Math.round((cycle.closeTime - previous.closeTime) / timeframeMs(cycle.timeframe)) - 1;
      if (previous === undefined || missing < 1) return [];
      return [{ invariant: 7, name: 'candles without a cycle', subject: name, evidence: { missing, after: previous.cycleId, before: cycle.cycleId } }];
    });
  });
}
