/** How models and runs read on a terminal. */
import type { PermutationImportance } from '../domain/learning/permutation.ts';
import type { ModelRow, RunRow, TrialRow } from '../db/model-views.ts';
import type { RuleResult } from '../domain/validation/gate.ts';
import type { ModelReport } from './models.ts';
import { columns, table } from './output.ts';
import type { Reproduced } from './reproduce.ts';

const SHORT = 12;
const IMPORTANCES_MAX = 10;
const time = (at: number): string => new Date(at).toISOString().slice(0, 16);

export function modelsText(rows: readonly ModelRow[]): string {
  if (rows.length === 0) return 'none: the rules act; `keel retrain` trains, `keel runs` tells what came of it';
  return table([['model', 'place', 'learner', 'gate', 'kind', 'validated', 'recipe', 'data'], ...rows.map((it) => [it.modelId.slice(0, SHORT), it.place ?? '-', it.learner, it.gate, it.kind, time(it.validatedAt), it.recipeId, it.dataHash.slice(0, SHORT)])]);
}

export function learnersText(offered: readonly { readonly name: string; readonly missing: string | null }[]): string {
  return columns(offered.map(({ name, missing }) => [name, missing ?? 'can be used']));
}

export function modelText({ modelId, place, learner, recipeId, kind, gate, validatedAt, dataHash, run, trial, steps, progress, description }: ModelReport): string {
  const importances = (description['importances'] ?? []) as readonly { readonly feature: string; readonly share: number }[];
  const permuted = new Map(((description['permuted'] ?? []) as readonly PermutationImportance[]).map((it) => [it.feature, it.lossIncrease]));
  const metrics = Object.entries((description['metrics'] ?? {}) as Readonly<Record<string, number | null>>);
  return [
    columns([
      ['model', modelId], ['place', place ?? 'none'], ...(progress === null ? [] : [['now', progress]]), ['recipe', `${recipeId}: ${learner} ${JSON.stringify(description['parameters'])}, ${String(description['featureSet'])}, label ${String(description['label'])}, seed ${String(description['seed'])}`],
      ['trained on', run === null ? `data ${dataHash}` : `data ${dataHash}, ${run.rows ?? 0} rows as of ${time(run.asOf)} (run ${run.runId}, ${run.cause})`], ['validated', time(validatedAt)], ['gate', `${gate}${trial === null || trial.reason === null ? '' : `: ${trial.reason}`}`], ['kind', kind],
    ]),
    ...(metrics.length === 0 ? [] : [`\nOn its test rows:\n${columns(metrics.map(([name, value]) => [`  ${name}`, value === null ? '-' : String(Number(value.toPrecision(5)))]))}`]),
    ...(trial === null || trial.rules === null ? [] : [`\nThrough the gate:\n${rulesText(trial.rules)}`]),
    ...(importances.length === 0 ? [] : [`\nOwes most to, by gain${permuted.size === 0 ? '' : ' and by how much its loss rises without'}:\n${columns(importances.slice(0, IMPORTANCES_MAX).map(({ feature, share }) => [`  ${feature}`, `${(100 * share).toFixed(1)} %`, ...(permuted.has(feature) ? [(permuted.get(feature) ?? 0).toFixed(6)] : [])]))}`]),
    ...(steps.length === 0 ? [] : [`\nIts life:\n${columns(steps.map((it) => [`  ${time(it.writtenAt)}`, it.kind, it.actor, it.why]))}`]),
  ].join('\n');
}

export function reproducedText({ deployment, modelId, dataHash, rows, made, isSame }: Reproduced): string {
  if (isSame) return `${deployment}: the same: ${rows} rows ${dataHash}, and trained on them ${modelId}`;
  if (made.modelId === null) return `${deployment}: another data set: it was ${dataHash}, and the ledger's candles give ${made.dataHash} (${rows} rows) now`;
  return `${deployment}: the same data set, another model: it was ${modelId}, and is ${made.modelId} now; is this the Node version and processor that it was trained on (this is ${process.version}, ${process.arch})?`;
}

function rulesText(rules: readonly RuleResult[]): string {
  return columns(rules.map((rule) => [`  ${rule.isPassed ? '✓' : '✗'} ${rule.code}`, valueOf(rule), limitOf(rule), rule.detail ?? '']));
}

const valueOf = ({ value }: RuleResult): string => (value === null ? '-' : String(Number(value.toPrecision(4))));

function limitOf({ limit: { min, max, isStrict } }: RuleResult): string {
  return [...(min === undefined ? [] : [`${isStrict === true ? 'more than' : 'at least'} ${min}`]), ...(max === undefined ? [] : [`at most ${max}`])].join(', ');
}

export function runsText(rows: readonly RunRow[]): string {
  if (rows.length === 0) return 'none: `keel retrain` starts one';
  return table([['ended', 'outcome', 'cause', 'as of', 'rows', 'run', 'why'], ...rows.map((it) => [time(it.endedAt), it.outcome, it.cause, time(it.asOf), it.rows === null ? '-' : String(it.rows), shortRun(it.runId), it.reason ?? ''])]);
}

/** `sim/retrain/<id>`: the id alone names it. */
const shortRun = (runId: string): string => runId.split('/retrain/').at(-1)?.slice(0, SHORT) ?? runId;

export function runText(run: RunRow, trials: readonly TrialRow[]): string {
  return [
    columns([['run', run.runId], ['outcome', `${run.outcome}${run.reason === null ? '' : `: ${run.reason}`}`], ['cause', run.cause], ['as of', time(run.asOf)], ['took', `${((run.endedAt - run.startedAt) / 1_000).toFixed(1)} s`], ['data', run.dataHash === null ? 'none' : `${run.dataHash}, ${run.rows ?? 0} rows`]]),
    ...trials.map((it) => `\n${String(it.recipe['learner'])} ${it.recipeId} (${it.kind}): ${it.outcome}${it.reason === null ? '' : `: ${it.reason}`}${it.rules === null ? '' : `\n${rulesText(it.rules)}`}`),
  ].join('\n');
}

/** The same recipe's rules side by side. */
export function comparisonText([a, b]: readonly [RunRow, RunRow], [ofA, ofB]: readonly [readonly TrialRow[], readonly TrialRow[]]): string {
  const head = table([['run', 'outcome', 'as of', 'rows', 'data'], ...[a, b].map((it) => [shortRun(it.runId), it.outcome, time(it.asOf), String(it.rows ?? '-'), it.dataHash?.slice(0, SHORT) ?? '-'])]);
  const recipes = [...new Set([...ofA, ...ofB].map((it) => it.recipeId))];
  return [head, ...recipes.map((recipeId) => {
    const [first, second] = [ofA, ofB].map((trials) => trials.find((it) => it.recipeId === recipeId));
    const codes = (first?.rules ?? second?.rules ?? []).map((it) => it.code);
    const cell = (trial: TrialRow | undefined, code: string): string => { const rule = trial?.rules?.find((it) => it.code === code); return rule === undefined ? '-' : `${rule.isPassed ? '✓' : '✗'} ${valueOf(rule)}`; };
    return `\n${String((first ?? second)?.recipe['learner'])} ${recipeId}: ${first?.outcome ?? 'not tried'}, then ${second?.outcome ?? 'not tried'}\n${columns(codes.map((code) => [`  ${code}`, cell(first, code), cell(second, code)]))}`;
  })].join('\n');
}
