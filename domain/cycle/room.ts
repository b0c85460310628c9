import { slotsOf } from '../guard/slots.ts';
import type { Room } from '../oversight/posture.ts';
import type { Policy } from '../policy/policy.ts';
import type { SymbolObservation } from './types.ts';

/** Slots that the regimes leave on the whole: the mean over symbols that can be decided on, since each symbol's own regime counts for it. */
export function roomOf(symbols: readonly SymbolObservation[], open: number, policy: Policy): Room {
  const slots = symbols.filter((it) => it.quality.tradable).map((it) => slotsOf(it.regime, { isSpike: false, policy }));
  return { open, slots: slots.length === 0 ? 0 : slots.reduce((sum, it) => sum + it, 0) / slots.length };
}
