import type { Violation } from '../../domain/verify/facts.ts';

/** One broken promise for people: what, about whom, and what was seen. */
export function violationText({ invariant, name, subject, evidence }: Violation): string {
  const lines = Object.entries(evidence).map(([key, value]) => `\n    ${key}: ${Array.isArray(value) ? value.join(', ') || 'none' : String(value)}`);
  return `invariant ${invariant}: ${name}\n    ${subject}${lines.join('')}`;
}
