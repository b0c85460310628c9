import { z } from 'zod';
import type { RegimeReading, Vote } from '../domain/cycle/types.ts';
import { KeelError } from '../domain/errors.ts';
import { WARMUP_CANDLES } from '../domain/features/features.ts';
import type { Candle } from '../domain/market/candle.ts';
import type { InstrumentId } from '../domain/market/instrument.ts';

/** What a strategy sees of one symbol at the close of a candle. Nothing of it is later than that close. */
export interface StrategyContext {
  readonly instrumentId: InstrumentId;
  /** The newest `warmupCandles` closed candles, oldest first. */
  readonly candles: readonly Candle[];
  /** Named indicator values at the newest candle; null during warm-up. */
  readonly features: Readonly<Record<string, number | null>>;
  readonly regime: RegimeReading;
}

export interface Strategy {
  /** Letters, digits, dashes: part of each cycle's identity. */
  readonly name: string;
  readonly version: string;
  /** Candles that `vote` is given; `defineStrategy` raises it to what the features need. */
  readonly warmupCandles: number;
  /** Opinions on one symbol; pure: the same context gives the same votes. */
  vote(context: StrategyContext): readonly Vote[];
}

const definition = z.object({
  name: z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,39}$/, 'must be 1 to 40 letters, digits or dashes, a letter first'),
  version: z.string().min(1).max(20),
  warmupCandles: z.int().min(1).max(2_000),
  vote: z.custom<Strategy['vote']>((value) => typeof value === 'function', 'must be a function'),
});

/**
 * Checks a strategy's definition. Its file exports the result by default.
 * @returns the strategy, with at least the features' own warm-up: without it there is no ATR, hence no stop and no trade.
 * @throws {KeelError} STRATEGY_INVALID, not retried: names the field and what is allowed.
 */
export function defineStrategy(strategy: Strategy): Strategy {
  const parsed = definition.safeParse(strategy);
  if (parsed.success) return { ...parsed.data, warmupCandles: Math.max(parsed.data.warmupCandles, WARMUP_CANDLES) };
  const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
  throw new KeelError('STRATEGY_INVALID', `strategy ${JSON.stringify((strategy as Partial<Strategy> | null)?.name)} is not valid: ${faults.join('; ')}`);
}
