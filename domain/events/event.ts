/** What Keel tells the world: one schema per type, all in one table. A new type is one more row here. */
import { z } from 'zod';
import { GUARD_MODES, RECOVERY_MODES, TRIGGERS } from '../emergency/types.ts';
import { HEALTH_LEVELS, HEALTH_PARTS, PART_STATES } from '../health/types.ts';
import { LEGS } from '../orders/order.ts';
import { POSTURES } from '../policy/effective.ts';
import { REGISTRY_CHANGES, TRIAL_MOVES } from '../promotion/registry.ts';
import { MARKS, REGIMES } from '../teaching/opinions.ts';
import { scenarioResult } from './scenarios.ts';

const decimal = z.string().regex(/^-?\d+(\.\d+)?$/);
const instrument = { instrumentId: z.string() };
const order = {
  clientOrderId: z.string(),
  positionId: z.string(),
  ...instrument,
  leg: z.enum(LEGS),
  side: z.enum(['buy', 'sell']),
  type: z.string(),
  quantity: decimal,
};
/** `ess/<portfolio>/<n>`, and how often it tripped. */
const emergency = { emergencyId: z.string(), round: z.number() };
const modelStep = z.object({ kind: z.enum([...REGISTRY_CHANGES, ...TRIAL_MOVES]), modelId: z.string(), why: z.string(), before: z.string().nullable(), after: z.string().nullable() });
const policyValue = z.union([z.number(), z.string(), z.boolean()]);
const scenarioRun = z.object({ results: z.array(scenarioResult), problem: z.string().nullable() });
const refusal = z.object({ ...instrument, reason: z.string() });

