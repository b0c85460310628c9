/** The few things that an emergency does at a venue. Implemented in `venues/sweeper.ts`; needs nothing but the venue. */
import type { OrderKey, Survey, SurveyInput } from '../emergency/survey.ts';
import type { OrderIntent } from '../orders/order.ts';
import type { EmergencyOrder } from './ledger.ts';

export interface SurveyKnowledge extends Omit<SurveyInput, 'atMs' | 'account' | 'openOrders' | 'maxMarketQuantities'> {
  /** Closing orders of this round: on their way, or filled and not listed yet. */
  readonly sent: readonly EmergencyOrder[];
}

export interface Sweeper {
  /**
   * One look at positions and both books, and where others' holdings stay at what was traded of shared ones.
   * @throws {KeelError} VENUE_UNREACHABLE, RATE_LIMITED (retried) and kin.
   */
  survey(known: SurveyKnowledge): Promise<Survey>;
  /** Asks once for each; what came of it shows at the next survey. Never throws. */
  cancel(orders: readonly OrderKey[]): Promise<void>;
  /**
   * Sends each once, the first ones first. Never throws: what is not certain is `unknown`, and the next survey tells.
   * @param validUntil transport clock of the venue: later none is sent, by a process that stood still meanwhile either.
   */
  close(intents: readonly OrderIntent[], validUntil?: number): Promise<readonly EmergencyOrder[]>;
}
