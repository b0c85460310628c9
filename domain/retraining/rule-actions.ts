/** What the strategy's rules would have said at every candle: who stands before the first champion. Pure. */
import type { SymbolMemory } from '../cycle/risk-facts.ts';
import type { Voting } from '../cycle/observe.ts';
import { observeSymbol } from '../cycle/observe.ts';
import type { Candle } from '../market/candle.ts';
import type { Instrument } from '../market/instrument.ts';
import type { Timeframe } from '../market/timeframe.ts';
import { timeframeMs } from '../market/timeframe.ts';
import type { Policy } from '../policy/policy.ts';
import { RISK_CANDLES } from '../risk/returns.ts';
import { signalOf } from '../signals/combine.ts';
import { HOLD } from '../validation/classes.ts';

export interface Rules {
  readonly strategy: Voting;
  readonly policy: Policy;
}

/** Candles after which a regime does not depend on where it was first looked for. */
const SETTLED_CANDLES = 240;

/**
 * @param candles closed, oldest first.
 * @param from market clock: who decides before it is not asked, and holds.
 * @returns by candle the class of the action that the signal filter lets pass: 0 buy, 1 sell, 2 hold.
 */
export function ruleActionsOf({ strategy, policy }: Rules, instrument: Instrument, { candles, timeframe, from }: { readonly candles: readonly Candle[]; readonly timeframe: Timeframe; readonly from: number }): Uint8Array {
  let memory: SymbolMemory | undefined; // a regime holds on until another one is clear
  const window = Math.max(strategy.warmupCandles, RISK_CANDLES);
  return Uint8Array.from(candles, (candle, index) => {
    const closeTime = candle.openTime + timeframeMs(timeframe);
    if (closeTime < from - SETTLED_CANDLES * timeframeMs(timeframe)) return HOLD;
    const symbol = observeSymbol({ instrument, candles: candles.slice(Math.max(0, index + 1 - window), index + 1), strategy, timeframe, closeTime, memory, policy });
    const { regime, since, seen } = symbol.regime;
    memory = { regime, since, seen, lastEntryAt: null, disabled: null, enabledAt: null };
    const { action, code } = signalOf(symbol, policy);
    return code !== null || action === 'hold' ? HOLD : action === 'buy' ? 0 : 1;
  });
}
