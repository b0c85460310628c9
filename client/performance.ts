/** How good the predictions were, for the command line. */
import { createModelStore } from '../db/model-store.ts';
import { readActing, readDecided, readEvaluationCounts, readJudged, readRequested, ROWS_MAX } from '../db/performance.ts';
import type { EvaluationCounts } from '../db/performance.ts';
import { DECISION_STEPS } from '../domain/cycle/types.ts';
import { KeelError } from '../domain/errors.ts';
import type { Supervision } from '../domain/ports/model-store.ts';
import type { DecisionQuality, LuckTable } from '../domain/predictions/decision-quality.ts';
import { decisionQualityOf, luckOf } from '../domain/predictions/decision-quality.ts';
import type { Dimension, Hypothetical, Interval, Metrics } from '../domain/predictions/metrics.ts';
import { DIMENSIONS, metricsBy, metricsOf, refusedOf, thresholdsOf } from '../domain/predictions/metrics.ts';
import { chooseDeployment, withLedger } from './deployment-parts.ts';
import { columns, table } from './output.ts';

export interface PerformanceReport {
  readonly deployment: string;
  readonly days: number;
  readonly by: Dimension;
  /** Only the newest rows were read. */
  readonly isCut: boolean;
  readonly evaluations: EvaluationCounts;
  /** Of acting predictions. */
  readonly acting: Metrics;
  /** Of what clients asked for; it counts nowhere else. */
  readonly requested: Metrics;
  readonly groups: readonly { readonly name: string; readonly metrics: Metrics }[];
  readonly refused: readonly Hypothetical[];
  readonly thresholds: readonly Hypothetical[];
  readonly decisions: {
    readonly count: number;
    /** Mean score and parts, 0..1; null without a closed position. */
    readonly score: number | null;
    readonly parts: DecisionQuality['parts'] | null;
    readonly grades: Readonly<Record<DecisionQuality['grade'], number>>;
    readonly luck: LuckTable;
  };
  /** What the supervisor saw last; null: it has not looked yet. */
  readonly supervision: Supervision | null;
}

/** @throws {KeelError} USAGE for a dimension that is none */
export function dimensionOf(text: string): Dimension {
  if (Object.hasOwn(DIMENSIONS, text)) return text as Dimension;
  throw new KeelError('USAGE', `--by is "${text}"; allowed: ${Object.keys(DIMENSIONS).join(', ')}`);
}

/** By model every voter counts; by anything else what was acted on, so that no outcome counts twice. */
export async function performanceReport({ deployment: name, days, by }: { readonly deployment: string | undefined; readonly days: number; readonly by: Dimension }): Promise<PerformanceReport> {
  const chosen = await chooseDeployment(name);
  const query = { portfolioId: chosen.deployment.portfolioId, days };
  return await withLedger(chosen, async (pool) => {
    const [rows, requested, evaluations, decided, supervision] = await Promise.all([(by === 'model' ? readJudged : readActing)(pool, query), readRequested(pool, query), readEvaluationCounts(pool, query), readDecided(pool, query, DECISION_STEPS.length), createModelStore(pool).latestSupervision(query.portfolioId)]);
    const acting = rows.filter((it) => it.role === 'acting');
    return {
      deployment: chosen.deployment.name, days, by, isCut: rows.length === ROWS_MAX, evaluations, acting: metricsOf(acting), requested: metricsOf(requested), groups: metricsBy(by === 'model' ? rows : acting, by),
      refused: refusedOf(acting), thresholds: thresholdsOf(acting), decisions: decisionsOf(decided.map((it) => ({ quality: decisionQualityOf(it.facts), hasWon: it.hasWon }))),
      supervision,
    };
  });
}

function decisionsOf(rows: readonly { readonly quality: DecisionQuality; readonly hasWon: boolean }[]): PerformanceReport['decisions'] {
  const mean = (read: (quality: DecisionQuality) => number): number => rows.reduce((sum, it) => sum + read(it.quality), 0) / rows.length;
  const count = (grade: DecisionQuality['grade']): number => rows.filter((it) => it.quality.grade === grade).length;
  const part = (name: keyof DecisionQuality['parts']): number => mean((it) => it.parts[name]);
  return {
    count: rows.length, score: rows.length === 0 ? null : mean((it) => it.score), grades: { A: count('A'), B: count('B'), C: count('C'), D: count('D') }, luck: luckOf(rows),
    parts: rows.length === 0 ? null : { data: part('data'), agreement: part('agreement'), risk: part('risk'), execution: part('execution'), timing: part('timing'), documentation: part('documentation') },
  };
}

