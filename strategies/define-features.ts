import { z } from 'zod';
import { KeelError, messageOf } from '../domain/errors.ts';
import { checkFeatures, rowsToCheck } from '../domain/features/check.ts';
import type { FeatureSet } from '../domain/features/feature-set.ts';
import { FAMILIES } from '../domain/features/feature-set.ts';
import { rowsOf } from '../domain/features/rows.ts';
import { DEFAULT_ASSETS } from '../domain/market/seeded/assets.ts';
import { seededMarket } from '../domain/market/seeded/seeded-market.ts';

/** The market and the candles that every set is checked on. */
const CHECKED = { seed: 'features', timeframe: '1h', id: 'ETH-USDT-PERP' } as const;

const name = z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,39}$/, 'must be 1 to 40 letters, digits or dashes, a letter first');
const aFunction = <T>() => z.custom<T>((value) => typeof value === 'function', 'must be a function');
const feature = z.object({
  name,
  family: z.enum(FAMILIES),
  about: z.string().min(1, 'must say what the value means: unit, sign, range'),
  warmupCandles: z.union([z.int().min(1).max(20_000), aFunction<(timeframe: string) => number>()]),
  create: aFunction<FeatureSet['features'][number]['create']>(),
});
const definition = z.object({
  name,
  version: z.string().min(1).max(20),
  features: z.array(feature).min(1).max(500).refine((all) => new Set(all.map((it) => it.name)).size === all.length, 'must each have a name of their own'),
});

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
  try {
    const market = seededMarket({ seed: CHECKED.seed, timeframe: CHECKED.timeframe, startTime: 0, assets: DEFAULT_ASSETS.slice(0, 2) });
    faults = checkFeatures(set, CHECKED.timeframe, rowsOf(market, CHECKED.id, { from: 0, to: rowsToCheck(set, CHECKED.timeframe) }));
  } catch (error) {
    throw new KeelError('FEATURES_INVALID', `feature set ${set.name} failed on drawn candles: ${messageOf(error)}`, { cause: error });
  }
  if (faults.length > 0) throw invalid(faults.map((it) => `${it.feature}: ${it.fault === 'lookAhead' ? 'looks ahead' : 'needs more history than it declares'} (${it.detail})`));
  return set;
}
