/** What people say of predictions, and how well they did with it. Pure. @source learning.md, "People teach". */
import type { Regime } from '../cycle/types.ts';
import type { InstrumentId } from '../market/instrument.ts';
import type { LabelAction } from '../predictions/label.ts';
import type { Interval } from '../predictions/metrics.ts';
import { episodesOf, meanInterval, wilson } from '../predictions/metrics.ts';

/** `badData`: the row must not be learned from; `regime`: it was another one; `wouldNotTrade`: neither side was worth it; `skip`: nothing is said. */
export const MARKS = ['badData', 'regime', 'wouldNotTrade', 'skip'] as const;
export type Mark = (typeof MARKS)[number];

export const REGIMES = ['trendUp', 'trendDown', 'range', 'choppy', 'breakout', 'illiquid'] as const satisfies readonly Regime[];

export interface Opinion {
  readonly mark: Mark;
  /** Of the mark `regime`; null with any other. */
  readonly regime: Regime | null;
  readonly by: string;
  /** Null: who skips need not say why. */
  readonly because: string | null;
}

/** An opinion beside the prediction that it is about, and what came of that. Times are of the market clock. */
export interface JudgedOpinion extends Opinion {
  readonly predictionId: number;
  readonly instrumentId: InstrumentId;
  readonly madeAt: number;
  readonly dueAt: number;
  readonly action: LabelAction;
  /** As recorded at the decision. */
  readonly seenRegime: string;
  /** Of a unit in its direction after costs, basis points. */
  readonly returnBps: number;
}

/** Why an opinion cannot be taken, in words for whoever gave it; null: it can. */
export function problemOf({ mark, regime }: Pick<Opinion, 'mark' | 'regime'>, action: LabelAction): string | null {
  if ((mark === 'regime') !== (regime !== null)) return `a regime goes with the mark \`regime\`, and only with it; allowed: ${REGIMES.join(', ')}`;
  if (mark === 'wouldNotTrade' && action === 'hold') return 'it was a hold: there was no trade to stay out of';
  return null;
}

export interface PersonRecord {
  readonly by: string;
  readonly marks: Readonly<Record<Mark, number>>;
  /** Trades that the person would not have made, those that do not overlap: how many lost, and what a unit of them came to. */
  readonly avoided: { readonly episodes: number; readonly lost: Interval | null; readonly meanBps: Interval | null };
  /** Of the regimes that the person named: those that stood in the record. */
  readonly regimesAgreed: number;
}

/** @param opinions of each person the last one on each prediction, in the order in which the predictions were made. */
export function recordsOf(opinions: readonly JudgedOpinion[]): readonly PersonRecord[] {
  return [...Map.groupBy(opinions, (it) => it.by)].sort(([a], [b]) => (a < b ? -1 : 1)).map(([by, own]): PersonRecord => {
    const count = (mark: Mark): number => own.filter((it) => it.mark === mark).length;
    const episodes = episodesOf(own.filter((it) => it.mark === 'wouldNotTrade').map((it) => ({ ...it, voter: by })));
    return {
      by, marks: { badData: count('badData'), regime: count('regime'), wouldNotTrade: count('wouldNotTrade'), skip: count('skip') },
      avoided: { episodes: episodes.length, lost: wilson(episodes.filter((it) => it.returnBps <= 0).length / episodes.length, episodes.length), meanBps: meanInterval(episodes.map((it) => it.returnBps), episodes.length) },
      regimesAgreed: own.filter((it) => it.mark === 'regime' && it.regime === it.seenRegime).length,
    };
  });
}
