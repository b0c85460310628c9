/**
 * The rules that the world runs by: the project's own decisions over scaled times, and switches that leave out one guard
 * at a time. Decisions are pure, so each is computed once per distinct question and remembered.
 */
import type { FenceTimes } from '../../domain/orders/fence.ts';
import { isSealProven, lowered, raised, sealableAt } from '../../domain/orders/fence.ts';
import { KeelError } from '../../domain/errors.ts';
import type { Leg, OrderIntent, OrderRow, VenueOrder } from '../../domain/orders/order.ts';
import { DONE_STATES } from '../../domain/orders/order.ts';
import type { NextStep, ProtocolTimes, SubmissionVerdict } from '../../domain/orders/protocol.ts';
import { absenceProvableAt, isAbsenceProven, isReducing, mayGoWithoutLedger, nextStep, rowToTrust, verdictBeforeSend } from '../../domain/orders/protocol.ts';
import type { OrderEvent } from '../../domain/orders/transitions.ts';
import { applyOrderEvent, mayClaim } from '../../domain/orders/transitions.ts';
import type { Property, Row, World } from './world.ts';

/** Durations in ticks. */
export interface Ticks {
  readonly recvWindow: number;
  readonly attemptTimeout: number;
  readonly absenceMargin: number;
  readonly looksApart: number;
  readonly sealMargin: number;
  /** The venue takes timestamps this far ahead of its clock; no clock of ours errs more than this, either way. */
  readonly skew: number;
  /** A look-up may not show yet what happened less than this ago. */
  readonly lookLag: number;
}

/** What the explored protocol leans on. Each can be left out alone, to show what it prevents. */
export const GUARDS = {
  rowClaim: 'an attempt is sent by whoever won the ledger row for it',
  newsOfAttempt: 'what a paused process writes counts for its own attempt only',
  deadline: 'an attempt is not sent past its deadline',
  recvWindow: 'the venue refuses a request older than recvWindow',
  signedBeforeClaim: 'the timestamp is taken before the row is won, not when bytes leave',
  absenceWait: '"no such order" proves nothing before deadline + recvWindow + margin',
  twoLooks: 'absence needs two looks',
  lookTimedBefore: 'a look is timed before it asks, not when its answer is in',
  fence: 'a halted fence stops openings',
  epoch: 'an opening of an older epoch is refused',
  sealWait: '`sealed` waits for recvWindow + 2 s after the fence rose',
  memory: 'a ledger that has heard nothing of an attempt sent without it does not overrule the workflow',
  claimAhead: 'a claim may skip attempts that the ledger never heard of, so that no number is used twice',
} as const;
export type GuardName = keyof typeof GUARDS;

export interface Scenario {
  readonly name: string;
  readonly leg: Leg;
  readonly ticks: Ticks;
  /** Runs of the submitting activity that may exist at one time. */
  readonly runs: number;
  readonly attemptsMax: number;
  /** An emergency stop, sealed, and a resume may happen. */
  readonly hasEmergency: boolean;
  /** The workflow may be reset to any earlier point, at any time, any number of times. */
  readonly hasResets: boolean;
  /** Any use of the ledger may fail; only an order that may go without it goes on. */
  readonly mayLedgerFail: boolean;
  readonly without: GuardName | null;
}

const TICK_MS = 1_000;
/** The moment at which all decisions are asked; ages count back from it. */
const NOW_MS = 1_000_000;
const at = (age: number): number => NOW_MS - age * TICK_MS;

type Said = 'claimed' | 'notSent' | 'halted' | 'answerLost' | 'rejected' | 'provenAbsent' | 'expired' | 'working' | 'filled' | 'canceled';

export class Rules {
  readonly scenario: Scenario;
  readonly watched: readonly Property[];
  readonly ticks: Ticks;
  /** From this age of a timestamp on, absence can be proven whatever the clocks. */
  readonly stampAgeMax: number;
  readonly isReducing: boolean;
  readonly goesWithoutLedger: boolean;
  readonly #times: ProtocolTimes;
  readonly #absenceTimes: ProtocolTimes;
  readonly #fenceTimes: FenceTimes;
  readonly #applied = new Map<string, Row | null>();
  readonly #nextSteps = new Map<string, NextStep>();

