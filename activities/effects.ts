/**
 * What the methods of the ports do to the outside, and the wrapper that watches them. Every activity declares its
 * effects in the registry; one that uses another is stopped, and each declared one is a crash point for the tests.
 */
import type { Ledger } from '../domain/ports/ledger.ts';
import type { Venue } from '../domain/ports/venue.ts';
import { KeelError } from '../domain/errors.ts';

export type EffectKind = 'effect' | 'read';

/** A new method of the port must be classified here, or this does not compile. */
export const LEDGER_METHODS = {
  ensurePortfolio: 'effect',
  portfolio: 'read',
  upsertInstruments: 'effect',
  instruments: 'read',
  writeCandles: 'effect',
  candles: 'read',
  claimCycle: 'effect',
  accountContext: 'read',
  tradeRecord: 'read',
  recordCycle: 'effect',
  cycleState: 'read',
  recordedCycle: 'read',
  recordPredictionRequest: 'effect',
  predictionRequest: 'read',
  duePredictions: 'read',
  nextDueAt: 'read',
  candlesBetween: 'read',
  recordOutcomes: 'effect',
  ordersSent: 'read',
  claimSubmission: 'effect',
  applyOrderEvent: 'effect',
  order: 'read',
  dueOrders: 'read',
  nextOrderDeadline: 'read',
  backfillOrder: 'effect',
  applyReport: 'effect',
  applyFills: 'effect',
  applyOutsideFills: 'effect',
  recordIncome: 'effect',
  recordEquity: 'effect',
  cursor: 'read',
  setCursor: 'effect',
  positionSnapshot: 'read',
  settlePosition: 'effect',
  openPositions: 'read',
  openHoldings: 'read',
  closePosition: 'effect',
  instruct: 'effect',
  settlement: 'read',
  settlementChange: 'read',
  reconciliationView: 'read',
  noteDifferences: 'effect',
  resolveDifference: 'effect',
  fence: 'read',
  raiseFence: 'effect',
  lowerFence: 'effect',
  guard: 'read',
  commandGuard: 'effect',
  watchRisk: 'effect',
  tellEmergency: 'effect',
  recordEmergencyOrders: 'effect',
  posture: 'read',
  oversee: 'effect',
  arm: 'effect',
  armedBy: 'read',
  close: 'read',
} as const satisfies Record<keyof Ledger, EffectKind>;

/** A stream reads; what its events lead to goes through the ledger and is an effect there. */
export const VENUE_METHODS = {
  serverTime: 'read',
  instruments: 'read',
  candles: 'read',
  quote: 'read',
  conditions: 'read',
  account: 'read',
  ensureTerms: 'effect',
  submit: 'effect',
  cancel: 'effect',
  lookUp: 'read',
  openOrders: 'read',
  orderHistory: 'read',
  fills: 'read',
  income: 'read',
  streamAccount: 'read',
  streamMarket: 'read',
  permissions: 'read',
  acknowledge: 'effect',
  marketTime: 'read',
  ping: 'read',
  circuit: 'read',
  close: 'read',
} as const satisfies Record<keyof Venue, EffectKind>;

type EffectsOf<Methods> = { [M in keyof Methods & string]: Methods[M] extends 'effect' ? M : never }[keyof Methods & string];

/** An outside effect that an activity may declare, such as `ledger.claimSubmission` or `venue.submit`. */
export type Effect = `ledger.${EffectsOf<typeof LEDGER_METHODS>}` | `venue.${EffectsOf<typeof VENUE_METHODS>}`;

/** What each activity may do to the outside, by the activity's name. The registry's entries carry more than this. */
export type DeclaredEffects = Readonly<Record<string, { readonly effects: readonly Effect[] }>>;

export const CRASH_MOMENTS = ['before', 'after'] as const;
export type CrashMoment = (typeof CRASH_MOMENTS)[number];
/** `<activity>/<port>.<method>/<before|after>`. */
export type CrashPoint = `${string}/${string}.${string}/${CrashMoment}`;

/** Every crash point there is: before and after each declared effect of each activity, in the registry's order. */
export function crashPointsOf(registry: DeclaredEffects): readonly CrashPoint[] {
  return Object.entries(registry).flatMap(([activity, { effects }]) =>
    effects.flatMap((effect) => CRASH_MOMENTS.map((moment): CrashPoint => `${activity}/${effect}/${moment}`)),
  );
}

export interface Instrumentation {
  readonly portName: 'ledger' | 'venue';
  readonly methods: Readonly<Record<string, EffectKind>>;
  readonly registry: DeclaredEffects;
  /** Name of the activity that runs now; undefined outside of one (command line, start-up): nothing is watched then. */
  readonly activity: () => string | undefined;
  /** Told before and after each effect; null when nobody listens (always, outside of tests). */
  readonly onEffect: ((point: CrashPoint) => void) | null;
}

/**
 * The same port, watched: an effect that the running activity did not declare is refused, and the hook is told before
 * and after each one. Reads pass through. The port calls its own methods unwatched: one call is one effect.
 * @throws {KeelError} EFFECT_UNDECLARED, not retried: from the undeclared method, before anything happens.
 */
export function instrument<Port extends object>(port: Port, watch: Instrumentation): Port {
  const watched = new Map<PropertyKey, unknown>();
  return new Proxy(port, {
    get(target, key): unknown {
      const known = watched.get(key);
      if (known !== undefined) return known;
      const value: unknown = Reflect.get(target, key, target);
      if (typeof value !== 'function') return value;
      // Bound to the port itself, so that private fields work.
      const call = (...args: unknown[]): unknown => Reflect.apply(value, target, args);
      const isEffect = typeof key === 'string' && watch.methods[key] === 'effect';
      const method = isEffect ? effectMethod(call, key, watch) : call;
      watched.set(key, method);
      return method;
    },
  });
}

function effectMethod(call: (...args: unknown[]) => unknown, method: string, watch: Instrumentation): (...args: unknown[]) => Promise<unknown> {
  const effect = `${watch.portName}.${method}`;
  return async (...args) => {
    const activity = watch.activity();
    if (activity === undefined) return await call(...args);
    assertDeclared(activity, effect, watch.registry);
    watch.onEffect?.(`${activity}/${effect}/before` as CrashPoint);
    const result = await call(...args);
    watch.onEffect?.(`${activity}/${effect}/after` as CrashPoint);
    return result;
  };
}

function assertDeclared(activity: string, effect: string, registry: DeclaredEffects): void {
  const declared: readonly string[] = registry[activity]?.effects ?? [];
  if (declared.includes(effect)) return;
  throw new KeelError(
    'EFFECT_UNDECLARED',
    `activity "${activity}" used "${effect}" (declared: ${declared.join(', ') || 'nothing'}); add it to its entry in activities/registry.ts, so that it becomes a crash point`,
  );
}
