import { patched } from '@temporalio/workflow';
import type { GuardState } from '../domain/emergency/guard.ts';
import { unwrittenTripAlert } from '../domain/events/alert.ts';
import type { ToldDirectly } from './messages.ts';
import { people } from './proxies.ts';

const RETRY_MS = { first: 1_000, most: 5 * 60_000 } as const;

export interface DirectAlert {
  done: ToldDirectly;
  isTelling: boolean;
}

/** @param done absent: nobody was told anything yet */
export function directAlert(done: ToldDirectly = { told: null, failures: 0, nextAt: 0 }): DirectAlert {
  return { done, isTelling: false };
}

/** While the ledger is away no event carries an alert: one try to tell people past it, where one is due. Waits for nothing. */
export function tellDirectly(direct: DirectAlert, portfolioId: string, state: GuardState): void {
  const alert = unwrittenTripAlert(portfolioId, state);
  const { told, failures, nextAt } = direct.done;
  if (alert === null || alert.id === told || direct.isTelling || Date.now() < nextAt || !patched('told past the ledger')) return;
  direct.isTelling = true;
  void people.tellPeople(alert).then(() => {
    Object.assign(direct, { isTelling: false, done: { told: alert.id, failures: 0, nextAt } });
  }, () => {
    const waitMs = Math.min(RETRY_MS.first * 2 ** Math.min(failures, 20), RETRY_MS.most);
    Object.assign(direct, { isTelling: false, done: { told, failures: failures + 1, nextAt: Date.now() + waitMs } });
  });
}