  /** @param watched the properties that are looked at; a world that breaks another one goes on. */
  constructor(scenario: Scenario, watched: readonly Property[]) {
    const { ticks } = scenario;
    this.watched = watched;
    this.scenario = scenario;
    this.ticks = ticks;
    this.stampAgeMax = ticks.attemptTimeout + ticks.recvWindow + ticks.absenceMargin + ticks.skew;
    this.#times = {
      recvWindowMs: ticks.recvWindow * TICK_MS,
      attemptTimeoutMs: ticks.attemptTimeout * TICK_MS,
      absenceMarginMs: ticks.absenceMargin * TICK_MS,
      looksApartMs: this.isOn('twoLooks') ? ticks.looksApart * TICK_MS : 0,
    };
    this.#absenceTimes = this.isOn('absenceWait') ? this.#times : { ...this.#times, recvWindowMs: 0, attemptTimeoutMs: 0, absenceMarginMs: 0 };
    this.#fenceTimes = {
      recvWindowMs: this.isOn('sealWait') ? this.#times.recvWindowMs : 0,
      sealMarginMs: this.isOn('sealWait') ? ticks.sealMargin * TICK_MS : 0,
      looksApartMs: ticks.looksApart * TICK_MS,
    };
    this.isReducing = isReducing(this.#intent(true));
    this.goesWithoutLedger = mayGoWithoutLedger(this.#intent(true));
  }

  /** Marks the world as broken, if anybody watches that property. */
  mark(world: World, property: Property): void {
    if (this.watched.includes(property)) world.broken = property;
  }

  isOn(guard: GuardName): boolean {
    return this.scenario.without !== guard;
  }

  nextStep(row: Row, isValid: boolean): NextStep {
    const key = `${row.state}${String(isValid)}`;
    const known = this.#nextSteps.get(key) ?? nextStep(this.#orderRow(row, isValid), NOW_MS);
    this.#nextSteps.set(key, known);
    return known;
  }

  /** @returns null when the transition function refuses the event. */
  apply(row: Row, said: Said, attempt = row.attempt, stampAge = 0): Row | null {
    const spokenOf = this.isOn('newsOfAttempt') || said === 'claimed' ? attempt : row.attempt;
    const key = `${row.state}${row.attempt}${String(row.isReported)}${said}${spokenOf}`;
    let result = this.#applied.get(key);
    if (result === undefined) {
      result = this.#apply(row, said, spokenOf);
      this.#applied.set(key, result);
    }
    if (result === null) return null;
    const isOpen = result.state === 'submitting' || result.state === 'unknown';
    return { ...result, stampAge: isOpen ? (said === 'claimed' ? stampAge : row.stampAge) : 0 };
  }

  canClaim(row: Row, attempt: number): boolean {
    if (!this.isOn('claimAhead') && attempt !== row.attempt + 1) return false;
    return mayClaim(this.#orderRow(row, true), attempt);
  }

  /** The row of an attempt that goes without a claim: by force where the guard is left out, locally where the ledger is down. */
  submitting(attempt: number, stampAge: number): Row {
    return { state: 'submitting', attempt, stampAge, isReported: false };
  }

  verdict(world: World, fence: World['fence'] | null, startAge: number): SubmissionVerdict['kind'] {
    const seen = fence === null ? null : { epoch: this.isOn('epoch') ? fence.epoch : world.intent.epoch, halted: this.isOn('fence') && fence.isHalted };
    const deadlineMs = this.isOn('deadline') ? at(startAge) + this.#times.attemptTimeoutMs : Number.MAX_SAFE_INTEGER;
    return verdictBeforeSend({ intent: { ...this.#intent(true), epoch: world.intent.epoch }, fence: seen, nowMs: NOW_MS, deadlineMs }).kind;
  }

  /** Whether a look made at this age, by its own clock, comes late enough to prove anything. */
  isLookLate(row: Row, lookAge: number): boolean {
    return at(lookAge) >= absenceProvableAt({ sentTimestamp: at(row.stampAge) }, this.#absenceTimes);
  }

  /** @param lateLooks ages of the empty looks that came late enough, oldest first. */
  isAbsenceProven(lateLooks: readonly number[]): boolean {
    return isAbsenceProven({ sentTimestamp: 0 }, lateLooks.map((age) => ({ atMs: at(age) })), this.#times);
  }

  isSealable(raisedAge: number): boolean {
    return NOW_MS >= sealableAt(at(raisedAge), this.#fenceTimes);
  }

  /** @param lateLooks ages of the clear looks that came late enough, oldest first. */
  isSealProven(lateLooks: readonly number[]): boolean {
    return isSealProven(0, lateLooks.map((age) => ({ atMs: at(age) })), this.#fenceTimes);
  }

  raised(fence: World['fence']): World['fence'] {
    const after = raised({ epoch: fence.epoch, halted: fence.isHalted });
    return { epoch: after.epoch, isHalted: after.halted };
  }

  lowered(fence: World['fence']): World['fence'] {
    const after = lowered({ epoch: fence.epoch, halted: fence.isHalted });
    return { epoch: after.epoch, isHalted: after.halted };
  }

  rowToTrust(remembered: Row, written: Row): Row {
    if (!this.isOn('memory')) return written;
    const [mine, theirs] = [this.#orderRow(remembered, true), this.#orderRow(written, true)];
    return rowToTrust(mine, theirs) === mine ? remembered : written;
  }

  isDone(row: Row): boolean {
    return DONE_STATES.includes(row.state);
  }

  #apply(row: Row, said: Said, attempt: number): Row | null {
    try {
      return this.#rowOf(applyOrderEvent(this.#orderRow(row, true), this.#eventOf(said, attempt), NOW_MS));
    } catch (error) {
      if (error instanceof KeelError && error.code === 'ORDER_TRANSITION') return null;
      throw error;
    }
  }

  #eventOf(said: Said, attempt: number): OrderEvent {
    switch (said) {
      case 'claimed':
        return { kind: 'claimed', attempt, timestamp: NOW_MS };
      case 'halted':
      case 'rejected':
        return { kind: said, attempt, reason: said };
      case 'expired':
        return { kind: 'expired', reason: said };
      case 'notSent':
      case 'answerLost':
      case 'provenAbsent':
        return { kind: said, attempt };
      case 'working':
      case 'filled':
      case 'canceled':
        return { kind: 'reported', order: reportOf(said), at: NOW_MS };
    }
  }

  #rowOf(row: OrderRow): Row {
    return { state: row.state, attempt: row.attempt, stampAge: 0, isReported: row.acceptedAt !== null };
  }

  #orderRow(row: Row, isValid: boolean): OrderRow {
    return {
      intent: this.#intent(isValid), state: row.state, attempt: row.attempt, sentTimestamp: row.attempt === 0 ? null : at(row.stampAge),
      venueOrderId: row.isReported ? '1' : null, triggeredOrderId: null, filledQuantity: row.state === 'filled' ? '1' : '0',
      averagePrice: null, reason: null, acceptedAt: row.isReported ? 1 : null, updatedAt: NOW_MS,
    };
  }

  #intent(isValid: boolean): OrderIntent {
    const { leg } = this.scenario;
    const isEntry = leg === 'entry';
    return {
      intentId: 'i', clientOrderId: 'c', portfolioId: 'p', positionId: 'p/1', cycleId: null, leg, revision: 1, instrumentId: 'BTC', side: 'buy', positionSide: 'both',
      type: 'market', timeInForce: 'IOC', quantity: '1', price: null, triggerPrice: null, reduceOnly: !isEntry, closesPosition: !isEntry, decisionPrice: '1', epoch: 0,
      validUntil: isEntry ? NOW_MS + (isValid ? 1 : -1) : null, maxDriftBps: null, workUntilMarketTime: null, policyVersion: 1,
    };
  }
}

function reportOf(status: 'working' | 'filled' | 'canceled'): VenueOrder {
  return {
    venueOrderId: '1', clientOrderId: 'c', instrumentId: 'BTC', book: 'plain', status, side: 'buy', positionSide: 'both', type: 'market', quantity: '1',
    filledQuantity: status === 'filled' ? '1' : '0', averagePrice: null, price: null, triggerPrice: null, reduceOnly: false, triggeredOrderId: null, updatedAt: 1,
  };
}
