import type { CandleIssueCode, CandleQuality } from '../cycle/types.ts';
import type { Candle } from './candle.ts';
import type { Timeframe } from './timeframe.ts';
import { timeframeMs } from './timeframe.ts';

/** A move of more than this within one candle is flagged (|close / open - 1|). @source risk.md, "Quality of data" */
const JUMP_MAX = 0.2;
/** What each kind of issue takes off the score of 100. */
const PENALTIES: Readonly<Record<CandleIssueCode, number>> = {
  notFinite: 100, highBelowLow: 100, priceNotPositive: 100, disorder: 50, duplicate: 25, gap: 10, jump: 5, stale: 100, tooFew: 100,
};
/** With one of these the symbol takes no new position; a flagged jump or a mended gap only lowers the score. */
const FORBIDDING: readonly CandleIssueCode[] = ['notFinite', 'highBelowLow', 'priceNotPositive', 'disorder', 'duplicate', 'stale', 'tooFew'];
const STALE_TIMEFRAMES = 2;

type Issue = CandleQuality['issues'][number];

/**
 * Whether a window of candles may be decided on. Bad data is an answer, never an exception.
 * @param candles oldest first, as they came.
 * @param expected.closeTime of the candle that should be the newest; older than two timeframes is stale.
 * @param expected.candlesMin so many are needed to decide anything.
 */
export function checkCandles(candles: readonly Candle[], expected: { timeframe: Timeframe; closeTime: number; candlesMin: number }): CandleQuality {
  const lengthMs = timeframeMs(expected.timeframe);
  const issues = [...candles.flatMap((candle, index) => issuesOf(candle, candles[index - 1], lengthMs)), ...windowIssues(candles, expected, lengthMs)];
  const score = Math.max(0, 100 - issues.reduce((sum, issue) => sum + PENALTIES[issue.code], 0));
  return { score, tradable: issues.every((issue) => !FORBIDDING.includes(issue.code)), issues };
}

function issuesOf(candle: Candle, previous: Candle | undefined, lengthMs: number): Issue[] {
  const issue = (code: CandleIssueCode, detail: string): Issue => ({ code, openTime: candle.openTime, detail });
  const { open, high, low, close, volume } = candle;
  if (![open, high, low, close, volume].every(Number.isFinite)) return [issue('notFinite', `open ${open}, high ${high}, low ${low}, close ${close}, volume ${volume}`)];
  const found: Issue[] = [];
  if (Math.min(open, high, low, close) <= 0 || volume < 0) found.push(issue('priceNotPositive', `lowest price ${Math.min(open, high, low, close)}, volume ${volume}`));
  if (high < low || high < Math.max(open, close) || low > Math.min(open, close)) found.push(issue('highBelowLow', `open ${open}, high ${high}, low ${low}, close ${close}`));
  if (Math.abs(close / open - 1) > JUMP_MAX) found.push(issue('jump', `${((close / open - 1) * 100).toFixed(1)} % in one candle`));
  if (previous !== undefined) found.push(...orderIssues(candle.openTime - previous.openTime, lengthMs, issue));
  return found;
}

function orderIssues(stepMs: number, lengthMs: number, issue: (code: CandleIssueCode, detail: string) => Issue): Issue[] {
  if (stepMs === lengthMs) return [];
  if (stepMs === 0) return [issue('duplicate', 'the same open time twice')];
  if (stepMs < 0) return [issue('disorder', `opens ${-stepMs} ms before the one before it`)];
  return [issue('gap', `${Math.round(stepMs / lengthMs) - 1} candles missing before it`)];
}

function windowIssues(candles: readonly Candle[], expected: { closeTime: number; candlesMin: number }, lengthMs: number): Issue[] {
  const lastClose = (candles.at(-1)?.openTime ?? 0) + lengthMs;
  const issues: Issue[] = [];
  if (candles.length < expected.candlesMin) issues.push({ code: 'tooFew', openTime: lastClose - lengthMs, detail: `${candles.length} of ${expected.candlesMin} candles` });
  if (expected.closeTime - lastClose > STALE_TIMEFRAMES * lengthMs) issues.push({ code: 'stale', openTime: lastClose - lengthMs, detail: `${Math.round((expected.closeTime - lastClose) / lengthMs)} timeframes old` });
  return issues;
}
