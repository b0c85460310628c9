import type { CandleIssueCode, CandleQuality } from '../cycle/types.ts';
import type { Policy } from '../policy/policy.ts';
import type { Candle } from './candle.ts';
import type { Timeframe } from './timeframe.ts';
import { timeframeMs } from './timeframe.ts';

/** What each kind of issue takes off the score of 100. */
const PENALTIES: Readonly<Record<CandleIssueCode, number>> = {
  notFinite: 100, highBelowLow: 100, priceNotPositive: 100, disorder: 50, duplicate: 25, gap: 10, jump: 5, invalidShare: 50, stale: 100, tooFew: 100,
};
/** With one of these the symbol takes no new position; a flagged jump only lowers the score. */
const FORBIDDING: readonly CandleIssueCode[] = ['notFinite', 'highBelowLow', 'priceNotPositive', 'disorder', 'duplicate', 'gap', 'stale', 'tooFew'];
/** A point with one of these was not there, or said nothing. */
const INVALID: readonly CandleIssueCode[] = ['notFinite', 'highBelowLow', 'priceNotPositive', 'disorder', 'duplicate', 'gap'];
const DAY_MS = 86_400_000;

type Issue = CandleQuality['issues'][number] & { readonly points: number };
type QualityPolicy = Pick<Policy, 'candleJumpBps' | 'candleStaleTimeframes' | 'invalidPointsMaxBps'>;

export interface Expected {
  readonly timeframe: Timeframe;
  /** Of the candle that should be the newest; market clock. */
  readonly closeTime: number;
  /** So many are needed to decide anything. */
  readonly candlesMin: number;
  readonly policy: QualityPolicy;
}

/**
 * Whether a window of candles may be decided on. Bad data is an answer, never an exception. The score is that of the
 * newest day; what forbids a decision is looked for in the whole window.
 * @param candles oldest first, as they came.
 * @source risk.md, "From votes to an order", step 1.
 */
export function checkCandles(candles: readonly Candle[], expected: Expected): CandleQuality {
  const lengthMs = timeframeMs(expected.timeframe);
  const found = candles.flatMap((candle, index) => issuesOf(candle, candles[index - 1], lengthMs, expected.policy));
  const issues = [...found, ...dayIssues(found, expected, lengthMs), ...windowIssues(candles, expected, lengthMs)];
  const ofDay = issues.filter((issue) => issue.openTime >= dayStart(expected, lengthMs) || WHOLE_WINDOW.includes(issue.code));
  return {
    score: Math.max(0, 100 - ofDay.reduce((sum, issue) => sum + PENALTIES[issue.code], 0)),
    tradable: issues.every((issue) => !FORBIDDING.includes(issue.code)),
    issues: issues.map(({ code, openTime, detail }) => ({ code, openTime, detail })),
  };
}

const WHOLE_WINDOW: readonly CandleIssueCode[] = ['stale', 'tooFew'];

function issuesOf(candle: Candle, previous: Candle | undefined, lengthMs: number, policy: QualityPolicy): Issue[] {
  const issue = (code: CandleIssueCode, detail: string, points = 1): Issue => ({ code, openTime: candle.openTime, detail, points });
  const { open, high, low, close, volume } = candle;
  if (![open, high, low, close, volume].every(Number.isFinite)) return [issue('notFinite', `open ${open}, high ${high}, low ${low}, close ${close}, volume ${volume}`)];
  const found: Issue[] = [];
  if (Math.min(open, high, low, close) <= 0 || volume < 0) found.push(issue('priceNotPositive', `lowest price ${Math.min(open, high, low, close)}, volume ${volume}`));
  if (high < low || high < Math.max(open, close) || low > Math.min(open, close)) found.push(issue('highBelowLow', `open ${open}, high ${high}, low ${low}, close ${close}`));
  const jump = largestMove(candle, previous?.openTime === candle.openTime - lengthMs ? previous : undefined);
  if (Math.abs(jump) * 10_000 > policy.candleJumpBps) found.push(issue('jump', `${(jump * 100).toFixed(1)} % in one candle`, 0));
  if (previous !== undefined) found.push(...orderIssues(candle.openTime - previous.openTime, lengthMs, issue));
  return found;
}

/** A spike that came back is one too, and so is a leap between two candles. Signed; 1 = 100 %. @param before the candle just before it, undefined: there is none. */
function largestMove({ open, high, low, close }: Candle, before: Candle | undefined): number {
  const leap = before !== undefined && Number.isFinite(before.close) && before.close > 0 ? open / before.close - 1 : 0;
  return [high / open - 1, low / open - 1, leap].reduce((most, move) => (Math.abs(move) > Math.abs(most) ? move : most), close / open - 1);
}

function orderIssues(stepMs: number, lengthMs: number, issue: (code: CandleIssueCode, detail: string, points?: number) => Issue): Issue[] {
  if (stepMs === lengthMs) return [];
  if (stepMs === 0) return [issue('duplicate', 'the same open time twice')];
  if (stepMs < 0) return [issue('disorder', `opens ${-stepMs} ms before the one before it`)];
  const missing = Math.round(stepMs / lengthMs) - 1;
  return [issue('gap', `${missing} candles missing before it`, missing)];
}

/** Points of the newest day that were invalid, each of which forbids by itself: with too many the whole day is told bad. */
function dayIssues(found: readonly Issue[], expected: Expected, lengthMs: number): Issue[] {
  const from = dayStart(expected, lengthMs);
  const pointsOfDay = Math.max(1, Math.round(DAY_MS / lengthMs));
  const invalid = found.filter((issue) => issue.openTime >= from && INVALID.includes(issue.code)).reduce((sum, issue) => sum + issue.points, 0);
  const bps = (Math.min(invalid, pointsOfDay) / pointsOfDay) * 10_000;
  if (invalid === 0 || bps < expected.policy.invalidPointsMaxBps) return [];
  return [{ code: 'invalidShare', openTime: expected.closeTime - lengthMs, detail: `${invalid} of ${pointsOfDay} points of the day`, points: 0 }];
}

function dayStart({ closeTime }: Expected, lengthMs: number): number {
  return closeTime - Math.max(DAY_MS, lengthMs);
}

function windowIssues(candles: readonly Candle[], expected: Expected, lengthMs: number): Issue[] {
  const lastClose = (candles.at(-1)?.openTime ?? 0) + lengthMs;
  const issues: Issue[] = [];
  if (candles.length < expected.candlesMin) issues.push({ code: 'tooFew', openTime: lastClose - lengthMs, detail: `${candles.length} of ${expected.candlesMin} candles`, points: 0 });
  if (expected.closeTime - lastClose > expected.policy.candleStaleTimeframes * lengthMs) issues.push({ code: 'stale', openTime: lastClose - lengthMs, detail: `${Math.round((expected.closeTime - lastClose) / lengthMs)} timeframes old`, points: 0 });
  return issues;
}

/** The codes of what is wrong, each once; empty when all is well. */
export function issueCodesOf({ issues }: Pick<CandleQuality, 'issues'>): string {
  return [...new Set(issues.map((issue) => issue.code))].join(', ');
}
