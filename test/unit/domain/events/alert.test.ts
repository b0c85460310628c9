import { describe, expect, it } from 'vitest';
import { guardEvents } from '../../../../db/ledger/guard-events.ts';
import { applyGuard, ARMED } from '../../../../domain/emergency/guard.ts';
import { alertOf, unwrittenTripAlert } from '../../../../domain/events/alert.ts';
import type { AnyDomainEvent, EventPayload, EventType } from '../../../../domain/events/event.ts';
import type { PartState } from '../../../../domain/health/types.ts';

const emergency = { emergencyId: 'ess/sim/1', round: 1 };
const step = { kind: 'rolledBack', modelId: 'trees-7', why: 'worse than the rules', before: 'trees-7', after: null } as const;

function eventOf<T extends EventType>(type: T, payload: EventPayload<T>): AnyDomainEvent {
  return { id: `${type}/1`, type, source: 'ledger', time: 1_700_000_000_000, traceId: 't', subject: 'sim', portfolioId: 'sim', actor: 'keel', payload } as unknown as AnyDomainEvent;
}

const health = (from: PartState, to: PartState): AnyDomainEvent =>
  eventOf('serviceHealthChanged', { part: 'venue', from, to, value: '4000 ms', limit: '3000 ms', action: 'look at the venue' });

describe('alertOf', () => {
  it.each([
    ['critical', eventOf('emergencyTriggered', { ...emergency, severity: 'critical', cause: 'person', reason: 'prices look wrong', by: 'ada', positionsClosed: 3 }), /stopped \(prices look wrong, by ada\); 3 positions/],
    ['critical', eventOf('emergencyCauseChanged', { ...emergency, cause: 'person', reason: 'stay out', by: 'ada' }), /stay out, by ada/],
    ['info', eventOf('emergencySealed', emergency), /nothing is open any more.*ess\/sim\/1/],
    ['info', eventOf('emergencyReset', { ...emergency, by: 'ada', because: 'repaired' }), /ada resumes trading: repaired/],
    ['info', eventOf('emergencyRecovered', { ...emergency, from: 'protective', to: 'cautious', drawdownBps: 300 }), /from protective to cautious/],
    ['critical', health('degraded', 'unhealthy'), /venue is unhealthy: 4000 ms \(limit 3000 ms\); look at the venue/],
    ['info', health('unhealthy', 'healthy'), /venue is healthy again/],
    ['info', health('unhealthy', 'stopped'), /venue is stopped: /],
    ['critical', eventOf('scenariosFailed', { results: [{ id: 5, name: 'votes disagree', passed: false, expected: {}, seen: {} }], problem: null }), /1 of 1 scenarios of risk failed: 5 \(votes disagree\)/],
    ['warning', eventOf('modelRolledBack', step), /trees-7 acts no more, the rules instead: worse/],
    ['warning', eventOf('postureChanged', { from: 'safe', to: 'critical', why: 'drawdown', at: 1, health: 'healthy', guard: 'armed', drawdownBps: 900, recoveryDrawdownBps: null, room: null }), /posture is critical: drawdown/],
  ] as const)('tells of it as %s: $1.type', (level, event, text) => {
    const alert = alertOf(event);
    expect(alert).toMatchObject({ id: event.id, level, type: event.type, at: '2023-11-14T22:13:20.000Z', portfolioId: 'sim', payload: event.payload });
    expect(alert?.text).toMatch(text);
  });

  it.each([
    health('healthy', 'degraded'), health('degraded', 'healthy'), health('healthy', 'stopping'), health('stopping', 'stopped'), health('stopped', 'starting'),
    eventOf('modelPromoted', step), eventOf('scenariosPassed', { results: [], problem: null }), eventOf('fenceRaised', { epoch: 1, reason: 'x' }),
    eventOf('postureChanged', { from: 'critical', to: 'safe', why: 'better', at: 1, health: 'healthy', guard: 'armed', drawdownBps: 0, recoveryDrawdownBps: null, room: null }),
  ])('wakes nobody: $type', (event) => {
    expect(alertOf(event)).toBeNull();
  });
});

describe('of a stop that the ledger does not know of', () => {
  const cause = { trigger: 'person', reason: 'prices look wrong', by: 'ada', severity: 'critical' } as const;
  const tripped = applyGuard(ARMED, { kind: 'trip', cause, at: 1_700_000_000_000 }).state;

  it('has the id of the event that follows when the ledger is back', () => {
    const [event] = guardEvents({ portfolioId: 'sim', before: ARMED, result: { state: tripped, change: 'tripped' }, command: { kind: 'trip', cause, at: 1 }, positionsClosed: 3 });
    const { id, subject, actor, payload } = event ?? { payload: {} };
    expect(unwrittenTripAlert('sim', tripped)).toEqual({
      id, subject, actor, level: 'critical', type: 'emergencyTriggered', at: '2023-11-14T22:13:20.000Z', portfolioId: 'sim', payload: Object.fromEntries(Object.entries(payload).filter(([name]) => name !== 'positionsClosed')),
      text: 'sim: trading is stopped (prices look wrong, by ada) while the ledger does not answer; what the venue holds is being closed',
    });
  });

  it('is none where nothing trips', () => expect([unwrittenTripAlert('sim', ARMED), unwrittenTripAlert('sim', { ...tripped, mode: 'emergency' })]).toEqual([null, null]));
});
