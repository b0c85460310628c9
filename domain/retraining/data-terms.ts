/** What a data set was made from, in so few words that it can be made again: to the same bytes, from the same candles. */
import { z } from 'zod';
import { KeelError, messageOf } from '../errors.ts';
import type { CandleSeries } from '../market/candle.ts';
import type { Instrument } from '../market/instrument.ts';
import type { Policy } from '../policy/policy.ts';
import type { SnapshotRequest } from '../ports/trainer.ts';

const DAY_MS = 86_400_000;

/** Part of a model's description. Moments: market clock. */
const DATA_TERMS = z.object({
  asOf: z.number(),
  from: z.number(),
  candlesFrom: z.number(),
  universe: z.array(z.string()),
  halfLifeMs: z.number(),
  /** The actions of the strategy's rules stand in it. */
  rules: z.boolean(),
  /** Of these the rules were told; 0: the built-in one. Absent: whichever held then. */
  policyVersion: z.number().optional(),
  /** Share of the notional, by symbol, as labels were priced with; absent: as the ledger has them. */
  takerFeeRates: z.record(z.string(), z.string()).optional(),
  excluded: z.array(z.object({ instrumentId: z.string(), decidedAt: z.number() })).optional(),
});
export type DataTerms = z.output<typeof DATA_TERMS>;

/** @throws {KeelError} MODEL_INVALID: it does not say what it was trained on */
export function dataTermsOf(described: unknown): DataTerms {
  try {
    return DATA_TERMS.parse(described);
  } catch (error) {
    throw new KeelError('MODEL_INVALID', `the model does not say what it was trained on: ${messageOf(error)}`, { cause: error });
  }
}

interface Parts extends Pick<SnapshotRequest, 'timeframe' | 'label'> {
  readonly testShare: number;
  /** As the ledger has them now. */
  readonly instruments: readonly Instrument[];
  readonly series: readonly CandleSeries[];
  /** Null where the rules are not asked. */
  readonly policy: Policy | null;
}

export function snapshotRequestOf({ asOf, from, halfLifeMs, takerFeeRates, excluded }: DataTerms, { timeframe, label, testShare, instruments, series, policy }: Parts): SnapshotRequest {
  const rulesFrom = asOf - Math.ceil((asOf - from) * testShare) - DAY_MS;
  return {
    asOf, from, halfLifeMs, timeframe, label, series, ...(excluded === undefined ? {} : { excluded }),
    instruments: instruments.map((it) => ({ ...it, takerFeeRate: takerFeeRates?.[it.id] ?? it.takerFeeRate })),
    rules: policy === null ? null : { policy, from: rulesFrom },
  };
}
