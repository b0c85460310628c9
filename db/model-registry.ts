/** The registry's row and each step that changes it: one transaction with the step's record, its event and with it the audit record. */
import type { EventType } from '../domain/events/event.ts';
import type { StepRequest } from '../domain/ports/model-store.ts';
import type { TakenStep, TakeRequest } from '../domain/ports/trial-store.ts';
import type { RegisteredModel, RegistryChange } from '../domain/promotion/registry.ts';
import { EMPTY_REGISTRY, TRIAL_MOVES } from '../domain/promotion/registry.ts';
import type { Standing, StandingStep, TrialRecord, WatchRecord } from '../domain/promotion/standing.ts';
import { carriedOver } from '../domain/promotion/standing.ts';
import { NOW_MS } from './clock.ts';
import { writeEvents } from './events/outbox.ts';
import type { Client, Queryable } from './pool.ts';
import { run } from './pool.ts';
import { noPortfolio } from './rows.ts';

/** @source surface.md, "Audit" */
const EVENT_OF = {
  refreshed: 'modelPromoted', promoted: 'modelPromoted', rolledBack: 'modelRolledBack', expired: 'modelRolledBack', trialBegun: 'modelTried', retired: 'modelTried', refused: 'modelTried',
  trialAdvanced: 'modelTried', watchBegun: 'modelTried', watchKept: 'modelTried',
} as const satisfies Record<StandingStep['change']['kind'], EventType>;

/** Since when the age of a model `m` counts, beside its registry's row `r`: as of the gate, or as of the promotion of a champion or predecessor. */
export const VALIDATED_AT = 'CASE m.model_id WHEN r.champion THEN coalesce(r.champion_validated_at, m.validated_at) WHEN r.predecessor THEN coalesce(r.predecessor_validated_at, m.validated_at) ELSE m.validated_at END';

const STANDING = `
  SELECT r.champion, r.predecessor, r.on_trial AS "onTrial", r.trial, r.watch,
    (SELECT coalesce(jsonb_object_agg(m.model_id, jsonb_build_object('modelId', m.model_id, 'recipeId', m.recipe_id, 'validatedAt', ${VALIDATED_AT})), '{}')
     FROM models m WHERE m.portfolio_id = r.portfolio_id AND m.model_id IN (r.champion, r.predecessor, r.on_trial)) AS models
  FROM model_registry r WHERE r.portfolio_id = $1`;

interface StandingRow {
  readonly champion: string | null;
  readonly predecessor: string | null;
  readonly onTrial: string | null;
  readonly trial: TrialRecord | null;
  readonly watch: WatchRecord | null;
  readonly models: Readonly<Record<string, RegisteredModel>>;
}

/** A portfolio without a row has no model. */
export async function readStanding(client: Queryable, portfolioId: string): Promise<Standing> {
  const [row] = await run<StandingRow & Record<string, unknown>>(client, `models of ${portfolioId}`, { text: STANDING, values: [portfolioId] });
  if (row === undefined) return { registry: EMPTY_REGISTRY, trial: null, watch: null };
  const model = (modelId: string | null): RegisteredModel | null => (modelId === null ? null : row.models[modelId] ?? null);
  return { registry: { champion: model(row.champion), predecessor: model(row.predecessor), onTrial: model(row.onTrial) }, trial: row.trial, watch: row.watch };
}

/** Steps of one portfolio come one after the other. */
export async function takeStep(client: Client, { portfolioId, stepId, actor, decide }: StepRequest): Promise<RegistryChange | null> {
  await lockPortfolio(client, portfolioId);
  const { rows: [taken] } = await client.query<RegistryChange & Record<string, unknown>>({ text: 'SELECT kind, model_id AS "modelId", why FROM model_steps WHERE portfolio_id = $1 AND step_id = $2', values: [portfolioId, stepId] });
  if (taken !== undefined) return taken;
  const before = await readStanding(client, portfolioId);
  const step = decide(before.registry);
  if (step === null) return null;
  await writeStep(client, { portfolioId, stepId, actor, before, after: carriedOver(before, step), change: step.change });
  return step.change;
}

