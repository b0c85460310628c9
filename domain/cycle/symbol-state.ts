/** Whether a symbol may trade: too many losses in a row disable it, wins on paper enable it again. */
import type { Candle } from '../market/candle.ts';
import type { Policy } from '../policy/policy.ts';
import type { PaperTrade, SymbolMemory, SymbolRecord } from './risk-facts.ts';

export type DisabledState = SymbolMemory['disabled'];

export interface SymbolState {
  readonly disabled: DisabledState;
  readonly enabledAt: number | null;
}

export interface SymbolStateInput {
  readonly memory: Pick<SymbolMemory, 'disabled' | 'enabledAt'> | undefined;
  readonly record: Pick<SymbolRecord, 'lossesInARow'>;
  /** Null where its prices cannot be trusted: a paper trade waits. */
  readonly candle: Pick<Candle, 'high' | 'low'> | null;
  /** Market clock. */
  readonly closeTime: number;
  readonly policy: Pick<Policy, 'symbolLossesMax' | 'paperWinsToEnable'>;
}

/**
 * The state at this candle. Paper wins count in a row: a paper loss begins anew. Losses from before it was enabled again
 * are forgiven.
 * @source risk.md, "From votes to an order", step 4.
 */
export function symbolStateOf({ memory, record, candle, closeTime, policy }: SymbolStateInput): SymbolState {
  const enabledAt = memory?.enabledAt ?? null;
  const disabled = memory?.disabled ?? null;
  if (disabled === null) return { enabledAt, disabled: record.lossesInARow >= policy.symbolLossesMax ? { at: closeTime, paperWins: 0, paper: null } : null };
  const result = disabled.paper === null || candle === null ? null : paperResultOf(disabled.paper, candle);
  if (result === null) return { enabledAt, disabled };
  const paperWins = result === 'won' ? disabled.paperWins + 1 : 0;
  return paperWins >= policy.paperWinsToEnable ? { enabledAt: closeTime, disabled: null } : { enabledAt, disabled: { ...disabled, paperWins, paper: null } };
}

/** A candle that reached both may have reached the stop first: it counts as lost. */
function paperResultOf({ direction, stopPrice, targetPrice }: PaperTrade, { high, low }: Pick<Candle, 'high' | 'low'>): 'won' | 'lost' | null {
  const isLong = direction === 'long';
  if (isLong ? low <= stopPrice : high >= stopPrice) return 'lost';
  return (isLong ? high >= targetPrice : low <= targetPrice) ? 'won' : null;
}
