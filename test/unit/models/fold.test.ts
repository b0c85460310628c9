/** What a fit in one fold goes by: each part does its own work, and what is tested does none. */
import { describe, expect, it } from 'vitest';
import { arrayOf, artefactHash, readArtefact } from '../../../domain/learning/artefact.ts';
import type { Part } from '../../../domain/validation/folds.ts';
import { PARTS, USUAL_FOLDS, walkForward } from '../../../domain/validation/folds.ts';
import type { LabelledRows } from '../../../domain/validation/rows.ts';
import { fitFold, foldTermsOf } from '../../../models/fold.ts';
import { history, rowsOf } from '../domain/validation/rows.fixture.ts';

const DRAWN = rowsOf([history('A-USDT-PERP', 300), history('B-USDT-PERP', 300)]);
/** One feature tells somewhat of what comes, so that there is something to learn. */
const ROWS: LabelledRows = { ...DRAWN, columns: DRAWN.columns.map((column, place) => (place === 0 ? column.map((value, row) => value + (DRAWN.moveBps[row] as number) / 200) : column)) };
const [FOLD = expect.fail('no fold')] = walkForward(ROWS, USUAL_FOLDS);
const RECIPE = { learner: 'boosting', parameters: { rounds: 6, depthMax: 2, patience: 6 } };

/** Every fourth row of a part with other features, and a sell whatever came. */
function altered(part: Part): LabelledRows {
  const isAltered = new Set(FOLD[part].filter((row) => row % 4 === 0));
  const won = (own: Float64Array, bps: number): Float64Array => own.map((value, row) => (isAltered.has(row) ? bps : value));
  return { ...ROWS, columns: ROWS.columns.map((column) => column.map((value, row) => (isAltered.has(row) ? 1 - value : value))), longBps: won(ROWS.longBps, -1_000), shortBps: won(ROWS.shortBps, 1_000) };
}

const weighed = (part: Part): LabelledRows => { const rows = new Set(FOLD[part]); return { ...ROWS, weights: ROWS.weights.map((weight, row) => (rows.has(row) && row % 3 === 0 ? 9 * weight : weight)) }; };

/** Which of its pieces are other ones than without the change. */
function changedIn(rows: LabelledRows): readonly string[] {
  const [before, after] = [ROWS, rows].map((it) => { const artefact = readArtefact(fitFold(it, FOLD, RECIPE, 'seed')); return { trees: artefactHash(arrayOf(artefact, 'model', 'u8')), curves: [...arrayOf(artefact, 'knots0', 'f64')].join() }; });
  return (['trees', 'curves'] as const).filter((piece) => before?.[piece] !== after?.[piece]);
}

describe('a fold is fitted', () => {
  it.each<[Part, readonly string[]]>([['fit', ['trees', 'curves']], ['stopping', ['trees']], ['calibration', ['curves']], ['test', []]])('other %s rows change %j', (part, pieces) => expect(changedIn(altered(part)).filter((it) => part !== 'stopping' || it === 'trees')).toEqual(pieces));
  it.each<[Part, readonly string[]]>([['fit', ['trees', 'curves']], ['stopping', ['trees']], ['calibration', ['curves']], ['test', []]])('other weights of %s rows change %j', (part, pieces) => expect(changedIn(weighed(part)).filter((it) => part !== 'stopping' || it === 'trees')).toEqual(pieces));

  it('its band is of the rows that are fitted alone, each by its uniqueness', () => {
    const { holdBand } = foldTermsOf(ROWS, FOLD);
    for (const part of PARTS) expect(foldTermsOf(altered(part), FOLD).holdBand === holdBand).toBe(part !== 'fit');
    const moved = (row: number): boolean => Math.abs(ROWS.moveBps[row] as number) > 150;
    expect(foldTermsOf({ ...ROWS, uniqueness: ROWS.uniqueness.map((share, row) => (moved(row) ? 0.01 * share : share)) }, FOLD).holdBand).toBeLessThan(holdBand);
  });

  it.each([[4_999, 'platt'], [5_001, 'isotonic']])('%d effective rows calibrate: %s', (effective, method) => {
    const uniqueness = new Float64Array(ROWS.rows).fill(effective / FOLD.calibration.length);
    expect(foldTermsOf({ ...ROWS, uniqueness }, FOLD).method).toBe(method);
  });
});
