/**
 * How well a position was decided and carried out, whatever came of it: luck is not in it.
 * @source learning.md, "Label and outcome".
 */
export interface DecisionFacts {
  /** 0..100, of the candles that were decided on. */
  readonly dataQuality: number;
  /** Share of the voices that speak which said so, 0..1. */
  readonly agreement: number;
  /** Steps of the chain that passed, and how many there are. */
  readonly stepsPassed: number;
  readonly steps: number;
  /** It had a stop when it was decided, and no more was bought than planned. */
  readonly hasStop: boolean;
  readonly isWithinPlan: boolean;
  /** Fill against decision price, basis points, positive is worse; null: nothing was filled. */
  readonly slippageBps: number | null;
  /** Drift that its entry allowed. */
  readonly driftBpsMax: number | null;
  /** From the decision to the first fill, in candles, market clock; null: nothing was filled. */
  readonly delayCandles: number | null;
  /** What can be read up later: each voice's reason, the prediction, the policy's version, the regime. */
  readonly documented: readonly boolean[];
}

/** Points that each part is worth; 100 in all. */
export const QUALITY_WEIGHTS = { data: 20, agreement: 20, risk: 20, execution: 15, timing: 15, documentation: 10 } as const;
type Part = keyof typeof QUALITY_WEIGHTS;

export interface DecisionQuality {
  /** 0..1. */
  readonly score: number;
  readonly grade: 'A' | 'B' | 'C' | 'D';
  /** 0..1 each. */
  readonly parts: Readonly<Record<Part, number>>;
}

/** A drift to compare slippage with where the entry allowed any. */
const DRIFT_BPS_USUAL = 50;
const GRADES = [['A', 0.85], ['B', 0.7], ['C', 0.5]] as const;

export function decisionQualityOf(facts: DecisionFacts): DecisionQuality {
  const { stepsPassed, steps, hasStop, isWithinPlan, slippageBps, driftBpsMax, delayCandles, documented } = facts;
  const parts: Record<Part, number> = {
    data: share(facts.dataQuality / 100),
    agreement: share(facts.agreement),
    risk: (share(stepsPassed / Math.max(1, steps)) + Number(hasStop) + Number(isWithinPlan)) / 3,
    execution: slippageBps === null ? 0 : share(1 - Math.max(0, slippageBps) / (driftBpsMax ?? DRIFT_BPS_USUAL)),
    timing: delayCandles === null ? 0 : share(1 - delayCandles),
    documentation: documented.filter(Boolean).length / Math.max(1, documented.length),
  };
  const score = (Object.keys(QUALITY_WEIGHTS) as Part[]).reduce((sum, part) => sum + (QUALITY_WEIGHTS[part] * parts[part]) / 100, 0);
  return { score, parts, grade: GRADES.find(([, least]) => score >= least - 1e-9)?.[0] ?? 'D' };
}

function share(value: number): number {
  return Math.min(1, Math.max(0, value));
}

/** Good ones are of grade A or B: how many good and bad ones won and lost. */
export interface LuckTable {
  readonly goodWon: number;
  readonly goodLost: number;
  readonly badWon: number;
  readonly badLost: number;
}

export function luckOf(rows: readonly { readonly quality: DecisionQuality; readonly hasWon: boolean }[]): LuckTable {
  const count = (isGood: boolean, hasWon: boolean): number => rows.filter((it) => (it.quality.grade <= 'B') === isGood && it.hasWon === hasWon).length;
  return { goodWon: count(true, true), goodLost: count(true, false), badWon: count(false, true), badLost: count(false, false) };
}
