/** What a capital would have become otherwise. */
import type { Line } from '../plot.ts';
import type { LearningFacts, Tried } from './ledger.ts';

const DAY_MS = 86_400_000;
const WEEK_DAYS = 7;
const CAPITAL = 10_000;

/** Each symbol that there was on the first day, bought with an equal share and kept. */
export function heldLine({ closes }: Pick<LearningFacts, 'closes'>): Line {
  const [first] = closes;
  const symbols = Object.keys(first?.closes ?? {});
  const share = (it: LearningFacts['closes'][number], symbol: string): number => (it.closes[symbol] ?? NaN) / (first?.closes[symbol] ?? NaN) / symbols.length;
  return { name: 'held', points: closes.map((it) => [it.time, CAPITAL * symbols.reduce((sum, symbol) => sum + share(it, symbol), 0)] as const).filter(([, value]) => Number.isFinite(value)) };
}

/** A learner's newest candidate, week by week, on the last week of its own test part: unit positions, after costs, no gate before it. */
export function ungatedLine(learner: string, tried: readonly Pick<Tried, 'learner' | 'firstDay' | 'returns'>[]): Line {
  let [equity, through] = [CAPITAL, -Infinity];
  const points = tried.filter((it) => it.learner === learner && it.firstDay !== null).flatMap(({ firstDay, returns }) => returns.slice(-WEEK_DAYS).flatMap((value, index, week) => {
    const day = (firstDay ?? 0) + returns.length - week.length + index;
    if (day <= through) return [];
    through = day;
    equity *= 1 + value;
    return [[(day + 1) * DAY_MS, equity] as const];
  }));
  return { name: `${learner}, no gate`, points };
}
