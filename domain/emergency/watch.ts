/**
 * The sensor's side of the emergency stop: what was seen of the account is folded into a small memory, and comes out as a
 * command for the guard when a trigger begins to hold or a step of recovery is due. Pure; the ledger keeps the memory.
 */
import type { DecimalString } from '../decimal.ts';
import { d, text, ZERO } from '../decimal.ts';
import type { EquityMemory, EquityPoint, Losses } from './equity.ts';
import { lossesOf, NO_EQUITY, rebased, withEquity, withTransfer } from './equity.ts';
import type { GuardCommand, GuardState } from './guard.ts';
import { isHalting, recoveryModeOf } from './guard.ts';
import type { EmergencyLimits } from './limits.ts';
import type { RecoveryFacts, RecoveryState } from './recovery.ts';
import { missingForNextStep, recoveryLook } from './recovery.ts';
import type { CrossingMemory, RiskReadings } from './triggers.ts';
import { crossingOf, isLossTrigger, isMarketAlone, marketAlone, percent } from './triggers.ts';
import type { WorkerCalls } from './venue-calls.ts';
import { callsOfAll } from './venue-calls.ts';

/** Both asked of the venue at one moment, so they belong together. */
export interface AccountSight {
  readonly kind: 'account';
  readonly walletBalance: DecimalString;
  readonly equity: DecimalString;
  /** Unrealised profit of every holding, by `holdingKey`. */
  readonly unrealized: Readonly<Record<string, DecimalString>>;
}

/** One event of the account's stream: the wallet, and those holdings that the event names. */
export interface BalanceSight {
  readonly kind: 'balance';
  /** Money came or went: neither profit nor loss. */
  readonly isTransfer: boolean;
  readonly walletBalance: DecimalString;
  /** Null: nothing is held any more. */
  readonly unrealized: Readonly<Record<string, DecimalString | null>>;
}

/** How the machinery fares, as the process sees it that owns the account's stream. */
export interface Machinery extends Pick<RiskReadings, 'feedAgeMs' | 'isFeedCorrupt' | 'health'> {
  /** That process, whose calls these are; null: none has looked yet. */
  readonly worker: string | null;
  readonly venueCalls: number;
  readonly venueFailures: number;
}

export interface RiskSight {
  /** Market clock. */
  readonly at: number;
  /** Wall clock. */
  readonly seenAt: number;
  readonly money: AccountSight | BalanceSight | null;
  /** Null where another process knows. */
  readonly machinery: Machinery | null;
}

/** What the ledger itself knows at a look. */
export interface LedgerReadings extends Pick<RiskReadings, 'stopOuts' | 'executionErrors' | 'ledgerDiffers'> {
  /** Sum of all transfers that were read from the venue, quote currency, signed. */
  readonly transferred: DecimalString;
  /** Wall clock of that reading; null before the first. */
  readonly incomeReadAt: number | null;
  /** What each worker told of its calls within the trigger's window, to the stretch; also the one that looks. */
  readonly callsTold: readonly WorkerCalls[];
}

export interface WatchMemory {
  readonly equity: EquityMemory;
  /** As the newest sight told it; null before the first. */
  readonly wallet: DecimalString | null;
  /** Market clock of that sight. */
  readonly walletAt: number;
  readonly unrealized: Readonly<Record<string, DecimalString>> | null;
  /** Wall clock since when the venue's wallet is another than the stream's; null: they agree. */
  readonly doubtedSince: number | null;
  /** In lockstep: looks at the account that the stream is behind of; null: it has told all of them. */
  readonly ahead: Ahead | null;
  /** Transfers that the equity's past was told in; null: not known yet. */
  readonly transferred: DecimalString | null;
  /** Wall clock of the newest transfer that the stream told. */
  readonly transferSeenAt: number | null;
  readonly machinery: Machinery;
  /** Wall clock of the newest sight of the machinery; null before the first. */
  readonly machineryAt: number | null;
  readonly told: CrossingMemory;
  /** Since when the next step's conditions hold, and for which step. */
  readonly better: { readonly step: string; readonly since: number } | null;
}

/** What the stream does not know yet may be a transfer: then the looks count anew upon what was known before them. */
interface Ahead {
  /** Before the first of these looks. */
  readonly equity: EquityMemory;
  /** As the stream told it last. */
  readonly wallet: DecimalString;
  /** Of these looks. */
  readonly points: readonly EquityPoint[];
  /** Wall clock of the first. */
  readonly seenAt: number;
}

const SOUND: Machinery = { worker: null, venueCalls: 0, venueFailures: 0, feedAgeMs: 0, isFeedCorrupt: false, health: 'ok' };

