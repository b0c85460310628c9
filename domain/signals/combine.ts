import type { Vote } from '../cycle/types.ts';
import type { Policy } from '../policy/policy.ts';

export interface CombinedSignal {
  /** What most votes say; `hold` on a tie and without votes. Only with `code` null may it be acted on. */
  readonly action: 'buy' | 'sell' | 'hold';
  /** 0..1: mean confidence of the votes that say so. */
  readonly confidence: number;
  /** 0..1: their share of the votes that do not abstain. */
  readonly agreement: number;
  /** Votes that do not abstain. When only one speaks, the size halves. */
  readonly speakers: number;
  /** Why nothing may be opened; null when the filter is passed, by a hold too. */
  readonly code: null | 'agreement' | 'confidence' | 'noVotes' | 'tie';
}

const ACTIONS = ['buy', 'sell', 'hold'] as const;
/** A mean of 0.7, 0.7 and 0.7 must reach a limit of 0.7. */
const TOLERANCE = 1e-9;

/**
 * The signal filter: abstentions aside, enough votes must say the same (a hold counts as a saying) with enough confidence.
 * @source risk.md, "From votes to an order", step 2.
 */
export function combineVotes(votes: readonly Vote[], policy: Pick<Policy, 'agreementMin' | 'confidenceMin'>): CombinedSignal {
  const spoken = votes.filter((vote) => vote.action !== 'abstain');
  const speakers = spoken.length;
  if (speakers === 0) return { action: 'hold', confidence: 0, agreement: 0, speakers, code: 'noVotes' };
  const camps = ACTIONS.map((action) => ({ action, confidences: spoken.filter((vote) => vote.action === action).map((vote) => vote.confidence) }));
  const largest = Math.max(...camps.map((camp) => camp.confidences.length));
  const agreement = largest / speakers;
  const [winner, rival] = camps.filter((camp) => camp.confidences.length === largest);
  if (winner === undefined || rival !== undefined) return { action: 'hold', confidence: 0, agreement, speakers, code: 'tie' };
  const confidence = winner.confidences.reduce((sum, value) => sum + value, 0) / largest;
  return { action: winner.action, confidence, agreement, speakers, code: refusalOf({ action: winner.action, confidence, agreement }, policy) };
}

function refusalOf({ action, confidence, agreement }: Pick<CombinedSignal, 'action' | 'confidence' | 'agreement'>, policy: Pick<Policy, 'agreementMin' | 'confidenceMin'>): CombinedSignal['code'] {
  if (agreement < policy.agreementMin - TOLERANCE) return 'agreement';
  return action !== 'hold' && confidence < policy.confidenceMin - TOLERANCE ? 'confidence' : null;
}
