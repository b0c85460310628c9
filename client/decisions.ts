/** What waits for a person in a deployment, and the answer to it: each is a step of the part that asked. */
import { createLedger } from '../db/ledger.ts';
import { marketTimeOf } from '../db/model-views.ts';
import { createPolicyStore } from '../db/policy-store.ts';
import type { Pool } from '../db/pool.ts';
import { createSizingStore } from '../db/sizing-store.ts';
import { createTrialStore } from '../db/trial-store.ts';
import { KeelError } from '../domain/errors.ts';
import { REWARD_VERSION } from '../domain/learned-sizing/reward.ts';
import { decisionsOf } from '../domain/oversight/decisions.ts';
import type { Answer, Decision } from '../domain/oversight/decisions.ts';
import type { Purpose } from './deployment-choice.ts';
import type { Desk } from './deployment-parts.ts';
import { chooseDeployment, withDesk } from './deployment-parts.ts';
import { resume } from './emergency/trip.ts';
import { findModel, takeAnswer } from './models.ts';
import { table } from './output.ts';
import { acknowledgeSizing } from './sizing.ts';

export interface Decisions {
  readonly deployment: string;
  /** Market clock. */
  readonly now: number;
  readonly waiting: readonly Decision[];
}

export interface Answered {
  readonly deployment: string;
  readonly id: string;
  readonly answer: Answer;
  /** What was done for it. */
  readonly done: string;
}

export async function listDecisions(name: string | undefined, purpose: Purpose = 'standing'): Promise<Decisions> {
  return await withDesk(name, async ({ pool, portfolioId, deployment }) => ({ deployment, ...(await waitingDecisions(pool, portfolioId)) }), purpose);
}

/** @throws {KeelError} DATABASE_UNREACHABLE, DATABASE_FAILED, NOT_FOUND: no such portfolio */
export async function waitingDecisions(pool: Pool, portfolioId: string): Promise<Pick<Decisions, 'now' | 'waiting'>> {
  const [trials, now] = [createTrialStore(pool), await marketTimeOf(pool, portfolioId)];
  const [{ trial }, { policy }, { state: guard }, sizing] = await Promise.all([
    trials.standing(portfolioId), createPolicyStore(pool).active(portfolioId), createLedger(pool).guard(portfolioId, { marketAt: now, wallAt: Date.now() }), createSizingStore(pool).facts({ portfolioId, version: REWARD_VERSION, closeTime: now }),
  ]);
  const hasPassedGate = trial !== null && (await trials.hasPassedGate(portfolioId, trial.modelId));
  return { now, waiting: decisionsOf({ guard, trial, hasPassedGate, policy, sizing }) };
}

/**
 * @param id the beginning of one that waits.
 * @throws {KeelError} NOT_FOUND: nothing of that id waits; USAGE: an answer that it does not have; what the step itself throws
 */
export async function answerDecision(name: string | undefined, { id, answer, by, because }: { readonly id: string; readonly answer: string; readonly by: string; readonly because: string }): Promise<Answered> {
  const { deployment, waiting } = await listDecisions(name, 'change');
  const decision = decisionNamed(waiting, id, deployment);
  const chosen = answerOf(decision, answer);
  return { deployment, id: decision.id, answer: chosen, done: await ACTIONS[chosen](decision, { deployment, by, because }) };
}

/** @throws {KeelError} NOT_FOUND, USAGE where several begin so */
export function decisionNamed(waiting: readonly Decision[], id: string, deployment: string): Decision {
  const [found, second] = waiting.filter((it) => id !== '' && it.id.startsWith(id));
  if (found === undefined) throw new KeelError('NOT_FOUND', `in ${deployment} no decision ${id}… waits for a person; these do: ${waiting.map((it) => it.id).join(', ') || 'none'}`);
  if (second !== undefined) throw new KeelError('USAGE', `several decisions begin with "${id}": ${found.id}, ${second.id}; give more of the id`);
  return found;
}

/** @throws {KeelError} USAGE */
export function answerOf({ id, answers }: Decision, text: string): Answer {
  const found = answers.find((it) => it === text);
  if (found === undefined) throw new KeelError('USAGE', `the answer to ${id} is "${text}"; allowed: ${answers.join(', ')}`);
  return found;
}

interface By {
  readonly deployment: string;
  readonly by: string;
  readonly because: string;
}

const aboutOf = ({ id }: Pick<Decision, 'id'>): string => id.slice(id.indexOf('/') + 1);

const ACTIONS: Readonly<Record<Answer, (decision: Decision, by: By) => Promise<string>>> = {
  promote: (decision, by) => withDesk(by.deployment, (desk) => answerPromotion(desk, decision, { ...by, isAgreed: true })),
  retire: (decision, by) => withDesk(by.deployment, (desk) => answerPromotion(desk, decision, { ...by, isAgreed: false })),
  acknowledge: async (_decision, by) => { const { missingForPrimary } = await acknowledgeSizing(by); return missingForPrimary === null ? 'the learned size is in charge from the next cycle on' : `it still advises: ${missingForPrimary}`; },
  resume: async (_decision, { deployment, by, because }) => { const { state } = await resume(await chooseDeployment(deployment), { by, because }); return `reset by ${state.resetBy ?? by}; back step by step (\`keel guard\`)`; },
};

/** Only while it waits: what was decided meanwhile stays. @throws {KeelError} NOT_FOUND */
export async function answerPromotion(desk: Desk, decision: Pick<Decision, 'id'>, { isAgreed, by, because }: Omit<By, 'deployment'> & { readonly isAgreed: boolean }): Promise<string> {
  const { modelId } = await findModel(desk, aboutOf(decision));
  const step = await takeAnswer(desk, { modelId, isAgreed, asked: { by, because } });
  if (step === null) throw new KeelError('NOT_FOUND', `${decision.id} does not wait for an answer any more; \`keel models show ${modelId.slice(0, 12)}\` tells what became of it`);
  return `${step.kind}: ${step.why}`;
}

export function decisionsText({ deployment, now, waiting }: Decisions): string {
  if (waiting.length === 0) return `${deployment}: nothing waits for a person`;
  const left = ({ dueAt }: Decision): string => (dueAt === null ? 'no limit' : `${Math.max(0, Math.ceil((dueAt - now) / 60_000))} min left`);
  return [
    table([['decision', 'limit', 'answers', 'question', 'while nobody answers'], ...waiting.map((it) => [it.id, left(it), it.answers.join(', '), it.question, it.unanswered])]),
    '\nAnswer with: keel decisions answer <decision> <answer> --by <name> --because <text>',
  ].join('\n');
}