export const NOTHING_SEEN: WatchMemory = {
  equity: NO_EQUITY, wallet: null, walletAt: 0, unrealized: null, doubtedSince: null, ahead: null, transferred: null, transferSeenAt: null, machinery: SOUND, machineryAt: null, told: [], better: null,
};

/** So long the stream may be behind the venue before its word on the wallet is not waited for any more. Wall clock. */
const DOUBT_MAX_MS = 10_000;
/** The venue's list of income may be this much behind its stream. Wall clock. */
const INCOME_LAG_MS = 10_000;

export interface WatchContext {
  readonly guard: GuardState;
  readonly ledger: LedgerReadings;
  readonly limits: EmergencyLimits;
  readonly isReplay: boolean;
  /** A loss that only the stream's events tell is acted on without asking the venue: it does not answer. */
  readonly trustsStream: boolean;
}

export interface WatchLook {
  readonly memory: WatchMemory;
  readonly command: GuardCommand | null;
  /** The stream's events tell of a loss that trips: the venue should be asked, and looked at again. */
  readonly isDoubtful: boolean;
  readonly losses: Losses;
}

/** Folds sights in their order. The first command ends the evaluation; what was seen later is still remembered. */
export function lookAtRisk(before: WatchMemory, sights: readonly RiskSight[], context: WatchContext): WatchLook {
  let memory = before;
  let found: Pick<WatchLook, 'command' | 'isDoubtful'> = { command: null, isDoubtful: false };
  for (const sight of sights) {
    memory = { ...withMoney(settled(memory, context), sight, context), ...(sight.machinery === null ? {} : { machinery: sight.machinery, machineryAt: sight.seenAt }) };
    // In lockstep decisions depend on data alone: a look by the wall clock is remembered, not acted on.
    if (found.command !== null || (isMarketAlone(context) && sight.money === null && !context.trustsStream)) continue;
    const look = evaluated(memory, sight, factsOf(memory, sight.at, context), context);
    memory = look.memory;
    found = { command: look.command, isDoubtful: found.isDoubtful || look.isDoubtful };
  }
  return { ...found, memory, losses: lossesOf(memory.equity) };
}

function factsOf(memory: WatchMemory, at: number, context: Pick<WatchContext, 'ledger' | 'isReplay' | 'limits'>): RecoveryFacts {
  const readings = readingsOf(memory, context.ledger);
  return { at, drawdownBps: lossesOf(memory.equity).recoveryDrawdownBps, readings: isMarketAlone(context) ? marketAlone(readings) : readings };
}

/** Where an emergency stands, for people: losses, and what the next step of recovery waits for, in words. */
export function standingOf({ state, memory, readings, limits, isReplay }: { readonly state: GuardState; readonly memory: WatchMemory; readonly readings: LedgerReadings; readonly limits: EmergencyLimits; readonly isReplay: boolean }): { readonly losses: Losses; readonly missing: readonly string[] } {
  const recovery = recoveryStateOf(memory, state);
  return { losses: lossesOf(memory.equity), missing: recovery === null ? [] : missingForNextStep(recovery, factsOf(memory, memory.equity.last?.at ?? 0, { ledger: readings, isReplay, limits }), limits) };
}

function readingsOf(memory: WatchMemory, ledger: LedgerReadings): RiskReadings {
  const { dailyLossBps, drawdownBps } = lossesOf(memory.equity);
  const { feedAgeMs, isFeedCorrupt, health } = memory.machinery;
  return {
    dailyLossBps, drawdownBps, openLossBps: openLossBps(memory), feedAgeMs, isFeedCorrupt, health, ...callsOfAll(memory.machinery, ledger.callsTold),
    stopOuts: ledger.stopOuts, executionErrors: ledger.executionErrors, ledgerDiffers: ledger.ledgerDiffers,
  };
}

function openLossBps({ equity, unrealized }: WatchMemory): number | null {
  if (unrealized === null || equity.last === null) return null;
  const open = Number(text(sumOf(unrealized)));
  if (open >= 0) return 0;
  return equity.last.equity <= 0 ? 10_000 : Math.min(10_000, (-open / equity.last.equity) * 10_000);
}

function sumOf(amounts: Readonly<Record<string, DecimalString>>) {
  return Object.values(amounts).reduce((sum, amount) => sum.plus(d(amount)), ZERO);
}

