/** The numbers that bound what Keel may do. Versioned; read once per cycle; stored with each decision. */
import type { DecimalString } from '../decimal.ts';

export interface Policy {
  /** ≥ 1. */
  readonly leverageMax: number;
  /** Of equity, basis points: 150 = 1.5 %. */
  readonly riskPerTradeBps: number;
  /** Largest number of open positions. */
  readonly positionsMax: number;
  /** 0..1: mean confidence of the agreeing votes. */
  readonly confidenceMin: number;
  /** 0..1: share of the votes that do not abstain. */
  readonly agreementMin: number;
  readonly sizeFactor: number;
  /** Quote currency, of one position. */
  readonly notionalMax: DecimalString;
  /** Gross exposure over equity. */
  readonly grossExposureMax: number;
  /** Exposure of one symbol over equity. */
  readonly symbolExposureMax: number;
  readonly stopAtr: number;
  readonly targetAtr: number;
  /** Profit in R from which the stop moves to breakeven. */
  readonly breakevenR: number;
  /** Market clock. */
  readonly maxHoldHours: number;
  readonly entryStyle: 'market' | 'limit';
  /** Market clock, of a limit entry. */
  readonly limitTimeS: number;
  readonly limitReprices: number;
  /** Wall clock: how long an opening intent may wait for submission. */
  readonly entryValidityS: number;
  readonly entryDriftBpsMax: number;
}

/** @source risk.md, preset `normal`; exits: regime `normal`; orders: order-protocol.md, "Steps". */
export const POLICY_V1: Policy = {
  leverageMax: 5,
  riskPerTradeBps: 150,
  positionsMax: 30,
  confidenceMin: 0.5,
  agreementMin: 0.75,
  sizeFactor: 1,
  notionalMax: '1000',
  grossExposureMax: 3,
  symbolExposureMax: 1,
  stopAtr: 1.5,
  targetAtr: 3,
  breakevenR: 0.5,
  maxHoldHours: 36,
  entryStyle: 'market',
  limitTimeS: 20,
  limitReprices: 2,
  entryValidityS: 30,
  entryDriftBpsMax: 50,
};