const shown = (value: number | null, digits: number): string => (value === null ? '-' : value.toFixed(digits));
const percent = (value: number): string => `${(100 * value).toFixed(1)} %`;
const spanned = (interval: Interval | null, say: (value: number) => string): string => (interval === null ? '-' : `${say(interval.value)} (${Number.isFinite(interval.low) ? `${say(interval.low)} to ${say(interval.high)}` : 'one value'})`);
const bps = (value: number): string => value.toFixed(1);

function rowOf(name: string, it: Metrics): string[] {
  return [
    name, String(it.predictions), String(it.episodes), spanned(it.hitRate, percent), spanned(it.expectancyBps, bps), shown(it.profitFactor, 2), shown(it.brier, 4), shown(it.logLoss, 4), shown(it.calibrationError, 4),
    shown(it.informationCoefficient, 3), shown(it.rankInformationCoefficient, 3), shown(it.quantileSpreadBps, 1), shown(it.turnover, 2),
  ];
}

const HEADING = ['predictions', 'episodes', 'hit rate (95 %)', 'expectancy bps (95 %)', 'profit factor', 'Brier', 'log loss', 'calibration error', 'IC', 'rank IC', 'spread bps', 'turnover'];

export function performanceText(report: PerformanceReport): string {
  const { evaluations, acting, requested, groups, by, decisions } = report;
  const { goodWon, goodLost, badWon, badLost } = decisions.luck;
  const hypothetical = (rows: readonly Hypothetical[], name: string): string => table([[name, 'episodes', 'mean bps (95 %)'], ...rows.map((it) => [it.name, String(it.episodes), spanned(it.meanBps, bps)])]);
  return [
    columns([[report.deployment, `the market's last ${report.days} days${report.isCut ? `, the newest ${ROWS_MAX} predictions` : ''}: ${evaluations.evaluated} evaluated, ${evaluations.unpriceable} unpriceable, ${evaluations.overdue} overdue, ${evaluations.ahead} ahead`]]),
    '', table([[by, ...HEADING], rowOf('acted on', acting), ...groups.map((it) => rowOf(it.name, it.metrics))]),
    ...(requested.predictions === 0 ? [] : ['', 'Predictions on demand, never traded:', table([['', ...HEADING], rowOf('requested', requested)])]),
    ...(report.refused.length === 0 ? [] : ['', 'Refused signals, unit size, policy\'s exits, one episode per horizon:', hypothetical(report.refused, 'refused for')]),
    '', 'All signals had this least confidence been asked for:', hypothetical(report.thresholds, 'confidence'),
    '', decisions.score === null ? 'No closed positions.' : columns([
      ['decision quality', `${decisions.score.toFixed(2)} over ${decisions.count} closed positions (A ${decisions.grades.A}, B ${decisions.grades.B}, C ${decisions.grades.C}, D ${decisions.grades.D})`],
      ['of it', Object.entries(decisions.parts ?? {}).map(([name, value]) => `${name} ${value.toFixed(2)}`).join(', ')],
      ['apart from luck', `good decisions won ${goodWon} and lost ${goodLost}; others won ${badWon} and lost ${badLost}`],
    ]),
    ...(report.supervision === null ? [] : ['', ...supervisionLines(report.supervision)]),
  ].join('\n');
}

/** Weights, and what was found about the champion. */
function supervisionLines({ at, weights, drift, findings, retrain }: Supervision): readonly string[] {
  const regimes = Object.keys(weights);
  const voters = [...new Set(Object.values(weights).flatMap((it) => Object.keys(it)))].sort();
  const told = [
    ...drift.map((it) => columns([[`drift of ${it.of}, model ${it.modelId.slice(0, 12)}: ${it.loss === null ? it.features.map(({ feature, psi, limit }) => `${feature} ${psi.toFixed(2)} (at most ${limit.toFixed(2)})`).join(', ') : `${it.loss.sum.toFixed(1)} deviations since ${new Date(it.loss.since).toISOString()} (at most ${it.loss.limit})`}`]])),
    ...findings.map((it) => columns([[`critical, ${it.code}: ${it.why}`]])),
    ...(retrain === null ? [] : [`a retrain was started: ${retrain}`]),
  ];
  return [
    columns([[`What votes weigh since the supervisor looked at ${new Date(at).toISOString()}, in effect from the next market day on:`]]),
    ...(voters.length === 0 ? ['all the same: nothing is known yet'] : [table([['voter', ...regimes], ...voters.map((voter) => [voter, ...regimes.map((regime) => (weights[regime]?.[voter] ?? 1).toFixed(2))])])]),
    ...told,
  ];
}
