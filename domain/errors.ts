/** Every failure that a user or an operator can meet, declared once. Tests assert codes, not messages. */
export const ERRORS = {
  SETTING_INVALID: 'A setting has a value that is not allowed.',
  USAGE: 'The command line was not understood.',
  PORT_TAKEN: 'A port that Keel needs is in use.',
  ALREADY_RUNNING: 'A Keel runs on this home folder already.',
  NOT_RUNNING: 'No Keel runs on this home folder.',
  PROCESS_MISSING: 'A process needs another that is not declared.',
  PROCESS_CIRCULAR: 'Processes need each other in a circle.',
  PROCESS_FAILED: 'A process could not be started.',
  ENGINE_UNAVAILABLE: 'No Temporal server could be had by any route.',
  ENGINE_UNREACHABLE: 'The Temporal server does not answer.',
  DATABASE_UNREACHABLE: 'The database does not answer.',
  DATABASE_FAILED: 'The database refused a statement.',
  MIGRATION_CONFLICT: 'The database holds migrations that this version does not know.',
  NOT_FOUND: 'What was asked for does not exist.',
  CANCELLED: 'What was asked for was ended by somebody before it was done.',
  CANDLES_INVALID: 'Candle data is malformed.',
  STRATEGY_INVALID: 'A strategy file does not define a strategy.',
  FEATURES_INVALID: 'A feature set is not valid: it lacks a field, looks ahead, or needs more history than it says.',
  LABEL_INVALID: 'A label is not valid: it lacks a field, looks outside of its horizon, or leaves where nobody could trade.',
  LEARNER_INVALID: 'A learner is not valid: it lacks a field, does not repeat itself, or foretells no probabilities.',
  MODEL_INVALID: 'A model artefact is foreign, corrupt, or does not fit together.',
  LEARNER_UNAVAILABLE: 'A learner needs a library that is not on this machine.',
  TRAINING_FAILED: 'A model could not be fitted.',
  SNAPSHOT_INVALID: 'A data set that models were trained on is lost or altered.',
  VENUE_UNREACHABLE: 'The venue does not answer.',
  VENUE_REFUSED: 'The venue refused a request.',
  VENUE_ANSWER_INVALID: 'The venue answered something that cannot be understood.',
  RATE_LIMITED: 'The venue or our own limiter asks to wait.',
  POLICY_INVALID: 'A policy value is not allowed.',
  POLICY_CONFLICT: 'Somebody else changed the same policy key meanwhile.',
  LIVE_REFUSED: 'Live trading is not allowed to start.',
  TWO_MASTERS: 'Another Keel trades on the same venue account.',
  ORDER_TRANSITION: 'An order cannot go from this state by this event.',
  EFFECT_UNDECLARED: 'An activity used an outside effect that its registry entry does not declare.',
  INVARIANT: 'A rule of the system was found broken.',
} as const;

export type ErrorCode = keyof typeof ERRORS;

/** A failure with a code of the table above; its message says what was tried, with which value, and what to do. */
export class KeelError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'KeelError';
    this.code = code;
  }
}

const VENUE_TROUBLE: readonly ErrorCode[] = ['VENUE_UNREACHABLE', 'RATE_LIMITED', 'VENUE_REFUSED', 'VENUE_ANSWER_INVALID'];

/** Whether the venue failed, asked to wait, or answered nonsense: asking again may mend it. */
export function isVenueTrouble(error: unknown): error is KeelError {
  return error instanceof KeelError && VENUE_TROUBLE.includes(error.code);
}

/** Whether the venue does not know what it was asked for, such as a symbol that it does not list any more. All other trouble may pass. */
export function isVenueRefusal(error: unknown): error is KeelError {
  return error instanceof KeelError && error.code === 'VENUE_REFUSED';
}

/** The text of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
