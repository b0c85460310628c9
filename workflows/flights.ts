/** Stops and targets on their way: worked beside the position's looks, so that none of unknown fate holds the position up. */
import { condition } from '@temporalio/workflow';
import type { OrderIntent } from '../domain/orders/order.ts';
import type { Overseer } from './execute-order.ts';
import { executeBeside } from './execute-order.ts';
import type { Flight, PositionLife } from './position-life.ts';
import { remember } from './position-life.ts';

/** Longest wait for what is on its way before the workflow continues as new: what is left goes on from the ledger. */
const LANDING_MAX = '10 s';

/** Whether an order goes beside the rest. An entry or exit is waited for: nothing of it is decided anew before its fate is known. */
export function fliesBeside({ leg }: OrderIntent): boolean {
  return leg !== 'entry' && leg !== 'exit';
}

/** Not what flies already; and no further stop before the first answer about the last one: it is about to stand. */
export function mayLaunch(life: PositionLife, { clientOrderId, leg }: OrderIntent): boolean {
  if (life.flights.has(clientOrderId)) return false;
  return leg !== 'stop' || life.orders.has(clientOrderId) || [...life.flights.values()].every((it) => it.leg !== 'stop' || it.isAnswered);
}

/** Starts to work an order of which nothing is on its way yet. @param isWanted false: it is only looked for */
export function launch(life: PositionLife, intent: OrderIntent, isWanted: boolean): Flight {
  const { clientOrderId } = intent;
  const known = life.orders.get(clientOrderId) ?? null;
  const flight: Flight = { clientOrderId, leg: intent.leg, isWanted, isAnswered: known !== null && ['submitting', 'unknown'].includes(known.row.state), isAwaited: false };
  const answered = (): void => {
    flight.isAnswered = true;
    if (!flight.isAwaited) life.news += 1;
  };
  const overseer: Overseer = {
    isWanted: () => flight.isWanted,
    isLeaving: () => life.isLeaving,
    workerLost: () => void (life.cover = { ...life.cover, isWorkerLost: true }),
    sending: (row) => { remember(life, { row, written: true }); },
    told: (knowledge) => {
      remember(life, knowledge);
      answered();
    },
  };
  const land = (): void => {
    life.flights.delete(clientOrderId);
    answered();
  };
  life.flights.set(clientOrderId, flight);
  executeBeside(intent, { known, overseer }).then(land, (error: unknown) => {
    life.failure = { error };
    land();
  });
  return flight;
}

/**
 * Until each has its first answer, so that the usual path looks once for all. Not while the fate of a stop is open: the
 * next one goes out at once then.
 */
export async function firstAnswers(life: PositionLife, launched: readonly Flight[]): Promise<void> {
  for (const flight of launched) flight.isAwaited = true;
  await condition(() => launched.every((it) => it.isAnswered) || hasOpenStop(life));
  for (const flight of launched) flight.isAwaited = false;
}

function hasOpenStop(life: PositionLife): boolean {
  return [...life.flights.values()].some((it) => it.leg === 'stop' && it.isAnswered);
}

/** Lets what is under way end with the step that it takes. */
export async function leaveFlights(life: PositionLife): Promise<void> {
  life.isLeaving = true;
  await condition(() => life.flights.size === 0, LANDING_MAX);
}
