import type { DecimalString } from '../decimal.ts';
import { d, roundToStep, text, ZERO } from '../decimal.ts';
import type { Instrument } from '../market/instrument.ts';
import { clientOrderIdOf, intentIdOf } from './identity.ts';
import type { OrderIntent } from './order.ts';

/**
 * The next revision of a limit entry whose time limit passed: the remainder at today's passive price.
 * @param input.quote best bid and ask now; a buy joins the bid (rounded down to the tick), a sell the ask (rounded up).
 * @param input.nowMs transport clock: the new validity lasts as long as the old one did.
 * @returns null when the remainder is nothing, or too small for the venue.
 */
export function repricedEntry(input: {
  intent: OrderIntent;
  filledQuantity: DecimalString;
  instrument: Instrument;
  quote: { bid: DecimalString; ask: DecimalString };
  deploymentId: string;
  workForMs: number;
  /** Null: it never expires. */
  validForMs: number | null;
  nowMs: number;
}): OrderIntent | null {
  const { intent, instrument } = input;
  const remaining = d(intent.quantity).minus(d(input.filledQuantity));
  const isBuy = intent.side === 'buy';
  const price = roundToStep(d(isBuy ? input.quote.bid : input.quote.ask), d(instrument.tickSize), isBuy ? 'down' : 'up');
  if (remaining.lte(ZERO) || remaining.lt(d(instrument.minQuantity)) || remaining.times(price).lt(d(instrument.minNotional))) return null;
  const revision = intent.revision + 1;
  const intentId = intentIdOf({ positionId: intent.positionId, leg: intent.leg, revision });
  return {
    ...intent,
    intentId,
    clientOrderId: clientOrderIdOf(input.deploymentId, intentId),
    revision,
    quantity: text(remaining),
    price: text(price),
    validUntil: input.validForMs === null ? null : input.nowMs + input.validForMs,
    workUntilMarketTime: intent.workUntilMarketTime === null ? null : intent.workUntilMarketTime + input.workForMs,
  };
}
