/** What `keel labels` says to people. */
import type { Interval } from '../domain/predictions/metrics.ts';
import { candleChart } from './candle-chart.ts';
import type { LabelStats, Question } from './labels.ts';
import { columns, table } from './output.ts';

const CHART_ROWS = 17;
const percent = (value: number): string => `${(100 * value).toFixed(0)} %`;
const time = (at: number): string => `${new Date(at).toISOString().slice(0, 16)}Z`;

export function questionText(it: Question): string {
  const { buy, sell, hold } = it.probabilities;
  return [
    `prediction ${it.predictionId} of ${it.deployment}: ${it.instrumentId}, ${it.timeframe}, decided ${time(it.madeAt)} (priority ${it.priority}, ${it.waiting} waiting)`,
    '',
    ...candleChart(it.candles, CHART_ROWS),
    '',
    columns([
      ['said', `${it.action} for ${it.horizonCandles} candles: buy ${percent(buy)}, sell ${percent(sell)}, hold ${percent(hold)}; confidence ${it.confidence.toFixed(2)}`],
      ['voices', it.votes.map((vote) => `${vote.voter} ${vote.action}`).join(', ')],
      ['disagreement', percent(it.disagreement)],
      ['regime', it.regime],
      ['data quality', String(it.dataQuality)],
    ]),
    '',
    'The chart ends at the decision. What do you say?',
    ...['badData', ...(it.action === 'hold' ? [] : ['wouldNotTrade']), 'regime range'].map((mark) => `  keel labels label ${it.predictionId} ${mark} --by <name> --because <text>`),
    `  keel labels skip ${it.predictionId} --by <name>`,
  ].join('\n');
}

export function statsText({ deployment, waiting, excluded, people }: LabelStats): string {
  const interval = (it: Interval | null, say: (value: number) => string): string => (it === null ? '-' : `${say(it.value)} (${Number.isFinite(it.low) ? `${say(it.low)} to ${say(it.high)}` : 'one value'})`);
  return [
    `${deployment}: ${waiting[3] + waiting[2] + waiting[1]} wait (${waiting[3]} of priority 3, ${waiting[2]} of 2, ${waiting[1]} of 1); the next data set leaves out ${excluded} rows`,
    ...(people.length === 0 ? [] : ['', table([
      ['who', 'bad data', 'regime', 'as recorded', 'would not trade', 'episodes', 'of them lost', 'mean return [bps]', 'skipped'],
      ...people.map((it) => [it.by, String(it.marks.badData), String(it.marks.regime), String(it.regimesAgreed), String(it.marks.wouldNotTrade), String(it.avoided.episodes), interval(it.avoided.lost, percent), interval(it.avoided.meanBps, (value) => value.toFixed(1)), String(it.marks.skip)]),
    ])]),
  ].join('\n');
}
