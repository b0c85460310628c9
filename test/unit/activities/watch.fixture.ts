import { lossesOf } from '../../../domain/emergency/equity.ts';
import { applyGuard, ARMED, isHalting } from '../../../domain/emergency/guard.ts';
import { NORMAL_LIMITS } from '../../../domain/emergency/limits.ts';
import { lookAtRisk, NOTHING_SEEN } from '../../../domain/emergency/watch.ts';
import { KeelError } from '../../../domain/errors.ts';
import type { GuardView, Ledger } from '../../../domain/ports/ledger.ts';
import type { Venue, VenueAccount } from '../../../domain/ports/venue.ts';

export const AT_REST: VenueAccount = { walletBalance: '10000', equity: '10000', availableMargin: '10000', positionMode: 'oneWay', positions: [] };

/** A guard as the ledger keeps one, in memory; `isDown` makes it unreachable. */
export function guardInMemory({ isReplay = false } = {}) {
  const state = {
    isDown: false,
    view: {
      state: ARMED, fence: { epoch: 1, halted: false }, memory: NOTHING_SEEN, limits: NORMAL_LIMITS, isReplay,
      readings: { stopOuts: 0, executionErrors: 0, ledgerDiffers: null, transferred: '10000', incomeReadAt: 0, callsTold: [] },
    } as GuardView,
    folds: [] as number[],
  };
  const answer = <T>(work: () => T): Promise<T> => (state.isDown ? Promise.reject(new KeelError('DATABASE_UNREACHABLE', 'away')) : Promise.resolve(work()));
  const ledger: Pick<Ledger, 'guard' | 'watchRisk'> = {
    guard: () => answer(() => state.view),
    watchRisk: (_portfolioId, sights, { trustsStream }) => answer(() => {
      state.folds.push(sights.length);
      const look = lookAtRisk(state.view.memory, sights, { ...state.view, guard: state.view.state, ledger: state.view.readings, trustsStream });
      const { state: after, change } = look.command === null ? { state: state.view.state, change: 'none' as const } : applyGuard(state.view.state, look.command);
      state.view = { ...state.view, state: after, memory: look.memory, fence: { epoch: 1, halted: isHalting(after.mode) } };
      return { state: after, change, fence: state.view.fence, isDoubtful: look.isDoubtful, losses: lossesOf(look.memory.equity), view: state.view };
    }),
  };
  return { ledger, state };
}

/** A venue whose account the test sets; null: it does not answer. */
export function accountInMemory(): { venue: Pick<Venue, 'account' | 'marketTime'>; set: (account: VenueAccount | null) => void; asked: () => number } {
  let account: VenueAccount | null = AT_REST;
  let asked = 0;
  return {
    venue: {
      account: () => { asked += 1; return account === null ? Promise.reject(new KeelError('VENUE_UNREACHABLE', 'no answer')) : Promise.resolve(account); },
      marketTime: () => Promise.resolve(1_000),
    },
    set: (next) => { account = next; }, asked: () => asked,
  };
}
