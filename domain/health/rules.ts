import { rounded } from '../checks/check.ts';
import type { HealthPart } from './types.ts';

/** What a part's number means. */
export interface PartRule {
  /** Of the number, for people. */
  readonly unit: string;
  /** Which way it gets worse: `above` counts from the limit on, `below` under it. */
  readonly worse: 'above' | 'below';
  readonly degraded: number;
  readonly unhealthy: number;
  /** What is looked at. */
  readonly about: string;
  /** What a person might do. */
  readonly action: string;
}

/** Beyond it a candle is stale. @source risk.md, "From votes to an order", step 1. */
const STALE_TIMEFRAMES = 2;

const answerTime = (about: string, action: string): PartRule => ({ unit: 'ms', worse: 'above', degraded: 1_000, unhealthy: 3_000, about, action });
const queue = (name: string): PartRule => ({
  unit: 'workers', worse: 'below', degraded: 1, unhealthy: 1, about: `workers that ask for tasks of the queue \`${name}\``,
  action: `start a worker with the role ${name}: \`keel start\`, or \`keel worker --roles ${name}\``,
});

/** Each part's limits. @source risk.md, "Health"; of the clock: Binance USD-M, general info, "Timing security". */
export const HEALTH_RULES: Readonly<Record<HealthPart, PartRule>> = {
  engine: answerTime('time that the Temporal server takes to answer', 'look at the Temporal server: `keel status`, its log; does TEMPORAL_ADDRESS name it?'),
  database: answerTime('time that the ledger takes to answer', 'look at PostgreSQL: `keel status`, its log, its disk; does DATABASE_URL name it?'),
  policy: { unit: 'keys refused', worse: 'above', degraded: 1, unhealthy: Infinity, about: 'keys of the newest policy that are not valid: until they are, the stricter of what is known and `defensive` holds', action: '`keel policy show` names them; `keel policy set <key>=<value>` for each, or `keel policy preset <name>`, mends it' },
  venue: answerTime('time that the venue takes to answer', 'look at the venue\'s own status page and at this machine\'s network; stops rest at the venue meanwhile'),
  accountFeed: { unit: 's', worse: 'above', degraded: 15, unhealthy: 60, about: 'silence of the account\'s stream', action: 'look at `accountFeed` in the Temporal UI: its pending activity says why the stream does not open' },
  marketFeed: { unit: 'timeframes', worse: 'above', degraded: STALE_TIMEFRAMES, unhealthy: STALE_TIMEFRAMES, about: 'distance of the newest candle from the market\'s clock', action: 'look at `marketFeed` in the Temporal UI: its pending activity says why no candles come' },
  clock: { unit: 'ms', worse: 'above', degraded: 500, unhealthy: 1_000, about: 'distance between this machine\'s clock and the venue\'s', action: 'set this machine\'s clock by NTP: requests with a wrong time are refused' },
  disk: { unit: 'MiB free', worse: 'below', degraded: 1_024, unhealthy: 128, about: 'room on the disk of KEEL_HOME', action: 'make room, or move KEEL_HOME to another disk' },
  memory: { unit: 'MiB free', worse: 'below', degraded: 256, unhealthy: 64, about: 'memory that this machine can still give', action: 'end other programs, or give the machine more memory' },
  'workers.trading': queue('trading'),
  'workers.venue': queue('venue'),
  'workers.models': queue('models'),
  'workers.feeds': queue('feeds'),
  schedules: { unit: 'late, paused or missing', worse: 'above', degraded: 1, unhealthy: Infinity, about: 'Schedules that do not run as they should', action: '`keel schedules` lists them; `keel schedules resume <id>` ends a pause, a restart makes missing ones' },
  cycle: { unit: 'timeframes', worse: 'above', degraded: STALE_TIMEFRAMES, unhealthy: STALE_TIMEFRAMES, about: 'distance of the last recorded cycle from the market\'s clock', action: 'look at the newest `tradingCycle` in the Temporal UI: its pending activity says what it waits for' },
  evaluation: { unit: 'timeframes', worse: 'above', degraded: STALE_TIMEFRAMES, unhealthy: Infinity, about: 'how long the oldest prediction has been due without being evaluated', action: 'look at `outcomeEvaluation` in the Temporal UI' },
  retrain: { unit: 'intervals', worse: 'above', degraded: 2, unhealthy: Infinity, about: 'how long ago the last retrain came to its end, whatever came out of it', action: '`keel runs` says what became of the last ones; `keel retrain` starts one now' },
};

/** How bad a number is by itself. @param wanted takes the place of the rule's `degraded` */
export function badnessOf(rule: PartRule, value: number, wanted: number = rule.degraded): 'healthy' | 'degraded' | 'unhealthy' {
  if (!Number.isFinite(value)) return 'unhealthy'; // no number is no proof of health
  const isPast = (limit: number): boolean => (rule.worse === 'above' ? value >= limit : value < limit);
  return isPast(rule.unhealthy) ? 'unhealthy' : isPast(wanted) ? 'degraded' : 'healthy';
}

/** Where a rule's limits are, for people: `below 1000, unhealthy from 3000 ms`. */
export function limitTextOf(rule: PartRule, wanted: number = rule.degraded): string {
  const [well, ill] = rule.worse === 'above' ? ['below', 'from'] : ['at least', 'below'];
  const unhealthy = rule.unhealthy === wanted || !Number.isFinite(rule.unhealthy) ? '' : `, unhealthy ${ill} ${rounded(rule.unhealthy)}`;
  return `${well} ${rounded(wanted)}${unhealthy} ${rule.unit}`;
}
