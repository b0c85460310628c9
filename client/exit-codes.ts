import type { ErrorCode } from '../domain/errors.ts';

/** What `keel` ends with, for scripts. `keel --help` lists them. */
export const EXIT_CODES = {
  ok: 0,
  /** The command did its work and found something wrong: a violation, a failed check. */
  found: 1,
  /** The command line, a setting or given data was not understood. */
  usage: 2,
  notRunning: 3,
  alreadyRunning: 4,
  /** Something that Keel needs is not to be had: port, engine, database, venue, a process. */
  unavailable: 5,
  /** Keel, or the venue, will not do this. */
  refused: 6,
  notFound: 7,
  /** Keel broke a rule of its own: a bug. */
  internal: 8,
  /** Node or the packages could not be got; see bin/report.mjs. */
  setup: 10,
  /** Ctrl-C before the command was done. */
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT_CODES)[keyof typeof EXIT_CODES];

const BY_ERROR: Readonly<Record<ErrorCode, keyof typeof EXIT_CODES>> = {
  SETTING_INVALID: 'usage',
  USAGE: 'usage',
  CANDLES_INVALID: 'usage',
  STRATEGY_INVALID: 'usage',
  FEATURES_INVALID: 'usage',
  LABEL_INVALID: 'usage',
  LEARNER_INVALID: 'usage',
  MODEL_INVALID: 'usage',
  LEARNER_UNAVAILABLE: 'unavailable',
  TRAINING_FAILED: 'internal',
  SNAPSHOT_INVALID: 'refused',
  PROCESS_MISSING: 'usage',
  PROCESS_CIRCULAR: 'usage',
  NOT_RUNNING: 'notRunning',
  ALREADY_RUNNING: 'alreadyRunning',
  PORT_TAKEN: 'unavailable',
  PROCESS_FAILED: 'unavailable',
  ENGINE_UNAVAILABLE: 'unavailable',
  ENGINE_UNREACHABLE: 'unavailable',
  DATABASE_UNREACHABLE: 'unavailable',
  DATABASE_FAILED: 'unavailable',
  VENUE_UNREACHABLE: 'unavailable',
  RATE_LIMITED: 'unavailable',
  MIGRATION_CONFLICT: 'refused',
  CANCELLED: 'refused',
  VENUE_REFUSED: 'refused',
  POLICY_INVALID: 'usage',
  POLICY_CONFLICT: 'refused',
  LIVE_REFUSED: 'refused',
  TWO_MASTERS: 'refused',
  NOT_FOUND: 'notFound',
  VENUE_ANSWER_INVALID: 'internal',
  ORDER_TRANSITION: 'internal',
  EFFECT_UNDECLARED: 'internal',
  INVARIANT: 'internal',
};

export function exitCodeOf(code: ErrorCode): ExitCode {
  return EXIT_CODES[BY_ERROR[code]];
}

/** For the end of `keel --help`. */
export const EXIT_CODES_HELP = `Exit codes:
  0  done                                 5  port, engine, database, venue or process not to be had
  1  done, and something is wrong         6  refused (live not armed, two masters, migrations)
  2  command line, setting or data        7  not found
  3  no Keel runs on this home            8  a bug of Keel
  4  a Keel runs already                 10  set-up failed         130  interrupted`;
