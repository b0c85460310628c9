import type { Connection } from '@temporalio/client';
import { msToTs } from '@temporalio/common/lib/time.js';
import { KeelError, messageOf } from '../../domain/errors.ts';

/** The development server keeps closed workflows for a day: too short to explain last week's trades. */
const RETENTION_DAYS = 30;
const SERVING = 1;

/** gRPC status codes. @source grpc/grpc, statuscodes.md */
const ALREADY_EXISTS = 6;

/** Search attribute types as the API numbers them. @source temporal.api.enums.v1.IndexedValueType */
const INDEXED_VALUE_TYPES = { TEXT: 1, KEYWORD: 2, INT: 3, DOUBLE: 4, BOOL: 5, DATETIME: 6, KEYWORD_LIST: 7 } as const;
export type SearchAttributeTypeName = keyof typeof INDEXED_VALUE_TYPES;

/** Does the server answer, healthy, and know the namespace? */
export async function isServing(connection: Connection, namespace: string): Promise<boolean> {
  const health = await connection.healthService.check({ service: 'temporal.api.workflowservice.v1.WorkflowService' });
  if (health.status !== SERVING) return false;
  await connection.workflowService.describeNamespace({ namespace });
  return true;
}

/** Raises how long closed workflows are kept, never lowers it. @returns days kept */
export async function raiseRetention(connection: Connection, namespace: string, days: number = RETENTION_DAYS): Promise<number> {
  const described = await connection.workflowService.describeNamespace({ namespace });
  const present = Number(described.config?.workflowExecutionRetentionTtl?.seconds ?? 0);
  if (present >= days * 86_400) return present / 86_400;
  await connection.workflowService.updateNamespace({ namespace, config: { workflowExecutionRetentionTtl: msToTs(days * 86_400_000) } });
  return days;
}

/**
 * Makes search attributes known to a namespace; those that are stay as they are.
 * @param attributes type by name; the development server takes at most 10 keywords and 3 of each other type
 * @throws {KeelError} ENGINE_UNREACHABLE when the server refuses; SETTING_INVALID when one exists with another type
 */
export async function registerSearchAttributes(connection: Pick<Connection, 'operatorService'>, namespace: string, attributes: Readonly<Record<string, SearchAttributeTypeName>>): Promise<void> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing: Record<string, number> = {};
  for (const [name, type] of Object.entries(attributes)) {
    const present = customAttributes[name];
    if (present === undefined) missing[name] = INDEXED_VALUE_TYPES[type];
    else if (present !== INDEXED_VALUE_TYPES[type]) throw new KeelError('SETTING_INVALID', `search attribute ${name} of namespace ${namespace} has type ${present}, and ${type} (${INDEXED_VALUE_TYPES[type]}) is needed; use another namespace`);
  }
  if (Object.keys(missing).length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: missing });
  } catch (error) {
    if ((error as { code?: unknown }).code === ALREADY_EXISTS) return; // another start was quicker
    throw new KeelError('ENGINE_UNREACHABLE', `search attributes ${Object.keys(missing).join(', ')} could not be registered in namespace ${namespace}: ${messageOf(error)}. The development server takes at most 10 keywords and 3 of each other type; a cluster wants the rights of an operator.`, { cause: error });
  }
}
