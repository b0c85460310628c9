/** One look at each part. What hangs on a part that does not answer is not counted: one cause is one part. */
import { messageOf } from '../domain/errors.ts';
import type { HealthPart, PartReading, Reading } from '../domain/health/types.ts';
import { timeframeMs } from '../domain/market/timeframe.ts';
import type { Timeframe } from '../domain/market/timeframe.ts';
import type { HealthSigns, HealthStore } from '../domain/ports/health.ts';
import type { Venue } from '../domain/ports/venue.ts';
import type { Role } from '../workflows/ids.ts';
import type { HealthInput } from '../workflows/messages.ts';
import { marketFeedCursor } from './feeds.ts';
import { unlessLate } from './patience.ts';

/** One Schedule as the engine tells of it. Wall clock. */
export interface ScheduleSign {
  readonly id: string;
  /** False: there is none of this id. */
  readonly exists: boolean;
  readonly isPaused: boolean;
  /** When it last started something, or was made or changed. */
  readonly lastAt: number;
}

/** What the engine tells of itself. Every method may hang or throw. */
export interface EngineSigns {
  ping(): Promise<void>;
  /** Queues that have work, and how many workers ask for it. */
  workers(): Promise<readonly { readonly role: Role; readonly alive: number }[]>;
  schedules(ids: readonly string[]): Promise<readonly ScheduleSign[]>;
}

/** Bytes. */
export interface Machine {
  room(): Promise<{ readonly diskFree: number; readonly memoryFree: number }>;
}

export interface ProbeDeps {
  readonly store: HealthStore;
  readonly venue: Pick<Venue, 'ping' | 'marketTime' | 'circuit'>;
  readonly engineSigns: EngineSigns;
  readonly machine: Machine;
  readonly clock: () => number;
}

/** A part that takes longer than that does not answer: worse than any limit of time. */
const ANSWER_WITHIN_MS = 4_000;
const NOTE_MAX = 300;
const MIB = 1024 ** 2;
/** A candle or cycle that was written just now is not late, however fast a simulated market runs. */
const FRESH_MS = 30_000;
/** The same of a retrain, which takes its time on a simulated market's clock. */
const RETRAIN_FRESH_MS = 3_600_000;
/** After a stop in good order the retrain that was missed is made up for within this time, wall clock. */
const RETRAIN_RESUME_MS = 3_600_000;
/** A Schedule may begin this much late, beside one period that it was busy. */
const SCHEDULE_GRACE_MS = 30_000;
/** What must come once after the first start may take so long, wall clock; candles and cycles two timeframes where these are longer. */
const FIRST_WITHIN_MS = 600_000;
const FIRST_WITHIN_TIMEFRAMES = 2;
/** Workers and streams that were stopped in good order are back within this time, wall clock. */
const RESUME_MS = 60_000;

/** @returns isRecordOnly: null while the ledger does not tell. */
export async function readParts(deps: ProbeDeps, input: HealthInput): Promise<{ readonly readings: readonly PartReading[]; readonly isRecordOnly: boolean | null }> {
  const [engine, ledger, venue, machine] = await Promise.all([readEngine(deps, input), readLedger(deps, input), readVenue(deps), readMachine(deps)]);
  const marketTime = venue.marketTime;
  const readings = [...engine, ...ledger.readings, ...venue.readings, ...machine, ...readMarket(deps, input, ledger.signs, marketTime)];
  return { readings, isRecordOnly: ledger.signs?.isRecordOnly ?? null };
}

type Asked<T> = { readonly ok: true; readonly value: T; readonly tookMs: number } | { readonly ok: false; readonly problem: string };

/** Whatever goes wrong is what the check is for: it is told, and never healthy. */
async function ask<T>(work: () => Promise<T>): Promise<Asked<T>> {
  const startedAt = performance.now();
  try {
    const value = await unlessLate(ANSWER_WITHIN_MS, work(), () => new Error(`no answer within ${ANSWER_WITHIN_MS / 1_000} s`));
    return { ok: true, value, tookMs: Math.round(performance.now() - startedAt) };
  } catch (error) {
    return { ok: false, problem: messageOf(error).slice(0, NOTE_MAX) };
  }
}

