import { z } from 'zod';
import { KeelError, messageOf } from '../domain/errors.ts';
import { DEFAULT_ASSETS } from '../domain/market/seeded/assets.ts';
import { seededMarket } from '../domain/market/seeded/seeded-market.ts';
import { candlesToCheck, checkLabel } from '../domain/predictions/check-label.ts';
import type { LabelDefinition, LabelExit } from '../domain/predictions/label.ts';
import { RULE_LABEL } from '../domain/predictions/label.ts';

/** A longer one could not be priced in one look at the candles. */
const HORIZON_MAX = 400;
const distance = z.number().positive().max(100);

const definition = z.strictObject({
  version: z.string().regex(/^[A-Za-z][A-Za-z0-9-]{0,39}\/[0-9]{1,6}$/, 'must be a name of 1 to 40 letters, digits or dashes, a letter first, and a number: patient/1').refine((version) => version !== RULE_LABEL.version, 'is the name of a built-in one'),
  horizonCandles: z.int().min(1).max(HORIZON_MAX),
  holdBand: z.number().min(0).max(10),
  barriers: z.strictObject({ target: distance, stop: distance }).nullable(),
  exit: z.custom<LabelExit>((value) => typeof value === 'function', 'must be a function').optional(),
}).refine(({ barriers, exit }) => barriers === null || exit === undefined, 'has barriers or an exit of its own, not both');

/**
 * Checks a label: its fields, and on a drawn market that its exit keeps to the horizon and can be traded. Its file exports
 * the result by default.
 * @throws {KeelError} LABEL_INVALID, not retried: names the field, or what is wrong with the exit.
 */
export function defineLabel(label: LabelDefinition): LabelDefinition {
  const invalid = (faults: readonly string[]): KeelError => new KeelError('LABEL_INVALID', `label ${JSON.stringify((label as Partial<LabelDefinition> | null)?.version)} is not valid: ${faults.join('; ')}`);
  const parsed = definition.safeParse(label);
  if (!parsed.success) throw invalid(parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`));
  let faults: readonly string[];
  try {
    const [asset] = DEFAULT_ASSETS;
    const market = seededMarket({ seed: 'labels', timeframe: '1h', startTime: 0, assets: asset === undefined ? [] : [asset] });
    const needed = candlesToCheck(label);
    faults = checkLabel(label, market.history(market.instruments[0]?.id ?? '', needed, needed));
  } catch (error) {
    throw new KeelError('LABEL_INVALID', `label ${label.version} failed on drawn candles: ${messageOf(error)}`, { cause: error });
  }
  if (faults.length > 0) throw invalid(faults);
  return label;
}
