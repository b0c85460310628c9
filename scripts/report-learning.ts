/**
 * What a replay with retrains learned, and what that was worth: tables on standard output, plots as SVG. The replay may
 * have ended, or still run.
 *
 *     KEEL_HOME=<home> node bin/bootstrap.mjs node scripts/report-learning.ts --deployment replay-1
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { median } from '../bench/support/statistics.ts';
import { chooseDeployment, withLedger } from '../client/deployment-parts.ts';
import { messageOf } from '../domain/errors.ts';
import { episodesOf, metricsBy, metricsOf, wilson } from '../domain/predictions/metrics.ts';
import type { Interval } from '../domain/predictions/metrics.ts';
import { drawdowns } from './account.ts';
import { readLearning } from './learning/ledger.ts';
import type { LearningFacts } from './learning/ledger.ts';
import { heldLine, ungatedLine } from './learning/lines.ts';
import { calibrationChart, lineChart } from './plot.ts';
import type { Line, Points } from './plot.ts';

const { values: flags } = parseArgs({ options: { deployment: { type: 'string' }, plots: { type: 'string', default: 'docs/plots' } } });

function calibration({ acting }: LearningFacts): readonly Points[] {
  return [...Map.groupBy(acting, (it) => (it.action === 'hold' ? 'hold' : 'buy and sell'))].map(([name, rows]) => {
    const independent = episodesOf(rows).length / rows.length;
    return { name, points: metricsOf(rows).calibration.map(({ count, foretold, came }) => {
      const { low, high } = wilson(came, count * independent) ?? { low: came, high: came };
      return { x: foretold, y: came, low, high };
    }) };
  });
}

function summary(facts: LearningFacts): string {
  const { equity, retrains, tried } = facts;
  const [first, last] = [equity[0], equity.at(-1)];
  const drawdown = drawdowns(equity).reduce((deepest, [, share]) => Math.max(deepest, share), 0);
  const seconds = retrains.filter((it) => it.outcome !== 'skipped').map((it) => it.seconds);
  const rows: readonly (readonly [string, string])[] = [
    ['cycles', `${facts.cycles}, ${dateOf(first?.[0])} to ${dateOf(last?.[0])}`],
    ['predictions due / with an outcome', `${facts.due} / ${facts.evaluated}`],
    ['retrains', counted(retrains.map((it) => it.outcome))],
    ['seconds a retrain, median (longest)', `${median(seconds).toFixed(1)} (${Math.max(...seconds).toFixed(1)})`],
    ['candidates', counted(tried.map((it) => it.outcome))],
    ['models: tried, promoted, rolled back', Object.entries(facts.moves).map(([name, count]) => `${count} ${name}`).join(', ') || 'none'],
    ['equity, first and last', `${(first?.[1] ?? NaN).toFixed(2)} → ${(last?.[1] ?? NaN).toFixed(2)} (${percent((last?.[1] ?? NaN) / (first?.[1] ?? NaN) - 1)})`],
    ['deepest drawdown', percent(drawdown)],
    ['trades closed, won after fees', `${facts.trades}, ${facts.won} (${percent(facts.won / Math.max(1, facts.trades))})`],
    ['realised before fees, fees', `${facts.realized.toFixed(2)}, ${facts.fees.toFixed(2)}`],
    ...[heldLine(facts), ...ungated(facts)].map(({ name, points }) => [`10,000 ${name}`, (points.at(-1)?.[1] ?? NaN).toFixed(2)] as const),
  ];
  return table(['', ''], rows);
}

const ungated = (facts: LearningFacts): readonly Line[] => [...new Set(facts.tried.map((it) => it.learner))].map((learner) => ungatedLine(learner, facts.tried));

function byConfidence({ acting }: LearningFacts): string {
  const directional = acting.filter((it) => it.action !== 'hold');
  return table(['confidence', 'predictions', 'episodes', 'made money after costs', 'mean return, bps'], metricsBy(directional, 'confidence').map(({ name, metrics: it }) => [name, String(it.predictions), String(it.episodes), spanned(it.hitRate, percent), spanned(it.expectancyBps, (value) => value.toFixed(1))]));
}

/** What each rule measured over all candidates of a learner, and how often it refused. */
function byRule({ tried }: LearningFacts): string {
  const learners = [...new Set(tried.map((it) => it.learner))];
  const codes = [...new Set(tried.flatMap((it) => it.rules.map((rule) => rule.code)))];
  const cell = (learner: string, code: string): readonly string[] => {
    const judged = tried.filter((it) => it.learner === learner && it.rules.length > 0);
    const rules = judged.flatMap((it) => it.rules.filter((rule) => rule.code === code));
    const values = rules.flatMap(({ value }) => (value === null ? [] : [value]));
    const alone = judged.filter((it) => it.rules.every((rule) => rule.isPassed === (rule.code !== code))).length;
    return [values.length === 0 ? '-' : Number(median(values).toPrecision(3)).toString(), `${rules.filter((it) => !it.isPassed).length} (${alone})`];
  };
  return table(['rule', ...learners.flatMap((it) => [`${it}: median`, 'refused (alone)'])], codes.map((code) => [`\`${code}\``, ...learners.flatMap((it) => cell(it, code))]));
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, ['---', ...head.slice(1).map(() => '---:')], ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function counted(names: readonly string[]): string {
  return [`${names.length}`, [...Map.groupBy(names, (it) => it)].map(([name, { length }]) => `${length} ${name}`).join(', ')].join(': ');
}

function spanned(interval: Interval | null, say: (value: number) => string): string {
  return interval === null ? '-' : `${say(interval.value)} (${say(interval.low)} to ${say(interval.high)})`;
}

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const dateOf = (time: number | undefined): string => (time === undefined ? '-' : new Date(time).toISOString().slice(0, 10));

try {
  const chosen = await chooseDeployment(flags.deployment);
  const facts = await withLedger(chosen, (pool) => readLearning(pool, chosen.deployment.portfolioId));
  const keel: Line = { name: 'Keel', points: facts.equity };
  mkdirSync(flags.plots, { recursive: true });
  const plots = {
    'learning-equity.svg': lineChart('Equity of 10,000 (quote currency), after costs', [keel, ...ungated(facts)], (value) => value.toFixed(0)),
    'learning-held.svg': lineChart('Equity of 10,000, beside holding', [keel, heldLine(facts)], (value) => value.toFixed(0)),
    'learning-calibration.svg': calibrationChart('Foretold and come, of what plans went by', calibration(facts)),
  };
  for (const [name, content] of Object.entries(plots)) writeFileSync(join(flags.plots, name), content);
  console.log([summary(facts), byConfidence(facts), byRule(facts)].join('\n\n'));
} catch (error) {
  console.error(messageOf(error));
  process.exitCode = 1;
}
