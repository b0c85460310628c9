import { messageOf } from '../domain/errors.ts';
import { chooseSource } from '../domain/policy/fallback.ts';
import type { GoodCopy, PolicyReading, StoreAnswer } from '../domain/policy/fallback.ts';
import type { PolicyStore } from '../domain/ports/policy-store.ts';

export interface PolicyReaderDeps {
  readonly policies: Pick<PolicyStore, 'active'>;
  /** Wall clock, epoch milliseconds. */
  readonly clock: () => number;
  readonly warn: (fields: object, message: string) => void;
}

/**
 * The policy for one cycle, whatever the store says: a worker keeps the last good copy of each portfolio. It warns at
 * each cycle that must do without the store, or whose newest version is not valid, and says when it is back.
 */
export function createPolicyReader({ policies, clock, warn }: PolicyReaderDeps): (portfolioId: string) => Promise<PolicyReading> {
  const copies = new Map<string, GoodCopy>();
  const missed = new Set<string>();

  return async (portfolioId) => {
    const answer = await ask(policies, portfolioId);
    const now = clock();
    if (answer.kind === 'read' && answer.stored.problems.length === 0) copies.set(portfolioId, { ...answer.stored, readAt: now });
    const reading = chooseSource({ answer, lastGood: copies.get(portfolioId) ?? null, now });
    const { policyVersion, policySource, policyProblem } = reading;
    if (policyProblem !== null) {
      missed.add(portfolioId);
      warn({ portfolioId, policyVersion, policySource, problem: policyProblem }, policySource === 'lastGood' ? 'the policy cannot be read: the last good copy holds' : 'the policy cannot be read: the stricter of the built-in one and what is known holds');
    } else if (missed.delete(portfolioId)) warn({ portfolioId, policyVersion }, 'the policy can be read again');
    return reading;
  };
}

async function ask(policies: Pick<PolicyStore, 'active'>, portfolioId: string): Promise<StoreAnswer> {
  try {
    return { kind: 'read', stored: await policies.active(portfolioId) };
  } catch (error) {
    return { kind: 'failed', problem: messageOf(error) };
  }
}
