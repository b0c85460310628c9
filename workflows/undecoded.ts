import type { PayloadTypeInfo, RawValue } from '@temporalio/common';
import { defaultPayloadConverter, rawValueTypeInfo } from '@temporalio/common';
import { defineSignal, defineUpdate } from '@temporalio/workflow';
import type { TripAnswer } from './messages.ts';
import { emergencyStopSignal, tripUpdate } from './messages.ts';

/**
 * A stop must be heard whatever was sent with it. The engine's library decodes payloads before it calls a handler, and
 * a workflow that cannot decode one stands still; so these are taken as they came.
 */
const typeInfo: PayloadTypeInfo = { inputTypes: Array.from({ length: 8 }, () => rawValueTypeInfo) };

export const emergencyStopHeard = defineSignal<RawValue[]>(emergencyStopSignal.name, { typeInfo });
export const tripHeard = defineUpdate<TripAnswer, RawValue[]>(tripUpdate.name, { typeInfo });

/** What was sent, undefined when it cannot be read. */
export function decoded(sent: RawValue | undefined): unknown {
  if (sent === undefined) return undefined;
  try {
    return defaultPayloadConverter.fromPayload(sent.payload);
  } catch {
    return undefined; // malformed, or of an encoding that nobody knows
  }
}
