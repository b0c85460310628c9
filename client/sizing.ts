/** Learned sizing of a deployment, for the command line. */
import { createPolicyStore } from '../db/policy-store.ts';
import { createSizingStore } from '../db/sizing-store.ts';
import { marketTimeOf } from '../db/model-views.ts';
import { KeelError } from '../domain/errors.ts';
import { boundOf, notComparedOf } from '../domain/learned-sizing/compare.ts';
import { SAMPLES_MIN } from '../domain/learned-sizing/model.ts';
import type { SizingMode } from '../domain/learned-sizing/multipliers.ts';
import { REWARD_VERSION } from '../domain/learned-sizing/reward.ts';
import type { SizingFacts } from '../domain/learned-sizing/sight.ts';
import { missingForPrimary, TRADES_MIN } from '../domain/learned-sizing/sight.ts';
import type { Acknowledgement, SizingRecord } from '../domain/ports/sizing-store.ts';
import type { Desk } from './deployment-parts.ts';
import { withDesk } from './deployment-parts.ts';
import type { Asked } from './models.ts';
import { columns } from './output.ts';

export interface SizingReport {
  readonly deployment: string;
  readonly mode: SizingMode;
  /** What `primary` lacks; null: nothing. */
  readonly missingForPrimary: string | null;
  readonly closedTrades: number;
  /** The newest; null: too few signals so far. */
  readonly model: SizingRecord | null;
  readonly acknowledgement: Acknowledgement | null;
}

/** @throws {KeelError} NOT_FOUND: no such deployment */
export async function showSizing(deployment: string | undefined): Promise<SizingReport> {
  return await withDesk(deployment, reportOf, 'standing');
}

async function reportOf({ pool, portfolioId, deployment }: Desk): Promise<SizingReport> {
  const store = createSizingStore(pool);
  const [{ policy }, model, acknowledgement, facts] = await Promise.all([createPolicyStore(pool).active(portfolioId), store.newest(portfolioId, REWARD_VERSION), store.acknowledgement(portfolioId), factsOf({ pool, portfolioId })]);
  return { deployment, mode: policy.rlSizing, missingForPrimary: missingForPrimary(facts), closedTrades: facts.closedTrades, model, acknowledgement };
}

async function factsOf({ pool, portfolioId }: Pick<Desk, 'pool' | 'portfolioId'>): Promise<SizingFacts> {
  return await createSizingStore(pool).facts({ portfolioId, version: REWARD_VERSION, closeTime: await marketTimeOf(pool, portfolioId) });
}

/**
 * A person has seen what was learned and lets it be in charge, once policy says `primary`.
 * @throws {KeelError} USAGE: nothing was learned yet, or it does not gain
 */
export async function acknowledgeSizing({ deployment, by, because }: Asked): Promise<SizingReport> {
  return await withDesk(deployment, async (desk) => {
    const store = createSizingStore(desk.pool);
    const model = await store.newest(desk.portfolioId, REWARD_VERSION);
    if (model === null) throw new KeelError('USAGE', `${desk.deployment} has no sizing model yet: it takes ${SAMPLES_MIN} signals that have come to their end, and a retrain (\`keel retrain\`)`);
    const boundBps = boundOf(model.comparison);
    if (boundBps === null || !(boundBps > 0)) throw new KeelError('USAGE', `the newest sizing model of ${desk.deployment} ${boundBps === null ? `was not compared with neutral (${notComparedOf(model.comparison) ?? 'nobody knows why'})` : `has a lower 95 % bound of ${boundBps.toFixed(2)} bps over neutral`}: there is nothing to acknowledge before it is above 0 (\`keel sizing\`)`);
    await store.acknowledge({ portfolioId: desk.portfolioId, modelId: model.modelId, boundBps, by, because });
    return await reportOf(desk);
  }, 'change');
}

export function sizingText({ deployment, mode, missingForPrimary: missing, closedTrades, model, acknowledgement }: SizingReport): string {
  const gain = ({ meanBps, boundBps }: { readonly meanBps: number; readonly boundBps: number }): string => `${meanBps.toFixed(2)} bps of equity a signal, lower 95 % bound ${boundBps.toFixed(2)}`;
  const comparison = model?.comparison ?? null;
  return [
    `${deployment}: learned sizing is \`${mode}\` (policy key rlSizing)`,
    columns([
      ['  model', model === null ? `none yet: it takes ${SAMPLES_MIN} signals that have come to their end` : `${model.modelId.slice(0, 12)}, from ${model.samples} signals, as of ${new Date(model.asOf).toISOString()}, rewards ${model.version}`],
      ...(comparison === null ? [] : 'notCompared' in comparison ? [['  tested', `not with neutral: ${comparison.notCompared}`]] : [
        ['  tested', `on ${comparison.tested} signals that it did not learn from; another size than neutral on ${comparison.changed} of them; neutral brought ${comparison.neutralBps.toFixed(2)} bps a signal`],
        ['  gain', `in charge ${gain(comparison.primary)}; as advice ${gain(comparison.advise)}`],
      ]),
      ['  closed trades', `${closedTrades}${closedTrades >= TRADES_MIN ? ' or more' : ''}, ${TRADES_MIN} for \`primary\``],
      ['  acknowledged', acknowledgement === null ? 'by nobody' : `by ${acknowledgement.by} on ${new Date(acknowledgement.at).toISOString()}, who saw ${acknowledgement.modelId.slice(0, 12)}: ${acknowledgement.because}`],
      ['  primary', missing === null ? 'may be' : `acts as \`advise\`: ${missing}`],
    ]),
  ].join('\n');
}
