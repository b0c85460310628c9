import { d } from '../../domain/decimal.ts';
import type { VenueCore } from './core.ts';

/** A tier as `leverageBracket` shows it. */
export interface BracketRow {
  readonly bracket: number;
  readonly initialLeverage: number;
  readonly notionalCap: number;
  readonly notionalFloor: number;
  readonly maintMarginRatio: number;
  /** What is subtracted so that the tiers join. */
  readonly cum: number;
}

/** Tiers of a symbol, smallest notional first; numbers are JSON numbers, as Binance sends them here. */
export function bracketRows(core: VenueCore, symbol: string): readonly BracketRow[] {
  const spec = core.engineConfig.symbols.find((candidate) => candidate.instrument.venueSymbol === symbol);
  const rows: BracketRow[] = [];
  let floor = d(0);
  let previousRate = d(0);
  let cum = d(0);
  for (const [index, bracket] of (spec?.brackets ?? []).entries()) {
    const rate = d(bracket.maintenanceRate);
    cum = cum.plus(floor.times(rate.minus(previousRate)));
    rows.push({
      bracket: index + 1, initialLeverage: bracket.maxLeverage, notionalCap: Number(bracket.notionalCap), notionalFloor: floor.toNumber(),
      maintMarginRatio: rate.toNumber(), cum: cum.toNumber(),
    });
    floor = d(bracket.notionalCap);
    previousRate = rate;
  }
  return rows;
}
