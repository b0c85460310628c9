import type { Ledger } from '../domain/ports/ledger.ts';
import type { Engine } from './feeds.ts';
import type { LedgerActivities } from './types.ts';

/** The ledger's methods that workflows call by themselves: each is one transaction and safe to repeat. */
export function createLedgerActivities({ ledger, engine }: { readonly ledger: Ledger; readonly engine: Pick<Engine, 'startEvaluation'> }): LedgerActivities {
  return {
    claimCycle: (claim) => ledger.claimCycle(claim),
    recordCycle: async (record) => {
      const recorded = await ledger.recordCycle(record);
      // What a late cycle foretold may be due already, and the evaluation that its candle started has looked before this.
      if (record.observation.late) await engine.startEvaluation(record.observation.candle.portfolioId);
      return recorded;
    },
    readPosition: (positionId) => ledger.positionSnapshot(positionId),
    settlePosition: (update) => ledger.settlePosition(update),
    closePosition: (close) => ledger.closePosition(close),
    instructPosition: (instruction) => ledger.instruct(instruction),
    backfillOrders: async (rows) => {
      for (const row of rows) await ledger.backfillOrder(row);
    },
  };
}
