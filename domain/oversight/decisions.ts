/** What waits for a person: out of the records that each part keeps, so that nothing can wait twice or be forgotten. Pure. @source learning.md, "People teach". */
import type { GuardState } from '../emergency/guard.ts';
import { needsPerson } from '../emergency/triggers.ts';
import type { PrimaryFacts } from '../learned-sizing/sight.ts';
import { missingForPrimary } from '../learned-sizing/sight.ts';
import type { Policy } from '../policy/policy.ts';
import { unansweredOf } from '../promotion/by-hand.ts';
import type { TrialRecord } from '../promotion/standing.ts';

export const DECISION_KINDS = ['emergency', 'promotion', 'sizing'] as const;
export type DecisionKind = (typeof DECISION_KINDS)[number];

/** By kind, what a person may say. */
export const ANSWERS = { emergency: ['resume'], promotion: ['promote', 'retire'], sizing: ['acknowledge'] } as const satisfies Record<DecisionKind, readonly string[]>;
export type Answer = (typeof ANSWERS)[DecisionKind][number];

export interface Decision {
  /** The kind and what it is about: the same for as long as it waits. */
  readonly id: string;
  readonly kind: DecisionKind;
  readonly question: string;
  readonly answers: readonly Answer[];
  /** Market clock; null: it is not known, or of another clock. */
  readonly askedAt: number | null;
  /** Market clock: by then what stands in `unanswered` is done; null: it waits for ever. */
  readonly dueAt: number | null;
  /** What holds while nobody answers, and what is done at the limit. */
  readonly unanswered: string;
}

export interface DecisionFacts {
  readonly guard: Pick<GuardState, 'mode' | 'emergency' | 'cause' | 'resetBy'>;
  /** Null: nobody is on trial. */
  readonly trial: Pick<TrialRecord, 'modelId' | 'state' | 'since'> | null;
  /** Whether the gate let the model on trial pass here. */
  readonly hasPassedGate: boolean;
  readonly policy: Pick<Policy, 'promotionAnswerMin' | 'promotionUnanswered' | 'rlSizing'>;
  readonly sizing: PrimaryFacts;
}

const SHORT = 12;

/** The most urgent first: an emergency, then what has a limit. */
export function decisionsOf(facts: DecisionFacts): readonly Decision[] {
  return [emergencyOf(facts), promotionOf(facts), sizingOf(facts)].filter((it) => it !== null);
}

function emergencyOf({ guard: { mode, emergency, cause, resetBy } }: DecisionFacts): Decision | null {
  if (mode === 'armed' || cause === null || resetBy !== null || !needsPerson(cause.trigger)) return null;
  return {
    id: `emergency/${emergency}`, kind: 'emergency', question: `Is the cause gone? ${cause.trigger}: ${cause.reason} (${cause.by})`, answers: ANSWERS.emergency,
    askedAt: null, dueAt: null, unanswered: 'trading stays stopped',
  };
}

function promotionOf({ trial, hasPassedGate, policy }: DecisionFacts): Decision | null {
  if (trial?.state.phase !== 'acknowledgement') return null;
  const { dueAt, outcome } = unansweredOf(trial, policy, hasPassedGate);
  return {
    id: `promotion/${trial.modelId.slice(0, SHORT)}`, kind: 'promotion', question: `Model ${trial.modelId.slice(0, SHORT)} won its trial: shall it act? (\`keel models show onTrial\`)`, answers: ANSWERS.promotion,
    askedAt: trial.since, dueAt, unanswered: `whoever acts goes on; after ${policy.promotionAnswerMin} min it is ${outcome}`,
  };
}

function sizingOf({ policy: { rlSizing }, sizing }: DecisionFacts): Decision | null {
  if (rlSizing !== 'primary' || sizing.isAcknowledged || missingForPrimary({ ...sizing, isAcknowledged: true }) !== null) return null;
  return {
    id: `sizing/${(sizing.modelId ?? '').slice(0, SHORT)}`, kind: 'sizing', question: 'May the learned size be in charge? (`keel sizing`)', answers: ANSWERS.sizing,
    askedAt: null, dueAt: null, unanswered: 'it only advises',
  };
}
