import { defineLearner } from '../define-learner.ts';

/** Of a feature in a class: how it lies where it is known. */
interface Bell {
  readonly mean: number;
  readonly deviation: number;
}

const CLASSES = 3;

/** Log density of a normal distribution, without its constant. */
const logDensity = (value: number, { mean, deviation }: Bell): number => -0.5 * ((value - mean) / deviation) ** 2 - Math.log(deviation);

/**
 * An example to copy: Gaussian naive Bayes. `fit` gives back all that it learned, as JSON (`meta`) and numbers (`arrays`):
 * the artefact is made of it. What is missing (NaN) says nothing. It draws nothing, so it needs no seed; whatever is drawn
 * has to be drawn from `options.seed`. The daily retrain tries it beside the others:
 * `KEEL_LEARNER=strategies/examples/own-learner.ts npm start`.
 */
export default defineLearner({
  name: 'naive-bayes',
  version: '1', // what learns or foretells otherwise needs another one
  parameters: { deviationMin: 0.05 }, // of a feature's own over all rows
  fit({ columns, labels, weights, rows }, { parameters }) {
    const weightOf = (row: number): number => weights?.[row] ?? 1;
    const shares = new Float64Array(CLASSES);
    for (let row = 0; row < rows; row += 1) shares[labels[row] ?? 0] = (shares[labels[row] ?? 0] ?? 0) + weightOf(row);
    const total = shares.reduce((sum, it) => sum + it, 0);
    const bells = columns.flatMap((column) => {
      const bellOf = (isMeant: (row: number) => boolean): Bell => {
        let [sum, weight, squares] = [0, 0, 0];
        const known = [...column.keys()].filter((row) => isMeant(row) && !Number.isNaN(column[row]));
        for (const row of known) { sum += weightOf(row) * (column[row] ?? 0); weight += weightOf(row); }
        const mean = weight > 0 ? sum / weight : 0;
        for (const row of known) squares += weightOf(row) * ((column[row] ?? 0) - mean) ** 2;
        return { mean, deviation: weight > 0 ? Math.sqrt(squares / weight) : 0 };
      };
      const whole = bellOf(() => true);
      const least = Math.max(1e-9, Number(parameters['deviationMin']) * whole.deviation);
      return Array.from({ length: CLASSES }, (_, place) => bellOf((row) => labels[row] === place)).flatMap(({ mean, deviation }) => [mean, Math.max(least, deviation)]);
    });
    return { meta: {}, arrays: { shares: shares.map((it) => (it + 1) / (total + CLASSES)), bells: Float64Array.from(bells) } };
  },
  predict({ arrays }, { columns, rows }) {
    const [shares = [], bells = []] = [arrays['shares'], arrays['bells']];
    const said = new Float64Array(CLASSES * rows);
    for (let row = 0; row < rows; row += 1) {
      const logs = Array.from({ length: CLASSES }, (_, place) => columns.reduce((sum, column, feature) => {
        const value = column[row] ?? NaN;
        const at = 2 * (CLASSES * feature + place);
        return Number.isFinite(value) ? sum + logDensity(value, { mean: bells[at] ?? 0, deviation: bells[at + 1] ?? 1 }) : sum;
      }, Math.log(shares[place] ?? 1)));
      const most = Math.max(...logs);
      const whole = logs.reduce((sum, it) => sum + Math.exp(it - most), 0);
      logs.forEach((it, place) => { said[CLASSES * row + place] = Math.exp(it - most) / whole; });
    }
    return said;
  },
});