/** What the list of income says of transfers counts once it is newer than the newest that the stream told, and than what the stream is to tell. */
function settled(memory: WatchMemory, { ledger: { transferred, incomeReadAt }, limits }: WatchContext): WatchMemory {
  const toldAt = Math.max(memory.transferSeenAt ?? -Infinity, memory.ahead?.seenAt ?? -Infinity);
  if (incomeReadAt === null || incomeReadAt < toldAt + INCOME_LAG_MS) return memory;
  if (memory.transferred === null) return { ...memory, transferred, ahead: null };
  const missed = d(transferred).minus(d(memory.transferred));
  if (missed.isZero()) return { ...memory, ahead: null };
  return { ...memory, transferred, ahead: null, equity: memory.ahead === null ? withTransfer(memory.equity, Number(text(missed))) : toldAnew(memory.ahead, Number(text(missed)), limits) };
}

/** The looks that the stream is behind of, upon a past in the terms of what came or went. */
function toldAnew({ equity, points }: Pick<Ahead, 'equity' | 'points'>, moved: number, { recoveryWindowMs }: EmergencyLimits): EquityMemory {
  return points.reduce((known, point) => withEquity(known, point, recoveryWindowMs), withTransfer(equity, moved));
}

function withMoney(memory: WatchMemory, sight: RiskSight, context: WatchContext): WatchMemory {
  if (sight.money === null) return memory;
  return sight.money.kind === 'account' ? withAccount(memory, sight, sight.money, context) : withBalance(memory, sight, sight.money, context);
}

/** While the stream is behind the venue, a deposit could pass for profit: such a look tells nothing. In lockstep it counts all the same, whichever comes first, and is told anew once the stream names a transfer; until then nothing is concluded from it. */
function withAccount(memory: WatchMemory, { at, seenAt }: RiskSight, money: AccountSight, { limits, ledger, isReplay }: WatchContext): WatchMemory {
  const isAgreed = isReplay || memory.wallet === null || d(memory.wallet).eq(d(money.walletBalance));
  const doubtedSince = memory.doubtedSince ?? seenAt;
  const isOverdue = seenAt - doubtedSince >= DOUBT_MAX_MS && (ledger.incomeReadAt ?? 0) > doubtedSince;
  if (!isAgreed && !isOverdue) return { ...memory, doubtedSince };
  const point = { at, equity: Number(money.equity) };
  return {
    ...memory, wallet: money.walletBalance, walletAt: Math.max(at, memory.walletAt), unrealized: money.unrealized, doubtedSince: null,
    equity: withEquity(memory.equity, point, limits.recoveryWindowMs), ahead: isReplay ? aheadWith(memory, { point, walletBalance: money.walletBalance, seenAt }) : null,
  };
}

/** Looks at one moment of the market are few; a stream that never comes is not waited for by the memory's size. */
const AHEAD_MAX = 100;

function aheadWith({ ahead, equity, wallet }: WatchMemory, { point, walletBalance, seenAt }: { readonly point: EquityPoint; readonly walletBalance: DecimalString; readonly seenAt: number }): Ahead | null {
  const told = ahead?.wallet ?? wallet;
  if (told === null || d(told).eq(d(walletBalance))) return null;
  return { equity: ahead?.equity ?? equity, wallet: told, points: [...(ahead?.points ?? []), point].slice(-AHEAD_MAX), seenAt: ahead?.seenAt ?? seenAt };
}

/** The stream tells of what a look had seen already. */
function caughtUp(memory: WatchMemory, ahead: Ahead, { seenAt, money, limits }: { readonly seenAt: number; readonly money: BalanceSight; readonly limits: EmergencyLimits }): WatchMemory {
  const moved = money.isTransfer ? d(money.walletBalance).minus(d(ahead.wallet)) : ZERO;
  const amount = Number(text(moved));
  const isLast = memory.wallet !== null && d(memory.wallet).eq(d(money.walletBalance));
  const next = { ...memory, ahead: isLast ? null : { ...ahead, equity: withTransfer(ahead.equity, amount), wallet: money.walletBalance } };
  if (moved.isZero()) return next;
  return { ...next, equity: toldAnew(ahead, amount, limits), transferSeenAt: seenAt, transferred: memory.transferred === null ? null : text(d(memory.transferred).plus(moved)) };
}

/**
 * In lockstep events come in their order, each before the market goes on; but between two candles they bear the last
 * moment of the one that closed, before which no look of its cycle was.
 */
