import { z } from 'zod';
import type { TripCause } from './types.ts';

const REASON_MAX = 500;
const NAME_MAX = 100;
const UUID = z.uuid();

/**
 * Reads what somebody sent to stop trading. Nothing that arrives can fail to stop it: an empty, wrong or hostile payload
 * gives a cause that says so.
 * @param payload anything at all, as it came over the wire.
 */
export function tripCauseOf(payload: unknown): TripCause {
  const record = typeof payload === 'object' && payload !== null && !Array.isArray(payload) ? (payload as Readonly<Record<string, unknown>>) : {};
  const said = typeof payload === 'string' ? payload : record['reason'];
  const requestId = UUID.safeParse(record['requestId']).data ?? null; // anything else might be used again, and a stop be taken for an earlier one
  return { trigger: 'person', reason: wordsOf(said, REASON_MAX) ?? 'no reason given', by: wordsOf(record['by'], NAME_MAX) ?? 'unknown', severity: 'critical', ...(requestId === null ? {} : { requestId }) };
}

/** Readable text within bounds, or null. Control characters have no place in a table or a log. */
function wordsOf(value: unknown, lengthMax: number): string | null {
  if (typeof value !== 'string') return null;
  const text = value.replace(/[\u0000-\u001f\u007f]+/g, ' ').trim();
  return text === '' ? null : text.slice(0, lengthMax);
}
