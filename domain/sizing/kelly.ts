import type { SymbolRecord } from '../cycle/risk-facts.ts';

/**
 * Kelly's share of equity to risk on one trade, from past trades: p ÷ average loss - (1 - p) ÷ average win, results in
 * multiples of what was risked. Twice it grows nothing, so callers take a part.
 * @returns 0..1; 0 for a negative edge, never a floor.
 * @source Kelly 1956, A New Interpretation of Information Rate; Thorp 2006, The Kelly Criterion, section 2.
 */
export function kellyShareOf({ trades, wins, averageWinR, averageLossR }: Omit<SymbolRecord, 'lossesInARow'>): number {
  if (trades === 0 || wins === 0 || averageWinR <= 0) return 0;
  const winRate = wins / trades;
  if (wins === trades || averageLossR <= 0) return 1;
  return Math.max(0, Math.min(1, winRate / averageLossR - (1 - winRate) / averageWinR));
}
