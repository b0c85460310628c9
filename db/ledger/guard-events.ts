import type { GuardChange, GuardCommand, GuardState } from '../../domain/emergency/guard.ts';
import { recoveryModeOf } from '../../domain/emergency/guard.ts';
import { emergencyIdOf, tripEventIdOf } from '../../domain/emergency/ids.ts';
import type { EventPayload, EventType } from '../../domain/events/event.ts';
import type { NewEvent } from '../events/outbox.ts';

export interface GuardHappening {
  readonly portfolioId: string;
  readonly before: GuardState;
  readonly result: GuardChange;
  readonly command: GuardCommand;
  /** Open positions of the ledger that a trip closes. */
  readonly positionsClosed: number;
}

/** What the world is told of one change of the guard. */
export function guardEvents({ portfolioId, before, result: { state, change }, command, positionsClosed }: GuardHappening): readonly NewEvent[] {
  const emergencyId = emergencyIdOf(portfolioId, state.emergency);
  const { round, cause } = state;
  const event = <T extends EventType>(type: T, id: string, actor: string, payload: EventPayload<T>): readonly NewEvent[] => [
    { id, type, subject: emergencyId, portfolioId, traceId: emergencyId, actor, payload },
  ];
  const told = { emergencyId, round };
  switch (change) {
    case 'tripped':
      return cause === null ? [] : event('emergencyTriggered', tripEventIdOf(emergencyId, round), cause.by, { ...told, severity: cause.severity, cause: cause.trigger, reason: cause.reason, by: cause.by, positionsClosed });
    case 'flat':
      return event('emergencyFlat', `${emergencyId}/flat/${round}`, 'keel', { ...told, positionsClosed: state.positionsClosed });
    case 'sealed':
      return event('emergencySealed', `${emergencyId}/sealed/${round}`, 'keel', told);
    case 'reset':
      return command.kind === 'reset' ? event('emergencyReset', `${emergencyId}/reset/${command.at}`, command.by, { ...told, by: command.by, because: command.because }) : [];
    case 'recovered':
      return command.kind === 'step' ? event('emergencyRecovered', `${emergencyId}/recovered/${command.at}`, 'keel', { ...told, from: recoveryModeOf(before.mode), to: recoveryModeOf(state.mode), drawdownBps: command.drawdownBps }) : [];
    case 'none': // several stops of one moment are several events
      return cause === null || cause === before.cause ? [] : event('emergencyCauseChanged', `${emergencyId}/cause/${command.at}/${state.history.filter(({ at }) => at === command.at).length}`, cause.by, { ...told, cause: cause.trigger, reason: cause.reason, by: cause.by });
  }
}
