/**
 * Guard, recovery and fence against a small model of what they promise, by random sequences of commands: clocks move,
 * equity falls and rises, orders are decided, pass the fence, linger on their way and arrive, people trip and reset.
 */
import fc from 'fast-check';
import type { GuardState } from '../../domain/emergency/guard.ts';
import { applyGuard, ARMED, isHalting, recoveryModeOf } from '../../domain/emergency/guard.ts';
import { NORMAL_LIMITS } from '../../domain/emergency/limits.ts';
import { overlayOf } from '../../domain/emergency/overlay.ts';
import type { RecoveryState } from '../../domain/emergency/recovery.ts';
import { bandOf, recoveryLook } from '../../domain/emergency/recovery.ts';
import { CALM, needsPerson } from '../../domain/emergency/triggers.ts';
import { tripCauseOf } from '../../domain/emergency/trip-request.ts';
import type { RecoveryMode, TripCause } from '../../domain/emergency/types.ts';
import { RECOVERY_MODES } from '../../domain/emergency/types.ts';
import type { ClearLook } from '../../domain/orders/fence.ts';
import { FENCE_TIMES, isSealProven, lowered, raised } from '../../domain/orders/fence.ts';
import type { Fence } from '../../domain/orders/protocol.ts';
import { PROTOCOL_TIMES, verdictBeforeSend } from '../../domain/orders/protocol.ts';
import { PRESETS } from '../../domain/policy/policy.ts';

const POLICY = PRESETS.normal;
const DWELL_MS = NORMAL_LIMITS.dwellMs;

interface Order {
  readonly epoch: number;
  /** How often the fence had risen when it was decided. */
  readonly rises: number;
  readonly notional: number;
  readonly timestamp: number;
  /** Passed the fence; may arrive until its time is over. */
  readonly isSent: boolean;
}

/** What is promised, without any of the machinery: the last rise, whether it was sealed, where recovery stands. */
interface Model {
  halted: boolean;
  sealed: boolean;
  mode: RecoveryMode | 'tripping';
  /** Market time since which drawdown was in a better band than the mode's. */
  betterSince: number | null;
  isReset: boolean;
  needsPerson: boolean;
  rises: number;
}

interface World {
  now: number;
  fence: Fence;
  guard: GuardState;
  /** When the fence last rose. */
  raisedAt: number;
  recovery: RecoveryState | null;
  drawdownBps: number;
  orders: Order[];
  /** Accepted at the venue and open. */
  held: number;
  looks: ClearLook[];
}

type Command = fc.Command<Model, World>;

function expectThat(isTrue: boolean, what: string): void {
  if (!isTrue) throw new Error(what);
}

/** The guard's row and the fence change in one transaction. */
function guarded(world: World, command: Parameters<typeof applyGuard>[1]): ReturnType<typeof applyGuard> {
  const before = world.guard;
  const result = applyGuard(before, command);
  world.guard = result.state;
  if (isHalting(result.state.mode)) {
    if (!world.fence.halted) world.raisedAt = world.now;
    world.fence = raised(world.fence);
  } else if (isHalting(before.mode)) world.fence = lowered(world.fence);
  return result;
}

class Advance implements Command {
  readonly ms: number;
  constructor(ms: number) { this.ms = ms; }
  check(): boolean { return true; }
  run(_model: Model, world: World): void { world.now += this.ms; }
  toString(): string { return `advance ${this.ms}`; }
}

class Equity implements Command {
  readonly drawdownBps: number;
  constructor(drawdownBps: number) { this.drawdownBps = drawdownBps; }
  check(): boolean { return true; }
  run(_model: Model, world: World): void { world.drawdownBps = this.drawdownBps; }
  toString(): string { return `drawdown ${this.drawdownBps}`; }
}

/** A cycle decides on an opening with the fence and caps that it sees. */
class Decide implements Command {
  readonly wanted: number;
  constructor(wanted: number) { this.wanted = wanted; }
  check(): boolean { return true; }
  run(model: Model, world: World): void {
    const overlay = overlayOf(world.guard.mode, POLICY);
    expectThat(overlay.allowNewTrades !== model.halted, 'policy and fence disagree');
    if (world.fence.halted || !overlay.allowNewTrades) return;
    const notional = Math.min(this.wanted, Number(overlay.notionalMax ?? this.wanted));
    const cap = model.mode === 'protective' || model.mode === 'cautious' ? Number(POLICY[`${model.mode}NotionalMax`]) : Infinity;
    expectThat(notional <= cap, `an opening of ${notional} in ${model.mode}`);
    world.orders.push({ epoch: world.fence.epoch, rises: model.rises, notional, timestamp: 0, isSent: false });
  }
  toString(): string { return `decide ${this.wanted}`; }
}

