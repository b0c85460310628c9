/** Trials and watches: who comes to act, on what proof, and who is taken back. */
import type { Mutant } from '../mutant.ts';
import { edit, integration, unit } from '../mutant.ts';

const TRIALS = 'activities/trials.ts';
const STANDING = 'domain/promotion/standing.ts';
const REPLAY = 'activities/replay.ts';
const STORE = 'db/trial-store.ts';
const VERIFY = 'domain/verify/models.ts';
const trial = (named: string) => integration('models/trial', named);
const standing = unit('domain/promotion/standing');
const imported = trial('one that was imported');

export const TRIAL_MUTANTS: readonly Mutant[] = [
  { name: 'trial: a step is taken once', guard: 'a step whose answer was lost is not decided again', tests: trial('whose answer was lost'), edits: [edit('db/model-registry.ts', `FROM trial_steps WHERE portfolio_id = $1 AND step_id = $2', values: [portfolioId, stepId] });\n  if (taken !== undefined) return taken;`, `FROM trial_steps WHERE portfolio_id = $1 AND step_id = $2', values: [portfolioId, stepId] });`)] },
  { name: 'trial: as it was seen', guard: 'a step is taken only while things stand as its facts saw them', tests: trial('has the last word'), edits: [edit(TRIALS, '(isAsSeen(now, standing) ? step.decide(now) : null)', 'step.decide(now)')] },
  { name: 'trial: each trial has a name', guard: 'one that is put on trial again stands a trial of its own', tests: trial('put on trial again'), edits: [edit(TRIALS, 'const id = `${onTrial.modelId}/${newest}`;', 'const id = `${onTrial.modelId}/${Math.min(newest, 1)}`;')] },
  { name: 'trial: each stint has a name', guard: 'one that comes back is watched anew', tests: trial('that comes back'), edits: [edit(TRIALS, 'const id = `${champion.modelId}/${await trials.newestStep(portfolioId)}`;', 'const id = champion.modelId;')] },
  { name: 'trial: only what fell due', guard: 'a look goes by nothing that fell due after its close', tests: trial('goes through operations'), edits: [edit(STORE, ' AND p.due_at <= $3', '')] },
  { name: 'trial: once a close', guard: 'a close is looked at once', tests: unit('activities/outcomes'), edits: [edit(STANDING, 'awaited.lookedTo < candleOpenTime', 'awaited.lookedTo <= candleOpenTime')] },
  { name: 'trial: the market waits for the look', guard: 'in lockstep a cycle sees what the look before it left', tests: unit('activities/replay'), edits: [edit(REPLAY, 'if (lookedTo !== null && !(await isTried(portfolioId, lookedTo, asked))) return false;', '')] },
  { name: 'trial: the look waits for outcomes', guard: 'in lockstep a look has all outcomes of its close', tests: unit('activities/replay'), edits: [edit(REPLAY, 'if (((await ledger.nextDueAt(portfolioId)) ?? Infinity) <= closeTime || ', 'if (')] },
  { name: 'trial: no clock in a replay', guard: 'how fast a machine is decides no replay', tests: trial('slow is retired'), edits: [edit(TRIALS, `spec.mode === 'replay' ? null : `, '')] },
  { name: 'trial: silence is judged', guard: 'a model that says nothing does not stand trial for ever', tests: trial('silent is retired'), edits: [edit('domain/promotion/shadow-trial.ts', 'if (at - startedAt < OPERATIONS_MS || Math.max(predictions, beside) <', 'if (at - startedAt < OPERATIONS_MS || predictions <')] },
  { name: 'trial: an imported one needs a person', guard: 'who never passed the gate acts by a person\'s word', tests: imported, edits: [edit(TRIALS, 'policy.promotionAsked || !hasPassed', 'policy.promotionAsked')] },
  { name: 'trial: silence is no word', guard: 'no policy promotes who never passed the gate', tests: imported, edits: [edit('domain/promotion/by-hand.ts', `promotionUnanswered === 'promote' && hasPassed`, `promotionUnanswered === 'promote'`)] },
  { name: 'trial: an answer is a step of the trial', guard: 'who is promoted by a person after the trial goes through the canary', tests: integration('client/decisions', 'keel models promote'), edits: [edit('client/models.ts', 'await takeAnswer(desk, { modelId, isAgreed: true, asked })\n    ?? await takeStep', 'await takeStep')] },
  { name: 'trial: cycles know its age', guard: 'weeks on trial make no expired champion in cycles either', tests: integration('models/serving', 'weeks on trial'), edits: [edit('db/ledger/context.ts', `\${registered('champion', 'r.champion_validated_at')}`, `\${registered('champion', 'NULL')}`)] },
  { name: 'trial: promotion restarts the age', guard: 'weeks on trial make no expired champion', tests: unit('domain/promotion/registry'), edits: [edit('domain/promotion/registry.ts', 'champion: { ...onTrial, validatedAt: at }', 'champion: onTrial')] },
  { name: 'trial: a refresh stays watched', guard: 'a refresh does not end the watch', tests: standing, edits: [edit(STANDING, `change.kind === 'refreshed' && watch.status === 'watching' ? { ...watch, modelIds: [...watch.modelIds, champion.modelId] } : null`, 'null')] },
  { name: 'trial: a watch that is over covers nobody', guard: 'a refresh of a model that kept its promise is watched anew', tests: standing, edits: [edit(STANDING, ` && watch.status === 'watching' ? {`, ' ? {')] },
  { name: 'trial: a roll-back leaves the line', guard: 'a bad champion is not followed by what it refreshed', tests: standing, edits: [edit(STANDING, 'isOfLine ? { ...registry, predecessor: null } : registry', 'registry')] },
  { name: 'trial: overlapping results count once', guard: 'a watch counts episodes', tests: unit('domain/promotion/watch'), edits: [edit('domain/promotion/watch.ts', 'byTime(episodesOf(rows))', 'byTime(rows)')] },
  { name: 'trial: what moves together is no more proof', guard: 'a watch counts results of one horizon by their correlation', tests: unit('domain/promotion/watch'), edits: [edit('domain/promotion/watch.ts', ' * (own.correlation ?? 0)', ' * 0')] },
  { name: 'trial: transfers are no losses', guard: 'what a person withdrew rolls nobody back', tests: trial('half the daily limit'), edits: [edit(STORE, 'row.before + row.moved', 'row.before')] },
  { name: 'trial: the canary votes', guard: 'on its symbols the model on trial has the say', tests: unit('activities/serving'), edits: [edit('activities/serving.ts', `isCanary ? (['onTrial', 'champion'] as const) : (['champion', 'onTrial'] as const)`, `(isCanary, ['champion', 'onTrial'] as const)`)] },
  { name: 'trial: a promotion is proved', guard: 'keel verify finds who came to act without having won', tests: unit('domain/verify/models'), edits: [edit(VERIFY, 'shares.length === CANARY_SHARES.length && ', '')] },
  { name: 'trial: news while it ends', guard: 'a trial that was woken looks again', tests: integration('workflows/shadow-trial', 'news while it ends'), edits: [edit('workflows/shadow-trial.ts', 'if (isOver && step === null && !heard())', 'if (isOver && step === null)')] },
];
