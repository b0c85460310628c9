import { z } from 'zod';
import { KeelError, messageOf } from '../domain/errors.ts';
import { checkFeatures, rowsToCheck } from '../domain/features/check.ts';
import type { FeatureDefinition, FeatureSet } from '../domain/features/feature-set.ts';
import { computeColumns, FAMILIES, warmupOf } from '../domain/features/feature-set.ts';
import { rowsOf } from '../domain/features/rows.ts';
import { STANDARD_FEATURES } from '../domain/features/standard/index.ts';
import { DEFAULT_ASSETS } from '../domain/market/seeded/assets.ts';
import { seededMarket } from '../domain/market/seeded/seeded-market.ts';
import type { Timeframe } from '../domain/market/timeframe.ts';
import { TIMEFRAMES } from '../domain/market/timeframe.ts';

/** The market and the candles that every set is checked on. */
const CHECKED = { seed: 'features', timeframe: '1h', id: 'ETH-USDT-PERP' } as const;

const WARMUP_MAX = 20_000;

const name = z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,39}$/, 'must be 1 to 40 letters, digits or dashes, a letter first');
const aFunction = <T>() => z.custom<T>((value) => typeof value === 'function', 'must be a function');
const feature = z.object({
  name,
  family: z.enum(FAMILIES),
  about: z.string().min(1, 'must say what the value means: unit, sign, range'),
  warmupCandles: z.custom<FeatureDefinition['warmupCandles']>().superRefine((given, context) => {
    const fault = faultOfWarmup(given);
    if (fault !== null) context.addIssue(`must be a whole number of candles from 1 to ${WARMUP_MAX}, or a function that gives a whole number from 1 for any timeframe; it ${fault}`);
  }),
  create: aFunction<FeatureSet['features'][number]['create']>(),
});
const definition = z.object({
  name: name.refine((it) => it !== STANDARD_FEATURES.name, 'is that of the built-in set'),
  version: z.string().min(1).max(20),
  features: z.array(feature).min(1).max(500).refine((all) => new Set(all.map((it) => it.name)).size === all.length, 'must each have a name of their own'),
});

function faultOfWarmup(given: unknown): string | null {
  const isCount = (candles: unknown): boolean => Number.isInteger(candles) && (candles as number) >= 1;
  if (typeof given !== 'function') return isCount(given) && (given as number) <= WARMUP_MAX ? null : `is ${String(given)}`;
  for (const timeframe of TIMEFRAMES) {
    try {
      const candles: unknown = (given as (of: Timeframe) => unknown)(timeframe);
      if (!isCount(candles)) return `gives ${String(candles)} for ${timeframe}`;
    } catch (error) {
      return `fails for ${timeframe}: ${messageOf(error)}`;
    }
  }
  return null;
}

/** What goes wrong with a feature by itself, with its name; null: nothing. @param rows from the market's beginning */
function failureOf(feature: FeatureDefinition, rows: (to: number) => ReturnType<typeof rowsOf>): string | null {
  try {
    computeColumns({ name: feature.name, version: '1', features: [feature] }, CHECKED.timeframe, rows(warmupOf(feature, CHECKED.timeframe) + 1));
    return null;
  } catch (error) {
    const told = messageOf(error);
    return told.startsWith(`${feature.name}: `) ? told : `${feature.name}: ${told}`;
  }
}

/**
 * Checks a feature set: its fields, and on a drawn market of hourly candles that no feature looks ahead or needs more
 * history than it declares. Its file exports the result by default.
 * @throws {KeelError} FEATURES_INVALID, not retried: names the field or the feature, and what is wrong with it.
 */
export function defineFeatures(set: FeatureSet): FeatureSet {
  const invalid = (faults: readonly string[]): KeelError => new KeelError('FEATURES_INVALID', `feature set ${JSON.stringify((set as Partial<FeatureSet> | null)?.name)} is not valid: ${faults.join('; ')}`);
  const parsed = definition.safeParse(set);
  if (!parsed.success) throw invalid(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
  let faults: ReturnType<typeof checkFeatures>;
  const market = seededMarket({ seed: CHECKED.seed, timeframe: CHECKED.timeframe, startTime: 0, assets: DEFAULT_ASSETS.slice(0, 2) });
  const rows = (to: number): ReturnType<typeof rowsOf> => rowsOf(market, CHECKED.id, { from: 0, to });
  try {
    faults = checkFeatures(set, CHECKED.timeframe, rows(rowsToCheck(set, CHECKED.timeframe)));
  } catch (error) {
    const culprits = set.features.flatMap((it) => failureOf(it, rows) ?? []);
    throw new KeelError('FEATURES_INVALID', `feature set ${set.name} failed on drawn candles: ${culprits.length > 0 ? culprits.join('; ') : messageOf(error)}`, { cause: error });
  }
  if (faults.length > 0) throw invalid(faults.map((it) => `${it.feature}: ${it.fault === 'lookAhead' ? 'looks ahead' : 'needs more history than it declares'} (${it.detail})`));
  return set;
}