/** The submission signs its time, reads the fence, and sends or not. */
class Submit implements Command {
  readonly index: number;
  constructor(index: number) { this.index = index; }
  check(): boolean { return true; }
  run(model: Model, world: World): void {
    const waiting = world.orders.filter((it) => !it.isSent);
    const order = waiting[this.index % Math.max(1, waiting.length)];
    if (order === undefined) return;
    world.orders = world.orders.filter((it) => it !== order);
    const verdict = verdictBeforeSend({ intent: { leg: 'entry', epoch: order.epoch }, fence: world.fence, nowMs: world.now, deadlineMs: world.now + PROTOCOL_TIMES.attemptTimeoutMs });
    if (verdict.kind !== 'send') return;
    expectThat(!model.halted, 'an opening was sent that read the fence after it rose');
    expectThat(order.rises === model.rises, 'a decision from before the stop was sent after it');
    world.orders.push({ ...order, timestamp: world.now, isSent: true });
  }
  toString(): string { return `submit ${this.index}`; }
}

/** A request reaches the venue, which refuses what is older than its window (its clock may be a second behind). */
class Arrive implements Command {
  readonly index: number;
  constructor(index: number) { this.index = index; }
  check(): boolean { return true; }
  run(model: Model, world: World): void {
    const onTheWay = world.orders.filter((it) => it.isSent);
    const order = onTheWay[this.index % Math.max(1, onTheWay.length)];
    if (order === undefined) return;
    world.orders = world.orders.filter((it) => it !== order);
    if (world.now > order.timestamp + PROTOCOL_TIMES.recvWindowMs + 1_000) return;
    expectThat(!model.sealed, 'an opening was accepted after the stop was sealed');
    world.held += 1;
    world.looks = [];
  }
  toString(): string { return `arrive ${this.index}`; }
}

class Trip implements Command {
  readonly cause: TripCause;
  constructor(cause: TripCause) { this.cause = cause; }
  check(): boolean { return true; }
  run(model: Model, world: World): void {
    const { change, state } = guarded(world, { kind: 'trip', cause: this.cause, at: world.now });
    expectThat(world.fence.halted, 'a trip left the fence down');
    expectThat((change === 'tripped') === !model.halted, 'a trip while it is stopped must change nothing, any other must stop');
    if (change === 'tripped') {
      Object.assign(model, { halted: true, sealed: false, mode: 'tripping', betterSince: null, isReset: false, rises: model.rises + 1 });
      world.looks = [];
    }
    model.needsPerson = state.cause !== null && needsPerson(state.cause.trigger);
    model.isReset = state.resetBy !== null;
    syncRecovery(world);
  }
  toString(): string { return `trip ${this.cause.trigger}`; }
}

/** The sweep: closes what the venue holds, looks, tells flat and, once proven, sealed. */
class Sweep implements Command {
  check(): boolean { return true; }
  run(model: Model, world: World): void {
    const { guard } = world;
    if (guard.mode !== 'tripping') return;
    const { emergency, round } = guard;
    if (world.held > 0) world.looks = [];
    else world.looks = [...world.looks, { atMs: world.now }];
    world.held = 0;
    guarded(world, { kind: 'flat', emergency, round, positionsClosed: 0, at: world.now });
    if (!isSealProven(world.raisedAt, world.looks, FENCE_TIMES)) return;
    guarded(world, { kind: 'sealed', emergency, round, at: world.now });
    expectThat(world.guard.mode === 'emergency', 'sealed is followed by emergency');
    Object.assign(model, { sealed: true, mode: 'emergency', betterSince: null });
    syncRecovery(world);
  }
  toString(): string { return 'sweep'; }
}

class Reset implements Command {
  check(): boolean { return true; }
  run(model: Model, world: World): void {
    guarded(world, { kind: 'reset', by: 'ada', because: 'looked at it', at: world.now });
    if (model.mode !== 'normal') model.isReset = true;
    syncRecovery(world);
  }
  toString(): string { return 'reset'; }
}