const failed = (problem: string): Reading => ({ kind: 'failed', problem });
const none = (why: string): Reading => ({ kind: 'none', why });
const notYet = (why: string, graceMs: number): Reading => ({ kind: 'none', why, graceMs });
const measured = (value: number, more: { wanted?: number; note?: string; resumeMs?: number } = {}): Reading => ({ kind: 'measured', value, ...more });

async function readEngine({ engineSigns, clock }: ProbeDeps, { workers: wanted, schedules }: HealthInput): Promise<PartReading[]> {
  const engine = await ask(() => engineSigns.ping());
  if (!engine.ok) return [{ part: 'engine', reading: failed(engine.problem) }, { part: 'schedules', reading: none('the engine does not answer') }];
  const [queues, told] = await Promise.all([ask(() => engineSigns.workers()), ask(() => engineSigns.schedules(schedules.map((it) => it.id)))]);
  return [
    { part: 'engine', reading: measured(engine.tookMs) },
    ...(queues.ok ? queues.value.map(({ role, alive }) => ({ part: `workers.${role}` as const, reading: measured(alive, { wanted, resumeMs: RESUME_MS }) })) : [{ part: 'workers.trading' as const, reading: failed(queues.problem) }]),
    { part: 'schedules', reading: told.ok ? schedulesReading(told.value, schedules, clock()) : failed(told.problem) },
  ];
}

function schedulesReading(told: readonly ScheduleSign[], wanted: HealthInput['schedules'], now: number): Reading {
  const wrong = wanted.flatMap(({ id, everyMs }) => {
    const found = told.find((it) => it.id === id);
    if (found === undefined || !found.exists) return [`${id} is missing`];
    if (found.isPaused) return [`${id} is paused`];
    return now - found.lastAt > 2 * everyMs + SCHEDULE_GRACE_MS ? [`${id} last ran ${Math.round((now - found.lastAt) / 1_000)} s ago`] : [];
  });
  return measured(wrong.length, { note: wrong.length === 0 ? `${wanted.length} on time` : wrong.join(', ') });
}

/** The rows that are needed anyway: as good as any other question, and through the same pool as trading. */
async function readLedger({ store, clock }: ProbeDeps, { portfolioId, strategy, timeframe }: HealthInput): Promise<{ readonly readings: PartReading[]; readonly signs: HealthSigns | null }> {
  const ledger = await ask(() => store.signs({ portfolioId, feedCursor: marketFeedCursor({ strategy, timeframe }) }));
  if (!ledger.ok) return { signs: null, readings: [{ part: 'database', reading: failed(ledger.problem) }, ...(['policy', 'accountFeed'] as const).map((part) => ({ part, reading: none('the ledger does not answer') }))] };
  return { signs: ledger.value, readings: [{ part: 'database', reading: measured(ledger.tookMs) }, { part: 'policy', reading: policyReading(ledger.value) }, { part: 'accountFeed', reading: accountFeedReading(ledger.value, clock()) }] };
}

function policyReading({ policy: { refused, problem } }: HealthSigns): Reading {
  return measured(refused, problem === null ? {} : { note: problem.slice(0, NOTE_MAX) });
}

function accountFeedReading({ accountHeardAt, isAccountFeedCorrupt }: HealthSigns, now: number): Reading {
  if (isAccountFeedCorrupt) return failed('it brings what cannot be understood');
  return accountHeardAt === null ? notYet('it was never open', FIRST_WITHIN_MS) : measured(Math.max(0, (now - accountHeardAt) / 1_000), { resumeMs: RESUME_MS });
}

