import { d, ZERO } from '../domain/decimal.ts';
import { CLIENT_ORDER_ID_PREFIX } from '../domain/orders/identity.ts';
import type { OrderIntent } from '../domain/orders/order.ts';
import { WORKING_STATES } from '../domain/orders/order.ts';
import { openingTermsOf } from '../domain/orders/terms.ts';
import { repricedEntry } from '../domain/orders/reprice.ts';
import { isEnding } from '../domain/positions/position-view.ts';
import { PRESETS } from '../domain/policy/policy.ts';
import { executeOrder } from './execute-order.ts';
import type { PositionLife } from './position-life.ts';
import { remember } from './position-life.ts';
import { market, orders } from './proxies.ts';

/**
 * Works a limit entry: at its time limit the remainder is cancelled (and looked for: the cancel may have lost a race with
 * a fill) and priced anew as long as the plan allows.
 * @returns whether anything was done.
 */
export async function workEntry(life: PositionLife): Promise<boolean> {
  const entry = life.snapshot.orders.filter((row) => row.intent.leg === 'entry').at(-1);
  if (entry === undefined || !WORKING_STATES.includes(entry.state)) return false;
  if (!life.due.delete(entry.intent.clientOrderId)) return false;

  const ended = await orders.cancelOrder.executeWithOptions({ summary: `time limit of entry ${entry.intent.revision}` }, [entry]);
  remember(life, ended);
  const next = WORKING_STATES.includes(ended.row.state) ? null : await nextEntry(life, ended.row.intent, ended.row.filledQuantity);
  if (next !== null) remember(life, await executeOrder(next, openingTermsOf(life.input.plan)));
  return true;
}

async function nextEntry(life: PositionLife, intent: OrderIntent, filledQuantity: string): Promise<OrderIntent | null> {
  const { plan } = life.input;
  const isClosing = life.snapshot.instructions.some(isEnding);
  if (isClosing || intent.revision > plan.repricesMax || d(intent.quantity).minus(d(filledQuantity)).lte(ZERO)) return null;
  const quote = await market.readQuote(intent.instrumentId);
  const first = plan.entry;
  return repricedEntry({
    intent, filledQuantity, quote,
    instrument: plan.instrument,
    deploymentId: first.clientOrderId.slice(CLIENT_ORDER_ID_PREFIX.length, first.clientOrderId.indexOf('-')),
    workForMs: (first.workUntilMarketTime ?? plan.decidedAt) - plan.decidedAt,
    validForMs: plan.entryValidForMs === undefined ? PRESETS.normal.entryValidityS * 1_000 : plan.entryValidForMs,
    nowMs: Date.now(),
  });
}
