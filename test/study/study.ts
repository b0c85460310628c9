/** One recipe through the gate, and week for week through gate and trial: the code that daily retraining judges by. */
import type { Model } from '../../domain/learning/learner.ts';
import { loadModel } from '../../domain/learning/load.ts';
import { pickRows } from '../../domain/learning/dataset.ts';
import type { TrialState, TrialTerms } from '../../domain/promotion/shadow-trial.ts';
import { nextTrial, TRIAL_BEGUN } from '../../domain/promotion/shadow-trial.ts';
import { CLASSES, datasetOf } from '../../domain/validation/classes.ts';
import { evidenceOf } from '../../domain/validation/evidence.ts';
import type { Evidence } from '../../domain/validation/evidence.ts';
import { USUAL_FOLDS, walkForward, wholeFold } from '../../domain/validation/folds.ts';
import type { Verdict } from '../../domain/validation/gate.ts';
import { judge } from '../../domain/validation/gate.ts';
import type { LabelledRows } from '../../domain/validation/rows.ts';
import { baselinesOf, brierAt, testedOf } from '../../domain/validation/tested.ts';
import type { Trial } from '../../domain/validation/trials.ts';
import { runFitJob } from '../../models/fit-job.ts';
import { fitFold, foldTermsOf, foretold } from '../../models/fold.ts';
import { STUDY_ROWS, studyMarket, studyRows } from './market.ts';

export interface Recipe {
  readonly learner: string;
  readonly parameters: Readonly<Record<string, unknown>>;
}

export const RECIPES: Readonly<Record<string, Recipe>> = {
  linear: { learner: 'linear', parameters: { lambda: 0.1 } },
  boosting: { learner: 'boosting', parameters: { rounds: 60, depthMax: 2, learningRate: 0.05 } },
};

export function validated(rows: LabelledRows, recipe: Recipe, { seed, earlierTrials }: { readonly seed: string; readonly earlierTrials: readonly Trial[] }): { readonly evidence: Evidence; readonly verdict: Verdict } {
  const folds = walkForward(rows, USUAL_FOLDS).map((fold, index) => {
    return foretold(rows, fold, loadModel(fitFold(rows, fold, recipe, `${seed}|${index}`)));
  });
  const predecessor = baselinesOf(testedOf(rows, folds)).lastSign; // the rule that stands before the first champion
  const evidence = evidenceOf({ kind: 'challenger', rows, folds, featureFaults: [], skew: [], earlierTrials, predecessor, seed });
  return { evidence, verdict: judge(evidence) };
}

export interface StudyOptions {
  readonly seed: string;
  readonly strength: number;
  readonly carriers: number;
  readonly costBps: number;
  readonly recipe: Recipe;
}

export function oneGate({ seed, strength, carriers, costBps, recipe }: StudyOptions): Verdict {
  const market = studyMarket({ seed, rows: STUDY_ROWS, strength, carriers, costBps });
  return validated(studyRows(market, { asOf: STUDY_ROWS, rows: STUDY_ROWS }), recipe, { seed, earlierTrials: [] }).verdict;
}

const TERMS: Omit<TrialTerms, 'startedAt' | 'trialNumber'> = { horizonCandles: 1, needsAcknowledgement: false, canaryStageMs: 0, latencyMsMax: 1, coverageMin: 1 };

export interface Weeks {
  readonly gatesPassed: number;
  readonly trials: number;
  /** Week of the first promotion; null: never. */
  readonly promotedIn: number | null;
}

interface OnTrial {
  readonly state: TrialState;
  readonly model: Model;
  readonly holdBand: number;
  /** When it could foretell first. */
  readonly from: number;
  readonly priors: readonly number[];
}

/** Weekly retrains over the newest 2,000 rows; who passes stands trial against the class priors on the days that follow. */
export function weekly({ seed, strength, carriers, costBps, recipe, weeks }: StudyOptions & { readonly weeks: number }): Weeks {
  const market = studyMarket({ seed, rows: STUDY_ROWS + 7 * weeks, strength, carriers, costBps });
  const earlierTrials: Trial[] = [];
  let trial: OnTrial | null = null;
  let [gatesPassed, trials] = [0, 0];
  for (let week = 0; week < weeks; week += 1) {
    const asOf = STUDY_ROWS + 7 * week;
    const rows = studyRows(market, { asOf, rows: STUDY_ROWS });
    if (trial !== null) {
      const step: ReturnType<typeof nextTrial> = nextTrial(trial.state, factsOf(rows, trial), { ...TERMS, startedAt: 0, trialNumber: trials });
      if (step.state.phase === 'canary') return { gatesPassed, trials, promotedIn: week };
      trial = step.state.phase === 'retired' ? null : { ...(trial as OnTrial), state: step.state };
    }
    const { evidence, verdict } = validated(rows, recipe, { seed: `${seed}|${week}`, earlierTrials });
    earlierTrials.push({ trialId: String(week), daily: evidence.daily });
    if (!verdict.isPassed) continue;
    gatesPassed += 1;
    if (trial !== null) continue;
    const fold = wholeFold(rows, USUAL_FOLDS);
    const { holdBand } = foldTermsOf(rows, fold);
    const counts = CLASSES.map((_, output) => datasetOf(rows, holdBand).labels.reduce((sum, label) => sum + (label === output ? 1 : 0), 1));
    trials += 1;
    trial = { state: TRIAL_BEGUN, holdBand, model: loadModel(fitFold(rows, fold, recipe, `${seed}|${week}|whole`)), from: rows.labelUntil[rows.rows - 1] as number, priors: counts.map((count) => count / counts.reduce((a, b) => a + b)) };
  }
  return { gatesPassed, trials, promotedIn: null };
}

/** The days since the trial began: Brier of the priors less the challenger's. A trial of daily candles is not about operations. */
function factsOf(rows: LabelledRows, { model, holdBand, from, priors }: OnTrial): Parameters<typeof nextTrial>[1] {
  const data = datasetOf(rows, holdBand);
  const live = Int32Array.from([...rows.decidedAt.keys()].filter((row) => (rows.decidedAt[row] as number) >= from));
  const given = live.length === 0 ? new Float64Array(0) : model.predict(pickRows(data, live));
  const usual = Float64Array.from([...live].flatMap(() => priors));
  const differences = Float64Array.from(live, (row, index) => brierAt(usual, data.labels[row] as number, index) - brierAt(given, data.labels[row] as number, index));
  return { at: Number.MAX_SAFE_INTEGER, predictions: Number.MAX_SAFE_INTEGER, beside: Number.MAX_SAFE_INTEGER, latencyMsP99: 0, coverage: 1, skew: [], differences, cells: [], acknowledged: null, isWorse: false };
}