async function readVenue({ venue }: ProbeDeps): Promise<{ readonly readings: PartReading[]; readonly marketTime: number | null }> {
  const circuit = venue.circuit(); // as it was before this look, which may close it
  const [pinged, market] = await Promise.all([ask(() => venue.ping()), ask(() => venue.marketTime())]);
  const problem = !pinged.ok ? pinged.problem : market.ok ? null : market.problem;
  if (!pinged.ok || !market.ok) return { marketTime: null, readings: [{ part: 'venue', reading: failed(`${problem ?? ''} (circuit ${venue.circuit()})`) }, { part: 'clock', reading: none('the venue does not answer') }] };
  const { roundTripMs, skewMs } = pinged.value;
  return {
    marketTime: market.value,
    readings: [
      { part: 'venue', reading: measured(roundTripMs, { note: `circuit ${circuit}` }) },
      { part: 'clock', reading: measured(Math.abs(skewMs), { note: skewMs >= 0 ? 'behind the venue' : 'before the venue' }) },
    ],
  };
}

async function readMachine({ machine }: ProbeDeps): Promise<PartReading[]> {
  const room = await ask(() => machine.room());
  if (!room.ok) return [{ part: 'disk', reading: failed(room.problem) }];
  return [{ part: 'disk', reading: measured(Math.floor(room.value.diskFree / MIB)) }, { part: 'memory', reading: measured(Math.floor(room.value.memoryFree / MIB)) }];
}

/** How far candles, cycles, evaluations and retrains are behind the market's own clock. */
function readMarket({ clock }: ProbeDeps, { timeframe, retrainEveryMs }: HealthInput, signs: HealthSigns | null, marketTime: number | null): PartReading[] {
  const missing = signs === null ? 'the ledger does not answer' : marketTime === null ? 'the venue does not answer' : null;
  const graceMs = Math.max(FIRST_WITHIN_MS, FIRST_WITHIN_TIMEFRAMES * timeframeMs(timeframe));
  const behind = (part: HealthPart, at: HealthSigns['newestCandle'], never: Reading): PartReading => {
    if (missing !== null || marketTime === null) return { part, reading: none(missing ?? '') };
    return { part, reading: at === null ? never : measured(behindOf({ ...at, marketTime, now: clock(), timeframe }), { resumeMs: graceMs }) };
  };
  const evaluation = signs?.evaluation ?? null;
  return [
    behind('marketFeed', signs?.newestCandle ?? null, notYet('no candle came yet', graceMs)), behind('cycle', signs?.lastCycle ?? null, notYet('no cycle was recorded yet', graceMs)),
    behind('evaluation', evaluation === null ? null : { closeTime: evaluation.oldestDueAt ?? Infinity, writtenAt: evaluation.writtenAt ?? 0 }, none('no prediction waits, and none was evaluated yet')),
    { part: 'retrain', reading: missing !== null || marketTime === null ? none(missing ?? '') : retrainReading(signs?.lastRetrain ?? null, { everyMs: retrainEveryMs, marketTime, now: clock() }) },
  ];
}

function retrainReading(last: HealthSigns['lastRetrain'], { everyMs, marketTime, now }: { readonly everyMs: number | undefined; readonly marketTime: number; readonly now: number }): Reading {
  if (everyMs === undefined) return none('none happens by itself');
  if (last === null) return notYet('none came to its end yet', 2 * everyMs);
  return measured(now - last.writtenAt <= RETRAIN_FRESH_MS ? 0 : Math.max(0, (marketTime - last.asOf) / everyMs), { resumeMs: RETRAIN_RESUME_MS });
}

/** Timeframes between the close that was handled last and the market's clock; what was written just now is 0 behind. */
function behindOf({ closeTime, writtenAt, marketTime, now, timeframe }: { closeTime: number; writtenAt: number; marketTime: number; now: number; timeframe: Timeframe }): number {
  return now - writtenAt <= FRESH_MS ? 0 : Math.max(0, (marketTime - closeTime) / timeframeMs(timeframe));
}
