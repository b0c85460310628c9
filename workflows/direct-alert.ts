import { patched } from '@temporalio/workflow';
import type { GuardState } from '../domain/emergency/guard.ts';
import { unwrittenTripAlert } from '../domain/events/alert.ts';
import { people } from './proxies.ts';

const RETRY_MS = { first: 1_000, most: 5 * 60_000 } as const;

/** What people were told past the ledger. */
export interface DirectAlert {
  /** Id of the last one that got through. */
  told: string | null;
  isTelling: boolean;
  failures: number;
  /** Wall clock. */
  nextAt: number;
}

export function noDirectAlert(): DirectAlert {
  return { told: null, isTelling: false, failures: 0, nextAt: 0 };
}

/** While the ledger is away no event carries an alert: one try to tell people past it, where one is due. Waits for nothing. */
export function tellDirectly(direct: DirectAlert, portfolioId: string, state: GuardState): void {
  const alert = unwrittenTripAlert(portfolioId, state);
  if (alert === null || alert.id === direct.told || direct.isTelling || Date.now() < direct.nextAt || !patched('told past the ledger')) return;
  direct.isTelling = true;
  void people.tellPeople(alert).then(() => {
    Object.assign(direct, { told: alert.id, isTelling: false, failures: 0 });
  }, () => {
    const waitMs = Math.min(RETRY_MS.first * 2 ** Math.min(direct.failures, 20), RETRY_MS.most);
    Object.assign(direct, { isTelling: false, failures: direct.failures + 1, nextAt: Date.now() + waitMs });
  });
}
