/** How far a trial and a watch are, for people. Pure. */
import { CANARY_SHARES, LOOKS, OPERATIONS_MS, OPERATIONS_PREDICTIONS } from './shadow-trial.ts';
import type { TrialRecord, WatchRecord } from './standing.ts';
import { WATCH_MS_MAX } from './watch.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export interface TrialCount {
  /** Priced ones, of the model on trial. */
  readonly predictions: number;
  readonly moments: number;
  readonly horizonCandles: number;
}

/** One line. @param at market clock. @param count null: it is not known */
export function trialText({ number, state, since, startedAt }: TrialRecord, count: TrialCount | null, at: number): string {
  const lasts = `trial ${number} of this year, day ${Math.floor((at - startedAt) / DAY_MS) + 1}`;
  const hours = `${Math.max(0, (at - since) / HOUR_MS).toFixed(0)} h`;
  switch (state.phase) {
    case 'operations': return `${lasts}: operations${count === null ? '' : `, ${count.predictions} of ${OPERATIONS_PREDICTIONS} predictions`}, ${hours} of ${OPERATIONS_MS / HOUR_MS} h`;
    case 'superiority': return `${lasts}: look ${state.looks + 1} of ${LOOKS.length}${count === null ? '' : `, ${Math.floor(count.moments / count.horizonCandles)} of ${LOOKS[state.looks] ?? 0} moments that do not overlap`}`;
    case 'acknowledgement': return `${lasts}: it won, and a person is asked since ${hours} (\`keel models promote\` or \`keel models retire\`)`;
    case 'canary': return `${lasts}: it votes on ${100 * (CANARY_SHARES[state.stage] ?? 1)} % of the symbols since ${hours}`;
    case 'promoted': case 'retired': return `${lasts}: ${state.phase}`;
  }
}

/** One line. @param at market clock */
export function watchText({ status, since, modelIds }: WatchRecord, at: number): string {
  const whom = modelIds.length > 1 ? `, with the ${modelIds.length - 1} that it refreshed` : '';
  return status === 'watching' ? `watched since ${new Date(since).toISOString().slice(0, 16)}, day ${Math.floor((at - since) / DAY_MS) + 1} of ${WATCH_MS_MAX / DAY_MS}${whom}` : `the watch is over: ${status}`;
}
