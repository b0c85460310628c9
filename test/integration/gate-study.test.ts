import { describe, expect, it } from 'vitest';
import { normal, prngOf } from '../../domain/market/seeded/prng.ts';
import { deflatedSharpeOf, luckOf } from '../../domain/validation/trials.ts';
import { stopMeasuring } from '../support/measuring.ts';
import { carriersOf, strengthOf } from '../study/market.ts';
import { oneGate, RECIPES, weekly } from '../study/study.ts';

stopMeasuring(); // counting every branch of hundreds of fits would double their time; the functions have unit tests, which count

const linear = RECIPES['linear'] ?? { learner: 'linear', parameters: {} };

/** The short form of `npm run study`: counts over seeds that are drawn once, and what may be expected of them. */
describe('the gate, where the truth is known', () => {
  it.each([['real costs', 10], ['no costs', 0]])('random walks, %s: of 8 at most 2 pass', (_name, costBps) => {
    const verdicts = Array.from({ length: 8 }, (_, seed) => oneGate({ seed: `null ${seed}`, strength: 0, carriers: carriersOf(0), costBps, recipe: linear }));
    expect(verdicts.filter((it) => it.isPassed).length).toBeLessThanOrEqual(2);
    for (const verdict of verdicts) expect(verdict.refusedBy.filter((code) => ['duplicateRows', 'labelsOverlap', 'learnedFromTest', 'testedTwice', 'effectiveLabels', 'labelsPerClass', 'testDays', 'calibrationMethod'].includes(code))).toEqual([]);
  });

  it('an edge that an oracle would make a net Sharpe of 10 of: some of 4 pass, the others are refused for what they are', () => {
    const strength = strengthOf(10, 10);
    const verdicts = Array.from({ length: 4 }, (_, seed) => oneGate({ seed: `edge ${seed}`, strength, carriers: carriersOf(10), costBps: 10, recipe: linear }));
    expect(verdicts.filter((it) => it.isPassed).length).toBeGreaterThanOrEqual(1);
    for (const verdict of verdicts) for (const code of ['brierSkill', 'logLossSkill', 'deflatedSharpe'] as const) expect(verdict.refusedBy).not.toContain(code);
  });

  it('week for week, random walks stand no trial that promotes them', () => {
    const runs = Array.from({ length: 2 }, (_, seed) => weekly({ seed: `weeks ${seed}`, strength: 0, carriers: carriersOf(0), costBps: 10, recipe: linear, weeks: 4 }));
    expect(runs.map((it) => it.promotedIn)).toEqual([null, null]);
  });

  it('the same seed gives the same verdict', () => {
    const [a, b] = [1, 2].map(() => oneGate({ seed: 'same', strength: 0.3, carriers: carriersOf(0), costBps: 10, recipe: RECIPES['boosting'] ?? linear }));
    expect(a).toEqual(b);
  });
});

describe('the ledger of trials', () => {
  it('of the best of twenty tries without skill hardly any passes; undeflated, most would', () => {
    let [passed, undeflated] = [0, 0];
    for (let run = 0; run < 20; run += 1) {
      const trials = Array.from({ length: 20 }, (_, index) => {
        const random = prngOf(`${run} ${index}`);
        return { trialId: `${index}`, daily: { firstDay: 0, returns: Float64Array.from({ length: 250 }, () => 0.01 * normal(random)) } };
      });
      const bestBy = (expectedBest: number): number => Math.max(...trials.map((it) => deflatedSharpeOf(it.daily.returns, { expectedBest })));
      if (bestBy(luckOf(trials).expectedBest) >= 0.95) passed += 1;
      if (bestBy(0) >= 0.95) undeflated += 1;
    }
    expect(passed).toBeLessThanOrEqual(2);
    expect(undeflated).toBeGreaterThanOrEqual(10);
  });
});