/** As `takeStep`, of a trial or a watch: most of their steps leave the registry as it is. */
export async function takeTrialStep(client: Client, { portfolioId, stepId, actor, at, decide }: TakeRequest): Promise<TakenStep | null> {
  await lockPortfolio(client, portfolioId);
  const { rows: [taken] } = await client.query<TakenStep & Record<string, unknown>>({ text: 'SELECT kind, model_id AS "modelId", why, trial, watch, true AS "isRepeated" FROM trial_steps WHERE portfolio_id = $1 AND step_id = $2', values: [portfolioId, stepId] });
  if (taken !== undefined) return taken;
  const before = await readStanding(client, portfolioId);
  const step = decide(before);
  if (step === null) return null;
  const { standing, change, trial, watch } = step;
  await client.query({
    text: 'INSERT INTO trial_steps (portfolio_id, step_id, kind, model_id, trial, watch, why, actor, at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9)',
    values: [portfolioId, stepId, change.kind, change.modelId, jsonOrNull(trial), jsonOrNull(watch), change.why, actor, at],
  });
  await writeStep(client, { portfolioId, stepId, actor, before, after: standing, change });
  return { ...change, trial, watch, isRepeated: false };
}

async function lockPortfolio(client: Client, portfolioId: string): Promise<void> {
  const { rowCount } = await client.query({ name: 'lock-portfolio', text: 'SELECT 1 FROM portfolios WHERE portfolio_id = $1 FOR NO KEY UPDATE', values: [portfolioId] });
  if (rowCount === 0) throw noPortfolio(portfolioId);
}

interface Written {
  readonly portfolioId: string;
  readonly stepId: string;
  readonly actor: string;
  readonly before: Standing;
  readonly after: Standing;
  readonly change: StandingStep['change'];
}

async function writeStep(client: Client, { portfolioId, stepId, actor, before, after, change }: Written): Promise<void> {
  const { registry: { champion, predecessor, onTrial }, trial, watch } = after;
  await client.query({
    text: `INSERT INTO model_registry (portfolio_id, champion, predecessor, on_trial, champion_validated_at, predecessor_validated_at, trial, watch, updated_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,${NOW_MS})
           ON CONFLICT (portfolio_id) DO UPDATE SET champion = excluded.champion, predecessor = excluded.predecessor, on_trial = excluded.on_trial, champion_validated_at = excluded.champion_validated_at,
             predecessor_validated_at = excluded.predecessor_validated_at, trial = excluded.trial, watch = excluded.watch, looked_to = NULL, updated_at = excluded.updated_at`,
    values: [portfolioId, champion?.modelId ?? null, predecessor?.modelId ?? null, onTrial?.modelId ?? null, champion?.validatedAt ?? null, predecessor?.validatedAt ?? null, jsonOrNull(trial), jsonOrNull(watch)],
  });
  const isOfRegistry = !(TRIAL_MOVES as readonly string[]).includes(change.kind);
  if (isOfRegistry) await client.query({ text: 'INSERT INTO model_steps (portfolio_id, step_id, kind, model_id, why, actor) VALUES ($1,$2,$3,$4,$5,$6)', values: [portfolioId, stepId, change.kind, change.modelId, change.why, actor] });
  const [actedBefore, actsNow] = [before.registry.champion?.modelId ?? null, champion?.modelId ?? null];
  const type = change.kind === 'retired' && actedBefore !== actsNow ? 'modelRolledBack' : EVENT_OF[change.kind];
  await writeEvents(client, [{ id: `${portfolioId}/model/${stepId}`, type, subject: portfolioId, portfolioId, traceId: portfolioId, actor, payload: { ...change, before: actedBefore, after: actsNow } }]);
}

const jsonOrNull = (value: TrialRecord | WatchRecord | null): string | null => (value === null ? null : JSON.stringify(value));