/** One look of the recovery at the facts of now. */
class Look implements Command {
  check(): boolean { return true; }
  run(model: Model, world: World): void {
    if (world.recovery === null || world.guard.mode === 'tripping') return;
    const before = world.recovery.mode;
    const { state, step } = recoveryLook(world.recovery, { at: world.now, drawdownBps: world.drawdownBps, readings: { ...CALM, drawdownBps: world.drawdownBps } });
    world.recovery = state;
    const band = RECOVERY_MODES.indexOf(bandOf(world.drawdownBps));
    const isBetter = band > RECOVERY_MODES.indexOf(before) && (before !== 'emergency' || model.isReset || !model.needsPerson);
    model.betterSince = isBetter ? (model.betterSince ?? world.now) : null;
    if (step === null) return;
    const [from, to] = [RECOVERY_MODES.indexOf(step.from), RECOVERY_MODES.indexOf(step.to)];
    if (to > from) {
      expectThat(to === from + 1, `recovery skipped a step: ${step.from} to ${step.to}`);
      expectThat(model.betterSince !== null && world.now - model.betterSince >= DWELL_MS, 'a step upward before its dwell was over');
    }
    if (step.to === 'emergency') new Trip({ trigger: 'drawdown', reason: 'fell back', by: 'keel', severity: 'critical' }).run(model, world);
    else {
      const { change } = guarded(world, { kind: 'step', emergency: world.guard.emergency, from: step.from, to: step.to, drawdownBps: step.drawdownBps, at: world.now, marketAt: world.now });
      expectThat(change === 'recovered', 'guard and recovery disagree on where they are');
      Object.assign(model, { halted: false, sealed: false, mode: step.to, betterSince: null });
      if (step.to === 'normal') world.recovery = null;
    }
  }
  toString(): string { return 'look'; }
}

/** The recovery hears of what the guard became; its dwell survives what does not concern it. */
function syncRecovery(world: World): void {
  const { guard, recovery } = world;
  if (guard.mode === 'armed' || guard.cause === null) {
    world.recovery = null;
    return;
  }
  const mode = recoveryModeOf(guard.mode);
  const isSame = recovery !== null && recovery.mode === mode && recovery.cause === guard.cause;
  world.recovery = { mode, cause: guard.cause, isReset: guard.resetBy !== null, betterSince: isSame ? recovery.betterSince : null };
}

const drawdowns = fc.constantFrom(0, 50, 199, 200, 350, 400, 800, 999, 1_000, 1_200, 3_000);
const causes: fc.Arbitrary<TripCause> = fc.oneof(
  fc.anything().map(tripCauseOf),
  fc.constantFrom('drawdown' as const, 'stopOuts' as const, 'feed' as const).map((trigger) => ({ trigger, reason: trigger, by: 'keel', severity: 'high' as const })),
);
const COMMANDS = [
  fc.integer({ min: 1, max: 4_000 }).map((ms) => new Advance(ms)),
  fc.constantFrom(60_000, DWELL_MS, DWELL_MS * 2).map((ms) => new Advance(ms)),
  drawdowns.map((bps) => new Equity(bps)),
  fc.integer({ min: 1, max: 5_000 }).map((notional) => new Decide(notional)),
  fc.nat(5).map((index) => new Submit(index)),
  fc.nat(5).map((index) => new Arrive(index)),
  causes.map((cause) => new Trip(cause)),
  fc.constant(new Sweep()), fc.constant(new Reset()), fc.constant(new Look()), fc.constant(new Look()),
];

/** @throws with the shortest sequence that breaks a promise, and the seed that finds it again. */
export function exploreEmergency({ runs, seed, commandsMax = 80 }: { readonly runs: number; readonly seed?: number; readonly commandsMax?: number }): void {
  fc.assert(
    fc.property(fc.commands(COMMANDS, { maxCommands: commandsMax, size: 'max' }), (commands) => {
      fc.modelRun((): { model: Model; real: World } => ({
        model: { halted: false, sealed: false, mode: 'normal', betterSince: null, isReset: false, needsPerson: false, rises: 0 },
        real: { now: 1_000_000, fence: { epoch: 1, halted: false }, guard: ARMED, raisedAt: 0, recovery: null, drawdownBps: 0, orders: [], held: 0, looks: [] },
      }), commands);
    }),
    { numRuns: runs, ...(seed === undefined ? {} : { seed }) },
  );
}
