/**
 * Whether a venue that keeps failing is asked at all. Closed: everything goes out. Open: what can wait is refused at
 * once, instead of waiting for an answer that does not come. Half-open: one request is let through to see. Pure.
 */

export type CircuitName = 'closed' | 'open' | 'halfOpen';

export interface Circuit {
  /** Failures in a row. */
  readonly failures: number;
  /** Transport clock, epoch milliseconds; null: closed. */
  readonly openedAt: number | null;
  /** When the request went out that shall tell; null: none is under way. */
  readonly probedAt: number | null;
}

export const CLOSED: Circuit = { failures: 0, openedAt: null, probedAt: null };

/** So many failures in a row open it. */
export const FAILURES_MAX = 5;
/** So long nothing that can wait is asked. */
export const OPEN_MS = 5_000;
/** A probe that was never answered for is forgotten: longer than any request waits. */
const PROBE_MS = 15_000;

export function circuitNameOf({ openedAt }: Circuit, now: number): CircuitName {
  if (openedAt === null) return 'closed';
  return now - openedAt < OPEN_MS ? 'open' : 'halfOpen';
}

/** @returns the circuit with this request under way; null: it may not go out. */
export function admitted(circuit: Circuit, now: number): Circuit | null {
  switch (circuitNameOf(circuit, now)) {
    case 'closed': return circuit;
    case 'open': return null;
    case 'halfOpen': return circuit.probedAt !== null && now - circuit.probedAt < PROBE_MS ? null : { ...circuit, probedAt: now };
  }
}

/** After the answer to any request, one that bypassed it too: a success closes it, a failure while it is open opens it anew. */
export function answered(circuit: Circuit, isFailure: boolean, now: number): Circuit {
  if (!isFailure) return CLOSED;
  const failures = circuit.failures + 1;
  return failures < FAILURES_MAX ? { ...circuit, failures } : { failures, openedAt: now, probedAt: null };
}
