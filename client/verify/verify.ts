import { setTimeout as sleep } from 'node:timers/promises';
import type { Untold, Violation } from '../../domain/verify/facts.ts';
import { checkedIn, violationsIn } from '../../domain/verify/verify.ts';
import { gather } from './gather.ts';
import type { VerifyParts } from './gather.ts';

export interface Verdict {
  /** Records compared. */
  readonly checked: number;
  readonly violations: readonly Violation[];
  /** Symbols whose orders and fills could not be compared with the venue's. */
  readonly notCompared: readonly Untold[];
}

/** Ledger, venue and engine cannot be read at one moment: while they move, what is broken is broken at each of these looks. */
const LOOKS = 3;
const LOOKS_APART_MS = 3_000;

/**
 * The invariants of docs/order-protocol.md over ledger, venue and engine. Changes nothing.
 * @throws {KeelError} NOT_FOUND, and what ledger, venue and engine throw.
 */
export async function verifyDeployment(parts: VerifyParts, { looksApartMs = LOOKS_APART_MS }: { readonly looksApartMs?: number } = {}): Promise<Verdict> {
  let facts = await gather(parts);
  let violations = violationsIn(facts);
  for (let look = 2; look <= LOOKS && violations.length > 0 && !facts.engine.isAtRest; look += 1) {
    await sleep(looksApartMs);
    const before = new Set(violations.map(identityOf));
    facts = await gather(parts);
    violations = violationsIn(facts).filter((it) => before.has(identityOf(it)));
  }
  return { checked: checkedIn(facts), violations, notCompared: facts.venue.untold };
}

function identityOf({ invariant, name, subject }: Violation): string {
  return `${invariant} ${name} ${subject}`;
}
