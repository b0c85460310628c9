/** How much is learned from, with which recipes, and how it is tested. @source learning.md, "Daily retrain"; goals.md, "Learning". */
import type { FoldOptions } from '../validation/folds.ts';
import { USUAL_FOLDS } from '../validation/folds.ts';
import type { Recipe } from './recipe.ts';
import { recipeIdOf } from './recipe.ts';

export const PROFILE_NAMES = ['usual', 'replay'] as const;
export type ProfileName = (typeof PROFILE_NAMES)[number];

export interface Profile {
  /** Candles older than this are not learned from. */
  readonly lookbackMs: number;
  /** A row so old weighs half. */
  readonly halfLifeMs: number;
  readonly folds: FoldOptions;
  /** Besides the champion's own. */
  readonly learners: readonly Pick<Recipe, 'learner' | 'parameters'>[];
}

const DAY_MS = 86_400_000;
const YEAR_MS = 365 * DAY_MS;

const boosting = (parameters: { readonly rounds: number; readonly depthMax: number; readonly learningRate: number }): Profile['learners'][number] => ({
  learner: 'boosting', parameters: { ...parameters, rowShare: 0.7, columnShare: 0.5, childWeightMin: 20, lambda: 10 },
});

/** `replay` retrains every week of two years within an hour or two: less history, fewer and smaller candidates. */
export const PROFILES: Readonly<Record<ProfileName, Profile>> = {
  usual: {
    lookbackMs: 2 * YEAR_MS, halfLifeMs: YEAR_MS, folds: USUAL_FOLDS,
    learners: [{ learner: 'linear', parameters: { lambda: 1 } }, boosting({ rounds: 200, depthMax: 3, learningRate: 0.05 }), boosting({ rounds: 150, depthMax: 5, learningRate: 0.05 })],
  },
  replay: {
    lookbackMs: YEAR_MS, halfLifeMs: YEAR_MS / 2, folds: { folds: 3, testShare: 0.72, stoppingShare: 0.1, calibrationShare: 0.25 },
    learners: [{ learner: 'linear', parameters: { lambda: 1 } }, boosting({ rounds: 100, depthMax: 3, learningRate: 0.1 })],
  },
};

export interface Candidate {
  readonly recipe: Recipe;
  /** `refresh`: the champion's recipe on newer data. */
  readonly kind: 'refresh' | 'challenger';
}

/** What is validated, in order: the champion's recipe first, then every other one, each once. */
export function candidatesOf({ learners }: Pick<Profile, 'learners'>, base: Pick<Recipe, 'featureSet' | 'label'>, champion: Recipe | null): readonly Candidate[] {
  const recipes = learners.map((it): Recipe => ({ ...it, ...base, instruments: null }));
  const isRefreshable = champion !== null && champion.featureSet === base.featureSet && champion.label === base.label;
  const others = recipes.filter((recipe) => !isRefreshable || !isSame(recipe, champion));
  return [...(isRefreshable ? [{ recipe: champion, kind: 'refresh' as const }] : []), ...others.map((recipe) => ({ recipe, kind: 'challenger' as const }))];
}

const isSame = (a: Recipe, b: Recipe): boolean => recipeIdOf(a) === recipeIdOf(b);

/** Test days that so long a history gives: fewer than the gate asks for need no training. */
export function testDaysOf({ folds }: Pick<Profile, 'folds'>, spanMs: number): number {
  return Math.floor((spanMs * folds.testShare) / DAY_MS);
}