function withBalance(before: WatchMemory, sight: RiskSight, money: BalanceSight, { limits, isReplay }: WatchContext): WatchMemory {
  const memory = before.ahead === null ? before : caughtUp(before, before.ahead, { seenAt: sight.seenAt, money, limits });
  if (memory.ahead !== null || (sight.at < memory.walletAt && !isReplay)) return memory; // told out of order: a newer wallet is known
  const [at, { seenAt }] = [Math.max(sight.at, memory.walletAt), sight];
  const moved = money.isTransfer && memory.wallet !== null ? d(money.walletBalance).minus(d(memory.wallet)) : ZERO;
  const told: WatchMemory = moved.isZero() ? memory : {
    ...memory, equity: withTransfer(memory.equity, Number(text(moved))), transferSeenAt: seenAt,
    transferred: memory.transferred === null ? null : text(d(memory.transferred).plus(moved)),
  };
  const unrealized = told.unrealized === null ? null : withChanges(told.unrealized, money.unrealized);
  const equity = unrealized === null ? told.equity : withEquity(told.equity, { at, equity: Number(text(d(money.walletBalance).plus(sumOf(unrealized)))) }, limits.recoveryWindowMs);
  return { ...told, wallet: money.walletBalance, walletAt: at, unrealized, equity, doubtedSince: null };
}

function withChanges(known: Readonly<Record<string, DecimalString>>, changes: Readonly<Record<string, DecimalString | null>>): Readonly<Record<string, DecimalString>> {
  return Object.fromEntries(Object.entries({ ...known, ...changes }).filter((entry): entry is [string, DecimalString] => entry[1] !== null));
}

function evaluated(memory: WatchMemory, sight: RiskSight, facts: RecoveryFacts, context: WatchContext): Pick<WatchLook, 'memory' | 'command' | 'isDoubtful'> {
  const { guard, limits, isReplay } = context;
  // What the stream has yet to tell may be a transfer: it passes for no loss, and no step back is taken by it.
  const isCertain = memory.ahead === null && (context.trustsStream || (sight.money?.kind === 'account' && memory.doubtedSince === null));
  const crossing = crossingOf(memory.told, facts.readings, { isReplay, limits });
  const isLoss = crossing.cause !== null && isLossTrigger(crossing.cause.trigger);
  if (!isCertain && isLoss && !isHalting(guard.mode)) return { memory, command: null, isDoubtful: true };
  // While it is stopped, a condition that begins to hold stays to be told: else nobody would stop for it once trading is back.
  const told = { ...memory, told: isHalting(guard.mode) ? crossing.memory.filter((it) => isLossTrigger(it) || memory.told.includes(it)) : crossing.memory };
  if (crossing.cause !== null && !isHalting(guard.mode)) return { memory: told, command: { kind: 'trip', cause: crossing.cause, at: sight.seenAt }, isDoubtful: false };
  return isCertain ? { ...recovered(told, sight, facts, context), isDoubtful: false } : { memory: told, command: null, isDoubtful: false };
}

function recovered(memory: WatchMemory, { at, seenAt }: RiskSight, facts: RecoveryFacts, { guard, limits }: WatchContext): Pick<WatchLook, 'memory' | 'command'> {
  const before = recoveryStateOf(memory, guard);
  if (before === null) return { memory: { ...memory, better: null }, command: null };
  const { state, step } = recoveryLook(before, facts, limits);
  if (step === null) return { memory: { ...memory, better: state.betterSince === null ? null : { step: stepNameOf(guard), since: state.betterSince } }, command: null };
  const after: WatchMemory = { ...memory, better: null, equity: step.from === 'emergency' ? rebased(memory.equity) : memory.equity };
  if (step.to === 'emergency') {
    return { memory: after, command: { kind: 'trip', at: seenAt, cause: { trigger: 'drawdown', reason: `fell back: drawdown from the high ${percent(step.drawdownBps)}`, by: 'keel', severity: 'critical' } } };
  }
  return { memory: after, command: { kind: 'step', emergency: guard.emergency, from: step.from, to: step.to, drawdownBps: step.drawdownBps, at: seenAt, marketAt: at } };
}

/** Where recovery stands; null while there is none. */
function recoveryStateOf(memory: Pick<WatchMemory, 'better'>, guard: GuardState): RecoveryState | null {
  if (guard.mode === 'armed' || guard.mode === 'tripping' || guard.cause === null) return null;
  const betterSince = memory.better !== null && memory.better.step === stepNameOf(guard) ? memory.better.since : null;
  return { mode: recoveryModeOf(guard.mode), cause: guard.cause, isReset: guard.resetBy !== null, betterSince };
}

/** A dwell belongs to one step of one round and cause; any other begins anew. */
function stepNameOf({ emergency, round, mode, cause }: GuardState): string {
  return `${emergency}.${round} ${mode} ${cause?.trigger ?? ''} ${cause?.by ?? ''}`;
}

/** Reads a stored memory; what an older version did not write is as if nothing had been seen. */
export function watchMemoryOf(stored: Readonly<Record<string, unknown>> | null): WatchMemory {
  return { ...NOTHING_SEEN, ...stored };
}