/** The payload of each type. */
export const EVENT_PAYLOADS = {
  cycleRecorded: z.object({
    cycleId: z.string(),
    closeTime: z.number(),
    opens: z.array(z.object({ positionId: z.string(), ...instrument, direction: z.enum(['long', 'short']) })),
    instructions: z.array(z.object({ positionId: z.string(), kind: z.string() })),
    refused: z.array(refusal),
    holds: z.number(),
    late: z.boolean(),
    policyVersion: z.number(),
  }),
  orderAccepted: z.object({ ...order, venueOrderId: z.string().nullable() }),
  orderFilled: z.object({ ...order, tradeId: z.string(), price: decimal, fillQuantity: decimal, filledQuantity: decimal, fee: decimal, feeCurrency: z.string(), filledAt: z.number() }),
  orderEnded: z.object({ ...order, state: z.enum(['canceled', 'expired']), filledQuantity: decimal, reason: z.string().nullable() }),
  orderRejected: z.object({ ...order, reason: z.string().nullable() }),
  orderHalted: z.object({ ...order, reason: z.string().nullable() }),
  positionOpened: z.object({ positionId: z.string(), ...instrument, direction: z.enum(['long', 'short']), price: decimal, quantity: decimal, stopPrice: decimal }),
  positionClosed: z.object({
    positionId: z.string(),
    ...instrument,
    direction: z.enum(['long', 'short']),
    reason: z.string(),
    entryPrice: decimal.nullable(),
    exitPrice: decimal.nullable(),
    quantity: decimal,
    realizedPnl: decimal,
    fees: decimal,
    decidedAt: z.number(),
    closedAt: z.number(),
  }),
  fenceRaised: z.object({ epoch: z.number(), reason: z.string() }),
  fenceLowered: z.object({ epoch: z.number(), reason: z.string() }),
  /** `positionsClosed`: how many open positions of the ledger the stop closes, as it tripped. */
  emergencyTriggered: z.object({ ...emergency, severity: z.enum(['high', 'critical']), cause: z.enum(TRIGGERS), reason: z.string(), by: z.string(), positionsClosed: z.number() }),
  /** While it is stopped a cause came that only a person ends: it takes the place of the first. */
  emergencyCauseChanged: z.object({ ...emergency, cause: z.enum(TRIGGERS), reason: z.string(), by: z.string() }),
  /** `positionsClosed`: positions at the venue, ours and others', that the closing ended. */
  emergencyFlat: z.object({ ...emergency, positionsClosed: z.number() }),
  emergencySealed: z.object(emergency),
  emergencyReset: z.object({ ...emergency, by: z.string(), because: z.string() }),
  emergencyRecovered: z.object({ ...emergency, from: z.enum(RECOVERY_MODES), to: z.enum(RECOVERY_MODES), drawdownBps: z.number() }),
  policyChanged: z.object({ version: z.number(), kind: z.enum(['set', 'preset']), preset: z.string().nullable(), because: z.string(), changes: z.array(z.object({ key: z.string(), before: policyValue, after: policyValue })) }),
  /** `from` null: it was never looked at before. `action`: what a person might do, null while it is well. */
  serviceHealthChanged: z.object({ part: z.enum(HEALTH_PARTS), from: z.enum(PART_STATES).nullable(), to: z.enum(PART_STATES), value: z.string(), limit: z.string(), action: z.string().nullable() }),
  /** `at`: market clock. Losses null: not known. */
  postureChanged: z.object({
    from: z.enum(POSTURES), to: z.enum(POSTURES), why: z.string(), at: z.number(), health: z.enum(HEALTH_LEVELS), guard: z.enum(GUARD_MODES),
    drawdownBps: z.number().nullable(), recoveryDrawdownBps: z.number().nullable(), room: z.object({ open: z.number(), slots: z.number() }).nullable(),
  }),
  /** Who acted before, and who acts from now on; null: the rules. */
  modelPromoted: modelStep,
  modelRolledBack: modelStep,
  /** Of a trial or a watch, or of a model that was refused one: who acts stays. */
  modelTried: modelStep,
  /** A person let learned sizing be in charge, having seen the lower 95 % bound of its gain. */
  sizingAcknowledged: z.object({ modelId: z.string(), boundBps: z.number(), because: z.string() }),
  /** Of a run by its Schedule. `problem`: why they could not be played. */
  scenariosPassed: scenarioRun,
  scenariosFailed: scenarioRun,
  /** Of a champion's inputs, those that are no longer what it learned from, the farthest first; or of its losses, in deviations since a moment of the market clock. */
  driftDetected: z.object({
    modelId: z.string(), of: z.enum(['input', 'loss']), features: z.array(z.object({ feature: z.string(), psi: z.number(), limit: z.number() })),
    loss: z.object({ sum: z.number(), limit: z.number(), since: z.number() }).nullable(),
  }),
  /** A person's word on a prediction; its outcome stays. */
  predictionMarked: z.object({ predictionId: z.number(), ...instrument, mark: z.enum(MARKS), regime: z.enum(REGIMES).nullable(), because: z.string().nullable() }),
  portfolioArmed: z.object({ before: z.string().nullable(), after: z.string() }),
  differenceFound: z.object({ key: z.string(), kind: z.string(), instrumentId: z.string().nullable(), evidence: z.record(z.string(), z.unknown()) }),
  differenceResolved: z.object({ key: z.string(), kind: z.string(), instrumentId: z.string().nullable(), evidence: z.record(z.string(), z.unknown()), outcome: z.string() }),
} as const;

export type EventType = keyof typeof EVENT_PAYLOADS;
export type EventPayload<T extends EventType> = z.infer<(typeof EVENT_PAYLOADS)[T]>;
export const EVENT_TYPES = Object.keys(EVENT_PAYLOADS) as readonly EventType[] as readonly [EventType, ...EventType[]];

