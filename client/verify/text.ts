import type { Untold, Violation } from '../../domain/verify/facts.ts';
import type { Verdict } from './verify.ts';

/** One broken promise for people: what, about whom, and what was seen. */
export function violationText({ invariant, name, subject, evidence }: Violation): string {
  const lines = Object.entries(evidence).map(([key, value]) => `\n    ${key}: ${Array.isArray(value) ? value.join(', ') || 'none' : String(value)}`);
  return `invariant ${invariant}: ${name}\n    ${subject}${lines.join('')}`;
}

/** What could not be looked at: no violation was found there, and none is ruled out. */
function notComparedText({ instrumentId, why }: Untold): string {
  return `not compared: orders and fills of ${instrumentId}\n    ${why}; its holding, its open orders and the money were compared`;
}

/** The whole verdict for people; the last line counts. */
export function verdictText(name: string, { checked, violations, notCompared }: Verdict): string {
  const count = `${name}: ${checked} records checked, ${violations.length} violations`;
  const gaps = notCompared.length === 0 ? '' : `; ${notCompared.length === 1 ? '1 symbol' : `${notCompared.length} symbols`} not compared with the venue`;
  return [...violations.map(violationText), ...notCompared.map(notComparedText), `${count}${gaps}`].join('\n');
}
