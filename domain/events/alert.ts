/** Which events a person is told of at once, and in which words. */
import type { GuardState } from '../emergency/guard.ts';
import { emergencyIdOf, tripEventIdOf } from '../emergency/ids.ts';
import type { HealthChange } from '../health/types.ts';
import type { AnyDomainEvent, EventPayload } from './event.ts';
import { verdictText } from './scenarios.ts';

/** Under this name its place in the stream of events is kept, and what did not get through. */
export const ALERTS_SUBSCRIBER = 'alerts';

export const ALERT_LEVELS = ['info', 'warning', 'critical'] as const;
export type AlertLevel = (typeof ALERT_LEVELS)[number];

/** What is sent to the webhook, as it stands here. */
export interface Alert {
  /** Of the event: the same one may come twice. */
  readonly id: string;
  readonly level: AlertLevel;
  /** One line for people. */
  readonly text: string;
  readonly type: AnyDomainEvent['type'];
  /** Wall clock, ISO 8601. */
  readonly at: string;
  readonly portfolioId: string | null;
  readonly subject: string;
  readonly actor: string;
  /** Of a stop that the ledger does not know of yet: without the positions, which the ledger counts. */
  readonly payload: AnyDomainEvent['payload'] | Omit<EventPayload<'emergencyTriggered'>, 'positionsClosed'>;
}

/** @returns null for an event that nobody is woken for. */
export function alertOf(event: AnyDomainEvent): Alert | null {
  const said = wordsOf(event);
  if (said === null) return null;
  const [level, text] = said;
  const { id, type, portfolioId, subject, actor, payload } = event;
  return { id, level, text: `${portfolioId ?? subject}: ${text}`, type, at: new Date(event.time).toISOString(), portfolioId, subject, actor, payload };
}

/** A stop while the ledger is away, told past it; the event of the same id follows when it is back. @returns null where nothing trips */
export function unwrittenTripAlert(portfolioId: string, { mode, cause, emergency, round, trippedAt }: GuardState): Alert | null {
  if (mode !== 'tripping' || cause === null || trippedAt === null) return null;
  const { reason, by, severity, trigger } = cause;
  const emergencyId = emergencyIdOf(portfolioId, emergency);
  return {
    id: tripEventIdOf(emergencyId, round), level: 'critical', type: 'emergencyTriggered', at: new Date(trippedAt).toISOString(), portfolioId, subject: emergencyId, actor: by,
    text: `${portfolioId}: trading is stopped (${reason}, by ${by}) while the ledger does not answer; what the venue holds is being closed`,
    payload: { emergencyId, round, severity, cause: trigger, reason, by },
  };
}

/** A change of health that the ledger never hears of. @param at wall clock of the check @returns null for one that nobody is woken for */
export function unwrittenHealthAlert(portfolioId: string, at: number, change: HealthChange): Alert | null {
  return alertOf({ id: `${portfolioId}/health/unwritten/${at}/${change.part}`, type: 'serviceHealthChanged', source: 'healthCheck', time: at, traceId: portfolioId, subject: portfolioId, portfolioId, actor: 'keel', payload: change });
}

function wordsOf(event: AnyDomainEvent): readonly [AlertLevel, string] | null {
  switch (event.type) {
    case 'emergencyTriggered': {
      const { payload: { reason, by, positionsClosed } } = event;
      return ['critical', `trading is stopped (${reason}, by ${by}); ${positionsClosed} positions are being closed. \`keel guard\` shows how far it is`];
    }
    case 'emergencyCauseChanged':
      return ['critical', `the stop has another cause now (${event.payload.reason}, by ${event.payload.by}); \`keel guard\` tells who ends it`];
    case 'emergencySealed':
      return ['info', `nothing is open any more, and nothing can be on its way (${event.payload.emergencyId})`];
    case 'emergencyReset':
      return ['info', `${event.payload.by} resumes trading: ${event.payload.because}`];
    case 'emergencyRecovered':
      return ['info', `a step back from the stop, from ${event.payload.from} to ${event.payload.to}`];
    case 'serviceHealthChanged':
      return healthWords(event.payload);
    case 'postureChanged':
      return event.payload.to === 'critical' ? ['warning', `the posture is critical: ${event.payload.why}`] : null;
    case 'modelRolledBack':
      return ['warning', `${event.payload.modelId} acts no more, ${event.payload.after ?? 'the rules'} instead: ${event.payload.why}`];
    case 'scenariosFailed':
      return ['critical', verdictText(event.payload)];
    default:
      return null;
  }
}

/** Only what is unhealthy wakes people, and that it is over. */
function healthWords({ part, from, to, value, limit, action }: Extract<AnyDomainEvent, { type: 'serviceHealthChanged' }>['payload']): readonly [AlertLevel, string] | null {
  if (to === 'unhealthy') return ['critical', `${part} is unhealthy: ${value} (limit ${limit})${action === null ? '' : `; ${action}`}`];
  return from === 'unhealthy' ? ['info', `${part} is ${to}${to === 'stopping' || to === 'stopped' ? '' : ' again'}: ${value}`] : null;
}