/** Something that happened, told at least once and in order per subject. */
export interface DomainEvent<T extends EventType = EventType> {
  /** Made from its cause, so that the same cause writes it once: the key by which a subscriber drops a repetition. */
  readonly id: string;
  readonly type: T;
  /** The part of Keel that wrote it. */
  readonly source: string;
  /** Wall clock, epoch milliseconds. */
  readonly time: number;
  /** The cycle whose decision led here, or the subject. */
  readonly traceId: string;
  /** What it is about: a position, a cycle or a portfolio. Events of one subject are delivered in order. */
  readonly subject: string;
  readonly portfolioId: string | null;
  /** Who did it: a person's name, or the part of Keel. */
  readonly actor: string;
  readonly payload: EventPayload<T>;
}

/** Any event, told apart by its type. */
export type AnyDomainEvent = { [T in EventType]: DomainEvent<T> }[EventType];

/** How each event stands in the audit chain. @source surface.md, "Audit": types and retention in days. */
export const AUDIT_OF: Readonly<Record<EventType, { readonly type: string; readonly retentionDays: number }>> = {
  cycleRecorded: { type: 'trade.decision', retentionDays: 90 },
  orderAccepted: { type: 'trade.submitted', retentionDays: 90 },
  orderFilled: { type: 'trade.executed', retentionDays: 90 },
  orderEnded: { type: 'trade.ended', retentionDays: 90 },
  orderRejected: { type: 'trade.rejected', retentionDays: 90 },
  orderHalted: { type: 'risk.block', retentionDays: 90 },
  positionOpened: { type: 'trade.opened', retentionDays: 90 },
  positionClosed: { type: 'trade.closed', retentionDays: 90 },
  fenceRaised: { type: 'emergency.fenceRaised', retentionDays: 365 },
  fenceLowered: { type: 'emergency.fenceLowered', retentionDays: 365 },
  emergencyTriggered: { type: 'emergency.triggered', retentionDays: 365 },
  emergencyCauseChanged: { type: 'emergency.causeChanged', retentionDays: 365 },
  emergencyFlat: { type: 'emergency.flat', retentionDays: 365 },
  emergencySealed: { type: 'emergency.sealed', retentionDays: 365 },
  emergencyReset: { type: 'emergency.reset', retentionDays: 365 },
  emergencyRecovered: { type: 'emergency.recovered', retentionDays: 365 },
  policyChanged: { type: 'policy.changed', retentionDays: 365 },
  serviceHealthChanged: { type: 'health.changed', retentionDays: 90 },
  postureChanged: { type: 'policy.posture', retentionDays: 365 },
  modelPromoted: { type: 'model.promoted', retentionDays: 180 },
  modelRolledBack: { type: 'model.rolledBack', retentionDays: 180 },
  modelTried: { type: 'model.tried', retentionDays: 180 },
  sizingAcknowledged: { type: 'policy.sizingAcknowledged', retentionDays: 365 },
  scenariosPassed: { type: 'scenarios.passed', retentionDays: 180 },
  scenariosFailed: { type: 'scenarios.failed', retentionDays: 180 },
  driftDetected: { type: 'model.drift', retentionDays: 180 },
  predictionMarked: { type: 'model.marked', retentionDays: 180 },
  portfolioArmed: { type: 'access.armed', retentionDays: 365 },
  differenceFound: { type: 'reconciliation.found', retentionDays: 90 },
  differenceResolved: { type: 'reconciliation.resolved', retentionDays: 90 },
};

const ENVELOPE = z.object({
  id: z.string().min(1),
  type: z.enum(EVENT_TYPES),
  source: z.string().min(1),
  time: z.number().int(),
  traceId: z.string().min(1),
  subject: z.string().min(1),
  portfolioId: z.string().nullable(),
  actor: z.string().min(1),
  payload: z.unknown(),
});

/** Validates an event before it is written or after it was read. @throws {z.ZodError} not retried. */
export function parseEvent(event: unknown): AnyDomainEvent {
  const envelope = ENVELOPE.parse(event);
  const payload = EVENT_PAYLOADS[envelope.type].parse(envelope.payload);
  return { ...envelope, payload } as AnyDomainEvent;
}
